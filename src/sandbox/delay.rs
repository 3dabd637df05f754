//! Waiting, to a tenth of a millisecond.
//!
//! The runtime's own timer ticks in whole milliseconds and rounds up, so that an answer due after 20 ms would come after
//! 21 and more: to whoever is measured against this service that looks like a delay of his own.

use std::time::Duration;

/// Waits, unless there is nothing to wait for: a timer of zero still costs a turn of a millisecond.
pub(super) async fn pause(duration: Duration) {
    if duration.is_zero() {
        return;
    }
    #[cfg(target_os = "linux")]
    if exactly(duration).await.is_ok() {
        return;
    }
    tokio::time::sleep(duration).await;
}

/// By a timer of the kernel (`timerfd_create(2)`). Fails where it can't be had, before any waiting.
#[cfg(target_os = "linux")]
async fn exactly(duration: Duration) -> std::io::Result<()> {
    use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};
    use rustix::time::{timerfd_create, timerfd_settime};
    use tokio::io::unix::AsyncFd;

    let once = Itimerspec {
        it_interval: Timespec::default(),
        it_value: Timespec::try_from(duration).map_err(std::io::Error::other)?,
    };
    let timer = timerfd_create(
        TimerfdClockId::Monotonic,
        TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC,
    )?;
    #[expect(
        deprecated,
        reason = "its successor is unsafe, and an owned descriptor is what it asks for"
    )]
    let timer = AsyncFd::new(timer)?;
    timerfd_settime(&timer, TimerfdTimerFlags::empty(), &once)?;
    drop(timer.readable().await?);
    Ok(())
}
