//! Services of the sandbox that kill a process from outside, at a moment of one of its requests.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rustix::process::{Pid, Signal, kill_process};
use standin::sandbox::{Moment, Observed, Sandbox, SandboxBuilder, SandboxHandle};

/// Services that kill whom they are told of, at one moment of the n-th request after that.
pub(crate) fn killing(
    services: SandboxBuilder,
    nth: usize,
    moment: Moment,
) -> (SandboxHandle, Arc<Mutex<Option<Pid>>>) {
    let target = Arc::new(Mutex::new(None::<Pid>));
    let (known, count) = (Arc::clone(&target), AtomicUsize::new(0));
    let observer = move |observed: &Observed| {
        let mut known = known.lock().unwrap();
        if known.is_none() || observed.moment != moment {
            return;
        }
        if count.fetch_add(1, Ordering::Relaxed) + 1 == nth {
            // It may be over already.
            kill_process(known.take().unwrap(), Signal::KILL).ok();
        }
    };
    let services = services.observer(Arc::new(observer));
    (Sandbox::spawn_thread(services).unwrap(), target)
}
