//! One phase's process: its streams, its signals and its end, as in `ProcessInvoker.cs`.

use std::collections::VecDeque;
use std::io::Read;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
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
#[derive(Default)]
pub(crate) struct Ended {
    /// None if it is still running, out of the runner's sight.
    pub(crate) status: Option<ExitStatus>,
    /// What cut it short. A kill is not the runner's doing, so it is not told here.
    pub(crate) interruption: Option<Interruption>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    /// The process, if the worker was killed before it ended.
    pub(crate) unseen: Option<Unseen>,
}

/// A process that nobody reads any more.
#[derive(Debug)]
pub(crate) struct Unseen(Receiver<Event>);

impl Unseen {
    /// Waits until it has ended.
    pub(crate) fn wait(&self) -> ExitStatus {
        let mut events = self.0.iter();
        events
            .find_map(|event| match event {
                Event::Exited(status) => Some(status),
                Event::Printed(..) | Event::Interrupted(_) => None,
            })
            .expect("a process ends once")
    }
}

impl Ended {
    /// The exit code as the runner reads it: 128 and the signal's number after a signal.
    pub(crate) fn code(&self) -> Option<i32> {
        self.status
            .and_then(|status| status.code().or_else(|| status.signal().map(|signal| 128 + signal)))
    }
}

/// How long the runner waits for a process.
#[derive(Clone, Copy)]
pub(crate) struct Patience {
    /// Scales its waits between signals: a tenth makes 7.5 s 750 ms.
    pub(crate) pace: f64,
    /// How long after a cancel the listener kills the worker, whatever that still runs.
    pub(crate) worker: Duration,
}

impl Default for Patience {
    /// As GitHub's: of the 5 minutes that the server grants, the listener takes 15 s for itself (`JobDispatcher.cs`).
    fn default() -> Self {
        Self {
            pace: 1.0,
            worker: Duration::from_secs(285),
        }
    }
}

/// Runs a process to its end. `deaf` steps, those with `always()`, aren't told of a cancel.
pub(crate) fn run(
    mut command: Command,
    console: &mut Console,
    triggers: &[Trigger],
    deaf: bool,
    Patience { pace, worker }: Patience,
) -> Ended {
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
    let unread = Arc::new(AtomicBool::new(false));
    read(child.stdout.take().unwrap(), Stream::Output, events.clone(), &unread);
    read(child.stderr.take().unwrap(), Stream::Error, events.clone(), &unread);
    let exits = events.clone();
    thread::spawn(move || exits.send(Event::Exited(child.wait().unwrap())));

    let mut ended = Ended::default();
    let (mut output, mut error) = (Lines::default(), Lines::default());
    let mut open_streams = 2;
    let mut signals: VecDeque<(Instant, Signal)> = VecDeque::new();
    let mut give_up: Option<Instant> = None;
    while ended.status.is_none() || open_streams > 0 {
        let worker_ends = cancelled_at(triggers).map(|cancelled| cancelled + worker);
        let next_signal = signals.front().map(|(due, _)| *due);
        let due = [next_signal, give_up, worker_ends].into_iter().flatten().min();
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
                open_streams -= usize::from(bytes.is_empty());
                for line in lines.read(&bytes) {
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
                    Interruption::WorkerKilled => {
                        ended.interruption = Some(Interruption::WorkerKilled);
                        trigger.delivered();
                        break;
                    }
                    Interruption::Cancel if deaf => trigger.delivered(),
                    seen @ (Interruption::Cancel | Interruption::Timeout | Interruption::Shutdown) => {
                        ended.interruption = Some(seen);
                        signal(Signal::INT);
                        signals.extend([(terminate, Signal::TERM), (kill, Signal::KILL)]);
                        trigger.delivered();
                    }
                }
            }
            Err(RecvTimeoutError::Timeout) if worker_ends.is_some_and(|end| end <= Instant::now()) => {
                ended.interruption = Some(Interruption::WorkerKilled);
                break;
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
    if ended.interruption == Some(Interruption::WorkerKilled) && ended.status.is_none() {
        unread.store(true, Ordering::SeqCst);
        ended.unseen = Some(Unseen(received));
    }
    ended
}

/// When the job was cancelled, if it was.
fn cancelled_at(triggers: &[Trigger]) -> Option<Instant> {
    let cancels = triggers.iter().filter(|it| it.interruption() == Interruption::Cancel);
    cancels.filter_map(Trigger::fired_at).min()
}

/// Reads a stream to its end on a thread of its own, also when nobody listens any more: a descendant that outlives its
/// step must not block on a full pipe. Once `unread`, the stream is closed at the next bytes, as a killed worker's is.
fn read(mut stream: impl Read + Send + 'static, name: Stream, events: Sender<Event>, unread: &Arc<AtomicBool>) {
    let unread = Arc::clone(unread);
    thread::spawn(move || {
        let mut buffer = [0; 8192];
        loop {
            let length = stream.read(&mut buffer).unwrap_or(0);
            let _nobody_listens = events.send(Event::Printed(name, buffer[..length].to_vec()));
            if length == 0 || unread.load(Ordering::SeqCst) {
                return;
            }
        }
    });
}
