//! `init`: every file that it writes passes `plan`, nothing is ever overwritten, and no foreign text gets out of its place.

mod curl;
mod descriptions;
mod hostile;

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use standin::config;
use standin::draft::OPEN;
use standin::sandbox::{Sandbox, SandboxHandle, ServiceSpec};

use crate::desk::{Desk, Ended, finish};

const ACCOUNTS: &str = include_str!("../fixtures/descriptions/accounts.yml");

/// A file that was written, which `plan` must take.
fn written(desk: &Desk, arguments: &[&str]) -> (String, Ended) {
    let ended = desk.run(&[&["init"], arguments].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let text = fs::read_to_string(desk.work().join("standin.yml")).unwrap();
    let plan = desk.run(&["plan"]);
    assert_eq!(plan.code, Some(0), "{}\n{text}", plan.stderr);
    (text, ended)
}

/// What `init` says where it writes nothing.
fn refused(desk: &Desk, arguments: &[&str]) -> String {
    let before: Vec<_> = listing(desk);
    let ended = desk.run(&[&["init"], arguments].concat());
    assert_eq!(ended.code, Some(2), "{}{}", ended.stdout, ended.stderr);
    assert_eq!(listing(desk), before, "{}", ended.stderr);
    ended.stderr
}

fn listing(desk: &Desk) -> Vec<String> {
    let entries = fs::read_dir(desk.work()).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn sandbox() -> SandboxHandle {
    Sandbox::spawn_thread(Sandbox::builder().service(ServiceSpec::new("users").basic("qa", "sesame"))).unwrap()
}

/// Creates and deletes an account with the file that is there.
fn lives(desk: &Desk, sandbox: &SandboxHandle) {
    let setup = desk.run(&["setup"]);
    assert_eq!(setup.code, Some(0), "{}", setup.stderr);
    assert_eq!(sandbox.books("users").unwrap().left().count(), 1);
    let cleanup = desk.run(&["cleanup"]);
    assert_eq!(cleanup.code, Some(0), "{}", cleanup.stderr);
    assert_eq!(sandbox.books("users").unwrap().left().count(), 0);
}

#[test]
fn a_large_description_is_not_read_without_a_word() {
    let desk = Desk::new();
    desk.write("api.yml", ACCOUNTS);
    let (_, ended) = written(&desk, &["--openapi", "api.yml"]);
    assert!(!ended.stderr.contains("reading"), "{}", ended.stderr);
    let desk = Desk::new();
    desk.write("large.yml", &format!("{ACCOUNTS}# {}\n", "x".repeat(6_000_000)));
    let (_, ended) = written(&desk, &["--openapi", "large.yml"]);
    assert!(
        ended.stderr.starts_with("reading `large.yml` (6 MB)\n"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_description_gives_a_service_that_lives_once_it_is_filled_in() {
    let sandbox = sandbox();
    let desk = Desk::new()
        .with("SHOP_ACCOUNTS_URL", &sandbox.url("users"))
        .with("SHOP_ACCOUNTS_USERNAME", "qa")
        .with("SHOP_ACCOUNTS_PASSWORD", "sesame");
    desk.write("api.yml", ACCOUNTS);
    let (text, ended) = written(&desk, &["--openapi", "api.yml"]);
    for part in [
        "from api.yml: \"Shop Accounts API\", version 2.4",
        "# SHA-256 ",
        "POST /accounts, operation `createAccount`",
        "url: \"{{ env.SHOP_ACCOUNTS_URL }}\"",
        "account_name_max: 120",
        "duplicate: [409]",
        "id: body.id",
        "total: body.total",
        "offset: offset",
        "limit: \"50\"",
        "request: \"DELETE /accounts/{{ id }}\"",
    ] {
        assert!(text.contains(part), "no `{part}`:\n{text}");
    }
    // The document's default is the administrator's role.
    assert!(
        text.contains(&format!("role: {OPEN}")) && ended.stderr.contains("1 value is"),
        "{text}{}",
        ended.stderr
    );
    desk.write("standin.yml", &text.replace(&format!("role: {OPEN}"), "role: tester"));
    lives(&desk, &sandbox);
}

#[test]
fn every_preset_gives_a_file_and_a_job() {
    for name in config::preset_names() {
        let desk = Desk::new();
        let (text, _) = written(&desk, &["--preset", name]);
        assert!(text.contains(&format!("preset: {name}")), "{text}");
    }
    let desk = Desk::new();
    let (_, ended) = written(&desk, &["--preset", "keycloak", "--workflow", "github"]);
    let job = fs::read_to_string(desk.work().join(".github/workflows/standin.yml")).unwrap();
    assert!(
        ended.stderr.contains("`.github/workflows/standin.yml` is written"),
        "{}",
        ended.stderr
    );
    assert!(
        job.contains("uses: standin-ci/standin@v1")
            && job.contains("KEYCLOAK_PASSWORD: \"${{ secrets.KEYCLOAK_PASSWORD }}\""),
        "{job}"
    );
    let desk = Desk::new();
    written(&desk, &["--preset", "scim", "--workflow", "gitlab"]);
    let job = fs::read_to_string(desk.work().join(".gitlab-ci.yml")).unwrap();
    assert!(
        job.contains("standin run --config standin.yml -- ./run-tests.sh"),
        "{job}"
    );
}

#[test]
fn nothing_that_exists_is_overwritten() {
    let desk = Desk::new().configured("mine");
    assert!(refused(&desk, &["--preset", "scim"]).contains("`standin.yml` exists, and nothing is overwritten"));
    let desk = Desk::new();
    desk.write("standin.json", "{}");
    assert!(refused(&desk, &["--preset", "scim"]).contains("`standin.json` exists"));
    let desk = Desk::new();
    desk.write(".gitlab-ci.yml", "mine");
    assert!(refused(&desk, &["--preset", "scim", "--workflow", "gitlab"]).contains("`.gitlab-ci.yml` exists"));
    let desk = Desk::new();
    std::os::unix::fs::symlink("nowhere.yml", desk.work().join("standin.yml")).unwrap();
    assert!(refused(&desk, &["--preset", "scim"]).contains("exists"));
    let ended = Desk::new().run(&["init", "--preset", "scim", "--out", "-"]);
    assert!(ended.stdout.contains("preset: scim"), "{}", ended.stdout);
}

#[test]
fn without_a_terminal_it_asks_nothing_and_waits_for_nothing() {
    let stderr = refused(&Desk::new(), &[]);
    assert!(
        stderr.contains("nothing says what to write a configuration from"),
        "{stderr}"
    );
    for (arguments, expected) in [
        (&["--preset", "scim", "--curl", "x"][..], "can't be combined"),
        (
            &["--preset", "scim", "--path", "/users"],
            "`--path` is given without `--openapi`",
        ),
        (&["--preset", "scmi"], "did you mean `scim`?"),
        (&["--openapi", "nowhere.yml"], "`nowhere.yml` can't be read"),
        (&["--openapi", "https://shop.example/api.json"], "download it first"),
    ] {
        let stderr = refused(&Desk::new(), arguments);
        assert!(stderr.contains(expected), "{arguments:?}: {stderr}");
    }
}

/// `script` of util-linux gives a command a terminal of its own; where it is missing there is nothing to look at.
#[test]
fn on_a_terminal_it_asks_at_most_five_questions() {
    if !std::path::Path::new("/usr/bin/script").exists() {
        return;
    }
    let desk = Desk::new().with("TERM", "xterm");
    desk.write("api.yml", &three());
    let line = format!("{} init", env!("CARGO_BIN_EXE_standin"));
    let mut command = desk.command("/usr/bin/script", &["-qec", &line, "/dev/null"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"api.yml\n\ngitlab\n2\n").unwrap();
    let ended = finish(child);
    drop(input);
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    assert!(ended.stdout.matches('?').count() <= 5, "{}", ended.stdout);
    let text = fs::read_to_string(desk.work().join("standin.yml")).unwrap();
    assert!(
        text.contains("request: POST /accounts") && desk.work().join(".gitlab-ci.yml").exists(),
        "{text}{}",
        ended.stdout
    );
    assert_eq!(desk.run(&["plan"]).code, Some(0));
}

/// A document in which three operations could make accounts.
fn three() -> String {
    let body = "{content: {application/json: {schema: {properties: {username: {}, email: {}, password: {}}}}}}";
    let paths = ["users", "accounts", "customers"]
        .map(|name| format!("  /{name}: {{post: {{requestBody: {body}, responses: {{'201': {{}}}}}}}}\n"));
    format!(
        "openapi: 3.0.0\ninfo: {{title: Three, version: '1'}}\npaths:\n{}",
        paths.concat()
    )
}

#[test]
fn three_candidates_are_named_and_one_can_be_chosen() {
    let desk = Desk::new();
    desk.write("api.yml", &three());
    let (text, ended) = written(&desk, &["--openapi", "api.yml"]);
    assert!(
        ended
            .stderr
            .contains("choose with `--path`, one of `/users`, `/accounts`, `/customers`"),
        "{}",
        ended.stderr
    );
    assert!(text.contains("POST /users; POST /accounts; POST /customers"), "{text}");
    fs::remove_file(desk.work().join("standin.yml")).unwrap();
    let (text, ended) = written(&desk, &["--openapi", "api.yml", "--path", "POST /customers/"]);
    assert!(
        text.contains("request: POST /customers") && !ended.stderr.contains("--path"),
        "{text}{}",
        ended.stderr
    );
    fs::remove_file(desk.work().join("standin.yml")).unwrap();
    assert!(
        refused(&desk, &["--openapi", "api.yml", "--path", "/nothing"])
            .contains("no POST or PUT in it has the path that `--path` names")
    );
}
