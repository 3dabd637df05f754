//! Services that lie, and configurations by people who don't own the workflow: nothing of theirs reaches another path,
//! another host, another account, a runner's command or a terminal, and none of them can hold a command up for ever.

mod policy;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use standin::sandbox::{Sandbox, ServiceSpec};

use crate::desk::{Desk, Ended};
use crate::liar::{Asked, Liar, Reply, answer, json as says};

/// What a service answers to a create of this user name with this id: the id as it stands in JSON.
fn created(asked: &Asked, id: &str) -> Reply {
    let name = asked.username();
    answer(
        201,
        &["Content-Type: application/json"],
        format!("{{\"id\": {id}, \"username\": \"{name}\"}}").as_bytes(),
    )
}

/// A setup, and the cleanup after it, against one service that answers so.
struct Tried {
    setup: Ended,
    cleanup: Ended,
    asked: Vec<String>,
    took: Duration,
}

impl Tried {
    /// All that people could read.
    fn told(&self) -> String {
        format!(
            "{}{}{}{}",
            self.setup.stdout, self.setup.stderr, self.cleanup.stdout, self.cleanup.stderr
        )
    }
}

/// The article's convention with a short time-out.
fn of_one(url: &str) -> Desk {
    Desk::new().configured(&format!(
        "services:\n  - {{ name: users, url: \"{url}\", timeout: 2s }}\naccounts: [{{ name: alice }}]\n"
    ))
}

fn try_with(desk: &Desk, liar: &Liar) -> Tried {
    let begun = Instant::now();
    let limits = ["--cleanup-deadline", "8s"];
    let setup = desk.run(
        &[
            &["setup", "--wait", "1s", "--deadline", "8s", "--on-failure", "keep"] as &[&str],
            &limits,
        ]
        .concat(),
    );
    let cleanup = desk.run(&["cleanup"]);
    let tried = Tried {
        setup,
        cleanup,
        asked: liar.lines(),
        took: begun.elapsed(),
    };
    assert!(
        tried.setup.is_orderly() && tried.cleanup.is_orderly(),
        "{}",
        tried.told()
    );
    tried
}

fn try_reply(reply: impl FnMut(&Asked) -> Reply + Send + 'static) -> Tried {
    let liar = Liar::start(reply);
    try_with(&of_one(&liar.url()), &liar)
}

/// Ids that would lead a path elsewhere: nothing but the create may be asked with them, or, where they can be written as
/// one segment, that segment alone.
#[test]
fn an_id_never_leads_a_path_elsewhere() {
    for (id, segment) in [
        ("\"..\"", None),
        ("\".\"", None),
        ("\"\"", None),
        ("\"../admin\"", Some("..%2Fadmin")),
        ("\"a/b?c\"", Some("a%2Fb%3Fc")),
        ("\"a#b\"", Some("a%23b")),
        ("\"%2e%2e\"", Some("%252e%252e")),
        ("\"%0A\"", Some("%250A")),
        ("\"a\\r\\nX-Evil: 1\"", Some("a%0D%0AX-Evil%3A%201")),
        ("\"a\\u0000b\"", Some("a%00b")),
        ("\" \"", Some("%20")),
        ("\"..;/\"", Some("..%3B%2F")),
        ("\"http://127.0.0.1:1/\"", Some("http%3A%2F%2F127.0.0.1%3A1%2F")),
    ] {
        let tried = try_reply(move |asked| {
            if asked.method == "POST" {
                created(asked, id)
            } else {
                says(404, &json!({}))
            }
        });
        assert_ne!(tried.cleanup.code, Some(2), "{id}: {}", tried.told());
        let others: Vec<_> = tried.asked.iter().filter(|line| *line != "POST /accounts").collect();
        let allowed = segment.map(|segment| {
            [
                format!("GET /accounts/{segment}"),
                format!("DELETE /accounts/{segment}"),
            ]
        });
        for line in &others {
            assert!(allowed.iter().flatten().any(|one| one == *line), "{id}: asked `{line}`");
        }
        assert_eq!(others.is_empty(), segment.is_none(), "{id}: {others:?}");
        if segment.is_none() {
            assert_eq!(
                (tried.setup.code, tried.cleanup.code),
                (Some(1), Some(1)),
                "{id}: {}",
                tried.told()
            );
            assert!(tried.cleanup.stderr.contains("-alice"), "{id}: {}", tried.told());
        }
    }
}

/// Ids that are no readable scalar, or whose digits would not survive: it is not known which account was made.
#[test]
fn an_id_that_can_not_be_kept_digit_by_digit_is_unclear() {
    for id in [
        "12345678901234567890123",
        "-9223372036854775809",
        "1e400",
        "1e2",
        "1E22",
        "0.10",
        "1.00",
        "-0",
        "0.30000000000000001",
        "12345678901234567.5",
        "null",
        "[1]",
        "{\"$ne\": 1}",
    ] {
        let tried = try_reply(move |asked| created(asked, id));
        assert_eq!(tried.asked, ["POST /accounts"], "{id}: {}", tried.told());
        assert_eq!(
            (tried.setup.code, tried.cleanup.code),
            (Some(1), Some(1)),
            "{id}: {}",
            tried.told()
        );
        assert!(
            tried.setup.stderr.contains("not known whether it was created"),
            "{id}: {}",
            tried.told()
        );
        assert!(
            tried.cleanup.stderr.contains("may still exist"),
            "{id}: {}",
            tried.told()
        );
    }
}

#[test]
fn whole_numbers_of_64_bits_are_ids() {
    for id in ["7", "0", "-3", "9223372036854775807", "18446744073709551615"] {
        let tried = try_reply(move |asked| match asked.method.as_str() {
            "POST" => created(asked, id),
            "GET" => says(200, &json!({})),
            _ => says(204, &json!(null)),
        });
        let (read, delete) = (format!("GET /accounts/{id}"), format!("DELETE /accounts/{id}"));
        assert_eq!(
            tried.asked,
            ["POST /accounts".to_owned(), read, delete],
            "{id}: {}",
            tried.told()
        );
        assert_eq!(
            (tried.setup.code, tried.cleanup.code),
            (Some(0), Some(0)),
            "{id}: {}",
            tried.told()
        );
    }
}

#[test]
fn an_id_of_a_megabyte_stays_short_in_the_log() {
    let tried = try_reply(|asked| match asked.method.as_str() {
        "POST" => created(asked, &Value::from("x".repeat(1 << 20)).to_string()),
        _ => says(404, &json!({})),
    });
    assert!(
        tried.told().lines().all(|line| line.len() < 20_000),
        "{}",
        tried.told().len()
    );
    assert!(tried.asked.iter().all(|line| line.len() < 70_000));
    assert_eq!(tried.setup.code, Some(1));
}

/// Every create is answered with the id of a person who was there before.
#[test]
fn a_humans_id_deletes_no_human() {
    for find in [
        "",
        "find: { request: \"GET /accounts?username={{ account.username }}\", items: body.items, id: item.id, name: item.username }",
    ] {
        let mut users = ServiceSpec::new("users");
        users.humans = vec!["maria.keller".to_owned(), "jo".to_owned()];
        let sandbox = Sandbox::spawn_thread(Sandbox::builder().service(users).fault("users POST * stranger")).unwrap();
        let desk = Desk::new().configured(&format!(
            "services:\n  - name: users\n    url: {}\n    timeout: 1s\n    {find}\naccounts: [{{ name: alice, count: 3 }}]\n",
            sandbox.url("users")
        ));
        for arguments in [
            &["setup", "--on-failure", "keep"] as &[&str],
            &["cleanup"],
            &["setup"],
            &["cleanup"],
        ] {
            let ended = desk.run(arguments);
            assert!(ended.is_orderly(), "{}", ended.stderr);
            let books = sandbox.books("users").unwrap();
            assert_eq!(
                (books.humans().count(), books.deleted),
                (2, 0),
                "{arguments:?}: {}",
                ended.stderr
            );
        }
        let deletes = sandbox
            .requests()
            .into_iter()
            .filter(|seen| seen.method == "DELETE")
            .count();
        assert_eq!(deletes, 0, "{:?}", sandbox.requests());
    }
}

/// "Not found" to a delete is no proof where the account can still be read: the address may be wrong.
#[test]
fn an_account_that_can_still_be_read_is_not_gone() {
    let sandbox = Sandbox::spawn_thread(Sandbox::builder().service(ServiceSpec::new("users"))).unwrap();
    let desk = Desk::new().configured(&format!(
        "services:\n  - name: users\n    url: {}\n    delete: {{ request: \"DELETE /customers/{{{{ id }}}}\" }}\n",
        sandbox.url("users")
    ));
    let ended = desk.run(&["run", "--", "true"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("reading it back still shows it"),
        "{}",
        ended.stderr
    );
    assert_eq!(sandbox.books("users").unwrap().left().count(), 1);
}

#[test]
fn no_request_follows_to_another_origin() {
    let trap = Liar::start(|_| says(200, &json!({"id": 1})));
    let away = format!("Location: {}/accounts/1", trap.url());
    for status in [301, 302, 303, 307, 308] {
        let away = away.clone();
        let tried = try_reply(move |asked| match asked.method.as_str() {
            "POST" => created(asked, "7"),
            _ => answer(status, &[&away], b""),
        });
        assert_eq!(tried.cleanup.code, Some(1), "{status}: {}", tried.told());
        let away = format!("Location: {}/accounts", trap.url());
        let tried = try_reply(move |_| answer(status, &[&away], b""));
        assert_eq!(tried.asked, ["POST /accounts"], "{status}: {}", tried.told());
    }
    assert!(trap.lines().is_empty(), "{:?}", trap.lines());
}

#[test]
fn five_redirects_are_followed_and_six_are_not() {
    for (hops, code) in [(5, 0), (6, 1)] {
        let tried = try_reply(move |asked| match (asked.method.as_str(), asked.target.as_str()) {
            ("POST", _) => created(asked, "7"),
            ("DELETE", _) => answer(204, &[], b""),
            (_, "/accounts/7") => answer(302, &["Location: /hop/1"], b""),
            (_, hop) => {
                let hop: u32 = hop.trim_start_matches("/hop/").parse().unwrap();
                if hop == hops {
                    says(200, &json!({}))
                } else {
                    answer(302, &[&format!("Location: /hop/{}", hop + 1)], b"")
                }
            }
        });
        assert_eq!(tried.setup.code, Some(code), "{hops}: {}", tried.told());
    }
}

/// No answer is read without an end: bodies, headers and time are bounded, whatever the service does.
#[test]
fn answers_without_an_end_end() {
    let head = "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n";
    let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n");
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let long = format!("{head}Content-Length: 99999999\r\n\r\n");
    let drip = Duration::from_millis(50);
    let endless = [
        ("a body of any length", chunked.clone(), chunk, Duration::ZERO),
        (
            "headers",
            head.to_owned(),
            "X-More: and more\r\n".repeat(100),
            Duration::ZERO,
        ),
        (
            "one header",
            format!("{head}X-Long: "),
            "x".repeat(4096),
            Duration::ZERO,
        ),
        ("a declared length", long, "x".repeat(65536), Duration::ZERO),
        ("a dripping body", chunked, "1\r\nx\r\n".to_owned(), drip),
        ("dripping headers", head.to_owned(), "X: y\r\n".to_owned(), drip),
        ("a dripping status", String::new(), "H".to_owned(), drip),
        (
            "informational answers",
            String::new(),
            "HTTP/1.1 103 Early Hints\r\n\r\n".to_owned(),
            Duration::from_millis(1),
        ),
    ];
    // They wait more than they work.
    std::thread::scope(|scope| {
        for (name, first, again, pause) in endless {
            scope.spawn(move || ends(name, &first, &again, pause));
        }
    });
}

fn ends(name: &str, first: &str, again: &str, pause: Duration) {
    let (first, again) = (first.as_bytes().to_vec(), again.as_bytes().to_vec());
    let tried = try_reply(move |_| Reply::Endless(first.clone(), again.clone(), pause));
    assert_eq!(
        (tried.setup.code, tried.cleanup.code),
        (Some(1), Some(1)),
        "{name}: {}",
        tried.told()
    );
    assert!(
        tried.cleanup.stderr.contains("may still exist"),
        "{name}: {}",
        tried.told()
    );
    assert!(tried.took < Duration::from_secs(25), "{name} took {:?}", tried.took);
}

#[test]
fn a_small_body_that_unfolds_is_cut_off() {
    for fault in ["gzip-bomb", "huge"] {
        let sandbox = Sandbox::spawn_thread(
            Sandbox::builder()
                .service(ServiceSpec::new("users"))
                .fault(&format!("users POST * {fault}")),
        )
        .unwrap();
        let ended = of_one(&sandbox.url("users")).run(&["setup"]);
        assert_eq!(ended.code, Some(1), "{fault}: {}", ended.stderr);
        assert!(ended.stderr.contains("8 MiB"), "{fault}: {}", ended.stderr);
    }
}

/// What services and runners know as commands, terminals as orders and readers as lines of ours.
const HOSTILE: [&str; 9] = [
    "::error::forged",
    "\n::set-output name=ids::forged",
    "\r\n##[error]forged",
    "x ##[add-mask]forged",
    "##vso[task.setvariable variable=a]forged",
    "\u{1b}[2J\u{1b}]0;forged\u{7}",
    "\nerror: forged: 0 left",
    "\u{ad}::warning::forged",
    "</details>\n| forged | <img src=x onerror=alert(1)> |\n```mermaid\n",
];

/// Side by side, since each waits for a service that fails.
fn for_each_text(check: impl Fn(&'static str) + Sync) {
    std::thread::scope(|scope| {
        for text in HOSTILE {
            let check = &check;
            scope.spawn(move || check(text));
        }
    });
}

/// Answers every question with this text, in each place where text may stand.
fn shouting(text: &'static str) -> Liar {
    let shown = Value::from(text).to_string();
    Liar::start(move |asked| match asked.method.as_str() {
        "POST" => created(asked, &shown),
        "GET" => says(200, &json!({"id": text, "username": text, "error": text})),
        _ => says(500, &json!({"error": text})),
    })
}

#[test]
fn no_text_of_a_service_is_a_command_or_a_line_of_its_own() {
    for_each_text(|text| {
        let liar = shouting(text);
        let tried = try_with(&of_one(&liar.url()), &liar);
        for line in tried.told().lines() {
            let front = line.trim_start();
            assert!(!front.starts_with("::"), "{text:?}: {line}");
            assert!(
                !front.starts_with("forged") && !front.starts_with("error: forged"),
                "{text:?}: {line}"
            );
            assert!(!line.contains("##[") && !line.contains("##vso["), "{text:?}: {line}");
            assert!(
                !line.contains(['\u{1b}', '\u{7}', '\u{ad}', '\r']),
                "{text:?}: {line:?}"
            );
        }
    });
}

/// The runner reads both streams for commands, and the files for outputs.
#[test]
fn no_text_of_a_service_is_a_command_of_a_workflow() {
    for_each_text(|text| {
        let liar = shouting(text);
        let mut desk = of_one(&liar.url()).with("GITHUB_ACTIONS", "true");
        let files = ["GITHUB_OUTPUT", "GITHUB_STATE", "GITHUB_ENV", "GITHUB_STEP_SUMMARY"];
        for name in files {
            let file = desk.root().join(name);
            std::fs::write(&file, "").unwrap();
            desk = desk.with(name, file.to_str().unwrap());
        }
        let temporary = desk.root().join("tmp");
        let desk = desk.with("RUNNER_TEMP", temporary.to_str().unwrap());
        let tried = try_with(&desk, &liar);
        for line in tried.told().lines() {
            assert!(!line.contains("##[") && !line.contains("##vso["), "{text:?}: {line}");
            let Some(command) = line.trim_start().strip_prefix("::") else {
                continue;
            };
            let (name, message) = command.split_once("::").unwrap_or_else(|| panic!("{line}"));
            let name = name.split(' ').next().unwrap_or_default();
            let is_ours = match name {
                "error" | "warning" | "notice" | "group" => !message.starts_with("forged"),
                "endgroup" | "debug" => true,
                "add-mask" => !message.contains("forged"),
                _ => false,
            };
            assert!(is_ours, "{text:?}: {line}");
        }
        for name in files {
            let file = std::fs::read_to_string(desk.root().join(name)).unwrap();
            assert!(
                !file.contains(['\u{1b}', '\u{7}']) && !file.contains("<img") && !file.contains("```"),
                "{text:?}: {file}"
            );
            assert!(
                !file
                    .lines()
                    .any(|line| line.starts_with("forged") || line.starts_with("::")),
                "{file}"
            );
        }
        let outputs = std::fs::read_to_string(desk.root().join("GITHUB_OUTPUT")).unwrap();
        assert!(outputs.contains("-alice"), "{text:?}: {outputs}");
    });
}
