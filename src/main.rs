//! The binary: what the arguments ask for, and how it ended as an exit code.

use std::process::ExitCode;

/// musl's own allocator asks the system for memory, and gives it back, at every other request. With this one a setup of 1,000
/// accounts takes a sixth less CPU time, and 10 MB at most instead of 16.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

fn main() -> ExitCode {
    standin::commands::main(std::env::args_os().skip(1)).into()
}
