//! One phase's process: its streams, its signals and its end, as in `ProcessInvoker.cs`.

use std::collections::VecDeque;
use std::io::Read;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::console::Console;
use super::interruption::{Interruption, Trigger};
use super::lines::Lines;

/// From SIGINT to SIGTERM.
const INTERRUPT_WAIT: Duration = Duration::from_millis(7500);
/// From SIGTERM to SIGKILL.
const TERMINATE_WAIT: Duration = Duration::from_millis(2500);
/// How long a descendant that holds the streams is waited for once the process has ended.
const DRAIN_WAIT: Duration = Duration::from_secs(5);

/// What happens to a process while it runs.
pub(crate) enum Event {
    /// Bytes of a stream; none at its end.
    Printed(Stream, Vec<u8>),
    Exited(ExitStatus),
    Interrupted(Trigger),
}

/// One of the two streams that the runner reads, each with a reader of its own.
#[derive(Clone, Copy)]
pub(crate) enum Stream {
    Output,
    Error,
}

/// How a process ended.
pub(crate) struct Ended {
    /// None if it is still running, out of the runner's sight.
    pub(crate) status: Option<ExitStatus>,
    /// What cut it short. A kill is not the runner's doing, so it is not told here.
    pub(crate) interruption: Option<Interruption>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

impl Ended {
    /// The exit code as the runner reads it: 128 and the signal's number after a signal.
    pub(crate) fn code(&self) -> Option<i32> {
        self.status
            .and_then(|status| status.code().or_else(|| status.signal().map(|signal| 128 + signal)))
    }
}

/// Runs a process to its end. `deaf` steps, those with `always()`, aren't told of a cancel.
/// `pace` scales the runner's waits: a tenth makes 7.5 s 750 ms.
pub(crate) fn run(mut command: Command, console: &mut Console, triggers: &[Trigger], deaf: bool, pace: f64) -> Ended {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let (events, received) = mpsc::channel();
    // Before the process starts: on a busy machine it may have come to the test's moment before this thread goes on.
    for trigger in triggers {
        trigger.aim(Some(events.clone()));
    }
    let mut child = command
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    drop(child.stdin.take());
    let pid = Pid::from_child(&child);
    // A descriptor of the process, not its number, which the system may give away once the process is reaped.
    let handle = pidfd_open(pid, PidfdFlags::empty()).unwrap();
    let signal = |signal| {
        // The only failure is that the process has ended.
        let _ended = pidfd_send_signal(&handle, signal);
    };
    read(child.stdout.take().unwrap(), Stream::Output, events.clone());
    read(child.stderr.take().unwrap(), Stream::Error, events.clone());
    let exits = events.clone();
    thread::spawn(move || exits.send(Event::Exited(child.wait().unwrap())));

    let mut ended = Ended {
        status: None,
        interruption: None,
        stdout: Vec::new(),
        stderr: Vec::new(),
    };
    let (mut output, mut error) = (Lines::default(), Lines::default());
    let mut open_streams = 2;
    let mut signals: VecDeque<(Instant, Signal)> = VecDeque::new();
    let mut give_up: Option<Instant> = None;
    while ended.status.is_none() || open_streams > 0 {
        let due = signals.front().map(|(due, _)| *due).into_iter().chain(give_up).min();
        let event = match due {
            Some(due) => received.recv_timeout(due.saturating_duration_since(Instant::now())),
            None => received.recv().map_err(RecvTimeoutError::from),
        };
        match event {
            Ok(Event::Printed(stream, bytes)) => {
                let (lines, raw) = match stream {
                    Stream::Output => (&mut output, &mut ended.stdout),
                    Stream::Error => (&mut error, &mut ended.stderr),
                };
                raw.extend_from_slice(&bytes);
                let complete = if bytes.is_empty() {
                    lines.finish().into_iter().collect()
                } else {
                    lines.push(&bytes)
                };
                open_streams -= usize::from(bytes.is_empty());
                for line in complete {
                    console.line(&line);
                }
            }
            Ok(Event::Exited(status)) => {
                ended.status = Some(status);
                signals.clear();
                give_up = Some(Instant::now() + DRAIN_WAIT.mul_f64(pace));
                for trigger in triggers {
                    trigger.delivered();
                }
            }
            Ok(Event::Interrupted(trigger)) => {
                let now = Instant::now();
                let terminate = now + INTERRUPT_WAIT.mul_f64(pace);
                let kill = terminate + TERMINATE_WAIT.mul_f64(pace);
                match trigger.interruption() {
                    // The test goes on only when the process is gone.
                    Interruption::Kill => signal(Signal::KILL),
                    Interruption::Cancel if deaf => trigger.delivered(),
                    seen @ (Interruption::Cancel | Interruption::Timeout | Interruption::Shutdown) => {
                        ended.interruption = Some(seen);
                        signal(Signal::INT);
                        signals.extend([(terminate, Signal::TERM), (kill, Signal::KILL)]);
                        trigger.delivered();
                    }
                }
            }
            Err(RecvTimeoutError::Timeout) => match signals.pop_front() {
                Some((_, due)) => signal(due),
                None => break,
            },
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    for trigger in triggers {
        trigger.aim(None);
    }
    for line in [output.finish(), error.finish()].iter().flatten() {
        console.line(line);
    }
    ended
}

/// Reads a stream to its end on a thread of its own, also when nobody listens any more: a descendant that outlives its
/// step must not block on a full pipe.
fn read(mut stream: impl Read + Send + 'static, name: Stream, events: Sender<Event>) {
    thread::spawn(move || {
        let mut buffer = [0; 8192];
        loop {
            let length = stream.read(&mut buffer).unwrap_or(0);
            let _nobody_listens = events.send(Event::Printed(name, buffer[..length].to_vec()));
            if length == 0 {
                return;
            }
        }
    });
}
