//! `plan`: it shows what a setup would do, asks nothing of anyone, and shows no value of a variable.

use standin::sandbox::{Sandbox, ServiceSpec};

use crate::desk::{Desk, Ended};
use crate::snapshot::assert_snapshot;

const CONFIG: &str = "services:
  - name: orders
    url: \"{{ env.ORDERS_URL }}/v1\"
    auth: { bearer: \"{{ env.ORDERS_TOKEN }}\" }
    needs: [users]
    create:
      request: POST /customers
      json: { login: \"{{ account.username }}\", owner: \"{{ needs.users.id }}\" }
      expect: [201]
    find: { request: \"GET /customers?login={{ account.username }}\", items: body.items, id: item.id, name: item.login }
    verify: { request: \"GET /customers/{{ id }}\", name: body.login, until: \"body.state == 'active'\" }
    delete: [ { request: \"DELETE /customers/{{ id }}\", expect: [204] } ]
  - name: users
    url: \"{{ env.USERS_URL }}\"
    username: qa
    password: \"{{ env.USERS_PASSWORD | default('pw-of-the-default') }}\"
    limits: { concurrency: 3 }
accounts:
  - { name: alice, role: admin }
  - { name: buyer, count: \"{{ env.WORKERS }}\", services: [users] }
";

fn plan(name: &str, desk: &Desk, arguments: &[&str]) -> Ended {
    let mut words = vec!["plan"];
    words.extend(arguments);
    let ended = desk.run(&words);
    assert_eq!(ended.code, Some(0), "{name}: {}", ended.stderr);
    let shown = format!(
        "{}--- standard error\n{}",
        desk.steady(&ended.stdout),
        desk.steady(&ended.stderr)
    );
    assert_snapshot(&format!("plan/{name}"), &shown);
    ended
}

#[test]
fn without_any_variable_it_names_those_that_are_not_set() {
    let desk = Desk::new().configured(CONFIG);
    plan("unset", &desk, &[]);
    plan("unset_json", &desk, &["--format", "json"]);
}

#[test]
fn with_every_variable_it_asks_nobody_and_shows_no_value() {
    let sandbox = Sandbox::spawn_thread(
        Sandbox::builder()
            .service(ServiceSpec::new("users"))
            .service(ServiceSpec::new("orders")),
    )
    .unwrap();
    let desk = Desk::new()
        .configured(CONFIG)
        .with("USERS_URL", &sandbox.url("users"))
        .with("ORDERS_URL", &sandbox.url("orders"))
        .with("ORDERS_TOKEN", "correct-horse")
        .with("USERS_PASSWORD", "battery-staple")
        .with("WORKERS", "3");
    for (name, arguments) in [("set", &[] as &[&str]), ("set_json", &["--format", "json"])] {
        let ended = plan(name, &desk, arguments);
        let all = format!("{}{}", ended.stdout, ended.stderr);
        for value in ["correct-horse", "battery-staple", "127.0.0.1"] {
            assert!(!all.contains(value), "{name} shows `{value}`: {all}");
        }
    }
    assert!(sandbox.requests().is_empty());
    assert_eq!(std::fs::read_dir(desk.journals()).unwrap().count(), 0);
}

/// Literal secrets in every place that can hold one, each with `hunter2` in it.
const SECRETS: &str = r#"services:
  - name: basic
    url: "{{ env.API_URL }}/v1/"
    auth: { basic: { username: qa, password: hunter2-basic } }
    headers: { X-Env: test, X-Api-Key: hunter2-header }
    create:
      request: POST /users?api_key=hunter2-query
      query: { access_token: "{{ env.T | default('hunter2-default') }}", notify: "false" }
      headers: { X-Env: of-the-request }
      json: { name: "{{ account.username }}", credentials: [{ type: password, value: hunter2-json }], pin_secret: 1234567 }
      expect: [201]
      duplicate: "status == 422 and 'taken' in body.message"
      id: body.id
      capture: { etag: headers.etag }
      outputs: { tenant: body.tenant }
      secrets: { api_key: body.key }
      idempotency_header: Idempotency-Key
    after_create: [{ request: "PUT /users/{{ id }}", body: "token=hunter2-body" }]
    find: { request: GET /users, items: body, id: item.id, name: item.name, absent: [404], settle: 2s }
    list: { request: GET /users, items: body, id: item.id, name: item.name, total: body.total, next: { page: p, first: 0 }, filter: { query: { q: "{{ run.prefix }}-" } } }
  - name: client
    url: http://localhost:1
    auth: { oauth2: { token_url: "http://localhost:1/token", client_id: ci, client_secret: hunter2-client, params: { resource: api } } }
    limits: { rate: 600/m }
    needs: [basic]
  - name: login
    url: http://localhost:2
    auth:
      login:
        request: POST /login
        form: { user: root, password: hunter2-login }
        capture: { session: body.session }
        use: { headers: { X-Session: "{{ 'hunter2-use' ~ capture.session }}" } }
        expires_in: 10m
    verify: { request: "GET /accounts/{{ id }}", headers: { Authorization: "Basic {{ ('hunter2:' ~ account.password) | b64encode }}" } }
  - name: header
    url: http://localhost:3
    auth: { header: { X-Whatever: hunter2-auth } }
"#;

#[test]
fn all_that_is_sent_and_read_is_shown_and_no_secret_of_the_configuration() {
    let desk = Desk::new().configured(SECRETS);
    for (name, arguments) in [
        ("verbose", &["--verbose"] as &[&str]),
        ("verbose_json", &["--format", "json"]),
    ] {
        let ended = plan(name, &desk, arguments);
        let all = format!("{}{}", ended.stdout, ended.stderr);
        assert!(!all.contains("hunter2") && !all.contains("1234567"), "{name}: {all}");
    }
    assert!(!desk.run(&["plan"]).stdout.contains("hunter2"));
}

#[test]
fn a_value_of_several_lines_makes_no_line_of_its_own() {
    let desk = Desk::new().configured(
        "services:
  - name: users
    url: http://localhost:1
    create:
      request: POST /users
      body: \"a\\nnot set, and needed by setup:\\n\\u001b[31mred\"
      expect: \"status == 200 and\\nbody.ok\"
",
    );
    let shown = desk.run(&["plan", "--verbose"]).stdout;
    assert!(!shown.contains("\nnot set") && !shown.contains('\u{1b}'), "{shown}");
    assert!(shown.contains("-> status == 200 and body.ok\n"), "{shown}");
}

#[test]
fn json_is_json_and_has_a_version() {
    let ended = Desk::new().configured(CONFIG).run(&["plan", "--format", "json"]);
    let shown: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(shown["version"], 1);
    let accounts = shown["accounts"].as_array().unwrap();
    assert_eq!(accounts.last().unwrap()["after"][0], "users/alice");
}

#[test]
fn a_part_of_it_can_be_shown() {
    let desk = Desk::new().configured(CONFIG).with("WORKERS", "2");
    plan("only", &desk, &["--only", "users", "--persona", "buyer"]);
}

#[test]
fn what_only_the_job_of_the_setup_has_is_named() {
    let desk = Desk::new().configured(
        "services:
  - name: users
    url: http://127.0.0.1:9
    create: { expect: [201], capture: { folder: body.folder } }
    find: { request: \"GET /accounts?login={{ account.username }}\", items: body.items, id: item.id, name: item.login }
    delete:
      - { request: \"GET /accounts/{{ id }}/version\", capture: { version: body.version } }
      - { request: \"DELETE /folders/{{ capture.folder }}\", headers: { If-Match: \"{{ capture.version }}\" } }
      - { request: \"DELETE /accounts/{{ id }}\", json: { password: \"{{ account.password }}\" } }
accounts: [{ name: alice }]
",
    );
    plan("kept", &desk, &[]);
}

#[test]
fn a_mistake_is_told_as_setup_tells_it() {
    let desk = Desk::new().configured("services:\n  - name: users\n    ulr: http://localhost:8080\n");
    let (plan, setup) = (desk.run(&["plan"]), desk.run(&["setup"]));
    assert_eq!(plan.code, Some(2));
    assert_eq!(plan.stderr, setup.stderr);
}

/// Values that are still to be written, in every kind of place.
const TODOS: &str = "services:
  - name: users
    url: \"TODO: the address\"
    auth: { bearer: TODO }
    timeout: TODO
    create:
      request: POST /users
      json: { role: \"TODO: the role\", app: TODOIST, tags: [a, TODO], TODO: x }
      id: \"TODO: where the id is\"
      expect: \"TODO, perhaps 201\"
    find: TODO
    verify: { request: TODO, name: body.name }
    delete: \"TODO: delete\"
accounts: [{ name: alice, username: TODO, fields: { plan: \"TODO\" } }]
";

#[test]
fn what_is_still_to_be_written_is_planned() {
    let desk = Desk::new().configured(TODOS);
    let shown = plan("todo", &desk, &[]).stdout;
    assert!(!shown.contains("app"), "{shown}");
    let ended = desk.run(&["plan", "--format", "json"]);
    let shown: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    let todos: Vec<&serde_json::Value> = shown["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["code"] == "todo")
        .collect();
    assert_eq!(todos.len(), 13, "{todos:?}");
    assert_eq!(todos[0]["at"]["line"], 3);
}

#[test]
fn what_is_still_to_be_written_is_refused_wherever_something_would_be_sent() {
    let desk = Desk::new().configured(TODOS);
    for command in [
        &["setup"] as &[&str],
        &["run", "--", "true"],
        &["sweep"],
        &["cleanup", "--config", "standin.yml"],
        &["status", "--config", "standin.yml"],
    ] {
        let ended = desk.run(command);
        assert_eq!(ended.code, Some(2), "{command:?}: {}", ended.stderr);
        assert_snapshot("plan/todo_refused", &ended.told(&desk));
    }
    assert_eq!(std::fs::read_dir(desk.journals()).unwrap().count(), 0);
}

#[test]
fn other_mistakes_are_told_with_what_is_still_to_be_written() {
    let desk = Desk::new().configured(
        "services:
  - name: users
    url: TODO
    ulr: http://localhost:1
    list: TODO
    create: { request: POST /users, id: TODO }
    delete: TODO
",
    );
    let ended = desk.run(&["plan"]);
    assert_eq!(ended.code, Some(2), "{}", ended.stdout);
    assert_snapshot("plan/todo_and_mistakes", &ended.told(&desk));
}

/// A setup is refused before it seals anything, so what is sealed with such a word is older than that rule.
#[test]
fn a_value_that_was_sealed_stops_no_cleanup() {
    let sandbox = Sandbox::spawn_thread(Sandbox::builder().service(ServiceSpec::new("users"))).unwrap();
    let text = |role: &str| {
        format!(
            "services:\n  - {{ name: users, url: \"{}\" }}\naccounts: [{{ name: alice, role: {role} }}]\n",
            sandbox.url("users")
        )
    };
    let desk = Desk::new().configured(&text("DONE"));
    assert_eq!(desk.run(&["setup"]).code, Some(0));
    for entry in std::fs::read_dir(desk.journals()).unwrap() {
        for file in std::fs::read_dir(entry.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let Ok(sealed) = std::fs::read_to_string(&path) else {
                continue;
            };
            if sealed.contains("role: DONE") {
                std::fs::write(&path, sealed.replace("role: DONE", "role: TODO")).unwrap();
            }
        }
    }
    desk.write("standin.yml", &text("TODO"));
    let ended = desk.run(&["cleanup"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("1 deleted"), "{}", ended.stderr);
}

/// A description that lacks nothing.
const COMPLETE: &str = "services:
  - name: users
    url: http://localhost:1
    create: { request: POST /users, json: { login: \"{{ account.username }}\" }, duplicate: [409], id: body.id, name: body.login }
    verify: { request: \"GET /users/{{ id }}\", name: body.login }
    find: { request: \"GET /users?login={{ account.username }}\", items: body.users, id: item.id, name: item.login }
    list: { request: GET /users, items: body.users, id: item.id, name: item.login, next: link }
    delete: { request: \"DELETE /users/{{ id }}\" }
";
const LACKING: &str =
    "services:\n  - { name: users, url: \"http://localhost:1\", auth: { bearer: \"{{ env.TOKEN }}\" } }\n";
const MISTAKEN: &str = "services:\n  - { name: users, ulr: \"http://localhost:1\" }\n";

#[test]
fn each_file_is_checked_and_the_first_mistake_hides_none() {
    let desk = Desk::new();
    for (name, text) in [("good.yml", COMPLETE), ("bad.yml", MISTAKEN), ("lacking.json", LACKING)] {
        desk.write(name, text);
    }
    for (snapshot, arguments, code) in [
        (
            "files",
            &["good.yml", "bad.yml", "nowhere.yml", "lacking.json"] as &[&str],
            2,
        ),
        ("files_strict", &["--strict", "lacking.json", "good.yml"], 2),
        (
            "files_json",
            &["--format", "json", "bad.yml", "nowhere.yml", "lacking.json"],
            2,
        ),
        ("file", &["lacking.json"], 0),
    ] {
        let mut words = vec!["plan"];
        words.extend(arguments);
        let ended = desk.run(&words);
        assert_eq!(ended.code, Some(code), "{snapshot}: {}", ended.stderr);
        let stdout = desk.steady(&ended.stdout);
        let stderr = desk.steady(&ended.stderr);
        let stdout = if snapshot == "files_json" {
            // The requests are in another snapshot.
            let mut shown: serde_json::Value = serde_json::from_str(&stdout).unwrap();
            shown["files"][2]["plan"]["services"][0]["requests"] = "...".into();
            serde_json::to_string_pretty(&shown).unwrap() + "\n"
        } else {
            stdout
        };
        assert_snapshot(
            &format!("plan/{snapshot}"),
            &format!("{stdout}--- standard error\n{stderr}"),
        );
    }
}

#[test]
fn notes_are_errors_where_that_is_asked_for() {
    let desk = Desk::new().configured(LACKING);
    assert_eq!(desk.run(&["plan"]).code, Some(0));
    assert_eq!(desk.run(&["plan", "--strict"]).code, Some(2));
    desk.write("standin.yml", COMPLETE);
    let ended = desk.run(&["plan", "--strict"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    desk.write("standin.yml", &COMPLETE.replace("body.login", "TODO"));
    assert_eq!(desk.run(&["plan"]).code, Some(0));
    let ended = desk.run(&["plan", "--strict"]);
    assert_eq!(ended.code, Some(2));
    assert!(
        ended
            .stderr
            .contains("`services[0].create.name` is still `TODO` [todo]"),
        "{}",
        ended.stderr
    );
}

#[test]
fn files_and_a_configuration_are_not_given_together() {
    let desk = Desk::new().configured(COMPLETE);
    let ended = desk.run(&["plan", "--config", "standin.yml", "standin.yml"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("both given"), "{}", ended.stderr);
    // A variable that a job sets for its other commands is no such request.
    let desk = desk.with("STANDIN_CONFIG_FILE", "nowhere.yml");
    assert_eq!(desk.run(&["plan", "standin.yml"]).code, Some(0));
}

#[test]
fn an_address_is_the_default_where_its_variable_is_not_set() {
    let text = "services:
  - name: users
    url: \"{{ env.USERS_URL | default('http://localhost:' ~ env.PORT | default('8081')) }}/{{ env.A_TOKEN | default('hunter2') }}\"
";
    let desk = Desk::new().configured(text);
    let shown = |desk: &Desk| desk.run(&["plan"]).stdout.lines().next().unwrap().to_owned();
    assert_eq!(
        shown(&desk),
        "users at http://localhost:8081/${A_TOKEN}, auth none, 8 at once"
    );
    let desk = desk.with("USERS_URL", "http://localhost:9");
    assert_eq!(shown(&desk), "users at ${USERS_URL}/${A_TOKEN}, auth none, 8 at once");
}
