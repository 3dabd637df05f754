//! The processes that a job leaves behind, which the runner ends by the variable that they have inherited.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};

/// Ends its job's processes when it goes, so that a test that fails leaves none either.
#[derive(Debug)]
pub(crate) struct Tracking {
    id: String,
}

impl Tracking {
    /// Tracks the processes that have this `RUNNER_TRACKING_ID`.
    pub(crate) fn new(id: String) -> Self {
        Self { id }
    }

    /// The variable's value.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Kills what is still there and gives the command lines.
    pub(crate) fn sweep(&self) -> Vec<String> {
        let variable = format!("RUNNER_TRACKING_ID={}", self.id);
        let mut killed = Vec::new();
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            // A process may end while it is looked at, and those of other users are not shown.
            let Some(pid) = entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok())
                .and_then(Pid::from_raw)
            else {
                continue;
            };
            let Ok(environment) = fs::read(entry.path().join("environ")) else {
                continue;
            };
            if environment
                .split(|byte| *byte == 0)
                .any(|known| known == variable.as_bytes())
            {
                let arguments = fs::read(entry.path().join("cmdline")).unwrap_or_default();
                if kill_process(pid, Signal::KILL).is_ok() {
                    killed.push(
                        String::from_utf8_lossy(&arguments)
                            .replace('\0', " ")
                            .trim_end()
                            .to_owned(),
                    );
                }
            }
        }
        killed
    }
}

impl Drop for Tracking {
    fn drop(&mut self) {
        self.sweep();
    }
}
