//! The signals that end a job: SIGINT, SIGTERM and, with a terminal, SIGHUP, unless that was ignored from the start.

use std::cell::Cell;
use std::io;

use tokio::sync::watch;
use tokio::task::JoinSet;

/// The signal numbers that are listened for (POSIX); elsewhere only Ctrl-C, which counts as the first.
pub const SIGINT: i32 = 2;
/// See [`SIGINT`].
#[cfg(unix)]
pub const SIGTERM: i32 = 15;
/// See [`SIGINT`].
#[cfg(unix)]
pub const SIGHUP: i32 = 1;

/// Listens from its making until it is dropped.
pub struct Signals {
    seen: watch::Receiver<Vec<i32>>,
    /// How many of them are over and done with.
    forgotten: Cell<usize>,
    #[cfg_attr(
        not(target_os = "linux"),
        expect(
            dead_code,
            reason = "it keeps the channel open, and on Linux tells of the parent's death"
        )
    )]
    tell: watch::Sender<Vec<i32>>,
    #[cfg_attr(
        not(target_os = "linux"),
        expect(dead_code, reason = "what is in it ends with it, and on Linux it gets one more")
    )]
    listening: JoinSet<()>,
}

impl Signals {
    /// Starts to listen: from here on no signal of these ends the process by itself.
    #[cfg_attr(
        not(unix),
        expect(clippy::unnecessary_wraps, reason = "elsewhere the system may refuse to tell")
    )]
    pub fn listen() -> io::Result<Self> {
        let (tell, seen) = watch::channel(Vec::new());
        let mut listening = JoinSet::new();
        #[cfg(unix)]
        for number in [SIGINT, SIGTERM, SIGHUP] {
            use tokio::signal::unix::{SignalKind, signal};
            // Whoever started us with `nohup` means it.
            if number == SIGHUP && is_ignored(number) {
                continue;
            }
            let mut stream = signal(SignalKind::from_raw(number))?;
            let tell = tell.clone();
            listening.spawn(async move {
                while stream.recv().await.is_some() {
                    tell.send_modify(|seen| seen.push(number));
                }
            });
        }
        #[cfg(not(unix))]
        listening.spawn({
            let tell = tell.clone();
            async move {
                while tokio::signal::ctrl_c().await.is_ok() {
                    tell.send_modify(|seen| seen.push(SIGINT));
                }
            }
        });
        Ok(Self {
            seen,
            forgotten: Cell::new(0),
            tell,
            listening,
        })
    }

    /// The first signal that came.
    pub fn first(&self) -> Option<i32> {
        self.seen.borrow().get(self.forgotten.get()).copied()
    }

    /// The `index`-th signal (from 0), as soon as it has come.
    pub async fn nth(&self, index: usize) -> i32 {
        let index = self.forgotten.get() + index;
        let mut seen = self.seen.clone();
        match seen.wait_for(|seen| seen.len() > index).await {
            Ok(seen) => seen[index],
            // The listeners live as long as this does, and none of them ends.
            Err(_) => std::future::pending().await,
        }
    }

    /// Counts from here on: what has come so far has had its effect.
    ///
    /// If none has, the first one is still to come: a terminal tells the command and us of the same Ctrl-C, and the
    /// command's end may be seen before our own signal.
    pub fn forget(&self) {
        self.forgotten.set(self.seen.borrow().len().max(1));
    }

    /// From here on the death of the parent counts as SIGTERM (Linux; elsewhere it goes unnoticed).
    #[cfg_attr(
        not(target_os = "linux"),
        expect(
            clippy::unused_self,
            clippy::unnecessary_wraps,
            reason = "Linux alone tells of the parent's death"
        )
    )]
    pub fn count_death_of_parent(&mut self) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        {
            use rustix::process::{Signal, getppid, set_parent_process_death_signal};
            use tokio::signal::unix::{SignalKind, signal};
            let parent = getppid();
            let mut told = signal(SignalKind::user_defined1())?;
            let tell = self.tell.clone();
            self.listening.spawn(async move {
                while told.recv().await.is_some() {
                    // The system tells of the end of the thread that started us, which the parent itself may outlive.
                    if getppid() != parent {
                        tell.send_modify(|seen| seen.push(SIGTERM));
                    }
                }
            });
            set_parent_process_death_signal(Some(Signal::USR1))?;
            // It may have died before it was asked for.
            if getppid() != parent {
                self.tell.send_modify(|seen| seen.push(SIGTERM));
            }
        }
        Ok(())
    }
}

/// Whether the process was started with this signal ignored (Linux; elsewhere it is taken for not).
#[cfg(unix)]
#[expect(
    clippy::disallowed_methods,
    reason = "this is the adapter that owns signals, and the file is the system's"
)]
fn is_ignored(number: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (number - 1) & 1 == 1)
}
