//! The binary: what the arguments ask for, and how it ended as an exit code.

use std::process::ExitCode;

/// musl's own allocator takes a third of all instructions of a setup, and asks the system for memory at every other request.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

fn main() -> ExitCode {
    standin::commands::main(std::env::args_os().skip(1)).into()
}
