//! What a workflow asks of the action beside a plain setup, under the emulator: `mode: status`, a run whose failed jobs are
//! run again, one that was given no secrets, and one whose passwords another job computes.

use std::fs;

use serde_json::{Value, json};
use standin::sandbox::{Sandbox, SandboxHandle, ServiceSpec};

use crate::runner::Runner;
use crate::runner::job::{Condition, Job, JobResult, Outcome, Step};
use crate::services::{put, start};

const PASSWORD: &str = "sesame-open-9";
const SEED: &str = "correct horse battery staple, twice over";

fn users() -> SandboxHandle {
    start(Sandbox::builder().service(ServiceSpec::new("users").basic("qa", PASSWORD)))
}

/// A machine of its own with the repository on it.
fn machine(sandbox: &SandboxHandle) -> Runner {
    let runner = Runner::new();
    let config = format!(
        "services:\n  - {{ name: users, url: {}, auth: {{ basic: {{ username: qa, password: \"{{{{ env.QA_PASSWORD }}}}\" }} }} }}\n",
        sandbox.url("users")
    );
    put(&runner, "standin.yml", &config);
    runner
}

fn accounts(sandbox: &SandboxHandle) -> (u64, usize) {
    let books = sandbox.books("users").unwrap();
    (books.created_ever, books.left().count())
}

/// A job of a certain attempt of the run.
fn job(attempt: &str) -> Job {
    Job::new()
        .secret("QA_PASSWORD", PASSWORD)
        .secret("SEED", SEED)
        .runner_env("GITHUB_RUN_ATTEMPT", attempt)
}

/// A `uses:` with the variable that the configuration names.
fn uses(id: &str) -> Step {
    Step::action().id(id).env("QA_PASSWORD", "${{ secrets.QA_PASSWORD }}")
}

/// The job that sets up and leaves the deleting to another.
fn setup_job(attempt: &str) -> Job {
    let setup = uses("accounts")
        .with("cleanup", "manual")
        .with("seed", "${{ secrets.SEED }}");
    job(attempt)
        .step(setup)
        .output("state", "${{ steps.accounts.outputs.state }}")
}

fn clean_up(state: &str, attempt: &str, sandbox: &SandboxHandle) -> JobResult {
    let delete = uses("delete")
        .with("mode", "cleanup")
        .with("state", state)
        .with("seed", "${{ secrets.SEED }}")
        .when(Condition::Always);
    job(attempt).step(delete).run(&machine(sandbox))
}

#[test]
fn a_status_in_a_workflow_fails_when_an_account_is_gone_and_deletes_nothing() {
    let sandbox = users();
    let status = |id: &str| uses(id).with("mode", "status").continue_on_error();
    let lose = "id=${{ steps.accounts.outputs.users-test_user-id }}; node -e \"fetch(process.argv[1], { method: 'DELETE', \
        headers: { Authorization: 'Basic ' + btoa('qa:' + process.argv[2]) } })\" \"$URL/accounts/$id\" \"$QA_PASSWORD\"";
    let node = crate::runner::node::Node::TwentyFour.program();
    let result = job("1")
        .step(uses("accounts"))
        .step(status("before"))
        .step(
            Step::script(&lose.replace("node -e", &format!("{} -e", node.display())))
                .id("lose")
                .env("URL", &sandbox.url("users"))
                .env("QA_PASSWORD", PASSWORD),
        )
        .step(status("after"))
        .run(&machine(&sandbox));
    let (before, after) = (result.step("before"), result.step("after"));
    assert_eq!(before.outcome, Outcome::Success, "{}", before.log);
    assert!(before.log.contains("ready"), "{}", before.log);
    assert_eq!(
        result.step("lose").outcome,
        Outcome::Success,
        "{}",
        result.step("lose").log
    );
    assert_eq!(
        (after.outcome, after.exit_code),
        (Outcome::Failure, Some(1)),
        "{}",
        after.log
    );
    assert!(after.log.contains("missing"), "{}", after.log);
    for id in ["before", "after"] {
        assert_eq!(result.post(id).log.trim(), "Post job cleanup.", "post does nothing");
    }
    // The only account is gone by the job's own doing, so that post makes one to see that its look-up would show it.
    let post = result.post("accounts");
    assert_eq!(post.outcome, Outcome::Success, "{}", post.log);
    assert!(post.log.contains("0 left"), "{}", post.log);
    assert_eq!(accounts(&sandbox), (2, 0));
    let books = sandbox.books("users").unwrap();
    assert_eq!(books.deleted, 2, "{}", post.log);
}

#[test]
fn failed_jobs_that_are_run_again_are_told_that_their_accounts_are_gone() {
    let sandbox = users();
    let made = setup_job("1").run(&machine(&sandbox));
    let state = made.outputs.get("state").unwrap().to_owned();
    assert_eq!(clean_up(&state, "1", &sandbox).conclusion, Outcome::Success);
    assert_eq!(accounts(&sandbox), (1, 0));

    // The tests and the cleanup are run again; the job that sets up had succeeded, and is not.
    let again = clean_up(&state, "2", &sandbox);
    let step = again.step("delete");
    assert_eq!(again.conclusion, Outcome::Success, "{}", step.log);
    for word in ["this is attempt 2", "re-run all jobs"] {
        assert!(step.log.contains(word), "{word}: {}", step.log);
    }
    let runner = machine(&sandbox);
    let credentials = format!("{} credentials --state \"$STATE\"", runner.binary().display());
    let tests = Step::script(&credentials)
        .id("tests")
        .env("STATE", &state)
        .env("STANDIN_SEED", "${{ secrets.SEED }}");
    let result = job("2").step(tests).run(&runner);
    assert!(
        result.step("tests").log.contains("re-run all jobs"),
        "{}",
        result.step("tests").log
    );
}

#[test]
fn another_job_computes_the_passwords_and_no_output_carries_one() {
    let sandbox = users();
    let made = setup_job("1").run(&machine(&sandbox));
    assert_eq!(made.conclusion, Outcome::Success, "{}", made.step("accounts").log);
    let state = made.outputs.get("state").unwrap().to_owned();
    let runner = machine(&sandbox);
    let script = format!(
        "{} credentials --state \"$STATE\" > credentials.json",
        runner.binary().display()
    );
    let tests = Step::script(&script)
        .id("tests")
        .env("STATE", &state)
        .env("STANDIN_SEED", "${{ secrets.SEED }}");
    let result = job("1").step(tests).run(&runner);
    assert_eq!(result.conclusion, Outcome::Success, "{}", result.step("tests").log);
    let text = fs::read_to_string(runner.workspace().join("credentials.json")).unwrap();
    let printed: Value = serde_json::from_str(&text[text.find('{').unwrap()..]).unwrap();
    let password = printed["accounts"]["users/test_user"]["password"].as_str().unwrap();
    assert_eq!(password.len(), 24);
    assert!(!state.contains(password) && !result.step("tests").log.contains(password));
    assert_eq!(clean_up(&state, "1", &sandbox).conclusion, Outcome::Success);
    assert_eq!(accounts(&sandbox), (1, 0));
}

#[test]
fn a_pull_request_without_secrets_is_a_notice_where_that_is_asked_for() {
    let sandbox = users();
    for (head, setting, ready) in [
        ("eve/shop", "skip", true),
        ("eve/shop", "", false),
        ("octocat/shop", "skip", false),
    ] {
        let runner = machine(&sandbox);
        let event = json!({"pull_request": {"base": {"repo": {"full_name": "octocat/shop"}}, "head": {"repo": {"full_name": head}}}});
        let path = runner.temp().join("pull_request.json");
        fs::write(&path, event.to_string()).unwrap();
        let result = Job::new()
            .runner_env("GITHUB_EVENT_NAME", "pull_request")
            .runner_env("GITHUB_EVENT_PATH", path.to_str().unwrap())
            .step(uses("accounts").with("when-secrets-missing", setting))
            .run(&runner);
        let main = result.step("accounts");
        assert_eq!(
            main.exit_code,
            Some(if ready { 0 } else { 2 }),
            "{head} {setting}: {}",
            main.log
        );
        if ready {
            assert_eq!(
                (main.outputs.get("ready"), main.outputs.get("count")),
                (Some("false"), Some("0"))
            );
            assert!(main.log.contains("##[notice]no account is created"), "{}", main.log);
        }
        assert_eq!(
            result.post("accounts").outcome,
            Outcome::Success,
            "{}",
            result.post("accounts").log
        );
    }
    assert!(sandbox.requests().is_empty());
}

#[test]
fn a_state_that_no_step_can_be_given_is_warned_of_and_a_sweep_deletes_without_it() {
    let sandbox = users();
    let many = || {
        let runner = machine(&sandbox);
        let path = runner.workspace().join("standin.yml");
        let list =
            "    list: { request: GET /accounts, items: body.items, id: item.id, name: item.username, next: link }\n";
        let text = format!(
            "services:\n  - name: users\n    url: {}\n    auth: {{ basic: {{ username: qa, password: {PASSWORD} }} }}\n{list}accounts: [{{ name: buyer, count: 1000 }}]\n",
            sandbox.url("users")
        );
        fs::write(path, text).unwrap();
        runner
    };
    let result = Job::new().step(uses("accounts").with("cleanup", "manual")).run(&many());
    let main = result.step("accounts");
    assert_eq!(result.conclusion, Outcome::Success, "{:.2000}", main.log);
    let state = main.outputs.get("state").unwrap();
    assert!(state.len() > 100_000, "{}", state.len());
    assert!(
        main.log.contains("no step that is given it as `state` can start"),
        "{:.2000}",
        main.log
    );

    let sweep = uses("sweep")
        .with("mode", "sweep")
        .with("run", "this")
        .with("max", "1000");
    let result = Job::new().step(sweep).run(&many());
    assert_eq!(
        result.conclusion,
        Outcome::Success,
        "{:.2000}",
        result.step("sweep").log
    );
    assert_eq!(accounts(&sandbox), (1000, 0));
}
