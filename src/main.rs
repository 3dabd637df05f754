//! The binary: which command, run it, exit code.

fn main() {}
