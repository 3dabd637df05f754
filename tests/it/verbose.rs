//! What `--verbose` shows of requests and answers: enough to see what a service was asked and what it said, and no secret.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::desk::{Desk, Ended};
use crate::liar::{Asked, Liar, Reply, answer, json as reply};
use crate::snapshot::assert_snapshot;

const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";

/// A service of one account that answers a create and a look with this beside the id and the name, and with these fields.
fn telling(more: Value, fields: &'static [&'static str]) -> Liar {
    let mut there: Option<String> = None;
    let told = move |name: &str| {
        let mut told = more.clone();
        told["id"] = json!(7);
        told["username"] = json!(name);
        told.to_string()
    };
    Liar::start(move |asked: &Asked| -> Reply {
        let all: Vec<&str> = fields
            .iter()
            .copied()
            .chain(["Content-Type: application/json"])
            .collect();
        match (asked.method.as_str(), &there) {
            ("POST", _) => {
                there = Some(asked.username());
                answer(201, &all, told(&asked.username()).as_bytes())
            }
            ("GET", Some(name)) => answer(200, &all, told(name).as_bytes()),
            ("PUT", Some(_)) => answer(200, &all, told("x").as_bytes()),
            ("DELETE", Some(_)) => {
                there = None;
                answer(204, &[], b"")
            }
            _ => answer(404, &[], b""),
        }
    })
}

fn desk(service: &Liar, more: &str) -> Desk {
    Desk::new().with("KEY", "correct-horse-battery").configured(&format!(
        "services:
  - name: users
    url: {}
    timeout: 5s
    auth: {{ bearer: '{{{{ env.KEY }}}}' }}
{more}
",
        service.url()
    ))
}

/// Setup and cleanup, with all that they printed.
fn both(desk: &Desk, more: &[&str]) -> String {
    let mut told = String::new();
    for command in ["setup", "cleanup"] {
        let ended = desk.run(&[&[command, "--verbose"], more].concat());
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        told += &ended.stderr;
    }
    told
}

fn holds(told: &str, parts: &[&str]) {
    for part in parts {
        assert!(told.contains(part), "{part}: {told}");
    }
}

/// None of these is there, in plain text or encoded.
fn lacks(told: &str, secrets: &[&str]) {
    for secret in secrets {
        let percent: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        for form in [
            (*secret).to_owned(),
            STANDARD.encode(secret),
            URL_SAFE_NO_PAD.encode(secret),
            percent,
        ] {
            let lines = told.lines().filter(|line| !line.starts_with("::add-mask::"));
            let showing: Vec<&str> = lines.filter(|line| line.contains(&form)).collect();
            assert!(showing.is_empty(), "{secret}: {showing:#?}");
        }
    }
}

#[test]
fn a_verbose_log_shows_each_request_and_each_answer() {
    let users = telling(
        json!({"role": "tester"}),
        &["Location: /accounts/7", "Date: today", "X-Request-Id: r-1"],
    );
    let desk = desk(
        &users,
        "    headers: { X-Tenant: '{{ env.KEY }}' }
    create:
      request: POST /accounts?notify=false
      query: { realm: '{{ run.marker }}' }
      headers: { X-Mail: '{{ account.email }}' }
      json: { username: '{{ account.username }}', password: '{{ account.password }}', role: '{{ account.role }}' }
      expect: status == 201 and body.role == account.role
      name: body.username
    verify: { request: 'GET /accounts/{{ id }}', until: body.role == 'tester' }",
    );
    let told = both(&desk, &[]);
    lacks(&told, &["correct-horse-battery"]);
    assert_snapshot("verbose", &desk.steady(&told));
}

#[test]
fn no_secret_of_an_answer_is_shown_before_it_is_known() {
    let basic = STANDARD.encode("tr0ub4dor-recovery");
    let more = json!({
        "initial": "tr0ub4dor-recovery",
        "shown": {"in": format!("it is {basic}"), "by": "a=tr0ub4dor-recovery&b"},
        "sid": "5e55-10n-of/one",
        "again": "5e55-10n-of/one",
        "apiKey": "k-1-of-somebody",
        "recovery_code": "r3c0-v3ry",
        "codes": [{"recovery_codes": ["r3c0-v3ry", 471_147_114]}],
        "note": JWT,
        "key_file": "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----",
        "callback": "https://qa:letmein@internal/x?access_token=opensesame",
        "echo": "correct-horse-battery",
    });
    let users = telling(
        more,
        &[
            "Set-Cookie: session=c00kie-of-one; Path=/",
            "Location: /accounts/7?token=l0cation-t0ken",
            "X-Initial: dHIwdWI0ZG9yLXJlY292ZXJ5",
        ],
    );
    let secrets = [
        "tr0ub4dor-recovery",
        "5e55-10n-of/one",
        "k-1-of-somebody",
        "r3c0-v3ry",
        "471147114",
        JWT,
        "MIIEvQIBADANBg",
        "letmein",
        "opensesame",
        "c00kie-of-one",
        "l0cation-t0ken",
        "correct-horse-battery",
    ];
    for format in ["text", "json"] {
        let desk = desk(
            &users,
            "    create:
      expect: status == 201 and body.initial is defined and body.again != body.shown.by and body.id == 7
      id: body.id
      secrets: { initial: body.initial }
      capture: { sid: body.sid }
    after_create: [ { request: 'PUT /accounts/{{ id }}', json: { sid: '{{ capture.sid }}' } } ]",
        );
        let told = both(&desk, &["--log-format", format]);
        lacks(&told, &secrets);
        if format == "text" {
            holds(
                &told,
                &[
                    "\n  > {\"sid\":\"{{ capture.sid }}\"}",
                    "\n  < location: /accounts/7?token=***",
                    "\n  < set-cookie: ***",
                    "\"initial\":\"***\"",
                    "\"sid\":\"***\"",
                    "\"id\":7",
                    "\n  = `create.id: body.id` is `7`",
                ],
            );
        } else {
            let records: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            let create = records
                .iter()
                .find(|record| record["spans"]["request"]["method"] == "POST")
                .unwrap();
            let field = |name: &str| create["fields"][name].as_str().unwrap();
            assert!(field("request").contains("{{ account.role }}"), "{create}");
            assert!(field("answer").contains("\"initial\":\"***\""), "{create}");
            assert!(!create["message"].as_str().unwrap().contains('\n'), "{create}");
        }
    }
}

/// A secret that is made of what an answer shows is not in it to the letter.
#[test]
fn what_a_secret_is_made_of_is_not_shown() {
    let users = telling(
        json!({"initial": "tr0ub4dor", "parts": ["first-half", "other-half"]}),
        &[],
    );
    let desk = desk(
        &users,
        "    create: { secrets: { a: body.initial | upper, b: \"body.parts | join('')\" } }",
    );
    lacks(
        &both(&desk, &[]),
        &["tr0ub4dor", "TR0UB4DOR", "first-half", "other-half"],
    );
    let users = Liar::start(|asked: &Asked| match asked.method.as_str() {
        "POST" => answer(201, &["Location: /accounts/7"], b"welcome tr0ub4dor"),
        "GET" => answer(404, &[], b""),
        _ => answer(204, &[], b""),
    });
    let desk = Desk::new().configured(&format!(
        "services: [{{ name: users, url: '{}', timeout: 1s, create: {{ id: \"headers.location\", secrets: {{ a: \"body | replace('welcome ', '') | upper\" }} }} }}]\n",
        users.url()
    ));
    let ended = desk.run(&["setup", "--verbose"]);
    lacks(&ended.stderr, &["tr0ub4dor", "TR0UB4DOR"]);
    holds(&ended.stderr, &["< not shown"]);
}

#[test]
fn a_refused_create_shows_none_of_what_it_was_sent() {
    let users = Liar::start(|asked: &Asked| match asked.method.as_str() {
        "POST" => answer(
            400,
            &["X-Said: no"],
            format!(
                "{} {}\n{}\n\n{}",
                asked.method,
                asked.target,
                asked.headers.join("\n"),
                asked.body
            )
            .as_bytes(),
        ),
        _ => answer(404, &[], b""),
    });
    let desk = desk(
        &users,
        "    create: { request: POST /accounts, json: { username: '{{ account.username }}', note: '{{ env.NOTE }}' } }",
    )
    .with("NOTE", "n0te-of-somebody");
    let ended = desk.run(&["setup", "--verbose"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let shown: Vec<&str> = ended.stderr.lines().filter(|line| line.starts_with("  ")).collect();
    lacks(&shown.join("\n"), &["correct-horse-battery", "n0te-of-somebody"]);
    holds(&ended.stderr, &["\n  < x-said: no", "\"note\":\"{{ env.NOTE }}\""]);
}

#[test]
fn nothing_of_an_answer_is_shown_where_nobody_wants_it() {
    let users = telling(json!({"state": "quota"}), &["X-Said: quota"]);
    let told = both(&desk(&users, ""), &["--show-answers=false"]);
    lacks(&told, &["quota"]);
    holds(
        &told,
        &["users: POST /accounts: status 201 in ", "\n  > {\"username\":\"sd-"],
    );
    assert!(!told.contains("\n  < "), "{told}");
}

#[test]
fn a_long_answer_is_cut_in_its_middle() {
    let users = telling(
        json!({"items": vec![json!({"name": "n".repeat(2_000)}); 1_000], "last": 1}),
        &[],
    );
    let told = both(&desk(&users, ""), &[]);
    assert!(told.len() < 40_000, "{}", told.len());
    holds(&told, &["characters left out …"]);
}

#[test]
fn a_hostile_answer_is_no_line_and_no_command() {
    let body = "ok\r\n::add-mask::x\n##[error]no\n\u{1b}[31mred\u{202e}\n  users: POST /forged: status 200 in 1 ms\n";
    let users = Liar::start(move |asked: &Asked| match asked.method.as_str() {
        "POST" => answer(400, &["X-A: ::error::x"], body.as_bytes()),
        "GET" => reply(200, &json!({ (body): body })),
        _ => answer(404, &[], b""),
    });
    let desk = Desk::on_github("octo/shop", "1").configured(&format!(
        "services: [{{ name: users, url: '{}', timeout: 1s }}]\n",
        users.url()
    ));
    for format in ["text", "json"] {
        let ended = desk.run(&["setup", "--verbose", "--log-format", format]);
        for line in ended.stderr.lines() {
            let is_command = line.trim() == "::add-mask::x" || line.contains("##[");
            assert!(!is_command && !line.contains(['\u{1b}', '\u{202e}']), "{line}");
            assert!(!line.starts_with("users: POST /forged"), "{line}");
        }
        assert!(ended.stderr.contains("forged"), "{}", ended.stderr);
    }
}

#[test]
fn a_token_request_is_shown_without_its_bodies() {
    let users = Liar::start(|asked: &Asked| match asked.target.as_str() {
        "/token?audience=a" => reply(
            200,
            &json!({"access_token": "t0ken-of-the-log-in", "note": "in-the-answer"}),
        ),
        _ => answer(404, &[], b""),
    });
    let desk = Desk::new().with("SECRET", "correct-horse-battery").configured(&format!(
        "services: [{{ name: users, url: '{0}', timeout: 1s, auth: {{ oauth2: {{ token_url: '{0}/token?audience=a', client_id: standin, client_secret: '{{{{ env.SECRET }}}}' }} }} }}]\n",
        users.url()
    ));
    let ended: Ended = desk.run(&["setup", "--verbose"]);
    holds(
        &ended.stderr,
        &[&format!("users: POST {}/token: status 200 in ", users.url())],
    );
    lacks(
        &ended.stderr,
        &[
            "t0ken-of-the-log-in",
            "correct-horse-battery",
            "in-the-answer",
            "audience",
        ],
    );
}
