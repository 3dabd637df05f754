//! Passwords in another job: computed from a seed, printed by `credentials`, and a state that is believed by its signature.

use std::collections::BTreeMap;
use std::fs;
use std::process::Stdio;

use serde_json::{Value, json};
use standin::sandbox::{Sandbox, SandboxHandle, ServiceSpec};

use crate::desk::{Desk, finish};

const SEED: &str = "correct horse battery staple, twice over";

fn services() -> SandboxHandle {
    let builder = ["users", "orders"].into_iter().fold(Sandbox::builder(), |it, name| {
        it.service(ServiceSpec::new(name).basic("qa", "correct-horse"))
    });
    Sandbox::spawn_thread(builder).unwrap()
}

/// Alice in two services, one of which takes short names only, and a bot whose password the configuration has.
fn configuration(services: &SandboxHandle) -> String {
    let create = "create: { request: POST /accounts, json: { username: \"{{ account.username }}\", email: \"{{ account.email }}\", role: \"{{ account.role }}\", password: \"{{ account.password }}\" } }";
    let auth = "auth: { basic: { username: qa, password: correct-horse } }";
    format!(
        "services:\n  - {{ name: users, url: \"{}\", {auth}, {create} }}\n  - {{ name: orders, url: \"{}\", account_name_max: 34, {auth}, {create} }}\n\
         accounts:\n  - {{ name: alice_from_accounting, email: \"{{{{ run.marker }}}}@qa.test\" }}\n  - {{ name: bot, services: [users], password: the-bots-own-word }}\n",
        services.url("users"),
        services.url("orders"),
    )
}

/// A job of a run on GitHub, on a machine of its own.
fn job(run: &str, attempt: &str) -> Desk {
    Desk::on_github("octo/shop", run).with("GITHUB_RUN_ATTEMPT", attempt)
}

/// The last value of an output, as a later job reads it.
fn output(desk: &Desk, name: &str) -> String {
    let text = fs::read_to_string(desk.root().join("output")).unwrap();
    let (_, value) = text.rsplit_once(&format!("{name}<<ghadelimiter_")).unwrap();
    value.lines().nth(1).unwrap().to_owned()
}

/// A setup that has succeeded.
fn set_up(desk: &Desk) {
    let ended = desk.run(&["setup"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

/// A job with the seed, whose setup has succeeded.
fn seeded(services: &SandboxHandle) -> Desk {
    let desk = job("77", "1")
        .with("STANDIN_SEED", SEED)
        .configured(&configuration(services));
    set_up(&desk);
    desk
}

fn credentials(desk: &Desk, arguments: &[&str]) -> Value {
    let ended = desk.run(&[&["credentials"], arguments].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    serde_json::from_str(&ended.stdout).unwrap()
}

fn left(services: &SandboxHandle) -> usize {
    let left = |name| services.books(name).unwrap().left().count();
    left("users") + left("orders")
}

#[test]
fn another_job_with_the_seed_computes_the_passwords_from_state_or_accounts() {
    let services = services();
    let setup = seeded(&services);
    let known = credentials(&setup, &[]);
    let alice = &known["accounts"]["users/alice_from_accounting"];
    let short = &known["accounts"]["orders/alice_from_accounting"];
    assert_eq!(alice["password"].as_str().unwrap().len(), 24);
    assert_eq!(alice["password"], short["password"]);
    assert_ne!(alice["username"], short["username"], "the name was cut");
    assert_eq!(known["accounts"]["users/bot"]["password"], "the-bots-own-word");

    for told in ["state", "accounts"] {
        let told = output(&setup, told);
        assert!(!told.contains(alice["password"].as_str().unwrap()), "{told}");
        let other = job("77", "1").with("STANDIN_SEED", SEED);
        let ended = other.run(&["credentials", "--state", &told]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let computed: Value = serde_json::from_str(&ended.stdout).unwrap();
        let accounts = computed["accounts"].as_object().unwrap();
        assert_eq!(accounts.len(), 2, "{told}");
        for (key, account) in accounts {
            assert_eq!(account, &known["accounts"][key], "{told}");
        }
        assert!(ended.stderr.contains("`users/bot` is left out"), "{}", ended.stderr);
        let mask = format!("::add-mask::{}\n", alice["password"].as_str().unwrap());
        assert!(
            ended.stderr.contains(&mask),
            "the runner of this job must be told: {}",
            ended.stderr
        );
    }
}

#[test]
fn without_the_seed_or_with_another_nothing_is_computed_and_nothing_deleted() {
    let services = services();
    let setup = seeded(&services);
    let state = output(&setup, "state");
    let mut changed: Value = serde_json::from_str(&state).unwrap();
    changed["accounts"][0]["id"] = json!("1");
    let other = "another seed of forty characters, or more";
    for (seed, state, said) in [
        ("", &state, "there is no `seed`"),
        (other, &state, "not signed with this seed"),
        (SEED, &changed.to_string(), "not signed with this seed"),
    ] {
        let ended = job("77", "1")
            .with("STANDIN_SEED", seed)
            .run(&["credentials", "--state", state]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{}", ended.stderr);
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
        if !seed.is_empty() {
            let cleanup = job("77", "1")
                .with("STANDIN_SEED", seed)
                .configured(&configuration(&services));
            let ended = cleanup.run(&["cleanup", "--state", state]);
            assert_eq!(ended.code, Some(2), "{}", ended.stderr);
            assert!(ended.stderr.contains(said), "{}", ended.stderr);
        }
    }
    assert_eq!(left(&services), 3);
}

#[test]
fn a_seed_that_is_short_is_refused_unseen_and_none_is_an_argument() {
    let desk = Desk::new().configured("services: [{ name: users, url: \"http://127.0.0.1:1\" }]\n");
    let desk = desk.with("STANDIN_SEED", "thirty-one characters, no more!");
    for command in ["setup", "cleanup", "credentials"] {
        let ended = desk.run(&[command]);
        assert_eq!(ended.code, Some(2), "{}", ended.stderr);
        assert!(
            ended.stderr.contains("`STANDIN_SEED` has fewer than 32 characters"),
            "{}",
            ended.stderr
        );
        assert!(!ended.stderr.contains("thirty-one"), "{}", ended.stderr);
    }
    let ended = desk.run(&["setup", "--seed", SEED]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("`seed` has no flag"), "{}", ended.stderr);
}

#[test]
fn a_signed_state_is_believed_by_another_run_of_the_repository_but_by_no_other() {
    let services = services();
    let setup = seeded(&services);
    let state = output(&setup, "state");
    let cleanup = |repository: &str, seed: &str| {
        let desk = job("78", "1")
            .with("GITHUB_REPOSITORY", repository)
            .with("STANDIN_SEED", seed);
        desk.configured(&configuration(&services))
            .run(&["cleanup", "--state", &state])
    };
    for (repository, seed) in [("octo/shop", ""), ("eve/shop", SEED)] {
        let ended = cleanup(repository, seed);
        assert_eq!((ended.code, left(&services)), (Some(2), 3), "{}", ended.stderr);
    }
    let ended = cleanup("octo/shop", SEED);
    assert_eq!((ended.code, left(&services)), (Some(0), 0), "{}", ended.stderr);
}

#[test]
fn a_job_that_was_run_again_alone_is_told_to_run_all_jobs() {
    let services = services();
    let setup = seeded(&services);
    let state = output(&setup, "state");
    assert_eq!(setup.run(&["cleanup"]).code, Some(0));
    let again = |attempt: &str| {
        let desk = job("77", attempt).with("STANDIN_SEED", SEED);
        desk.configured(&configuration(&services))
    };
    let word = "this is attempt 2: the accounts of the earlier attempt were deleted at its end";
    let ended = again("2").run(&["credentials", "--state", &state]);
    assert!(
        ended.stderr.contains(word) && ended.stderr.contains("re-run all jobs"),
        "{}",
        ended.stderr
    );
    let ended = again("2").run(&["cleanup", "--state", &state]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains(word), "{}", ended.stderr);
    let ended = again("1").run(&["cleanup", "--state", &state]);
    assert!(!ended.stderr.contains("re-run"), "{}", ended.stderr);
}

#[test]
fn the_file_of_the_setup_is_printed_as_json_or_for_a_shell_until_a_cleanup_begins() {
    let services = services();
    for elsewhere in [None, Some("secret.json")] {
        let desk = Desk::new().configured(&configuration(&services));
        let file: &[&str] = elsewhere
            .as_ref()
            .map_or(&[], |_| &["--credentials-file", "secret.json"]);
        let ended = desk.run(&["credentials"]);
        assert_eq!(ended.code, Some(2), "{}", ended.stderr);
        assert!(
            ended.stderr.contains("holds no credentials of this run"),
            "{}",
            ended.stderr
        );
        let ended = desk.run(&[&["setup"], file].concat());
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);

        let printed = credentials(&desk, &[]);
        if let Some(name) = elsewhere {
            let written: Value = serde_json::from_str(&fs::read_to_string(desk.work().join(name)).unwrap()).unwrap();
            assert_eq!(printed, written);
        }
        assert_eq!(printed["version"], 1);
        let ended = desk.run(&["credentials", "--format", "dotenv"]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        desk.write("accounts.env", &ended.stdout);
        let shell = desk
            .command("/bin/sh", &["-c", "set -a; . ./accounts.env; env -0"])
            .stdout(Stdio::piped())
            .spawn();
        let seen = finish(shell.unwrap()).stdout;
        let seen: BTreeMap<&str, &str> = seen.split('\0').filter_map(|pair| pair.split_once('=')).collect();
        let bot = &printed["accounts"]["users/bot"];
        assert_eq!(seen["STANDIN_USERS_BOT_PASSWORD"], "the-bots-own-word");
        assert_eq!(seen["STANDIN_USERS_BOT_ID"], bot["id"]);
        assert_eq!(seen["STANDIN_USERS_BOT_USERNAME"], bot["username"]);
        let alice = &printed["accounts"]["orders/alice_from_accounting"];
        assert_eq!(seen["STANDIN_ORDERS_ALICE_FROM_ACCOUNTING_PASSWORD"], alice["password"]);

        assert_eq!(desk.run(&["cleanup"]).code, Some(0));
        assert_eq!(desk.run(&["credentials"]).code, Some(2));
    }
    assert_eq!(left(&services), 0);
}

#[test]
fn of_two_setups_of_a_run_the_last_is_shown_and_the_first_by_its_state() {
    let services = services();
    let desk = job("77", "1").configured(&configuration(&services));
    set_up(&desk);
    let first = output(&desk, "state");
    set_up(&desk);
    let ended = desk.run(&["credentials"]);
    let shown: Value = serde_json::from_str(&ended.stdout).unwrap();
    let second: Value = serde_json::from_str(&output(&desk, "state")).unwrap();
    assert_eq!(
        shown["accounts"]["users/bot"]["username"],
        second["accounts"][1]["username"]
    );
    assert!(
        ended.stderr.contains("was created by several setups"),
        "{}",
        ended.stderr
    );
    let by_state = credentials(&desk, &["--state", &first]);
    assert_ne!(
        by_state["accounts"]["users/bot"]["username"],
        second["accounts"][1]["username"]
    );
}

#[test]
fn a_run_without_secrets_is_skipped_where_that_is_asked_for() {
    let services = services();
    let url = services.url("users");
    let config = format!(
        "services: [{{ name: users, url: \"{url}\", username: qa, password: \"{{{{ env.QA_PASSWORD }}}}\" }}]\n"
    );
    let event = |head: &str| json!({"pull_request": {"base": {"repo": {"full_name": "octo/shop"}}, "head": {"repo": {"full_name": head}}}});
    for (head, input, password, code) in [
        ("eve/shop", "skip", "", 0),
        ("eve/shop", "", "", 2),
        ("octo/shop", "skip", "", 2),
        ("eve/shop", "skip", "correct-horse", 0),
    ] {
        let desk = job("77", "1").configured(&config);
        let path = desk.root().join("event.json");
        fs::write(&path, event(head).to_string()).unwrap();
        let desk = desk
            .with("GITHUB_EVENT_NAME", "pull_request")
            .with("GITHUB_EVENT_PATH", path.to_str().unwrap())
            .with("RUNNER_TEMP", path.parent().unwrap().to_str().unwrap())
            .with("INPUT_WHEN-SECRETS-MISSING", input)
            .with("QA_PASSWORD", password);
        let ended = desk.run(&["action", "main"]);
        assert_eq!(ended.code, Some(code), "{head} {input}: {}", ended.stderr);
        let skipped = code == 0 && password.is_empty();
        assert_eq!(
            ended.stderr.contains("::notice::no account is created"),
            skipped,
            "{}",
            ended.stderr
        );
        assert_eq!(left(&services), usize::from(!password.is_empty()));
        if skipped {
            assert_eq!(
                (output(&desk, "ready").as_str(), output(&desk, "count").as_str()),
                ("false", "0")
            );
            let state = fs::read_to_string(desk.root().join("state")).unwrap();
            let mode = state
                .rsplit_once("mode<<")
                .unwrap()
                .1
                .lines()
                .nth(1)
                .unwrap()
                .to_owned();
            let ended = desk.with("STATE_mode", &mode).run(&["action", "post"]);
            assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        }
    }
}
