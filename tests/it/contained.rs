//! Containers: a job's, into which steps come as by `docker exec`, and one whose first process is Standin itself, as after
//! `docker run`. The paths are others there, the user may be another, and signals come otherwise or not at all.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::desk::{Desk, finish};
use crate::runner::Runner;
use crate::runner::job::{Job, Outcome, Step};
use crate::services::{article, at_the_first_create, errors, left, made, outputs, put, start, three};

const PASSWORD: &str = "sesame-open-9";

#[test]
fn in_a_job_container_the_accounts_are_there_for_the_job_and_gone_after_it() {
    let sandbox = start(three(PASSWORD));
    let runner = Runner::new().in_container(0);
    put(&runner, "standin.json", &article(&sandbox, PASSWORD));
    let job = Job::new()
        .step(
            Step::action()
                .id("accounts")
                .with("export-env", "true")
                .with("report", "${{ runner.temp }}/report.json"),
        )
        .step(
            Step::script(
                "cat \"$FILE\" > \"$RUNNER_TEMP/seen\"; test -n \"$STANDIN_USERS_TEST_USER_PASSWORD\"; rm standin.json",
            )
            .id("use")
            .env("FILE", "${{ steps.accounts.outputs.credentials-file }}"),
        );
    let result = job.run(&runner);
    let main = result.step("accounts");
    assert_eq!(
        result.conclusion,
        Outcome::Success,
        "{}{}",
        main.log,
        result.step("use").log
    );
    // The file is where the steps of this job find it, and the runner has it under the other name.
    let file = outputs(main)["credentials-file"];
    assert!(file.starts_with("/__w/_temp/"), "{file}");
    let seen: Value = serde_json::from_str(&fs::read_to_string(runner.temp().join("seen")).unwrap()).unwrap();
    assert_eq!(seen["accounts"].as_object().unwrap().len(), 3);
    assert!(runner.temp().join("report.json").exists());
    assert!(!outputs(main)["state"].contains("/__w"), "a state never says where");

    let post = result.post("accounts");
    assert!(post.log.contains("3 deleted, 0 left"), "{}", post.log);
    assert_eq!((made(&sandbox), left(&sandbox)), ([1; 3], [0; 3]));
    assert!(!runner.temp().join(file.trim_start_matches("/__w/_temp/")).exists());
}

#[test]
fn a_job_container_of_another_user_creates_nothing_and_says_what_to_do() {
    let sandbox = start(three(PASSWORD));
    let root = rustix::process::geteuid().is_root();
    // Only root can start a process as somebody else; for others a file that nobody may write comes to the same.
    let runner = Runner::new().in_container(if root { 12_345 } else { 0 });
    put(&runner, "standin.json", &article(&sandbox, PASSWORD));
    let mut job = Job::new().step(Step::action().id("accounts"));
    if !root {
        job = job.runner_env("GITHUB_STATE", "/proc/version");
    }
    let result = job.run(&runner);
    let main = result.step("accounts");
    assert_eq!(main.exit_code, Some(1), "{}", main.log);
    assert!(
        errors(main)[0].contains("no account was created: post could not be told what to clean up"),
        "{:?}",
        errors(main)
    );
    assert!(main.log.contains("as root (`options: --user 0`)"), "{}", main.log);
    assert!(sandbox.requests().is_empty());
    assert!(!result.post("accounts").log.contains("panicked"));
}

/// A command whose first process is Standin, which the system then gives no signal that it does not ask for.
fn first_process(desk: &Desk, arguments: &[&str]) -> Command {
    let user: &[&str] = if rustix::process::geteuid().is_root() {
        &[]
    } else {
        &["--user", "--map-root-user"]
    };
    let standin = [
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
        env!("CARGO_BIN_EXE_standin"),
    ];
    desk.command("unshare", &[user, &standin, arguments].concat())
}

/// The first process of a container that this command has made, as the machine counts.
fn inner(outer: &Child) -> Pid {
    let outer = outer.id();
    let children = fs::read_to_string(format!("/proc/{outer}/task/{outer}/children")).unwrap();
    Pid::from_raw(children.trim().parse().unwrap()).unwrap()
}

#[test]
fn as_the_first_process_setup_heeds_a_stop_and_cleanup_in_another_container_deletes() {
    let (services, made, go) = at_the_first_create(three(PASSWORD));
    let sandbox = start(services);
    let desk = Desk::new();
    desk.write("standin.json", &article(&sandbox, PASSWORD));
    let setup = first_process(&desk, &["setup"]).spawn().unwrap();
    made.recv().unwrap();
    kill_process(inner(&setup), Signal::TERM).unwrap();
    go.send(()).unwrap();
    let ended = finish(setup);
    assert_eq!(ended.code, Some(143), "{}", ended.stderr);
    assert_ne!(left(&sandbox), [0; 3], "setup rolls nothing back after a signal");

    let ended = finish(first_process(&desk, &["cleanup"]).spawn().unwrap());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(left(&sandbox), [0; 3], "{}", ended.stderr);
}

#[test]
fn as_the_first_process_run_passes_a_stop_on_and_deletes() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let sandbox = start(three(PASSWORD));
        let desk = Desk::new();
        desk.write("standin.json", &article(&sandbox, PASSWORD));
        let words = ["run", "--", "sh", "-c", "echo ready; read line"];
        let mut run = first_process(&desk, &words).stdin(Stdio::piped()).spawn().unwrap();
        // Held open, so that the command waits.
        let _input = run.stdin.take();
        let mut output = BufReader::new(run.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        assert_eq!(left(&sandbox), [1; 3]);
        kill_process(inner(&run), signal).unwrap();
        let mut log = String::new();
        run.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        assert_eq!(run.wait().unwrap().code(), Some(code), "{log}");
        assert_eq!(left(&sandbox), [0; 3], "{log}");
    }
}
