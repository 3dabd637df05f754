//! What is more than a runner can carry, and what it is told otherwise: by a debug run, on the older Node.

use standin::sandbox::{Sandbox, SandboxHandle, ServiceSpec};

use super::{Act, Log, PASSWORD};
use crate::runner::node::Node;
use crate::services::start;

fn users() -> SandboxHandle {
    start(Sandbox::builder().service(ServiceSpec::new("users").basic("qa", PASSWORD)))
}

/// A repository whose one service has these accounts.
fn repository(sandbox: &SandboxHandle, persona: &str) -> Act {
    let act = Act::new();
    act.write(
        "standin.yml",
        &format!(
            "services:\n  - name: users\n    url: {}\n    auth: {{ basic: {{ username: qa, password: {PASSWORD} }} }}\n    \
             list: {{ request: \"GET /accounts?limit=300\", items: body.items, id: item.id, name: item.username, next: {{ offset: offset }} }}\n\
             accounts: [{persona}]\n",
            sandbox.url("users")
        ),
    );
    act
}

fn accounts(sandbox: &SandboxHandle) -> (u64, usize) {
    let books = sandbox.books("users").unwrap();
    (books.created_ever, books.left().count())
}

/// All that a step told. What is a command, such as a warning, act does not count as printed.
fn told(log: &Log, id: &str) -> String {
    log.of("Main", id).map(|line| line.msg.as_str()).collect()
}

#[test]
fn under_act_too_what_is_too_much_for_outputs_variables_or_masks_is_in_the_files() {
    let sandbox = users();
    // Long addresses make as much of these as thousands of accounts would.
    let email = "x".repeat(900);
    let persona = format!("{{ name: buyer, count: 1100, email: \"{{{{ account.username }}}}-{email}@qa.test\" }}");
    let act = repository(&sandbox, &persona);
    let log = act.run(
        "      - { id: accounts, uses: ./standin, with: { export-env: true } }
      - id: later
        env: { ACCOUNTS: '${{ steps.accounts.outputs.accounts-file }}', CREDENTIALS: '${{ steps.accounts.outputs.credentials-file }}' }
        run: |
          echo \"$(env | grep -c ^STANDIN_) variables, $(grep -o '\"username\"' \"$ACCOUNTS\" | wc -l) names, $(grep -o '\"password\"' \"$CREDENTIALS\" | wc -l) passwords\"\n",
    );
    assert_eq!(log.job_result(), "success", "{:.4000}", told(&log, "accounts"));
    assert_eq!(
        log.printed("Main", "later").trim(),
        "0 variables, 1100 names, 1100 passwords"
    );
    let told = told(&log, "accounts");
    for word in [
        "over what a job's outputs can carry",
        "with which no later step could start",
        "there are more than 1000 secrets",
    ] {
        assert!(told.contains(word), "nothing says: {word}");
    }
    assert_eq!(log.output("accounts", "count"), Some("1100"));
    assert_eq!(log.output("accounts", "accounts"), None);
    let summary = log.summary("accounts");
    assert!(summary.contains("1100 of 1100 accounts ready") && summary.len() < 1_000_000);
    assert_eq!(accounts(&sandbox), (1100, 0));
}

#[test]
fn under_act_too_a_state_that_no_step_can_be_given_is_warned_of_and_not_needed() {
    let sandbox = users();
    let act = repository(&sandbox, "{ name: buyer, count: 1200 }");
    let log = act.run(
        "      - { id: accounts, uses: ./standin, with: { cleanup: manual } }
      - { id: delete, uses: ./standin, with: { mode: cleanup, state: '${{ steps.accounts.outputs.state }}' } }
      - { id: sweep, if: always(), uses: ./standin, with: { mode: sweep, run: this, max: 1200 } }\n",
    );
    let told = told(&log, "accounts");
    let warning = "no step that is given it as `state` can start";
    assert!(told.contains(warning), "{}", told.replace("  ⚙  ***", ""));
    assert!(log.output("accounts", "state").unwrap().len() > 131_072);
    // The system starts no process with such a variable.
    assert_eq!(
        (log.result("Main", "delete"), log.printed("Main", "delete").as_str()),
        ("failure", "")
    );
    let sweep = log.printed("Main", "sweep");
    let end: Vec<&str> = sweep.lines().rev().take(3).collect();
    assert!(sweep.contains("1200 deleted, 0 left"), "{end:?}");
    assert!(!sweep.contains("was orphaned"), "it is what the workflow wants");
    assert_eq!(accounts(&sandbox), (1200, 0));
}

#[test]
fn under_act_too_there_are_ten_annotations_of_a_kind_and_the_log_has_the_rest() {
    let run = || {
        let sandbox = start(
            Sandbox::builder()
                .service(ServiceSpec::new("users").basic("qa", PASSWORD))
                .fault("users DELETE * status 403"),
        );
        let act = repository(&sandbox, "{ name: buyer, count: 25 }");
        let log = act.run("      - { id: accounts, uses: ./standin }\n");
        (sandbox, log)
    };
    // On a busy machine act sometimes loses the last lines of a step that ends in less than a second.
    let is_whole =
        |(_, log): &(SandboxHandle, Log)| log.of("Post", "accounts").any(|line| line.msg.contains("::error"));
    let (sandbox, log) = (0..3).map(|_| run()).find(is_whole).unwrap_or_else(run);
    let lines: Vec<&str> = log.of("Post", "accounts").map(|line| line.msg.as_str()).collect();
    let errors = lines.iter().filter(|line| line.contains("::error")).count();
    // What failed for one cause is told once, and each is named.
    assert_eq!(log.result("Post", "accounts"), "failure", "{lines:#?}");
    assert!((1..=10).contains(&errors), "{lines:#?}");
    for number in 1..=25 {
        let named = format!("users/buyer-{number} (");
        assert!(lines.iter().any(|line| line.contains(&named)), "{named}: {lines:#?}");
    }
    assert_eq!(accounts(&sandbox), (25, 25));
}

#[test]
fn under_act_too_the_action_runs_on_the_older_node() {
    let sandbox = users();
    let act = repository(&sandbox, "{ name: alice }").on_node(Node::Twenty);
    let log = act.run(
        "      - { id: node, run: node --version }
      - { id: accounts, uses: ./standin }
      - { id: use, run: exit 3 }\n",
    );
    assert!(log.printed("Main", "node").starts_with("v20."), "{}", log.told());
    assert_eq!(log.result("Main", "accounts"), "success", "{}", log.told());
    assert_eq!(
        (log.result("Post", "accounts"), log.job_result()),
        ("success", "failure")
    );
    assert_eq!(accounts(&sandbox), (1, 0));
}

#[test]
fn under_act_too_the_last_job_sweeps_what_the_first_has_made_without_any_state() {
    let sandbox = users();
    let act = repository(&sandbox, "{ name: buyer, count: 3 }");
    let job = |head: &str, step: &str| {
        format!("    runs-on: ubuntu-latest\n{head}    steps:\n      - uses: actions/checkout@v4\n      - {step}\n")
    };
    act.write(
        ".github/workflows/jobs.yml",
        &format!(
            "on: push\njobs:\n  accounts:\n{}  test:\n{}  delete:\n{}",
            job("", "{ id: accounts, uses: ./standin, with: { cleanup: manual } }"),
            job("    needs: accounts\n", "{ id: test, run: exit 3 }"),
            job(
                "    needs: [accounts, test]\n    if: always()\n",
                "{ id: sweep, uses: ./standin, with: { mode: sweep, run: this } }"
            ),
        ),
    );
    act.commit();
    let log = act.start(&["push"], false);
    let results = |job: &str| {
        let ends = log
            .0
            .iter()
            .filter(|line| line.job_id == job && !line.job_result.is_empty());
        ends.map(|line| line.job_result.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(
        ["accounts", "test", "delete"].map(results),
        [["success"], ["failure"], ["success"]],
        "{}",
        log.told()
    );
    let sweep = log.printed("Main", "sweep");
    assert!(sweep.contains("3 deleted, 0 left"), "{sweep}");
    assert_eq!(accounts(&sandbox), (3, 0));
}

#[test]
fn under_act_too_a_debug_run_says_more_without_being_asked() {
    let sandbox = users();
    let act = repository(&sandbox, "{ name: alice }");
    act.commit_steps(
        "      - { id: plain, uses: ./standin }
      - { id: debug, uses: ./standin, env: { RUNNER_DEBUG: 1 } }\n",
    );
    // Without this act itself leaves out what a step tells for debugging.
    let log = act.start(&["push", "--verbose"], false);
    let says_more = |id| told(&log, id).contains("POST /accounts");
    assert_eq!(["plain", "debug"].map(says_more), [false, true], "{}", log.told());
    assert_eq!(accounts(&sandbox), (2, 0));
}
