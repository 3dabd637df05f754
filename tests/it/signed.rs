//! Services that go by more than names and passwords: signatures, one-time codes, and ids that stand in a sentence.

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use ring::hmac;
use serde_json::{Value, json};

use crate::desk::Desk;
use crate::liar::{Asked, Liar, answer, json as reply};
use crate::one_time::is_code;

const KEY: &str = "a-key-of-the-workspace";
/// The secret of RFC 6238's appendix B, in Base32.
const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

const CONFIGURATION: &str = r#"
    create:
      request: POST /accounts
      headers:
        X-Time: "{{ now('unix') }}"
        X-Signature: "{{ (account.username ~ '.' ~ account.email ~ '.' ~ now('unix')) | hmac_sha512(env.SIGNING_KEY) }}"
      json:
        username: "{{ account.username }}"
        email: "{{ account.email }}"
        at: "{{ now('unix') }}"
      id: body | regex('account no\. (\d+) was opened')
    verify:
      request: GET /accounts/{{ id }}
      name: (body.profile | b64decode | fromjson).login
    delete:
      request: DELETE /accounts/{{ id }}
      headers:
        X-Code: "{{ env.OTP_SECRET | totp }}"
    gone:
      request: GET /accounts/{{ id }}
"#;

pub(crate) fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn header<'a>(asked: &'a Asked, name: &str) -> &'a str {
    let field = asked.headers.iter().find_map(|field| {
        let (known, value) = field.split_once(':')?;
        known.eq_ignore_ascii_case(name).then_some(value.trim())
    });
    field.unwrap_or_default()
}

/// A service that opens accounts for who signs, and closes them for who has the code.
fn service() -> Liar {
    let mut accounts: BTreeSet<(u64, String)> = BTreeSet::new();
    let mut next = 4711;
    Liar::start(move |asked| {
        let number = asked.target.rsplit('/').next().and_then(|id| id.parse().ok());
        let known = accounts.iter().find(|(id, _)| Some(*id) == number).cloned();
        match (asked.method.as_str(), known) {
            ("POST", _) if !is_signed(asked) => answer(401, &[], b""),
            ("POST", _) => {
                accounts.insert((next, asked.username()));
                let said = format!("Thank you. Your account no. {next} was opened.\n");
                next += 1;
                answer(201, &["Content-Type: text/plain"], said.as_bytes())
            }
            ("GET", Some((_, username))) => {
                let profile = json!({"login": username}).to_string();
                reply(200, &json!({"profile": standard(profile.as_bytes())}))
            }
            ("DELETE", Some(_)) if !is_code(header(asked, "x-code"), SECRET) => answer(403, &[], b""),
            ("DELETE", Some(known)) => {
                accounts.remove(&known);
                answer(204, &[], b"")
            }
            _ => answer(404, &[], b""),
        }
    })
}

/// Is a create signed just now, with the same moment in all its parts?
fn is_signed(asked: &Asked) -> bool {
    let body: Value = serde_json::from_str(&asked.body).unwrap();
    let at = header(asked, "x-time");
    let moment = at.parse::<u64>().ok();
    let is_recent = moment.is_some_and(|moment| seconds().abs_diff(moment) < 30);
    let email = body["email"].as_str().unwrap_or_default();
    let signed = format!("{}.{email}.{at}", asked.username());
    let key = hmac::Key::new(hmac::HMAC_SHA512, KEY.as_bytes());
    let signature = hex(hmac::sign(&key, signed.as_bytes()).as_ref());
    is_recent && body["at"].as_u64() == moment && header(asked, "x-signature") == signature
}

fn standard(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn desk(url: &str, more: &str) -> Desk {
    Desk::new()
        .with("SIGNING_KEY", KEY)
        .with("OTP_SECRET", SECRET)
        .configured(&format!(
            "services:\n  - name: users\n    url: {url}\n    timeout: 5s{more}"
        ))
}

#[test]
fn a_signed_create_and_a_delete_with_a_code_leave_nothing() {
    let users = service();
    let desk = desk(&users.url(), CONFIGURATION);
    let ended = desk.run(&["run", "--", "true"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let asked = users.lines();
    assert!(asked.contains(&"GET /accounts/4711".to_owned()), "{asked:?}");
    assert!(asked.contains(&"DELETE /accounts/4711".to_owned()), "{asked:?}");
    assert_eq!(asked.iter().filter(|line| line.starts_with("POST")).count(), 1);
    let shown = desk.run(&["plan", "--verbose"]);
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    for source in [
        "{{ now('unix') }}",
        "{{ env.OTP_SECRET | totp }}",
        "hmac_sha512(env.SIGNING_KEY)",
    ] {
        assert!(shown.stdout.contains(source), "{source}: {}", shown.stdout);
    }
}

#[test]
fn a_cleanup_of_its_own_finds_the_same_place() {
    let users = service();
    let desk = desk(&users.url(), CONFIGURATION);
    let setup = desk.run(&["setup", "--verbose"]);
    assert_eq!(setup.code, Some(0), "{}", setup.stderr);
    assert!(!setup.stderr.contains(KEY) && !setup.stderr.contains(SECRET));
    let cleanup = desk.run(&["cleanup"]);
    assert_eq!(cleanup.code, Some(0), "{}", cleanup.stderr);
    assert!(users.lines().contains(&"DELETE /accounts/4711".to_owned()));
}

#[test]
fn hostile_text_takes_neither_time_nor_memory() {
    let long = "a".repeat(1024 * 1024);
    for (id, body, told) in [
        ("body | regex('(a+)+$') | length", long.clone(), "GET /accounts/1048576"),
        ("body | regex('(a+)+b')", long.clone(), "gave nothing of use"),
        ("body | regex('(?:a?){200}b')", long, "too much work"),
        ("(body | fromjson).id", "[".repeat(100_000), "nested too deeply"),
        ("(body | fromjson).id", r#"{"id":"#.repeat(100_000), "nested too deeply"),
        ("body | b64decode", "/w==".to_owned(), "doesn't decode to text"),
    ] {
        let users = Liar::start(move |asked| match asked.method.as_str() {
            "POST" => answer(201, &["Content-Type: text/plain"], body.as_bytes()),
            _ => answer(404, &[], b""),
        });
        let desk = desk(&users.url(), &format!("\n    create: {{ id: \"{id}\" }}\n"));
        let setup = desk.run(&["setup"]);
        assert!(setup.is_orderly(), "{id}: {}", setup.stderr);
        assert_eq!(setup.code, Some(1), "{id}: {}", setup.stderr);
        let seen = users.lines().join("\n") + &setup.stderr;
        assert!(seen.contains(told), "{id}: {seen}");
    }
}
