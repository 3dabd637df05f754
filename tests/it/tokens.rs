//! Tokens: asked for in each way, renewed in time, and nowhere but in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::liar::{Asked, Liar, Reply, answer, json as says};
use crate::servers::machine::{Ended, Machine};

/// Stands in every token and in every secret of these tests.
const CANARY: &str = "c4nary";

/// What a token endpoint says, if the request is for it, and the tokens that let in.
struct Gate {
    /// Tokens given so far, with the moment.
    given: Vec<Instant>,
    /// How long each is good for.
    life: Duration,
    /// Is this request let in, by the token with this number?
    admits: fn(&Asked, &str) -> bool,
    /// Creates with a token before this one are refused with 401.
    first_good: usize,
    accounts: BTreeMap<String, String>,
}

impl Gate {
    fn new(admits: fn(&Asked, &str) -> bool) -> Self {
        Self {
            given: Vec::new(),
            life: Duration::from_hours(1),
            admits,
            first_good: 0,
            accounts: BTreeMap::new(),
        }
    }

    fn token(number: usize) -> String {
        format!("{CANARY}-token-{number}")
    }

    fn give(&mut self) -> Reply {
        self.given.push(Instant::now());
        let token = Self::token(self.given.len() - 1);
        // Each way of asking reads its own of these.
        let seconds = self.life.as_secs();
        says(
            200,
            &json!({"access_token": token, "value": token, "token_type": "Bearer", "expires_in": seconds}),
        )
    }

    fn reply(&mut self, asked: &Asked) -> Reply {
        let path = asked.target.split('?').next().unwrap_or_default();
        if matches!(path, "/token" | "/login" | "/id-token" | "/exchange") {
            return self.give();
        }
        let by = (0..self.given.len()).find(|number| (self.admits)(asked, &Self::token(*number)));
        let good = by.is_some_and(|number| number >= self.first_good && self.given[number].elapsed() < self.life);
        if !good {
            return says(401, &json!({}));
        }
        let id = path.trim_start_matches("/accounts").trim_start_matches('/').to_owned();
        match asked.method.as_str() {
            "POST" => {
                let (id, name) = (format!("id-{}", self.accounts.len()), asked.username());
                self.accounts.insert(id.clone(), name.clone());
                says(201, &json!({"id": id, "username": name}))
            }
            "GET" => match self.accounts.get(&id) {
                Some(name) => says(200, &json!({"id": id, "username": name})),
                None => says(404, &json!({})),
            },
            _ => {
                let gone = self.accounts.remove(&id).is_some();
                answer(if gone { 204 } else { 404 }, &[], b"")
            }
        }
    }
}

fn has_header(asked: &Asked, field: &str) -> bool {
    asked.headers.iter().any(|header| header.eq_ignore_ascii_case(field))
}

fn bearer(asked: &Asked, token: &str) -> bool {
    has_header(asked, &format!("authorization: Bearer {token}"))
}

/// The service, and the machine whose configuration says how to enter it.
struct Scene {
    gate: Arc<Mutex<Gate>>,
    liar: Liar,
    machine: Machine,
}

impl Scene {
    fn new(gate: Gate, auth: &str, rest: &str) -> Self {
        let gate = Arc::new(Mutex::new(gate));
        let inner = Arc::clone(&gate);
        let liar = Liar::start(move |asked| inner.lock().unwrap().reply(asked));
        let config = format!(
            "services:\n  - name: users\n    url: '{{{{ env.URL }}}}'\n    auth: {auth}\n{rest}accounts:\n  - {{ name: alice }}\n"
        );
        let mut machine = Machine::new(&config);
        machine.set("URL", &liar.url());
        machine.set("SECRET", &format!("{CANARY}-of:the/client"));
        machine.set("PW", &format!("{CANARY} of&the user"));
        Self { gate, liar, machine }
    }

    /// Setup and cleanup, after which nothing is left and no secret stands anywhere.
    fn lives(&self) {
        let setup = self.machine.run(&["setup"]);
        assert_eq!(setup.code(), Some(0), "{}\n{:?}", setup.log, self.liar.lines());
        self.assert_kept(&setup);
        let cleanup = self.machine.run(&["cleanup"]);
        assert_eq!(cleanup.code(), Some(0), "{}\n{:?}", cleanup.log, self.liar.lines());
        self.assert_kept(&cleanup);
        assert!(self.gate.lock().unwrap().accounts.is_empty());
    }

    fn assert_kept(&self, ended: &Ended) {
        assert!(
            !ended.log.contains(CANARY) && !ended.data.contains(CANARY),
            "{}{}",
            ended.log,
            ended.data
        );
        assert!(!self.machine.holds(CANARY), "a secret stands in a file");
    }

    fn asked_of(&self, path: &str) -> Vec<Asked> {
        let mut asked = self.liar.asked();
        asked.retain(|asked| asked.target.split('?').next() == Some(path));
        asked
    }
}

/// The fields of a form.
fn form(asked: &Asked) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(asked.body.as_bytes())
        .into_owned()
        .collect()
}

#[test]
fn each_grant_is_asked_for_with_the_clients_secret_in_the_header_or_in_the_body() {
    let user = "username: admin, password: '{{ env.PW }}', ";
    for grant in ["client_credentials", "password"] {
        for client in ["basic", "body"] {
            let user = if grant == "password" { user } else { "" };
            let auth = format!(
                "{{ oauth2: {{ token_url: '{{{{ service.url }}}}/token', grant: {grant}, client_id: 'c:1', client_secret: '{{{{ env.SECRET }}}}', {user}scope: a b, audience: api, params: {{ resource: r }}, client_auth: {client} }} }}"
            );
            let scene = Scene::new(Gate::new(bearer), &auth, "");
            scene.lives();
            let asked = scene.asked_of("/token");
            // One of setup and one of cleanup.
            assert_eq!(asked.len(), 2, "{grant} {client}");
            let fields = form(&asked[0]);
            for (name, value) in [
                ("grant_type", grant),
                ("scope", "a b"),
                ("audience", "api"),
                ("resource", "r"),
            ] {
                assert_eq!(fields[name], value, "{grant} {client}");
            }
            let password = (grant == "password").then(|| format!("{CANARY} of&the user"));
            assert_eq!(fields.get("password"), password.as_ref());
            let secret = format!("{CANARY}-of:the/client");
            // `c%3A1:c4nary-of%3Athe%2Fclient`: both parts are form-encoded first (RFC 6749, section 2.3.1).
            let header = "authorization: Basic YyUzQTE6YzRuYXJ5LW9mJTNBdGhlJTJGY2xpZW50";
            assert_eq!(
                has_header(&asked[0], header),
                client == "basic",
                "{:?}",
                asked[0].headers
            );
            assert_eq!(fields.get("client_secret"), (client == "body").then_some(&secret));
            assert_eq!(fields.contains_key("client_id"), client == "body");
        }
    }
}

const OAUTH2: &str =
    "{ oauth2: { token_url: '{{ service.url }}/token', client_id: c, client_secret: '{{ env.SECRET }}' } }";

#[test]
fn a_token_is_renewed_before_it_ends() {
    let mut gate = Gate::new(bearer);
    gate.life = Duration::from_secs(3);
    let copies = "    limits: { rate: 10/s, concurrency: 1 }\n";
    let scene = Scene::new(gate, OAUTH2, copies);
    let setup = scene.machine.run(&["setup", "--persona", "alice"]);
    assert_eq!(setup.code(), Some(0), "{}", setup.log);
    scene.lives_with_twenty();
    // One of the first setup, two of the second, one of cleanup. Whoever comes with a token that has ended asks once more.
    assert!(scene.asked_of("/token").len() > 3, "{:?}", scene.liar.lines());
}

impl Scene {
    /// Twenty accounts at ten requests in a second outlive several tokens; each create is sent once.
    fn lives_with_twenty(&self) {
        let config = std::fs::read_to_string(self.machine.path("work/standin.yml")).unwrap();
        let config = config.replace("{ name: alice }", "{ name: buyer, count: 20 }");
        std::fs::write(self.machine.path("work/standin.yml"), config).unwrap();
        let before = self.asked_of("/accounts").len();
        let setup = self.machine.run(&["setup"]);
        assert_eq!(setup.code(), Some(0), "{}", setup.log);
        assert_eq!(self.asked_of("/accounts").len(), before + 20);
        let cleanup = self.machine.run(&["cleanup"]);
        assert_eq!(cleanup.code(), Some(0), "{}", cleanup.log);
        assert!(self.gate.lock().unwrap().accounts.is_empty());
    }
}

#[test]
fn a_token_that_is_refused_is_renewed_once_and_the_create_is_sent_once_more() {
    let mut gate = Gate::new(bearer);
    gate.first_good = 1;
    let scene = Scene::new(gate, OAUTH2, "");
    scene.lives();
    let creates = scene.asked_of("/accounts");
    assert_eq!(creates.len(), 2);
    assert_eq!(creates[0].username(), creates[1].username());
    assert!(bearer(&creates[0], &Gate::token(0)) && bearer(&creates[1], &Gate::token(1)));
}

#[test]
fn a_new_token_that_is_refused_too_ends_it() {
    let mut gate = Gate::new(bearer);
    gate.first_good = usize::MAX;
    let scene = Scene::new(gate, OAUTH2, "");
    let setup = scene.machine.run(&["setup"]);
    assert_eq!(setup.code(), Some(1), "{}", setup.log);
    assert!(setup.log.contains("401"), "{}", setup.log);
    scene.assert_kept(&setup);
    assert_eq!(scene.asked_of("/accounts").len(), 2);
    assert_eq!(scene.asked_of("/token").len(), 2);
}

#[test]
fn a_token_endpoint_that_refuses_is_told_with_its_status() {
    let liar = Liar::start(|asked| {
        let refused = asked.target.starts_with("/token");
        says(
            if refused { 403 } else { 500 },
            &json!({"error": "access_denied", "error_description": CANARY}),
        )
    });
    let mut machine = Machine::new(&format!(
        "services: [{{ name: users, url: '{}', auth: {OAUTH2} }}]",
        liar.url()
    ));
    machine.set("SECRET", CANARY);
    let setup = machine.run(&["setup"]);
    assert_eq!(setup.code(), Some(1), "{}", setup.log);
    assert!(
        setup.log.contains(&format!(
            "the token request to `{}/token` was answered with 403: access_denied: ***",
            liar.url()
        )),
        "{}",
        setup.log
    );
    assert!(!setup.log.contains(CANARY), "{}", setup.log);
    assert!(
        liar.lines().iter().all(|line| line == "POST /token"),
        "{:?}",
        liar.lines()
    );
}

#[test]
fn what_a_log_in_gives_is_carried_in_a_header_or_in_the_query() {
    let login = |carried: &str| {
        format!(
            "{{ login: {{ request: POST /login, json: {{ user: admin, password: '{{{{ env.PW }}}}' }}, capture: {{ token: body.value }}, use: {carried} }} }}"
        )
    };
    let in_header = |asked: &Asked, token: &str| has_header(asked, &format!("x-session: s={token}"));
    let in_query = |asked: &Asked, token: &str| asked.target.ends_with(&format!("?key={token}"));
    let header = login("{ headers: { X-Session: 's={{ capture.token }}' } }");
    let query = login("{ query: { key: '{{ capture.token }}' } }");
    for (auth, admits) in [
        (header, in_header as fn(&Asked, &str) -> bool),
        (query, in_query as fn(&Asked, &str) -> bool),
    ] {
        for first_good in [0, 1] {
            let mut gate = Gate::new(admits);
            gate.first_good = first_good;
            let scene = Scene::new(gate, &auth, "");
            scene.lives();
            let logins = scene.asked_of("/login");
            assert_eq!(logins.len(), 2 + first_good);
            assert!(
                logins[0].body.contains(r#""password":"c4nary of&the user""#),
                "{}",
                logins[0].body
            );
        }
    }
}

/// Puts the machine into a job that may ask for ID tokens.
fn with_id_token(scene: &mut Scene) {
    let url = format!("{}/id-token?api-version=2.0", scene.liar.url());
    scene.machine.set("ACTIONS_ID_TOKEN_REQUEST_URL", &url);
    scene
        .machine
        .set("ACTIONS_ID_TOKEN_REQUEST_TOKEN", &format!("{CANARY}-of-the-job"));
}

#[test]
fn githubs_id_token_is_the_bearer_token_for_the_services_own_origin() {
    let mut scene = Scene::new(Gate::new(bearer), "github_oidc", "");
    with_id_token(&mut scene);
    scene.lives();
    let asked = &scene.asked_of("/id-token")[0];
    assert!(bearer(asked, &format!("{CANARY}-of-the-job")), "{:?}", asked.headers);
    let audience: String = url::form_urlencoded::byte_serialize(scene.liar.url().as_bytes()).collect();
    assert_eq!(
        asked.line(),
        format!("GET /id-token?api-version=2.0&audience={audience}")
    );
}

#[test]
fn githubs_id_token_is_exchanged_for_another() {
    let auth = "{ github_oidc: { audience: sts, exchange: { token_url: '{{ service.url }}/exchange', params: { scope: admin } } } }";
    let mut scene = Scene::new(Gate::new(bearer), auth, "");
    with_id_token(&mut scene);
    scene.machine.set("STANDIN_ALLOW_AUDIENCE", "st?");
    // The ID token itself opens nothing.
    scene.gate.lock().unwrap().first_good = 1;
    scene.lives();
    let fields = form(&scene.asked_of("/exchange")[0]);
    assert_eq!(fields["grant_type"], "urn:ietf:params:oauth:grant-type:token-exchange");
    assert_eq!(fields["subject_token"], Gate::token(0));
    assert_eq!(fields["subject_token_type"], "urn:ietf:params:oauth:token-type:jwt");
    assert_eq!(fields["scope"], "admin");
    assert!(scene.asked_of("/id-token")[0].target.ends_with("&audience=sts"));
}

#[test]
fn an_audience_that_nobody_allowed_is_never_asked_for() {
    let mut scene = Scene::new(
        Gate::new(bearer),
        "{ github_oidc: { audience: 'https://bank.test' } }",
        "",
    );
    with_id_token(&mut scene);
    let setup = scene.machine.run(&["setup"]);
    assert!(matches!(setup.code(), Some(1 | 2)), "{}", setup.log);
    assert!(setup.log.contains("allow-audience"), "{}", setup.log);
    assert!(scene.liar.lines().is_empty(), "{:?}", scene.liar.lines());
}

#[test]
fn an_id_token_that_ci_puts_into_a_variable_is_a_bearer_token_or_exchanged_for_one() {
    let exchange = "{ oauth2: { token_url: '{{ service.url }}/exchange', client_id: qa, params: { \
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', \
        subject_token: '{{ env.QA_ID_TOKEN }}', subject_token_type: 'urn:ietf:params:oauth:token-type:id_token' } } }";
    for (auth, exchanges) in [("{ bearer: '{{ env.QA_ID_TOKEN }}' }", 0), (exchange, 2)] {
        let mut gate = Gate::new(bearer);
        gate.given.push(Instant::now());
        // Where it is exchanged, the ID token itself opens nothing.
        gate.first_good = usize::from(exchanges > 0);
        let mut scene = Scene::new(gate, auth, "");
        scene.machine.set("QA_ID_TOKEN", &Gate::token(0));
        scene.lives();
        let asked = scene.asked_of("/exchange");
        assert_eq!(asked.len(), exchanges);
        for asked in asked {
            let fields = form(&asked);
            assert_eq!(fields["grant_type"], "urn:ietf:params:oauth:grant-type:token-exchange");
            assert_eq!(fields["subject_token"], Gate::token(0));
            assert_eq!(fields["client_id"], "qa");
        }
    }
}

#[test]
fn a_token_address_at_which_nothing_is_ends_it_at_once_and_is_named() {
    for status in [400, 403, 404] {
        let liar = Liar::start(move |_| says(status, &json!({"message": "no realm `qa`"})));
        let mut machine = Machine::new(&format!(
            "services:
  - name: users
    url: '{}/api'
    auth: {{ oauth2: {{ token_url: '{{{{ service.url }}}}/realms/qa/token', client_id: c, client_secret: '{{{{ env.SECRET }}}}' }} }}
accounts: [{{ name: alice, count: 3 }}]",
            liar.url()
        ));
        machine.set("SECRET", CANARY);
        let setup = machine.run(&["setup"]);
        assert_eq!(setup.code(), Some(1), "{}", setup.log);
        assert_eq!(liar.lines(), ["POST /api/realms/qa/token"], "{}", setup.log);
        let told = format!(
            "the token request to `{}/api/realms/qa/token` was answered with {status}: no realm `qa`",
            liar.url()
        );
        assert!(setup.log.contains(&told), "{}", setup.log);
        if status == 404 {
            assert!(
                setup.log.contains("hint: check that address in `auth`"),
                "{}",
                setup.log
            );
        }
    }
}

#[test]
fn a_life_that_is_no_time_is_an_error_and_a_time_is_taken_as_one() {
    for (life, code, told) in [
        (json!("2099-01-01T00:00:00Z"), 0, "1 account is ready"),
        (json!("3600"), 0, "1 account is ready"),
        (
            json!("soon"),
            1,
            "`expires_in` is neither a number of seconds nor a time",
        ),
    ] {
        let liar = Liar::start(move |asked| match asked.method.as_str() {
            _ if asked.target == "/token" => says(200, &json!({"access_token": "token-1", "expires_in": life})),
            "POST" => says(201, &json!({"id": "1", "username": asked.username()})),
            _ => says(200, &json!({})),
        });
        let machine = {
            let mut machine = Machine::new(&format!(
                "services: [{{ name: users, url: '{}', auth: {OAUTH2} }}]",
                liar.url()
            ));
            machine.set("SECRET", CANARY);
            machine
        };
        let setup = machine.run(&["setup"]);
        assert_eq!(setup.code(), Some(code), "{}", setup.log);
        assert!(setup.log.contains(told), "{told}: {}", setup.log);
        let tokens = liar.lines().iter().filter(|line| *line == "POST /token").count();
        assert_eq!(tokens, 1, "{}", setup.log);
    }
}
