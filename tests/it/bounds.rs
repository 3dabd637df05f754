//! What a document may cost: each of these tries to take the machine's time or memory, and ends in an error instead.

use std::fmt::Write as _;
use std::process::{Command, Stdio};

use serde_json::json;
use standin::sandbox::{Sandbox, ServiceSpec};

use crate::desk::{Desk, Ended};
use crate::liar::{Liar, answer, json as says};

/// The most memory in KiB.
const MEMORY: u32 = 100 * 1024;
/// The most processor time in seconds. The promise is one second of the release build; the tests' own build is not optimised.
const TIME: u32 = 2;

/// `plan` with bounds that the system keeps: over them it is killed or its memory is refused.
fn plan(desk: &Desk, memory: u32) -> Ended {
    bounded(desk, memory, "plan")
}

/// The same with any command.
fn bounded(desk: &Desk, memory: u32, arguments: &str) -> Ended {
    let script = format!("ulimit -d {memory} -t {TIME}; exec \"$0\" {arguments}");
    let mut command: Command = desk.command("bash", &["-c", &script, env!("CARGO_BIN_EXE_standin")]);
    let output = command.stdout(Stdio::piped()).output().unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A configuration with this as the e-mail address of its persona.
fn email(expression: &str) -> String {
    format!("services: [{{name: a, url: http://x}}]\naccounts: [{{name: a, email: \"{{{{ {expression} }}}}\"}}]\n")
}

#[test]
fn what_asks_for_too_much_is_an_error_within_the_bounds() {
    let doubled = format!("'x'{}", " | replace('x', 'xx')".repeat(26));
    let mut fields = "f0: \"{{ 'x' * 1000 }}\"".to_owned();
    for at in 1..=26 {
        write!(fields, ", f{at}: \"{{{{ account.f{0} ~ account.f{0} }}}}\"", at - 1).unwrap();
    }
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for at in 1..9 {
        let below = format!("*a{}", at - 1);
        writeln!(bomb, "a{at}: &a{at} [{}]", [below.as_str(); 10].join(", ")).unwrap();
    }
    let copied = format!(
        "x: &x {}\nservices: [{}]\n",
        "y".repeat(900_000),
        ["*x"; 900].join(", ")
    );
    let many: Vec<String> = (0..16_000).map(|at| format!("c{at}: body.a")).collect();
    let long = "a".repeat(30);
    let mut services = "services:\n".to_owned();
    for at in 0..100 {
        writeln!(services, "  - {{ name: s{at}, url: 'http://x' }}").unwrap();
    }
    for (name, text, expected) in [
        (
            "many copies in many services",
            services + "accounts: [{ name: a, count: 10000 }]\n",
            "there are more than 100000 accounts with this one",
        ),
        ("doubling", email(&doubled), "takes too much work or memory"),
        (
            "doubling by fields",
            format!("services: [{{name: a, url: http://x}}]\naccounts: [{{name: a, fields: {{ {fields} }}}}]\n"),
            "longer than 1 MiB",
        ),
        (
            "indent",
            email("'x' | indent(2000000000)"),
            "takes too much work or memory",
        ),
        (
            "nested replace",
            email(&format!(
                "'{long}' | replace('a', '{long}' | replace('a', '{long}' | replace('a', '{long}' | replace('a', '{long}'))))"
            )),
            "longer than 1 MiB",
        ),
        (
            "a large file",
            email(&format!("'{}'", "x".repeat(10_000_000))),
            "over 1 MiB",
        ),
        (
            "a file of many lines",
            "- { name: a, password: x }\n".repeat(400_000),
            "over 1 MiB",
        ),
        ("an alias bomb", bomb, "too large or nested too deep"),
        ("one long text many times", copied, "too large or nested too deep"),
        (
            "many expressions",
            format!(
                "services: [{{name: a, url: http://x, create: {{capture: {{{}}}}}}}]",
                many.join(", ")
            ),
            "more than 8000 expressions",
        ),
    ] {
        let desk = Desk::new().configured(&text);
        let ended = plan(&desk, MEMORY);
        assert_eq!(ended.code, Some(2), "{name}: {:.500}", ended.stderr);
        assert!(ended.stderr.contains(expected), "{name}: {:.500}", ended.stderr);
        assert!(ended.stderr.len() < 2_000, "{name}: {:.500}", ended.stderr);
    }
}

#[test]
fn the_bounds_are_such_that_an_ordinary_document_keeps_them_and_such_that_they_bite() {
    let desk = Desk::new().configured(&email("'a@x'"));
    assert_eq!(plan(&desk, MEMORY).code, Some(0));
    assert_ne!(plan(&desk, 256).code, Some(0));
}

#[test]
fn an_expression_over_the_largest_answer_keeps_the_bounds_too() {
    let text = "x".repeat(7_900_000);
    let body = json!({ "id": text });
    let service = Liar::start(move |asked| {
        if asked.method == "POST" {
            says(201, &body)
        } else {
            answer(404, &[], b"")
        }
    });
    for expression in [
        "body.id | replace('x', 'xxxxxxxxxx')",
        "body.id | indent(2000000000)",
        "body.id ~ body.id ~ body.id ~ body.id ~ body.id ~ body.id",
        "body.id | list | map('upper') | list | tojson",
    ] {
        let create = format!("{{ id: \"{expression}\", name: null }}");
        let url = service.url();
        let desk = Desk::new().configured(&format!(
            "services: [{{ name: a, url: \"{url}\", create: {create} }}]\n"
        ));
        let ended = bounded(&desk, MEMORY, "setup");
        assert_eq!(ended.code, Some(1), "{expression}: {:.500}", ended.stderr);
        let told = "has no id: `";
        assert!(ended.stderr.contains(told), "{expression}: {:.800}", ended.stderr);
        assert!(
            ended.stderr.contains("takes too much work or memory"),
            "{expression}: {:.800}",
            ended.stderr
        );
    }
}

#[test]
fn the_journals_of_a_day_are_not_held_open_all_together() {
    let service = Sandbox::spawn_thread(Sandbox::builder().service(ServiceSpec::new("users"))).unwrap();
    let desk = Desk::new().configured(&format!(
        "services: [{{ name: users, url: \"{}\" }}]\n",
        service.url("users")
    ));
    let ended = desk.run(&["run", "--", "true"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    // The settled journal of one job stands for those of many.
    let script = "cd \"$0\" && for n in $(seq 100); do cp -a sd-* \"copy-$n\" 2>/dev/null || exit 1; done";
    let journals = desk.journals();
    let mut copying = desk.command("bash", &["-c", script, journals.to_str().unwrap()]);
    assert!(copying.status().unwrap().success());
    for command in ["run -- true", "cleanup", "status"] {
        let limited = format!("ulimit -n 60; exec \"$0\" {command}");
        let mut limited = desk.command("bash", &["-c", &limited, env!("CARGO_BIN_EXE_standin")]);
        let output = limited.stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(!told.contains("open files"), "{command}: {told}");
        let code = i32::from(command == "status");
        assert_eq!(output.status.code(), Some(code), "{command}: {told}");
    }
}
