//! One-time codes: an account enrols a secret that was made for it, and logs in with a code; `otp` prints one.

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::hmac;
use serde_json::{Value, json as value};
use standin::sandbox::{Sandbox, SandboxHandle, ServiceSpec};

use crate::desk::{Desk, Ended};
use crate::liar::{Asked, Liar, answer, json};

const SEED: &str = "0123456789abcdef0123456789abcdef";

/// The secrets that accounts have enrolled, by user name.
type Enrolled = Arc<Mutex<BTreeMap<String, String>>>;

fn bytes(base32: &str) -> Vec<u8> {
    let (mut held, mut bits, mut bytes) = (0_u32, 0, Vec::new());
    for c in base32.chars() {
        let digit = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(c).unwrap();
        held = (held << 5) | u32::try_from(digit).unwrap();
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 255).unwrap());
        }
    }
    bytes
}

/// Is this the code of the moment, or of the period before or after, as servers accept it?
pub(crate) fn is_code(given: &str, secret: &str) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &bytes(secret));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / 30;
    (now - 1..=now + 1).any(|counter| {
        let tag = hmac::sign(&key, &counter.to_be_bytes());
        let tag = tag.as_ref();
        let from = usize::from(tag[19] & 15);
        let number = u32::from_be_bytes(tag[from..from + 4].try_into().unwrap()) & 0x7fff_ffff;
        given == format!("{:06}", number % 1_000_000)
    })
}

/// A service that lets an account in by its password and a code, and has one deleted by a code alone.
fn service() -> (Liar, Enrolled) {
    let enrolled = Enrolled::default();
    let mut passwords: BTreeMap<String, String> = BTreeMap::new();
    let secrets = Arc::clone(&enrolled);
    let service = Liar::start(move |asked: &Asked| {
        let mut secrets = secrets.lock().unwrap();
        let body: Value = serde_json::from_str(&asked.body).unwrap_or_default();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let field = |name: &str| {
            let fields = asked.headers.iter().filter_map(|line| line.split_once(": "));
            let mut found = fields.filter(|(known, _)| known.eq_ignore_ascii_case(name));
            found.next().map(|(_, value)| value.to_owned()).unwrap_or_default()
        };
        let name = asked.target.split('/').nth(2).unwrap_or_default().to_owned();
        let has_code = secrets
            .get(&name)
            .is_some_and(|secret| is_code(&field("x-code"), secret));
        let password = passwords.get(&name).cloned();
        let basic = password.map(|password| format!("Basic {}", BASE64_STANDARD.encode(format!("{name}:{password}"))));
        if asked.target.starts_with("/names") {
            return answer(if basic.is_some() { 200 } else { 404 }, &[], b"");
        }
        match (asked.method.as_str(), asked.target.ends_with("/codes")) {
            ("POST", false) => {
                passwords.insert(text("username"), text("password"));
                json(201, &value!({ "id": text("username"), "username": text("username") }))
            }
            ("POST", true) => {
                secrets.insert(name, text("secret"));
                answer(204, &[], b"")
            }
            (_, false) if basic.is_none() => answer(404, &[], b""),
            ("GET", _) if has_code && basic == Some(field("authorization")) => json(200, &value!({ "username": name })),
            ("DELETE", _) if has_code => {
                passwords.remove(&name);
                answer(204, &[], b"")
            }
            _ => answer(403, &[], b""),
        }
    });
    (service, enrolled)
}

fn plain() -> SandboxHandle {
    Sandbox::spawn_thread(Sandbox::builder().service(ServiceSpec::new("plain"))).unwrap()
}

/// A service beside one that knows no codes.
fn configuration(service: &Liar, plain: &SandboxHandle) -> String {
    let (url, plain) = (service.url(), plain.url("plain"));
    format!(
        r#"services:
  - name: users
    url: {url}
    create: {{ request: POST /accounts, json: {{ username: "{{{{ account.username }}}}", password: "{{{{ account.password }}}}" }} }}
    after_create: [{{ request: "POST /accounts/{{{{ id }}}}/codes", json: {{ secret: "{{{{ account.totp_secret }}}}" }} }}]
    verify:
      request: GET /accounts/{{{{ id }}}}
      headers:
        Authorization: "Basic {{{{ (account.username ~ ':' ~ account.password) | b64encode }}}}"
        X-Code: "{{{{ account.totp_secret | totp }}}}"
      name: body.username
    delete: {{ request: "DELETE /accounts/{{{{ id }}}}", headers: {{ X-Code: "{{{{ account.totp_secret | totp }}}}" }} }}
    gone: {{ request: "GET /names/{{{{ id }}}}" }}
  - name: plain
    url: {plain}
accounts: [{{ name: alice }}, {{ name: bob, services: [users] }}]
"#
    )
}

fn succeeded(ended: Ended) -> Ended {
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    ended
}

/// The code of an account, which its service takes.
fn code_of(desk: &Desk, account: &str, more: &[&str], enrolled: &Enrolled) -> String {
    let ended = succeeded(desk.run(&[&["otp", account], more].concat()));
    let name = account.split_once('/').unwrap().1;
    let secrets = enrolled.lock().unwrap();
    let (_, secret) = secrets.iter().find(|(user, _)| user.ends_with(name)).unwrap();
    assert!(is_code(ended.stdout.trim_end(), secret), "{}", ended.stdout);
    assert_eq!(ended.stderr, "");
    secret.clone()
}

#[test]
fn an_account_enrols_its_own_secret_and_every_process_knows_its_code() {
    let ((service, enrolled), plain) = (service(), plain());
    let desk = Desk::new().configured(&configuration(&service, &plain));
    let setup = succeeded(desk.run(&["setup", "--verbose"]));
    let secret = code_of(&desk, "users/alice", &[], &enrolled);
    assert_ne!(secret, code_of(&desk, "users/bob", &[], &enrolled));
    assert_eq!(bytes(&secret).len(), 20);

    let told = succeeded(desk.run(&["credentials"]));
    let told: Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!(told["accounts"]["users/alice"]["totp_secret"], secret.as_str());
    assert!(told["accounts"]["plain/alice"].get("totp_secret").is_none(), "{told}");
    let dotenv = succeeded(desk.run(&["credentials", "--format", "dotenv"]));
    let line = format!("STANDIN_USERS_ALICE_TOTP_SECRET='{secret}'\n");
    assert!(dotenv.stdout.contains(&line), "{}", dotenv.stdout);

    for (account, hint) in [
        ("users/alise", "did you mean `users/alice`?"),
        ("plain/alice", "send `{{ account.totp_secret }}`"),
    ] {
        let ended = desk.run(&["otp", account]);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains(hint), "{}", ended.stderr);
    }

    // Only files of this user alone hold it.
    let entry = fs::read_dir(desk.journals()).unwrap().next().unwrap().unwrap().path();
    let holders: Vec<String> = fs::read_dir(entry)
        .unwrap()
        .map(|file| file.unwrap())
        .filter(|file| fs::read_to_string(file.path()).unwrap().contains(&secret))
        .map(|file| file.file_name().into_string().unwrap())
        .collect();
    let mut sorted = holders;
    sorted.sort();
    assert_eq!(sorted, ["credentials.json", "kept.jsonl"]);
    let cleanup = succeeded(desk.run(&["cleanup", "--verbose"]));
    for text in [&setup.stdout, &setup.stderr, &cleanup.stderr] {
        assert!(!text.contains(&secret), "{text}");
    }
}

#[test]
fn another_job_computes_the_code_from_the_seed() {
    let ((service, enrolled), plain) = (service(), plain());
    let desk = Desk::new()
        .with("STANDIN_SEED", SEED)
        .configured(&configuration(&service, &plain));
    succeeded(desk.run(&["setup", "--state-file", "state.json"]));
    let state = fs::read_to_string(desk.work().join("state.json")).unwrap();
    let other = Desk::new().with("STANDIN_SEED", SEED).with("STANDIN_STATE", &state);
    code_of(&other, "users/alice", &[], &enrolled);
    let none = other.run(&["otp", "plain/alice"]);
    assert_eq!(none.code, Some(2), "{none:?}");
    succeeded(desk.run(&["cleanup"]));
}

#[test]
fn the_command_of_run_has_the_secret_and_a_persona_can_not_read_it_itself() {
    let ((service, enrolled), plain) = (service(), plain());
    let desk = Desk::new().configured(&configuration(&service, &plain));
    let script = "printf %s \"$STANDIN_USERS_ALICE_TOTP_SECRET\" > secret";
    succeeded(desk.run(&["run", "--", "sh", "-c", script]));
    let secret = fs::read_to_string(desk.work().join("secret")).unwrap();
    assert!(
        enrolled.lock().unwrap().values().any(|known| *known == secret),
        "{secret}"
    );

    let own = "accounts: [{ name: alice, fields: { code: '{{ account.totp_secret }}' } }]\n";
    let text = "services: [{ name: users, url: 'http://127.0.0.1:1' }]\n";
    let ended = Desk::new().configured(&format!("{text}{own}")).run(&["plan"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(
        ended.stderr.contains("`account.totp_secret` is not known"),
        "{}",
        ended.stderr
    );
}
