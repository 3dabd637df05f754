//! The binary: what the arguments ask for, and how it ended as an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    standin::commands::main(std::env::args_os().skip(1)).into()
}
