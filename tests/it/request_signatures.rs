//! Requests that are signed as they are sent: by AWS' signature, and by schemes of services' own. The services here check every one.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::{digest, hmac};
use serde_json::json;

use crate::desk::Desk;
use crate::liar::{Asked, Liar, Reply, answer, json as says};
use crate::register::{Register, field};
use crate::signed::{hex, seconds};

const SECRET: &str = "c4nary/K7MDENG+bPxRfiCYEXAMPLEKEY";
const SESSION: &str = "c4nary-session-token-of-the-job";

fn hmac_of(algorithm: hmac::Algorithm, key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(algorithm, key), text.as_bytes())
        .as_ref()
        .to_vec()
}

/// A service that checks signatures, and its accounts. Its first signed request is put off, so that it is signed twice.
struct Scene {
    register: Arc<Mutex<Register>>,
    liar: Liar,
}

impl Scene {
    /// A service that lets in who signs, and answers others with what it was given.
    fn new(mut is_signed: impl FnMut(&Asked) -> bool + Send + 'static) -> Self {
        let register = Arc::new(Mutex::new(Register::default()));
        let inner = Arc::clone(&register);
        let mut throttled = false;
        let liar = Liar::start(move |asked| -> Reply {
            if !is_signed(asked) {
                let given = field(asked, "authorization").unwrap_or_default();
                return says(
                    403,
                    &json!({"message": format!("SignatureDoesNotMatch: {given} {:?}", asked.headers)}),
                );
            }
            if !std::mem::replace(&mut throttled, true) {
                return answer(429, &["Retry-After: 1"], b"");
            }
            inner.lock().unwrap().reply(asked)
        });
        Self { register, liar }
    }

    fn lives(&self, desk: &Desk) {
        for command in ["setup", "cleanup"] {
            let ended = desk.run(&[command, "--verbose"]);
            assert_eq!(ended.code, Some(0), "{}\n{:?}", ended.stderr, self.liar.lines());
            assert_silent(&format!("{}{}", ended.stdout, ended.stderr));
            let count = if command == "setup" { 2 } else { 0 };
            assert_eq!(self.register.lock().unwrap().len(), count);
        }
    }
}

fn assert_silent(said: &str) {
    assert!(!said.contains("c4nary"), "{said}");
    // No signature either, whatever the service says.
    let is_long_hex = |word: &&str| word.len() >= 32 && word.chars().all(|c| c.is_ascii_hexdigit());
    let mut words = said.split(|c: char| !c.is_ascii_alphanumeric());
    assert_eq!(words.find(is_long_hex), None, "{said}");
}

/// Is the request signed as AWS has it? Written down again from its documents, and not with what Standin signs with.
fn is_signed_for_aws(asked: &Asked) -> bool {
    let Some(given) = field(asked, "authorization") else {
        return false;
    };
    let part = |name: &str| {
        given
            .split([' ', ','])
            .find_map(|part| part.strip_prefix(&format!("{name}=")))
            .unwrap_or_default()
    };
    let scope = part("Credential").split_once('/').map_or("", |(_, scope)| scope);
    let date = field(asked, "x-amz-date").unwrap_or_default();
    let (path, query) = asked.target.split_once('?').unwrap_or((&asked.target, ""));
    let mut pairs: Vec<String> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            if pair.contains('=') {
                pair.replace('+', "%20")
            } else {
                format!("{pair}=")
            }
        })
        .collect();
    pairs.sort();
    let names = part("SignedHeaders");
    let fields: Vec<String> = names
        .split(';')
        .map(|name| format!("{name}:{}", field(asked, name).unwrap_or_default()))
        .collect();
    let fields = fields.join("\n");
    let sum = |text: &str| hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
    let canonical = format!(
        "{}\n{}\n{}\n{fields}\n\n{names}\n{}",
        asked.method,
        path.replace('%', "%25"),
        pairs.join("&"),
        sum(&asked.body)
    );
    let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", sum(&canonical));
    let key = scope
        .split('/')
        .fold(format!("AWS4{SECRET}").into_bytes(), |key, part| {
            hmac_of(hmac::HMAC_SHA256, &key, part)
        });
    scope.ends_with("/eu-central-1/cognito-idp/aws4_request")
        && part("Credential").starts_with("AKIDEXAMPLE/")
        && field(asked, "x-amz-security-token").unwrap_or(SESSION) == SESSION
        && ["host", "x-amz-date"]
            .iter()
            .all(|name| names.split(';').any(|known| known == *name))
        && part("Signature") == hex(&hmac_of(hmac::HMAC_SHA256, &key, &text))
}

const AWS: &str = "
    auth: { aws: { service: cognito-idp } }
    create: { request: 'POST /a%20b/?x=1&y', query: { q: 'a b/c', Action: Create }, headers: { X-Amz-Target: Service.Create }, json: { username: '{{ account.username }}' } }
    verify: { request: 'GET /a%20b/{{ id }}?z=1&a=%2F', name: body.username }
    delete: { request: 'DELETE /a%20b/{{ id }}' }
";

fn aws_desk(scene: &Scene, secret: &str) -> Desk {
    Desk::new()
        .with("AWS_REGION", "eu-central-1")
        .with("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .with("AWS_SECRET_ACCESS_KEY", secret)
        .configured(&format!(
            "services:\n  - name: users\n    url: {}/api\n    timeout: 5s{AWS}\naccounts: [{{ name: buyer, count: 2 }}]\n",
            scene.liar.url()
        ))
}

#[test]
fn requests_are_signed_for_aws_with_their_queries_and_bodies() {
    let scene = Scene::new(is_signed_for_aws);
    let desk = aws_desk(&scene, SECRET);
    scene.lives(&desk);
    assert!(
        scene
            .liar
            .asked()
            .iter()
            .all(|asked| field(asked, "x-amz-security-token").is_none())
    );
    let temporary = desk.with("AWS_SESSION_TOKEN", SESSION);
    scene.lives(&temporary);
    assert!(
        scene
            .liar
            .asked()
            .iter()
            .any(|asked| field(asked, "x-amz-security-token") == Some(SESSION))
    );
    let plan = temporary.run(&["plan", "--verbose"]);
    for shown in [
        "auth aws",
        "header Authorization",
        "service: cognito-idp",
        "env.AWS_REGION",
    ] {
        assert!(plan.stdout.contains(shown), "{shown}: {}", plan.stdout);
    }
    assert_silent(&plan.stdout);
}

#[test]
fn a_wrong_key_of_aws_is_told_and_no_signature() {
    let scene = Scene::new(is_signed_for_aws);
    let ended = aws_desk(&scene, "c4nary-wrong-key").run(&["setup", "--verbose"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("SignatureDoesNotMatch"), "{}", ended.stderr);
    assert_silent(&ended.stderr);
    let unset = aws_desk(&scene, "").run(&["setup"]);
    assert_eq!(unset.code, Some(2), "{}", unset.stderr);
    assert!(unset.stderr.contains("AWS_SECRET_ACCESS_KEY"), "{}", unset.stderr);
    let not_allowed = aws_desk(&scene, SECRET)
        .with("STANDIN_ALLOW_ENV", "QA_*")
        .run(&["setup"]);
    assert_eq!(not_allowed.code, Some(2), "{}", not_allowed.stderr);
    assert!(
        not_allowed
            .stderr
            .contains("`env.AWS_ACCESS_KEY_ID` may not be read here"),
        "{}",
        not_allowed.stderr
    );
}

/// Duo's Admin API: HMAC-SHA1 over date, method, host, path and parameters, as the password of basic auth.
fn is_signed_for_duo(asked: &Asked) -> bool {
    let date = field(asked, "date").unwrap_or_default();
    let host = field(asked, "host").unwrap_or_default();
    let (path, query) = asked.target.split_once('?').unwrap_or((&asked.target, ""));
    let params = if asked.method == "POST" {
        asked.body.as_str()
    } else {
        query
    };
    let text = [date, &asked.method, host, path, params].join("\n");
    let signature = hex(&hmac_of(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, SECRET.as_bytes(), &text));
    let expected = format!("Basic {}", STANDARD.encode(format!("DIWJ8X6AEYOR5OMC6TQ1:{signature}")));
    field(asked, "authorization") == Some(&expected)
}

const DUO: &str = r#"
    auth:
      sign:
        headers:
          Date: "{{ now('rfc2822') }}"
          Authorization: >-
            Basic {{ (env.DUO_IKEY ~ ':' ~ ([now('rfc2822'), request.method, request.url | regex('//([^/]+)'), request.path, request.query ~ request.body] | join('\n') | hmac_sha1(env.DUO_SKEY))) | b64encode }}
    create: { request: POST /admin/v1/users, form: { email: '{{ account.email }}', username: '{{ account.username }}' } }
    verify: { request: 'GET /admin/v1/users/{{ id }}', query: { a: 'b c' }, name: body.username }
    delete: { request: 'DELETE /admin/v1/users/{{ id }}' }
"#;

/// Bitvavo's: HMAC-SHA256 over the time in milliseconds, the method, the path with its query, and the body. It takes none twice.
fn is_signed_for_bitvavo(asked: &Asked, seen: &mut BTreeSet<String>) -> bool {
    let at = field(asked, "bitvavo-access-timestamp").unwrap_or_default();
    let text = format!("{at}{}{}{}", asked.method, asked.target, asked.body);
    let signature = hex(&hmac_of(hmac::HMAC_SHA256, SECRET.as_bytes(), &text));
    let is_recent = at.parse::<u64>().is_ok_and(|at| (at / 1000).abs_diff(seconds()) < 30);
    field(asked, "bitvavo-access-signature") == Some(&signature) && is_recent && seen.insert(signature)
}

const BITVAVO: &str = r#"
    auth:
      sign:
        headers:
          Bitvavo-Access-Key: "{{ env.DUO_IKEY }}"
          Bitvavo-Access-Timestamp: "{{ now('unix_ms') }}"
          Bitvavo-Access-Signature: "{{ (now('unix_ms') ~ request.method ~ request.path ~ ('?' if request.query else '') ~ request.query ~ request.body) | hmac_sha256(env.DUO_SKEY) }}"
    verify: { request: 'GET /accounts/{{ id }}', query: { a: 'b c' } }
"#;

/// A signature in the query, over the whole address.
fn is_signed_in_the_query(asked: &Asked) -> bool {
    let Some((unsigned, signature)) = asked
        .target
        .split_once(['?', '&'])
        .and_then(|_| asked.target.rsplit_once("sig="))
    else {
        return false;
    };
    let host = field(asked, "host").unwrap_or_default();
    let text = format!("http://{host}{}", unsigned.trim_end_matches(['?', '&']));
    signature == hex(&hmac_of(hmac::HMAC_SHA512, SECRET.as_bytes(), &text))
}

const IN_QUERY: &str = r#"
    auth: { sign: { query: { sig: "{{ request.url | hmac_sha512(env.DUO_SKEY) }}" } } }
    verify: { request: 'GET /accounts/{{ id }}', query: { a: 'b c' } }
"#;

fn sign_desk(scene: &Scene, auth: &str, secret: &str) -> Desk {
    Desk::new()
        .with("DUO_IKEY", "DIWJ8X6AEYOR5OMC6TQ1")
        .with("DUO_SKEY", secret)
        .configured(&format!(
            "services:\n  - name: users\n    url: {}\n    timeout: 5s{auth}accounts: [{{ name: buyer, count: 2 }}]\n",
            scene.liar.url()
        ))
}

#[test]
fn requests_are_signed_as_services_have_it() {
    let mut seen = BTreeSet::new();
    let schemes: [(&str, Scene); 3] = [
        (DUO, Scene::new(is_signed_for_duo)),
        (
            BITVAVO,
            Scene::new(move |asked| is_signed_for_bitvavo(asked, &mut seen)),
        ),
        (IN_QUERY, Scene::new(is_signed_in_the_query)),
    ];
    for (auth, scene) in schemes {
        let desk = sign_desk(&scene, auth, SECRET);
        scene.lives(&desk);
        let plan = desk.run(&["plan", "--verbose"]);
        assert!(plan.stdout.contains("auth sign"), "{}", plan.stdout);
        assert_silent(&plan.stdout);
        let wrong = sign_desk(&scene, auth, "c4nary-wrong-key").run(&["setup", "--verbose"]);
        assert_eq!(wrong.code, Some(1), "{}", wrong.stderr);
        assert_silent(&wrong.stderr);
    }
}

#[test]
fn a_wrong_clock_is_told_where_a_signature_is_refused() {
    let date = httpdate::fmt_http_date(SystemTime::now() - std::time::Duration::from_mins(181));
    let field = format!("Date: {date}");
    let scene = Scene {
        register: Arc::default(),
        liar: Liar::start(move |_| answer(403, &[&field], b"")),
    };
    for desk in [aws_desk(&scene, SECRET), sign_desk(&scene, BITVAVO, SECRET)] {
        let ended = desk.run(&["setup"]);
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        let told = "`users` refused a signed request with 403, and your clock is 3 hours ahead of the service's `Date`";
        assert_eq!(ended.stderr.matches(told).count(), 1, "{}", ended.stderr);
    }
}

#[test]
fn check_sends_signatures_that_are_wrong_and_none() {
    for (auth, checks) in [
        (
            AWS,
            Box::new(is_signed_for_aws) as Box<dyn FnMut(&Asked) -> bool + Send>,
        ),
        (DUO, Box::new(is_signed_for_duo)),
        (IN_QUERY, Box::new(is_signed_in_the_query)),
    ] {
        let mut checks = checks;
        let refused = Arc::new(Mutex::new(Vec::new()));
        let inner = Arc::clone(&refused);
        let scene = Scene::new(move |asked| {
            let is_signed = checks(asked);
            if !is_signed {
                let has_any = field(asked, "authorization").is_some() || asked.target.contains("sig=");
                inner.lock().unwrap().push(has_any);
            }
            is_signed
        });
        let auth = format!("{auth}    probe: GET /accounts/id-1\n")
            .replace("GET /accounts/id-1", "{ request: GET /me, expect: [404] }");
        let desk = Desk::new()
            .with("AWS_REGION", "eu-central-1")
            .with("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
            .with("AWS_SECRET_ACCESS_KEY", SECRET)
            .with("DUO_IKEY", "DIWJ8X6AEYOR5OMC6TQ1")
            .with("DUO_SKEY", SECRET)
            .configured(&format!(
                "services:\n  - name: users\n    url: {}\n    timeout: 5s{auth}accounts: [{{ name: buyer }}]\n",
                scene.liar.url()
            ));
        let ended = desk.run(&["check"]);
        assert_silent(&ended.stderr);
        let refused = refused.lock().unwrap();
        assert!(
            refused.contains(&true) && refused.contains(&false),
            "{refused:?} {} {}",
            ended.stdout,
            ended.stderr
        );
        assert!(!ended.stdout.contains("signature"), "{}", ended.stdout);
    }
}
