//! Signals to `setup` outside of any runner, and the `cleanup` that follows.

use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use rustix::process::{Pid, Signal, kill_process};
use standin::sandbox::{Moment, Observed};

use crate::kill::stage::{Phase, Stage, services};

#[test]
fn setup_ends_with_the_signals_number_and_cleanup_deletes_what_it_made() {
    for (prefix, signal, code) in [
        // The tests themselves may have been started with `nohup`.
        (&["env", "--default-signal=HUP"][..], Signal::HUP, 129),
        (&["env"], Signal::INT, 130),
        (&["env"], Signal::TERM, 143),
        // It was started to outlive its terminal.
        (&["nohup"], Signal::HUP, 0),
    ] {
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
        let mut command = Command::new(prefix[0]);
        command
            .args(&prefix[1..])
            .args([env!("CARGO_BIN_EXE_standin"), "setup"]);
        stage.at_home(&mut command);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        *known = Some(Pid::from_child(&child));
        drop(known);
        assert_eq!(child.wait().unwrap().code(), Some(code), "{prefix:?} {signal:?}");
        assert!(stage.created_ever() > 0, "{signal:?}");
        let cleanup = stage.command(&["cleanup"]).output().unwrap();
        assert_eq!(cleanup.status.code(), Some(0), "{signal:?}: {cleanup:?}");
        stage.assert_nothing_left(&format!("{signal:?}"));
    }
}
