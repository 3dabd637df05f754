//! Signals to `setup` outside of any runner, and the `cleanup` that follows.

use std::process::Stdio;
use std::sync::{Arc, Mutex};

use rustix::process::{Pid, Signal, kill_process};
use standin::sandbox::{Moment, Observed};

use crate::kill::stage::{Phase, Stage, services};

#[test]
fn setup_ends_with_the_signals_number_and_cleanup_deletes_what_it_made() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let setup = Arc::new(Mutex::new(None::<Pid>));
        let watch = {
            let setup = Arc::clone(&setup);
            move |_: Phase, observed: &Observed| {
                if observed.fault.is_some() && observed.moment == Moment::AfterApply {
                    let pid = setup.lock().unwrap().take().unwrap();
                    kill_process(pid, signal).unwrap();
                }
            }
        };
        let stage = Stage::new(services().fault("orders POST 1 slow 300ms"), watch);
        // Held until the process is known: no request of it gets far before.
        let mut known = setup.lock().unwrap();
        let mut child = stage.command(&["setup"]).stderr(Stdio::null()).spawn().unwrap();
        *known = Some(Pid::from_child(&child));
        drop(known);
        assert_eq!(child.wait().unwrap().code(), Some(code), "{signal:?}");
        assert!(stage.created_ever() > 0, "{signal:?}");
        let cleanup = stage.command(&["cleanup"]).output().unwrap();
        assert_eq!(cleanup.status.code(), Some(0), "{signal:?}: {cleanup:?}");
        stage.assert_nothing_left(&format!("{signal:?}"));
    }
}
