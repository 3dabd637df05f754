//! What several steps and several jobs do with accounts: each mode of the action, the example of a matrix of jobs, a pull
//! request without secrets, and a job that is run again alone.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use standin::sandbox::{Sandbox, SandboxBuilder, SandboxHandle, ServiceSpec};

use super::{Act, PASSWORD};
use crate::runner::check_out_action;
use crate::services::{article, left, made, start, three};

/// The services of the examples, with the password that they give them.
fn of_the_examples() -> SandboxHandle {
    let services = ["users", "orders", "billing"].map(|name| ServiceSpec::new(name).basic("qa", "sandbox-pw"));
    start(services.into_iter().fold(Sandbox::builder(), SandboxBuilder::service))
}

#[test]
fn under_act_too_each_mode_does_its_part_of_a_job_whose_cleanup_is_manual() {
    let sandbox = start(three(PASSWORD));
    let act = Act::new();
    act.write("standin.json", &article(&sandbox, PASSWORD));
    let log = act.run(
        "      - { id: plan, uses: ./standin, with: { mode: plan } }
      - { id: accounts, uses: ./standin, with: { cleanup: manual, export-env: true, report: report.json } }
      - id: use
        env: { FILE: '${{ steps.accounts.outputs.credentials-file }}' }
        run: test -n \"$STANDIN_ORDERS_TEST_USER_PASSWORD\"; grep -q users/test_user \"$FILE\"; grep -q 'phase.*setup' report.json
      - { id: status, uses: ./standin, with: { mode: status } }
      - { id: delete, if: always(), uses: ./standin, with: { mode: cleanup } }
      - { id: again, uses: ./standin, with: { mode: status }, continue-on-error: true }\n",
    );
    for id in ["plan", "accounts", "use", "status", "delete"] {
        assert_eq!(log.result("Main", id), "success", "{id}: {}", log.printed("Main", id));
    }
    for (id, word) in [
        ("plan", "POST /accounts"),
        ("status", "ready"),
        ("delete", "3 deleted, 0 left"),
    ] {
        assert!(
            log.printed("Main", id).contains(word),
            "{id}: {}",
            log.printed("Main", id)
        );
    }
    assert!(log.printed("Post", "accounts").contains("the accounts stay"));
    assert_eq!(log.printed("Post", "delete"), "", "post does nothing after other modes");
    assert_eq!((made(&sandbox), left(&sandbox)), ([1; 3], [0; 3]));
}

#[test]
fn under_act_too_the_example_of_several_jobs_works_as_it_stands() {
    let sandbox = of_the_examples();
    let act = Act::empty();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| fs::read_to_string(here.join(name)).unwrap();
    act.write(".github/workflows/jobs.yml", &read("examples/ci/jobs.workflow.yml"));
    let config = read("examples/standin.yml").replace("localhost:8081", &format!("127.0.0.1:{}", sandbox.port()));
    act.write("examples/standin.yml", &config);
    act.commit();
    // Where the release is that the example names.
    let action = act.home.path().join("action");
    check_out_action(&action, Path::new(env!("CARGO_BIN_EXE_standin")));
    let release = format!("standin-ci/standin@v1={}", action.display());
    let log = act.start(
        &[
            "push",
            "--local-repository",
            &release,
            "-s",
            "STANDIN_SEED=correct horse battery staple, twice over",
            "-s",
            "IDENTITY_PASSWORD=sandbox-pw",
            "-s",
            "SHOP_PASSWORD=sandbox-pw",
        ],
        false,
    );
    let told = log.told();
    let results = |job: &str| {
        let results = log
            .0
            .iter()
            .filter(|line| line.job_id == job && !line.job_result.is_empty());
        results.map(|line| line.job_result.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(results("accounts"), ["success"], "{told}");
    assert_eq!(results("test"), ["success"; 3], "{told}");
    assert_eq!(results("delete"), ["success"], "{told}");
    assert!(told.contains(" deleted, 0 left"), "{told}");
    assert!(made(&sandbox).iter().sum::<u64>() >= 3);
    assert_eq!(left(&sandbox), [0; 3], "{told}");
}

#[test]
fn under_act_too_a_pull_request_without_secrets_is_a_notice_where_that_is_asked_for() {
    let act = Act::new();
    act.write(
        "standin.yml",
        "services: [{ name: users, url: 'http://127.0.0.1:9', username: qa, password: '{{ env.QA_PASSWORD }}' }]\n",
    );
    act.write(
        ".github/workflows/test.yml",
        "on: pull_request\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4
      - { id: accounts, uses: ./standin, with: { when-secrets-missing: skip } }
      - { id: use, if: \"steps.accounts.outputs.ready == 'true'\", run: 'exit 3' }\n",
    );
    let event = json!({"pull_request": {"base": {"repo": {"full_name": "octocat/shop"}, "ref": "main"}, "head": {"repo": {"full_name": "eve/shop"}, "ref": "x"}}});
    let path = act.home.path().join("event.json");
    fs::write(&path, event.to_string()).unwrap();
    act.commit();
    let log = act.start(&["pull_request", "-e", path.to_str().unwrap()], false);
    assert_eq!(
        log.result("Main", "accounts"),
        "success",
        "{}",
        log.printed("Main", "accounts")
    );
    assert_eq!(
        (log.output("accounts", "ready"), log.output("accounts", "count")),
        (Some("false"), Some("0"))
    );
    assert!(
        ["", "skipped"].contains(&log.result("Main", "use")),
        "{}",
        log.result("Main", "use")
    );
    assert_eq!(log.job_result(), "success");
}

#[test]
fn under_act_too_a_job_that_is_run_again_alone_is_told_to_run_all_jobs() {
    let sandbox = start(three(PASSWORD));
    let act = Act::new();
    act.write("standin.json", &article(&sandbox, PASSWORD));
    let log = act.run(
        "      - { id: accounts, uses: ./standin, with: { cleanup: manual } }
      - { id: delete, uses: ./standin, with: { mode: cleanup, state: '${{ steps.accounts.outputs.state }}' } }\n",
    );
    let delete = log.printed("Main", "delete");
    assert!(delete.contains("3 deleted, 0 left"), "{delete}");
    let state = log.output("accounts", "state").unwrap();
    let told: Value = serde_json::from_str(state).unwrap();
    assert_eq!(told["attempt"], 1);

    // On a machine of its own, with the outputs of the attempt before.
    let act = Act::new();
    act.write("standin.json", &article(&sandbox, PASSWORD));
    act.commit_steps(&format!(
        "      - {{ id: again, uses: ./standin, with: {{ mode: cleanup, state: '{state}' }} }}\n"
    ));
    let log = act.start(&["push", "--env", "GITHUB_RUN_ATTEMPT=2"], false);
    // A warning is a command, which act does not count as printed.
    let again: String = log.of("Main", "again").map(|line| line.msg.as_str()).collect();
    assert!(
        again.contains("this is attempt 2") && again.contains("re-run all jobs"),
        "{again}"
    );
    // The second job has made one more in each service, to see that what it doesn't find is gone.
    assert_eq!((made(&sandbox), left(&sandbox)), ([2; 3], [0; 3]));
}
