//! How a script in a step tells the test that it has come to a certain point.

use std::fs;
use std::thread;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::Runner;
use super::interruption::Trigger;

/// A pipe that a step writes to when it has come to the point where the trigger is to be pulled. Who then reads from it
/// goes on when that has happened.
pub(crate) fn pull_when_written(runner: &Runner, trigger: &Trigger) -> String {
    let pipe = runner.temp().join("ready");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let (path, trigger) = (pipe.display().to_string(), trigger.clone());
    thread::spawn(move || {
        fs::read(&pipe).unwrap();
        trigger.fire();
        // Most steps are gone by now, and nobody reads: then this thread ends with the tests' process.
        let _nobody_reads = fs::write(&pipe, "x\n");
    });
    path
}
