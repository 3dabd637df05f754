//! Sweeps that are killed, cancelled, or never done.

use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use standin::sandbox::{Moment, Observed, Sandbox, SandboxHandle, ServiceSpec};

use super::lister::{Asked, Lister, orphaned, sweeping};
use super::{HUMANS, OFFSET, PAGES, is, job, orphan, ours};
use crate::desk::{Desk, finish};

/// A service that sends a signal to whom is named, at one moment of the `n`-th request of a method.
fn striking(
    method: &'static str,
    n: usize,
    moment: Moment,
    signal: Signal,
) -> (SandboxHandle, Arc<Mutex<Option<Pid>>>) {
    let target = Arc::new(Mutex::new(None::<Pid>));
    let observer = {
        let (target, count) = (Arc::clone(&target), Mutex::new(0));
        move |observed: &Observed| {
            let mut target = target.lock().unwrap();
            let mut count = count.lock().unwrap();
            if target.is_none() || observed.method != method || observed.moment != moment {
                return;
            }
            *count += 1;
            if *count == n {
                let pid = target.take().unwrap();
                kill_process(pid, signal).unwrap();
            }
        }
    };
    let mut users = ServiceSpec::new("users").basic("qa", "correct-horse");
    users.humans = (0..HUMANS).map(|number| format!("sd-{number:023}-maria")).collect();
    let builder = Sandbox::builder().service(users).observer(Arc::new(observer));
    (Sandbox::spawn_thread(builder).unwrap(), target)
}

/// Starts a sweep that the service knows of before its first request is looked at.
fn start(desk: &Desk, target: &Mutex<Option<Pid>>) -> Child {
    let mut known = target.lock().unwrap();
    let mut command = desk.command(env!("CARGO_BIN_EXE_standin"), &["sweep", "--older-than", "0s"]);
    let child = command.stdout(Stdio::piped()).spawn().unwrap();
    *known = Some(Pid::from_child(&child));
    child
}

#[test]
fn a_sweep_killed_at_any_request_is_run_again_and_nobody_else_is_touched() {
    // Its list has seven pages of 30 and an empty one, and is read twice; then come five deletes, one at a time.
    let listing = [1, 2, 3, 4, 5, 6, 7, 8, 9, 16].as_slice();
    for (method, moments) in [("GET", listing), ("DELETE", &[1, 2, 3, 4, 5])] {
        for &n in moments {
            for moment in [Moment::BeforeApply, Moment::AfterApply] {
                let when = format!("killed at {method} {n}, {moment:?}");
                let (service, target) = striking(method, n, moment, Signal::KILL);
                let list = format!("limits: {{ concurrency: 1 }}\n    {OFFSET}");
                let desk = job(&service, ("shop", "7"), "0s", &list);
                orphan(&desk);
                let killed = finish(start(&desk, &target));
                assert_eq!(killed.code, None, "{when}: {}", killed.stderr);
                // The request that it was killed at may be done or not.
                let left = ours(&service);
                let done = if method == "DELETE" { n - 1..=n } else { 0..=0 };
                assert!(done.contains(&(5 - left)), "{when}: {left} left");
                is(&desk.run(&["sweep", "--older-than", "0s"]), 0, "");
                assert_eq!(ours(&service), 0, "{when}");
            }
        }
    }
}

#[test]
fn a_sweep_that_is_cancelled_ends_with_the_signals_number_and_is_run_again() {
    for (method, n) in [("GET", 3), ("DELETE", 2)] {
        for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
            let (service, target) = striking(method, n, Moment::BeforeApply, signal);
            let list = format!("limits: {{ concurrency: 1 }}\n    {PAGES}");
            let desk = job(&service, ("shop", "7"), "0s", &list);
            orphan(&desk);
            let ended = finish(start(&desk, &target));
            assert_eq!(ended.code, Some(code), "{method}: {}", ended.stderr);
            assert!(ours(&service) > 0, "it went on: {}", ended.stderr);
            is(&desk.run(&["sweep", "--older-than", "0s"]), 0, "");
            assert_eq!(ours(&service), 0);
        }
    }
}

/// A list without an end: page after page of new people, with an orphan in each of the first two.
fn endless() -> Lister {
    Lister::start(Vec::new(), |_, Asked { offset, limit, .. }| {
        (offset..offset.saturating_add(limit))
            .map(|number| match number {
                7 | 37 => orphaned(number),
                _ => format!("person-{number}"),
            })
            .collect()
    })
}

#[test]
fn a_list_for_ever_ends_with_the_deadline_as_incomplete() {
    let lister = endless();
    let desk = sweeping(&lister, OFFSET);
    let begun = Instant::now();
    let ended = desk.run(&["sweep", "--cleanup-deadline", "4s"]);
    let took = begun.elapsed();
    is(&ended, 1, "is incomplete");
    assert!(!ended.stderr.contains("none to sweep"), "{}", ended.stderr);
    assert!(took < Duration::from_secs(30), "it took {took:?}");
    assert!(lister.requests().len() > 3, "{:?}", lister.requests());
    let mut deleted = lister.deleted();
    deleted.sort();
    assert_eq!(deleted, [orphaned(7), orphaned(37)], "{}", ended.stderr);
}

#[test]
fn a_list_for_ever_ends_with_a_signal() {
    let lister = endless();
    let desk = sweeping(&lister, OFFSET);
    let child = desk.command(env!("CARGO_BIN_EXE_standin"), &["sweep"]).spawn().unwrap();
    let patience = Instant::now() + Duration::from_mins(1);
    while lister.requests().len() < 5 {
        assert!(Instant::now() < patience, "nothing is listed");
        std::thread::park_timeout(Duration::from_millis(5));
    }
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let ended = finish(child);
    assert_eq!(ended.code, Some(143), "{}", ended.stderr);
    assert!(lister.deleted().is_empty(), "after a signal it begins nothing new");
}
