//! The integration tests: one binary, one module for each thing that they show.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]
#![expect(
    clippy::disallowed_methods,
    reason = "the tests stand outside: files, time and environment are theirs to arrange"
)]

mod act;
mod article;
mod bad_input;
mod bounds;
mod canary;
mod cancel;
mod demo;
mod desk;
mod docs;
mod handover;
mod hostile;
mod kill;
mod liar;
mod log_in;
mod no_panic;
mod outputs;
mod plan;
mod rollback;
mod runner;
mod scim2;
mod services;
mod shim;
mod snapshot;
mod state;
mod sweep;
mod tidy;
mod waiting;
