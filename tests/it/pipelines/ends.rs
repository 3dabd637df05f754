//! Ends that a host puts to a job, beyond a cancellation in the middle of the tests: in the middle of a setup, by a limit of
//! time, and by giving up on a process that it can't reach.

use std::fs;
use std::io::Read as _;
use std::process::Child;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

use super::example::{Example, Step, component, every_example};
use super::{End, Machine, users};
use crate::services::at_the_first_create;

fn example(name: &str) -> Example {
    every_example()
        .into_iter()
        .find(|example| example.name == name)
        .unwrap()
}

/// Waits for a step's end; all that it printed, and whether it passed.
fn end_of(mut child: Child) -> (bool, String) {
    let (mut output, mut error) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let passed = child.wait().unwrap().success();
    let mut log = String::new();
    output.read_to_string(&mut log).unwrap();
    error.read_to_string(&mut log).unwrap();
    (passed, log)
}

/// How many accounts were ever made, and how many are left.
fn accounts(machine: &Machine) -> (u64, usize) {
    let books = machine.sandbox.books("users").unwrap();
    (books.created_ever, books.left().count())
}

/// Adds to what the user's configuration says of the service.
fn configure(machine: &Machine, more: &str) {
    let path = machine.path("work/standin.yml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(path, text + more).unwrap();
}

/// Runs a step whose tests have begun into its end by the host's signals.
fn interrupted(machine: &Machine, example: &Example, step: &Step) {
    let begun = machine.path("begun");
    rustix::fs::mkfifoat(rustix::fs::CWD, &begun, rustix::fs::Mode::RWXU).unwrap();
    let child = machine
        .step(example, &step.script, &step.variables, End::Cancelled)
        .spawn()
        .unwrap();
    let mut word = String::new();
    fs::File::open(&begun).unwrap().read_to_string(&mut word).unwrap();
    let group = Pid::from_child(&child);
    example.cancel.end(&child);
    let (passed, log) = end_of(child);
    assert!(!passed, "{log}");
    kill_process_group(group, Signal::KILL).unwrap_or_default();
}

/// What GitLab runs after a script, with the status that it has come to.
fn after_script(machine: &Machine, example: &Example, status: &str) -> (bool, String) {
    let step = example.steps.iter().find(|step| step.always).unwrap();
    let mut command = machine.step(example, &step.script, &step.variables, End::Well);
    end_of(command.env("CI_JOB_STATUS", status).spawn().unwrap())
}

#[test]
fn a_cancel_in_the_middle_of_a_setup_leaves_nothing_on_any_host() {
    for example in every_example() {
        let (service, made, go) = at_the_first_create(users());
        let machine = Machine::of(service);
        // Our Azure does not wait between its two signals, and the second one ends the wait for the answer.
        configure(
            &machine,
            "    timeout: 1s\n    find: { request: 'GET /accounts?username={{ account.username }}', items: body.items, id: item.id, name: item.username }\n",
        );
        let mut log = String::new();
        let mut cancelled = false;
        for step in &example.steps {
            // On CircleCI nothing runs after a cancellation.
            if cancelled && (!step.always || example.name == "CircleCI") {
                continue;
            }
            let child = machine
                .step(&example, &step.script, &step.variables, End::Well)
                .spawn()
                .unwrap();
            if !cancelled {
                made.recv().unwrap();
                example.cancel.end(&child);
                go.send(()).unwrap();
                cancelled = true;
            }
            log += &end_of(child).1;
        }
        assert_eq!(accounts(&machine), (1, 0), "{}: {log}", example.name);
        assert!(
            !machine.path("begun").exists(),
            "{}: the tests have begun",
            example.name
        );
    }
}

#[test]
fn what_gitlab_runs_after_a_script_finds_the_journal_in_a_fresh_container() {
    let gitlab = example("GitLab");
    // The second is the script's own limit of time, which comes before the job's.
    for status in ["canceled", "timedout"] {
        let machine = Machine::new();
        interrupted(&machine, &gitlab, &gitlab.steps[0]);
        assert_eq!(accounts(&machine), (1, 1));
        // The docker executor throws the container away; what lies on the volume of the builds stays.
        for folder in ["home", "tmp"] {
            fs::remove_dir_all(machine.path(folder)).unwrap();
            fs::create_dir(machine.path(folder)).unwrap();
        }
        let (passed, log) = after_script(&machine, &gitlab, status);
        assert!(passed, "{status}: {log}");
        assert_eq!(accounts(&machine), (1, 0), "{status}: {log}");
    }
}

#[test]
fn a_gitlab_job_at_its_own_time_limit_runs_nothing_more_and_the_environments_stop_deletes() {
    let gitlab = example("GitLab");
    let machine = Machine::new();
    interrupted(&machine, &gitlab, &gitlab.steps[0]);
    // No after-script; its runner may be gone, and all that was on it.
    fs::remove_dir_all(machine.path("work.tmp")).unwrap();
    assert_eq!(accounts(&machine), (1, 1));
    fs::copy(
        machine.path("work/standin.yml"),
        machine.path("work/.standin/standin.yml"),
    )
    .unwrap();
    let stop = &component("stop")["standin-stop"];
    let script = stop["script"][0].as_str().unwrap();
    let file = stop["variables"]["STANDIN_CONFIG_FILE"].as_str().unwrap();
    let variables = [("STANDIN_CONFIG_FILE".to_owned(), file.to_owned())];
    let (passed, log) = end_of(machine.step(&gitlab, script, &variables, End::Well).spawn().unwrap());
    assert!(passed, "{log}");
    assert_eq!(accounts(&machine), (1, 0), "{log}");
}

#[test]
fn a_setup_that_jenkins_has_given_up_on_is_stopped_before_its_accounts_are_deleted() {
    let jenkins = example("Jenkins");
    let (service, made, go) = at_the_first_create(users().delay(Duration::from_millis(100)));
    let machine = Machine::of(service);
    configure(
        &machine,
        "    limits: { concurrency: 1 }\naccounts: [{ name: buyer, count: 20 }]\n",
    );
    let step = &jenkins.steps[0];
    let setup = machine
        .step(&jenkins, &step.script, &step.variables, End::Well)
        .spawn()
        .unwrap();
    made.recv().unwrap();
    go.send(()).unwrap();
    // In a container without the `ps` of procps an abort reaches nobody; after 20 s Jenkins goes on to `post`.
    let last = jenkins.steps.last().unwrap();
    let post = machine
        .step(&jenkins, &last.script, &last.variables, End::Well)
        .spawn()
        .unwrap();
    let (passed, log) = end_of(post);
    assert!(passed, "{log}");
    let (passed, setup) = end_of(setup);
    assert!(!passed, "it was told to stop: {setup}");
    let (created, left) = accounts(&machine);
    assert!(
        created < 20 && left == 0,
        "{created} were created, {left} are left: {log}{setup}"
    );
}
