//! A signal, and one more, while a request of each command waits for an answer that never comes: the first one lets it have
//! 5 s, the second one nothing. What may be left is named, and a cleanup by hand deletes it.

use std::io::{BufRead as _, BufReader};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use standin::sandbox::{Moment, Observed, Sandbox, SandboxHandle, ServiceSpec};

use crate::desk::{Desk, Ended, finish};

/// What is under way when the signal comes.
struct Phase {
    command: &'static [&'static str],
    /// Is there a setup before it?
    after_setup: bool,
    /// The last one's answer never comes.
    faults: &'static [&'static str],
    /// How many signals have no effect on it: `run` counts from the one that ended its command.
    spared: usize,
}

const PHASES: [Phase; 7] = [
    Phase {
        command: &["setup"],
        after_setup: false,
        faults: &["users POST 2 slow 1h"],
        spared: 0,
    },
    // Its rollback.
    Phase {
        command: &["setup"],
        after_setup: false,
        faults: &["users POST 3 status 400", "users DELETE 1 slow 1h"],
        spared: 0,
    },
    Phase {
        command: &["cleanup"],
        after_setup: true,
        faults: &["users DELETE 1 slow 1h"],
        spared: 0,
    },
    Phase {
        command: &["cleanup", "--state"],
        after_setup: true,
        faults: &["users DELETE 1 slow 1h"],
        spared: 0,
    },
    Phase {
        command: &["sweep", "--run", "this"],
        after_setup: true,
        faults: &["users GET accounts 1 slow 1h"],
        spared: 0,
    },
    Phase {
        command: &["sweep", "--run", "this"],
        after_setup: true,
        faults: &["users DELETE 1 slow 1h"],
        spared: 0,
    },
    // Its cleanup.
    Phase {
        command: &["run", "--", "true"],
        after_setup: false,
        faults: &["users DELETE 1 slow 1h"],
        spared: 1,
    },
];

/// The process that the service signals at its fault, once each.
type Target = Arc<Mutex<Option<(Pid, Vec<Signal>)>>>;

fn scene(phase: &Phase, target: &Target) -> (SandboxHandle, Desk) {
    let watch = {
        let target = Arc::clone(target);
        move |observed: &Observed| {
            if observed.fault.is_some() && observed.moment == Moment::AfterApply {
                let (pid, signals) = target.lock().unwrap().take().unwrap();
                for signal in signals {
                    kill_process(pid, signal).unwrap();
                }
            }
        }
    };
    let builder = Sandbox::builder()
        .service(ServiceSpec::new("users"))
        .observer(Arc::new(watch));
    let builder = phase.faults.iter().fold(builder, |builder, fault| builder.fault(fault));
    let sandbox = Sandbox::spawn_thread(builder).unwrap();
    // So long that the request itself does not end the wait.
    let desk = Desk::new().configured(&format!(
        "services:
  - name: users
    url: {}
    timeout: 100s
    limits: {{ concurrency: 1 }}
    verify: null
    find: {{ request: 'GET /accounts?username={{{{ account.username }}}}', items: body.items, id: item.id, name: item.username }}
    list: {{ request: 'GET /accounts?limit=100', items: body.items, id: item.id, name: item.username }}
accounts: [ {{ name: buyer, count: 3 }} ]
",
        sandbox.url("users")
    ));
    let desk = desk
        .with("CIRCLECI", "true")
        .with("CIRCLE_PROJECT_USERNAME", "standin-ci")
        .with("CIRCLE_PROJECT_REPONAME", "shop")
        .with("CIRCLE_WORKFLOW_ID", "7")
        .with("STANDIN_CLEANUP_DEADLINE", "5m");
    (sandbox, desk)
}

/// Runs the phase's command, and signals it so often while it waits. How it ended, and how long after the signals.
fn interrupted(phase: &Phase, signals: &[Signal]) -> (SandboxHandle, Desk, Ended, Duration) {
    let target = Target::default();
    let (sandbox, desk) = scene(phase, &target);
    let mut arguments = phase.command.to_vec();
    let mut state = String::new();
    if phase.after_setup {
        assert_eq!(desk.run(&["setup"]).code, Some(0));
    }
    if arguments.contains(&"--state") {
        state = state_of(&desk);
        arguments.push(&state);
    }
    // Held until the process is known: no request of it gets far before.
    let mut known = target.lock().unwrap();
    // The tests themselves may have been started with `nohup`.
    let listening = ["--default-signal=HUP", env!("CARGO_BIN_EXE_standin")];
    let child = desk
        .command("env", &[&listening, arguments.as_slice()].concat())
        .spawn()
        .unwrap();
    *known = Some((Pid::from_child(&child), signals.to_vec()));
    drop(known);
    let begun = Instant::now();
    let ended = finish(child);
    drop(state);
    assert!(target.lock().unwrap().is_none(), "nothing waited: {}", ended.stderr);
    (sandbox, desk, ended, begun.elapsed())
}

/// What setup would tell another job, whose machine has no journal.
fn state_of(desk: &Desk) -> String {
    let entry = std::fs::read_dir(desk.journals()).unwrap().next().unwrap().unwrap();
    let marker = entry.file_name().into_string().unwrap();
    std::fs::remove_dir_all(entry.path()).unwrap();
    let accounts: Vec<_> = (1..=3)
        .map(|n| serde_json::json!({"service": "users", "account": format!("buyer-{n}"), "username": format!("{marker}-buyer-{n}")}))
        .collect();
    serde_json::json!({"version": 1, "repository": "standin-ci/shop", "run": "7", "attempt": 1, "marker": marker, "accounts": accounts})
        .to_string()
}

#[test]
fn a_second_signal_ends_every_command_at_once_and_one_within_seconds() {
    let both = [Signal::INT, Signal::TERM];
    thread::scope(|scope| {
        for phase in &PHASES {
            for signals in [&both[..1], &both] {
                scope.spawn(move || {
                    let spared = vec![Signal::HUP; phase.spared];
                    let when = format!("{:?} {:?} {signals:?}", phase.command, phase.faults);
                    let (sandbox, desk, ended, took) = interrupted(phase, &[&spared, signals].concat());
                    let patience = if signals.len() == 1 { 12 } else { 4 };
                    assert!(
                        took < Duration::from_secs(patience),
                        "{when} took {took:?}: {}",
                        ended.stderr
                    );
                    assert!(matches!(ended.code, Some(130 | 143)), "{when}: {ended:?}");
                    assert!(!ended.stderr.contains("panicked"), "{when}: {}", ended.stderr);
                    assert!(ended.stderr.contains("stopped"), "{when}: {}", ended.stderr);
                    let again = if desk.journals().read_dir().unwrap().next().is_some() {
                        desk.run(&["cleanup"])
                    } else {
                        desk.run(&["sweep", "--run", "this"])
                    };
                    assert_eq!(again.code, Some(0), "{when}: {}", again.stderr);
                    assert_eq!(
                        sandbox.books("users").unwrap().left().count(),
                        0,
                        "{when}: {}",
                        again.stderr
                    );
                });
            }
        }
    });
}

#[test]
fn a_cleanup_that_waits_for_another_process_ends_with_the_signal() {
    let target = Target::default();
    let (sandbox, desk) = scene(&PHASES[2], &target);
    assert_eq!(desk.run(&["setup"]).code, Some(0));
    let entry = std::fs::read_dir(desk.journals()).unwrap().next().unwrap().unwrap();
    let lock = std::fs::File::options()
        .write(true)
        .open(entry.path().join("lock"))
        .unwrap();
    lock.lock().unwrap();
    let mut child = desk
        .command(env!("CARGO_BIN_EXE_standin"), &["cleanup"])
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut told = String::new();
    while !told.contains("waiting for another process") {
        assert_ne!(stderr.read_line(&mut told).unwrap(), 0, "{told}");
    }
    let begun = Instant::now();
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    std::io::Read::read_to_string(&mut stderr, &mut told).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143), "{told}");
    // Without a signal it waits for 30 s.
    assert!(
        begun.elapsed() < Duration::from_secs(15),
        "{:?}: {told}",
        begun.elapsed()
    );
    assert!(
        told.contains("3 accounts may still exist") && told.contains("users/buyer-3 ("),
        "{told}"
    );
    assert_eq!(sandbox.books("users").unwrap().left().count(), 3);
}
