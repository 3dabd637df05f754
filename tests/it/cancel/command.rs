//! `run -- CMD`: the command's end is ours, and the cleanup comes whatever that is.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};
use std::sync::{Arc, Mutex};

use rustix::process::{Pid, Signal, kill_process};
use standin::sandbox::{Observed, SandboxBuilder};

use crate::kill::stage::{Phase, Stage, services};

fn stage(services: SandboxBuilder) -> Stage {
    Stage::new(services, |_: Phase, _: &Observed| {})
}

/// Runs a command to its end.
fn run(stage: &Stage, command: &[&str]) -> Output {
    let arguments: Vec<&str> = ["run", "--"].iter().chain(command).copied().collect();
    stage.command(&arguments).output().unwrap()
}

/// A command that runs.
struct Started {
    child: Child,
    output: BufReader<ChildStdout>,
    /// Held open: a command that reads from it waits.
    input: ChildStdin,
}

/// Starts a command, and returns when it has said that it is ready.
fn start(mut command: Command) -> Started {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while line != "ready\n" {
        line.clear();
        assert_ne!(output.read_line(&mut line).unwrap(), 0, "it has ended already");
    }
    Started { child, output, input }
}

#[test]
fn the_commands_exit_code_is_passed_on_and_everything_is_deleted() {
    for (command, code) in [
        (&["sh", "-c", "exit 0"][..], 0),
        (&["sh", "-c", "exit 7"], 7),
        (&["sh", "-c", "exit 255"], 255),
        (&["sh", "-c", "kill -KILL $$"], 137),
        (&["sh", "-c", "kill -TERM $$"], 143),
        (&["/"], 126),
        (&["./standin.yml"], 126),
        (&["no-such-command"], 127),
        (&["./no/such/command"], 127),
    ] {
        let stage = stage(services());
        let output = run(&stage, command);
        assert_eq!(output.status.code(), Some(code), "{command:?}: {output:?}");
        assert_eq!(stage.created_ever(), 6, "{command:?}");
        stage.assert_nothing_left(&format!("{command:?}"));
    }
}

#[test]
fn the_command_sees_its_accounts_and_none_of_our_settings() {
    let stage = stage(services());
    let script = "test -n \"$STANDIN_USERS_ALICE_PASSWORD\" && echo \"$STANDIN_USERS_ALICE_ID\" \
        \"$STANDIN_BILLING_BOB_1_USERNAME\" \"$(cat)\" \
        \"${STANDIN_CONFIG-none}\" \"${STANDIN_SEED-none}\" \"${INPUT_CONFIG-none}\" \"${STATE_ENTRY-none}\"";
    let config = std::fs::read_to_string(stage.runner.workspace().join("standin.yml")).unwrap();
    let mut child = stage
        .command(&["run", "--", "sh", "-c", script])
        .env("STANDIN_CONFIG", config)
        .env("STANDIN_SEED", "0123456789abcdef0123456789abcdef")
        .env("INPUT_CONFIG", "services: []")
        .env("STATE_ENTRY", "sd-x")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"through").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let line = String::from_utf8(output.stdout).unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    assert!(words[0].starts_with("usr_") && words[1].ends_with("-bob-1"), "{line}");
    assert_eq!(words[2..], ["through", "none", "none", "none", "none"], "{line}");
}

#[test]
fn a_setup_that_fails_runs_no_command_and_leaves_nothing() {
    let stage = stage(services().fault("orders POST 2 status 400"));
    let output = run(&stage, &["touch", "was-run"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(!stage.runner.workspace().join("was-run").exists());
    stage.assert_nothing_left("setup failed");
}

#[test]
fn accounts_that_cannot_be_handed_over_are_deleted_too() {
    let stage = stage(services());
    let output = stage
        .command(&[
            "run",
            "--dotenv",
            "no/such/folder/accounts.env",
            "--",
            "touch",
            "was-run",
        ])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(!stage.runner.workspace().join("was-run").exists());
    assert_eq!(stage.created_ever(), 6);
    stage.assert_nothing_left("not handed over");
}

#[test]
fn signals_are_passed_on_and_the_cleanup_still_comes() {
    for (signal, script, code) in [
        (Signal::TERM, "echo ready; read line", 143),
        (Signal::INT, "echo ready; read line", 130),
        (Signal::TERM, "trap 'exit 3' TERM; echo ready; read line", 3),
        (Signal::INT, "trap 'exit 0' INT; echo ready; read line", 0),
    ] {
        let stage = stage(services());
        let mut run = start(stage.command(&["run", "--", "sh", "-c", script]));
        assert!(stage.services.books("users").unwrap().left().count() > 0);
        kill_process(Pid::from_child(&run.child), signal).unwrap();
        assert_eq!(run.child.wait().unwrap().code(), Some(code), "{signal:?} {script}");
        stage.assert_nothing_left(script);
    }
}

#[test]
fn one_signal_during_the_cleanup_does_not_stop_it() {
    for signal in [Signal::INT, Signal::TERM] {
        let target = Arc::new(Mutex::new(None::<Pid>));
        let watch = {
            let target = Arc::clone(&target);
            move |_: Phase, observed: &Observed| {
                if observed.method == "DELETE"
                    && let Some(pid) = target.lock().unwrap().take()
                {
                    kill_process(pid, signal).unwrap();
                }
            }
        };
        // So slow that the signal has arrived long before the last delete.
        let stage = Stage::new(services().fault("* DELETE * slow 100ms"), watch);
        let mut run = start(stage.command(&["run", "--", "sh", "-c", "echo ready; read line"]));
        *target.lock().unwrap() = Some(Pid::from_child(&run.child));
        writeln!(run.input, "go on").unwrap();
        assert_eq!(run.child.wait().unwrap().code(), Some(0), "{signal:?}");
        assert!(target.lock().unwrap().is_none(), "{signal:?}");
        stage.assert_nothing_left(&format!("{signal:?} during the cleanup"));
    }
}

#[test]
fn after_a_kill_of_run_a_cleanup_by_hand_deletes_everything() {
    let stage = stage(services());
    let mut run = start(stage.command(&["run", "--", "sh", "-c", "echo ready; read line"]));
    kill_process(Pid::from_child(&run.child), Signal::KILL).unwrap();
    assert_eq!(run.child.wait().unwrap().code(), None);
    let left = stage.services.books("users").unwrap().left().count();
    assert_eq!(left, 2);
    let cleanup = stage.command(&["cleanup"]).output().unwrap();
    assert_eq!(cleanup.status.code(), Some(0), "{cleanup:?}");
    stage.assert_nothing_left("run was killed");
}

#[test]
fn the_death_of_its_parent_ends_the_command_and_everything_is_deleted() {
    let stage = stage(services());
    // Not the last command, or the shell would become `run` instead of its parent.
    let script = "\"$0\" run -- sh -c 'echo ready; read line'; exit 1";
    let mut parent = Command::new("/bin/sh");
    parent.args(["-c", script, env!("CARGO_BIN_EXE_standin")]);
    stage.at_home(&mut parent);
    let mut parent = start(parent);
    assert!(stage.services.books("users").unwrap().left().count() > 0);
    parent.child.kill().unwrap();
    parent.child.wait().unwrap();
    // The stream ends when `run`, which holds it, has ended.
    parent.output.read_to_end(&mut Vec::new()).unwrap();
    stage.assert_nothing_left("the parent died");
}

#[test]
fn the_end_of_the_thread_that_started_it_is_not_the_death_of_its_parent() {
    let stage = stage(services());
    let command = stage.command(&["run", "--", "sh", "-c", "echo ready; read line; exit 5"]);
    let mut run = std::thread::spawn(|| start(command)).join().unwrap();
    writeln!(run.input, "go on").unwrap();
    assert_eq!(run.child.wait().unwrap().code(), Some(5));
    stage.assert_nothing_left("the thread ended");
}
