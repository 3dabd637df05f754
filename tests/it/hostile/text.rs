//! Text of services in every place where it may come to be read: by a runner, a terminal or a person.

use serde_json::{Value, json};

use super::{created, of_one, try_with};
use crate::desk::Desk;
use crate::liar::{Liar, Reply, answer, json as says};

/// What services and runners know as commands, terminals as orders and readers as lines of ours.
const HOSTILE: [&str; 13] = [
    "::error::forged",
    "\n::set-output name=ids::forged",
    "\r\n##[error]forged",
    "x ##[add-mask]forged",
    "##vso[task.setvariable variable=a]forged",
    "\u{1b}[2J\u{1b}]0;forged\u{7}",
    "\nerror: forged: 0 left",
    "\u{ad}::warning::forged",
    "</details>\n| forged | <img src=x onerror=alert(1)> |\n```mermaid\n",
    "```mermaid\ngraph TD; forged-->b; click forged \"javascript:alert(1)\"\n```\n~~~mermaid\n",
    "\0::error::forged\0",
    "%0A::error::forged%0D%0A##[error]forged",
    "\u{2028}::error::forged\u{85}\u{9b}2J\u{202e}degrof",
];

/// What a terminal obeys, or a reader does not see.
const NOT_SEEN: [char; 9] = [
    '\0', '\u{1b}', '\u{7}', '\u{ad}', '\r', '\u{2028}', '\u{85}', '\u{9b}', '\u{202e}',
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
        tells_no_order(text, &shouting(text));
        tells_no_order(text, &keeping(text));
    });
}

fn tells_no_order(text: &str, liar: &Liar) {
    let tried = try_with(&of_one(&liar.url()), liar);
    // Data for programs holds an id as it is.
    let told = tried.setup.stderr + &tried.cleanup.stderr;
    for line in told.lines() {
        let front = line.trim_start();
        assert!(!front.starts_with("::"), "{text:?}: {line}");
        assert!(
            !front.starts_with("forged") && !front.starts_with("error: forged"),
            "{text:?}: {line}"
        );
        assert!(!line.contains("##[") && !line.contains("##vso["), "{text:?}: {line}");
        assert!(!line.contains(NOT_SEEN), "{text:?}: {line:?}");
    }
}

/// Calls the account by this text, and does not delete it: the summary tells of its id, made and left.
fn keeping(text: &'static str) -> Liar {
    let shown = Value::from(text).to_string();
    let mut ours = String::new();
    Liar::start(move |asked| match asked.method.as_str() {
        "POST" => {
            ours = asked.username();
            created(asked, &shown)
        }
        "GET" => says(200, &json!({"id": text, "username": ours})),
        _ => says(403, &json!({"error": text})),
    })
}

/// The runner reads both streams for commands, and the files for outputs.
#[test]
fn no_text_of_a_service_is_a_command_of_a_workflow() {
    for_each_text(|text| {
        tells_no_command(text, &shouting(text), 9, "What failed");
        tells_no_command(text, &keeping(text), 6, "These accounts may still exist");
    });
}

/// A summary without the one diagram that is ours, whose lines hold nothing that was forged.
fn without_timeline(file: &str) -> String {
    let Some((before, rest)) = file.split_once("```mermaid\ngantt\n") else {
        return file.to_owned();
    };
    let (diagram, after) = rest.split_once("\n```\n").unwrap();
    assert!(!diagram.contains("forged"), "{diagram}");
    format!("{before}{after}")
}

/// A setup and a cleanup on GitHub; the summary has so many rows, and says this.
fn tells_no_command(text: &str, liar: &Liar, rows: usize, summary: &str) {
    let mut desk = of_one(&liar.url()).with("GITHUB_ACTIONS", "true");
    let files = ["GITHUB_OUTPUT", "GITHUB_STATE", "GITHUB_ENV", "GITHUB_STEP_SUMMARY"];
    for name in files {
        let file = desk.root().join(name);
        std::fs::write(&file, "").unwrap();
        desk = desk.with(name, file.to_str().unwrap());
    }
    let temporary = desk.root().join("tmp");
    let desk = desk.with("RUNNER_TEMP", temporary.to_str().unwrap());
    let tried = try_with(&desk, liar);
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
    // An output holds an id as it is; that none breaks out of it is shown elsewhere.
    for name in ["GITHUB_STATE", "GITHUB_STEP_SUMMARY"] {
        let file = without_timeline(&std::fs::read_to_string(desk.root().join(name)).unwrap());
        assert!(
            !file.contains(['\0', '\u{1b}', '\u{7}'])
                && !["<img", "~~~", "</details>"].iter().any(|part| file.contains(part)),
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
    let told = std::fs::read_to_string(desk.root().join("GITHUB_STEP_SUMMARY")).unwrap();
    assert!(told.contains(summary), "{text:?}: {told}");
    // The timeline is a picture of our own.
    assert_eq!(
        told.matches("```").count(),
        2 * told.matches("```mermaid\ngantt\n").count(),
        "{text:?}: {told}"
    );
    let is_row = |line: &&str| line.starts_with('|');
    assert_eq!(told.lines().filter(is_row).count(), rows, "{text:?}: {told}");
}

/// A list shows names under our marker, with anything behind it, and what is found is told as a table.
#[test]
fn no_text_of_a_list_is_an_order_to_a_terminal_or_a_line_of_its_own() {
    for_each_text(|text| {
        let mut ours = String::new();
        let liar = Liar::start(move |asked| match (asked.method.as_str(), asked.target.as_str()) {
            ("POST", _) => {
                ours = asked.username();
                created(asked, "7")
            }
            ("GET", "/accounts") => says(200, &json!([{"id": text, "username": format!("{ours}{text}")}])),
            _ => says(200, &json!({})),
        });
        let desk = Desk::new().with("CIRCLECI", "true").with("CIRCLE_WORKFLOW_ID", "7");
        let desk = desk.configured(&format!(
            "services:
  - {{ name: users, url: \"{}\", timeout: 2s, list: {{ request: GET /accounts, items: body, id: item.id, name: item.username }} }}
accounts: [{{ name: alice }}]
",
            liar.url()
        ));
        assert_eq!(desk.run(&["setup"]).code, Some(0));
        for arguments in [
            &["sweep", "--run", "this", "--dry-run"] as &[&str],
            &["sweep", "--run", "this"],
        ] {
            let ended = desk.run(arguments);
            assert!(ended.is_orderly(), "{text:?}: {}", ended.stderr);
            assert_eq!(ended.stdout.lines().count(), 2, "{text:?}: {}", ended.stdout);
            assert!(ended.stdout.contains("-alice"), "{text:?}: {}", ended.stdout);
            for line in ended.stdout.lines().chain(ended.stderr.lines()) {
                assert!(!line.contains(NOT_SEEN), "{text:?}: {line:?}");
                let front = line.trim_start();
                assert!(
                    !["::", "forged", "error: forged"]
                        .iter()
                        .any(|command| front.starts_with(command)),
                    "{text:?}: {line}"
                );
            }
        }
    });
}

/// Makes a body of an id and a user name.
type Body = fn(&[u8], &str) -> Vec<u8>;

/// In the status line, in header fields, in names and in bodies there may be any bytes at all.
#[test]
fn bytes_that_are_no_text_are_told_as_harmless_text() {
    let id = b"\xff\xfe\x1b[2J\xc3\x28\xed\xa0\x80\x00::error::forged".to_vec();
    let answers: [Body; 4] = [
        // The id of the body.
        |id, name| [b"{\"id\": \"", id, b"\", \"username\": \"", name.as_bytes(), b"\"}"].concat(),
        // The name that is shown.
        |id, _| [b"{\"id\": 7, \"username\": \"", id, b"\"}"].concat(),
        // No document at all.
        |id, _| id.to_vec(),
        // The body is fine, and its fields are not.
        |_, name| format!("{{\"id\": 7, \"username\": \"{name}\"}}").into_bytes(),
    ];
    for body_of in answers {
        let id = id.clone();
        let liar = Liar::start(move |asked| {
            let body = body_of(&id, &asked.username());
            let mut bytes = match asked.method.as_str() {
                "POST" => b"HTTP/1.1 201 \xff\x1b[2J".to_vec(),
                _ => b"HTTP/1.1 500 \xff\x1b[2J".to_vec(),
            };
            let field: Vec<u8> = id.iter().copied().filter(|byte| !matches!(byte, 0 | 0x1b)).collect();
            bytes.extend(
                [
                    b"\r\nConnection: close\r\nLocation: /accounts/",
                    field.as_slice(),
                    b"\r\nX-Said: ",
                ]
                .concat(),
            );
            bytes.extend([field.as_slice(), b"\r\nRetry-After: ", field.as_slice()].concat());
            bytes.extend(format!("\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes());
            bytes.extend(body);
            Reply::Bytes(bytes)
        });
        let tried = try_with(&of_one(&liar.url()), &liar);
        let told = tried.told();
        assert_eq!((tried.setup.code, tried.cleanup.code), (Some(1), Some(1)), "{told}");
        assert!(
            told.contains("-alice") && !told.contains(['\0', '\u{1b}', '\r']),
            "{told:?}"
        );
        assert!(!told.lines().any(|line| line.trim_start().starts_with("::")), "{told}");
    }
}

/// A megabyte is cut where it is told, and nothing of it is asked for.
#[test]
fn a_megabyte_where_a_name_or_an_address_was_meant_stays_short() {
    let long = "x".repeat(1 << 20);
    for place in ["username", "location", "retry"] {
        let long = long.clone();
        let tried = super::try_reply(move |asked| match (asked.method.as_str(), place) {
            ("POST", "username") => says(201, &json!({"id": 7, "username": long})),
            ("POST", "location") => answer(201, &[&format!("Location: /accounts/{long}")], b"{}"),
            ("POST", _) => answer(429, &[&format!("Retry-After: {}", "9".repeat(60_000))], b""),
            _ => says(404, &json!({"error": long})),
        });
        let told = tried.told();
        assert_eq!(tried.setup.code, Some(1), "{place}: {}", told.len());
        assert!(told.lines().all(|line| line.len() < 20_000), "{place}: {}", told.len());
        assert!(tried.asked.iter().all(|line| line.len() < 70_000), "{place}");
    }
}
