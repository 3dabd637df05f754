//! Configurations: half of them valid by construction, which must reach a service and leave nothing there, and half of
//! them the same with something wrong, which must end in words.

use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use standin::sandbox::{Sandbox, SandboxHandle, ServiceSpec};

use super::{cases, check, draw};
use crate::desk::{Desk, Ended};

/// The sandbox's services; each takes the credentials that its configuration may give.
const SERVICES: [&str; 3] = ["users", "orders-2", "b"];
const FIND: &str =
    "{ request: \"GET /accounts?username={{ account.username }}\", items: body.items, id: item.id, name: item.username";

/// One service of a valid configuration: the lines that are added to its address.
fn service() -> impl Strategy<Value = Vec<String>> {
    let line = |text: &str| text.to_owned();
    (
        option::of(select(vec![
            line("auth: { basic: { username: qa, password: pw-of-qa } }"),
            line("username: qa\n    password: \"{{ env.QA_PASSWORD | default('pw-of-qa') }}\""),
            line("auth: { bearer: \"{{ env.QA_TOKEN }}\" }"),
            line("auth: { header: { X-Api-Key: \"k{{ 1 + 1 }}\" } }"),
            line("auth: none"),
        ])),
        option::of(select(vec![
            line("limits: { concurrency: 1 }"),
            line("limits: { concurrency: 8, rate: 500/s }"),
            line("limits: { rate: 60000/m }"),
        ])),
        option::of(select(vec![
            line("headers: { X-Run: \"{{ run.id }}\", X-Service: \"{{ service.name }}\" }"),
            line("headers: {}"),
        ])),
        option::of(select(vec![
            line("ready: { request: GET /health }"),
            line("ready: { request: GET /health, expect: \"status == 200\" }"),
        ])),
        option::of(select(vec![
            line("create: { expect: [201], duplicate: [409], id: body.id, name: body.username }"),
            line("create: { id: \"headers.location | last_segment\", idempotency_header: Idempotency-Key }"),
            line("create: { json: { username: \"{{ account.username }}\", email: \"{{ account.email }}\", role: \"{{ account.role | upper }}\", n: \"{{ account.index }}\", pw: \"{{ account.password | sha256 }}\", full: \"{{ account.first_name }} {{ account.last_name }}\" } }"),
            line("create: { request: POST /accounts, query: { notify: \"false\" }, headers: { X-Who: \"{{ account.name }}\" }, capture: { made: body.id }, outputs: { mail: body.email } }"),
        ])),
        option::of(select(vec![
            line("verify: null"),
            line("verify: { request: \"GET /accounts/{{ id }}\", name: body.username, until: \"body.status == 'active'\", within: 3s }"),
            line("verify: { request: \"GET /accounts/{{ id }}\", expect: \"status == 200 and body.id == id\" }"),
        ])),
        option::of(select(vec![format!("find: {FIND} }}"), format!("find: {FIND}, absent: [404], settle: 0s }}")])),
        option::of(select(vec![
            line("gone: { request: \"GET /accounts/{{ id }}\", until: \"status in [404, 410]\", within: 3s }"),
            line("delete: [ { request: \"GET /accounts/{{ id }}\", capture: { name: body.username } }, { request: \"DELETE /accounts/{{ id }}\", headers: { X-Name: \"{{ capture.name }}\" }, expect: [204] } ]"),
            line("delete: { request: \"DELETE /accounts/{{ id }}\", gone: \"status == 404\" }"),
        ])),
    )
        .prop_map(|(a, b, c, d, e, f, g, h)| [a, b, c, d, e, f, g, h].into_iter().flatten().collect())
}

fn persona() -> impl Strategy<Value = String> {
    let name = "[A-Za-z_][A-Za-z0-9_]{0,12}";
    let extras = select(vec![
        "",
        ", role: admin",
        ", count: 1",
        ", count: 4",
        ", count: \"{{ env.WORKERS }}\"",
        ", locale: de",
        ", first_name: Zoë, last_name: O'Neil",
        ", email: \"{{ account.username }}+x@example.org\"",
        ", username: \"{{ run.marker }}.x\"",
        ", password: \"Given-password-1\"",
        ", fields: { plan: gold, depth: { of: [1, null, true] } }",
    ]);
    (name, extras).prop_map(|(name, extra)| format!("{{ name: \"{name}\"{extra} }}"))
}

/// A document with `AT/NAME` for each service's address.
fn document() -> impl Strategy<Value = String> {
    (
        vec(service(), 1..=SERVICES.len()),
        any::<[bool; 2]>(),
        // One persona, or two whose names can't meet.
        (option::of(persona()), any::<bool>()),
        select(vec!["", "prefix: qa\n", "ttl: 1h30m\n", "prefix: abc\nttl: 0s\n"]),
    )
        .prop_map(|(services, needs, (persona, second), head)| {
            let mut text = format!("{head}services:\n");
            for (place, lines) in services.iter().enumerate() {
                let name = SERVICES[place];
                write!(text, "  - name: {name}\n    url: AT/{name}\n").unwrap();
                if place > 0 && needs[place - 1] {
                    writeln!(text, "    needs: [{}]", SERVICES[place - 1]).unwrap();
                }
                for line in lines {
                    writeln!(text, "    {line}").unwrap();
                }
            }
            if let Some(persona) = persona {
                writeln!(text, "accounts:\n  - {persona}").unwrap();
                if second {
                    text.push_str("  - { name: the-other-one }\n");
                }
            }
            text
        })
}

/// What goes wrong in a document.
#[derive(Clone, Debug)]
enum Mistake {
    /// A part of it is gone.
    Cut(Index, usize),
    /// Something stands in it that was not meant.
    Insert(Index, String),
    /// One of its words is another.
    Word(Index, String),
    /// One of its lines stands in another place.
    Move(Index, Index),
    /// It ends early.
    End(Index),
}

fn mistake() -> impl Strategy<Value = Mistake> {
    let odd = prop_oneof![
        select(vec![
            "null",
            "[]",
            "{}",
            "-1",
            "1e999",
            "0x1F",
            "~",
            "!!binary x",
            "&a",
            "*a",
            "\u{0}",
            "\u{feff}",
            "\"",
            "'",
            "{{",
            "}}",
            "{{ env }}",
            "{{ body.id }}",
            "{{ range(1000000000) }}",
            "{{ 'x' * 1000000000 }}",
            "{{ ''|indent(2000000000) }}",
            "{% for x in y %}",
            "${{ x }}",
            "<<: *a",
            "- ",
            "  ",
            "\t",
            "\r\n",
            "\u{202e}",
            "..",
            "/../",
            "%00",
            "?",
            "99999999999999999999s",
            "169.254.169.254",
            "http://",
            "ftp://x",
            "GET",
            "id",
            "status",
            "gone",
            "needs",
            "users",
        ])
        .prop_map(str::to_owned),
        "\\PC{1,8}",
        any::<char>().prop_map(String::from),
    ];
    prop_oneof![
        (any::<Index>(), 1_usize..30).prop_map(|(at, length)| Mistake::Cut(at, length)),
        (any::<Index>(), odd.clone()).prop_map(|(at, text)| Mistake::Insert(at, text)),
        (any::<Index>(), odd).prop_map(|(at, text)| Mistake::Word(at, text)),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Mistake::Move(from, to)),
        any::<Index>().prop_map(Mistake::End),
    ]
}

impl Mistake {
    fn make(&self, text: &str) -> String {
        // Those before it may have left nothing.
        if text.trim().is_empty() {
            return text.to_owned();
        }
        let mut chars: Vec<char> = text.chars().collect();
        match self {
            Self::Cut(at, length) => {
                let from = at.index(chars.len());
                chars.drain(from..chars.len().min(from + length));
            }
            Self::Insert(at, more) => {
                let at = at.index(chars.len());
                chars.splice(at..at, more.chars());
            }
            Self::Word(at, other) => {
                let words: Vec<&str> = text.split_whitespace().collect();
                let word = words[at.index(words.len())];
                return text.replacen(word, other, 1);
            }
            Self::Move(from, to) => {
                let mut lines: Vec<&str> = text.lines().collect();
                let line = lines.remove(from.index(lines.len()));
                lines.insert(to.index(lines.len() + 1), line);
                return lines.join("\n");
            }
            Self::End(at) => chars.truncate(at.index(chars.len())),
        }
        chars.into_iter().collect()
    }
}

fn sandbox() -> SandboxHandle {
    let mut builder = Sandbox::builder();
    for name in SERVICES {
        builder = builder.service(ServiceSpec::new(name));
    }
    Sandbox::spawn_thread(builder).unwrap()
}

/// Setup and cleanup of a document. No host but the sandbox's may be asked, whatever a mistake makes of an address.
fn live(document: &str, sandbox: &SandboxHandle) -> (Ended, Ended) {
    let at = format!("http://127.0.0.1:{}", sandbox.port());
    let desk = Desk::new()
        .configured(&document.replace("AT/", &format!("{at}/")))
        .with("QA_TOKEN", "token-of-qa")
        .with("WORKERS", "3");
    let limits = [
        "--allow-hosts",
        "127.0.0.1",
        "--timeout",
        "2s",
        "--cleanup-deadline",
        "8s",
    ];
    let setup = desk.run(&[&["setup", "--wait", "0s", "--deadline", "8s"] as &[&str], &limits].concat());
    (setup, desk.run(&["cleanup"]))
}

/// The services of a document in which nothing shows accounts: of none of theirs can it be said that it is gone.
fn blind(document: &str) -> Vec<&'static str> {
    let (_, services) = document.split_once("services:").unwrap();
    let services: Vec<&str> = services.split("  - name: ").skip(1).collect();
    let of = |name: &&str| {
        let own = services
            .iter()
            .find(|text| text.split_whitespace().next() == Some(name));
        own.is_some_and(|text| {
            let sees = ["    find: ", "    gone: "].iter().any(|key| text.contains(key));
            text.contains("    verify: null") && !sees
        })
    };
    SERVICES.into_iter().filter(of).collect()
}

fn left(sandbox: &SandboxHandle) -> Vec<String> {
    SERVICES
        .iter()
        .flat_map(|name| sandbox.books(name).unwrap().alive)
        .map(|account| account.username)
        .collect()
}

#[test]
fn valid_configurations_reach_their_services_and_leave_nothing() {
    check(draw(&document(), cases(24)), |document| {
        let sandbox = sandbox();
        let (setup, cleanup) = live(document, &sandbox);
        let made: u64 = SERVICES
            .iter()
            .map(|name| sandbox.books(name).unwrap().created_ever)
            .sum();
        let blind = blind(document);
        let is_told = |name: &&str| {
            let lines = cleanup.stderr.lines();
            // Of several, one cause is told once.
            let starts = ["/", ":"].map(|end| format!("error: {name}{end}"));
            let mut told = lines.filter(|line| starts.iter().any(|start| line.starts_with(start)));
            told.any(|line| line.contains("nothing shows whether it is gone"))
        };
        let code = i32::from(!blind.is_empty());
        let good = setup.code == Some(0)
            && cleanup.code == Some(code)
            && blind.iter().all(is_told)
            && made > 0
            && left(&sandbox).is_empty();
        if good {
            return Ok(());
        }
        Err(format!(
            "setup {:?}, {made} made:\n{}cleanup {:?}, left {:?}:\n{}",
            setup.code,
            setup.stderr,
            cleanup.code,
            left(&sandbox),
            cleanup.stderr
        ))
    });
}

#[test]
fn configurations_with_mistakes_end_in_words() {
    let mistaken = (document(), vec(mistake(), 1..4))
        .prop_map(|(document, mistakes)| mistakes.iter().fold(document, |text, mistake| mistake.make(&text)));
    check(draw(&mistaken, cases(48)), |document| {
        let sandbox = sandbox();
        let (setup, cleanup) = live(document, &sandbox);
        let said = format!("{}{}", setup.stderr, cleanup.stderr);
        let report = |what: &str| {
            Err(format!(
                "{what}: setup {:?}, cleanup {:?}\n{said}",
                setup.code, cleanup.code
            ))
        };
        if !setup.is_orderly() || !cleanup.is_orderly() {
            return report("an end of another kind");
        }
        if setup.code != Some(0) && setup.stderr.is_empty() {
            return report("no word of what is wrong");
        }
        if setup.code == Some(2) && !sandbox.requests().is_empty() {
            return report("a mistake of the user's, found after a request");
        }
        // A mistake may ask for an account under another name than ours. It is left alone, and its name, which is the
        // service's word, is not repeated.
        let is_told = |name: &String| said.contains(name.as_str()) || said.contains("under another name");
        if left(&sandbox)
            .iter()
            .any(|name| cleanup.code == Some(0) || !is_told(name))
        {
            return report("an account is left, and nobody said so");
        }
        Ok(())
    });
}
