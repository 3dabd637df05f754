//! What may be left is named in the job's summary, whichever way it came to be looked for, and so is what a sweep did.

use standin::sandbox::{Sandbox, SandboxHandle, ServiceSpec};

use crate::desk::{Desk, Ended};
use crate::runner::Runner;
use crate::runner::job::{Condition, Job, Step};
use crate::services::{put, start, summary};

fn users(faults: &[&str]) -> SandboxHandle {
    let builder = Sandbox::builder().service(ServiceSpec::new("users"));
    start(faults.iter().fold(builder, |builder, fault| builder.fault(fault)))
}

fn configuration(users: &SandboxHandle) -> String {
    format!(
        "ttl: 0s\nservices:\n  - name: users\n    url: {}\n    timeout: 1s\n    \
         find: {{ request: \"GET /accounts?username={{{{ account.username }}}}\", items: body.items, id: item.id, name: item.username }}\n    \
         list: {{ request: GET /accounts, items: body.items, id: item.id, name: item.username }}\n\
         accounts: [{{ name: buyer, count: 2 }}]\n",
        users.url("users")
    )
}

/// A machine of its own with the repository on it.
fn machine(users: &SandboxHandle) -> Runner {
    let runner = Runner::new();
    put(&runner, "standin.yml", &configuration(users));
    runner
}

/// The user names of the accounts that are there.
fn left(users: &SandboxHandle) -> Vec<String> {
    let books = users.books("users").unwrap();
    books.left().map(|account| account.username.clone()).collect()
}

/// Does the summary name these in a table, below this head?
fn names(text: &str, head: &str, accounts: &[String]) {
    assert!(text.starts_with(&format!("### Standin: {head}\n")), "{head}: {text}");
    for name in accounts {
        assert!(text.contains(&format!("| {name} |")), "{name}: {text}");
    }
}

#[test]
fn the_summary_of_a_cleanup_by_another_jobs_state_names_what_is_left() {
    for (faults, head) in [
        (&["users DELETE * status 403"][..], "2 accounts may be left"),
        (&[], "2 deleted, 0 left"),
    ] {
        let users = users(faults);
        let setup = Step::action().id("accounts").with("cleanup", "manual");
        let made = Job::new()
            .step(setup)
            .output("state", "${{ steps.accounts.outputs.state }}")
            .run(&machine(&users));
        let state = made.outputs.get("state").unwrap();
        let cleanup = |id: &str| Step::action().id(id).with("mode", "cleanup").with("state", state);
        let result = Job::new()
            .step(cleanup("delete").continue_on_error())
            .step(cleanup("quiet").with("summary", "false").continue_on_error())
            .run(&machine(&users));
        names(summary(result.step("delete")), head, &left(&users));
        assert_eq!(summary(result.step("quiet")), "");
    }
}

#[test]
fn the_summary_of_a_post_without_its_journal_names_what_is_left() {
    for spoil in [
        "rm -rf \"$RUNNER_TEMP\"/standin",
        "rm \"$RUNNER_TEMP\"/standin/*/journal.jsonl",
    ] {
        let users = users(&["users DELETE * status 403"]);
        let result = Job::new()
            .step(Step::action().id("accounts"))
            .step(Step::script(spoil).id("spoil").when(Condition::Always))
            .run(&machine(&users));
        let post = result.post("accounts");
        assert_eq!(post.exit_code, Some(1), "{}", post.log);
        names(summary(post), "2 accounts may be left", &left(&users));
    }
}

/// What a sweep adds to the summary of a job that finds two orphans.
fn sweep(users: &SandboxHandle, arguments: &[&str]) -> (Ended, String) {
    let desk = Desk::on_github("standin-ci/standin", "77").configured(&configuration(users));
    let setup = desk.run(&["setup"]);
    assert_eq!(setup.code, Some(0), "{}", setup.stderr);
    std::fs::remove_dir_all(desk.journals()).unwrap();
    std::fs::write(desk.root().join("summary"), "").unwrap();
    let ended = desk.run(&[&["sweep", "--older-than", "0s"], arguments].concat());
    let text = std::fs::read_to_string(desk.root().join("summary")).unwrap();
    (ended, text)
}

#[test]
fn the_summary_of_a_sweep_says_what_was_listed_deleted_and_left() {
    let others = users(&[]);
    let (ended, text) = sweep(&others, &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    names(&text, "2 accounts listed in 1 service, 2 deleted, 0 left", &[]);
    assert_eq!(text.matches("| deleted |").count(), 2, "{text}");

    let stuck = users(&["users DELETE 1 status 403"]);
    let (ended, text) = sweep(&stuck, &[]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    names(
        &text,
        "2 accounts listed in 1 service, 1 deleted, 1 left",
        &left(&stuck),
    );
    let (first, second) = (text.find("| left |"), text.find("| deleted |"));
    assert!(first.is_some() && first < second, "{text}");
    assert!(text.contains("was answered with 403"), "{text}");

    let (ended, text) = sweep(&users(&[]), &["--summary=false"]);
    assert_eq!((ended.code, text.as_str()), (Some(0), ""), "{}", ended.stderr);
}

#[test]
fn the_summary_of_a_sweep_that_deletes_nothing_says_why() {
    let (ended, text) = sweep(&users(&[]), &["--dry-run"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    names(
        &text,
        "2 accounts listed in 1 service, 2 to sweep, nothing was deleted",
        &[],
    );

    let (ended, text) = sweep(&users(&[]), &["--max", "1"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let head = "2 accounts listed in 1 service, 2 to sweep, nothing was deleted, incomplete";
    names(&text, head, &[]);
    assert_eq!(text.matches("would be deleted").count(), 2, "{text}");

    let (ended, text) = sweep(&users(&["users GET accounts * status 500"]), &[]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    names(
        &text,
        "0 accounts listed in 1 service, 0 deleted, 0 left, incomplete",
        &[],
    );
    assert!(text.contains("| users | "), "{text}");
}
