//! A kill at each line of the journal, in setup, in post, and in both one after the other.
//!
//! A line is out of the process when it can be read here, so the process dies right after it was written: between the
//! line and what it announces, or between a result and what follows from it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::diary::Diary;
use super::stage::{Stage, each, run, services};
use crate::runner::interruption::{Interruption, Trigger};

/// The lines of a journal that nobody disturbs: the plan, three for each of six accounts, two for each delete.
const LINES: usize = 1 + 6 * 3 + 6 * 2;
/// How much later the second kill comes, in lines.
const THEN: usize = 3;

/// Runs the job with a kill right after the journal has this many lines, and another some lines later if it says so.
/// How many processes were killed.
fn kill_at(lines: usize, twice: bool) -> usize {
    let when = format!("killed at {lines} lines, twice: {twice}");
    let triggers = [Trigger::new(Interruption::Kill), Trigger::new(Interruption::Kill)];
    let triggers = if twice { &triggers[..] } else { &triggers[..1] };
    // Each request takes so long that the watch sees most lines one by one.
    let stage = Stage::new(services().delay(Duration::from_millis(5)), |_, _| {});
    let journals = stage.runner.temp().join("standin");
    let over = Arc::new(AtomicBool::new(false));
    let watch = {
        let (over, triggers, due) = (Arc::clone(&over), triggers.to_vec(), AtomicUsize::new(lines));
        thread::spawn(move || {
            for trigger in triggers {
                let reached = || Diary::lines_in(&journals) >= due.load(Ordering::Relaxed);
                while !reached() {
                    if over.load(Ordering::Relaxed) {
                        return;
                    }
                    thread::park_timeout(Duration::from_micros(300));
                }
                trigger.fire();
                due.store(Diary::lines_in(&journals) + THEN, Ordering::Relaxed);
            }
        })
    };
    let started = Instant::now();
    let result = run(&stage, Stage::job(), &triggers.iter().collect::<Vec<_>>());
    over.store(true, Ordering::Relaxed);
    watch.join().unwrap();
    let phases = [result.step("accounts"), result.post("accounts")];
    let kills = phases.iter().filter(|phase| phase.exit_code == Some(137)).count();
    if phases[1].exit_code == Some(0) {
        stage.assert_nothing_left(&when);
    } else {
        assert_eq!(phases[1].exit_code, Some(137), "{when}: {}", phases[1].log);
    }
    for again in ["cleanup", "cleanup again"] {
        let cleanup = stage.cleanup_of_job();
        assert_eq!(
            cleanup.status.code(),
            Some(0),
            "{when}, {again}, {:?}: {cleanup:?}",
            started.elapsed()
        );
        stage.assert_nothing_left(&format!("{when}, {again}"));
    }
    let journal = stage.journal();
    journal.assert_whole(&when);
    assert!(journal.is_settled(), "{when}");
    kills
}

#[test]
fn a_kill_at_any_line_of_the_journal_leaves_nothing() {
    let mut places: Vec<(usize, bool)> = (1..=LINES).map(|lines| (lines, false)).collect();
    places.extend((2..=LINES - THEN).step_by(3).map(|lines| (lines, true)));
    let kills = AtomicUsize::new(0);
    each(&places, |_, (lines, twice)| {
        kills.fetch_add(kill_at(*lines, *twice), Ordering::Relaxed);
    });
    // Between two steps there is no process to kill, and the last lines are written when the work is over.
    let kills = kills.into_inner();
    assert!(
        kills * 10 >= places.len() * 8,
        "{kills} kills for {} places",
        places.len()
    );
}
