//! The integration tests: the real binary, action and configuration, seen from outside.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod runner;
mod shim;
