//! The integration tests: one binary, one module for each thing that they show.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]
#![expect(
    clippy::disallowed_methods,
    reason = "the tests stand outside: files, time and environment are theirs to arrange"
)]

mod absence;
mod across_jobs;
mod act;
mod admission;
mod adopt;
mod answers;
mod article;
mod ask;
mod bad_input;
mod bounds;
mod canary;
mod cancel;
mod chaos;
mod check;
mod closing;
mod contained;
mod credentials;
mod dead_token;
mod demo;
mod desk;
mod docs;
mod formats;
mod handover;
mod hints;
mod hostile;
mod init;
mod job_summary;
mod kill;
mod later;
mod leftovers;
mod liar;
mod log_in;
mod marked;
mod marker;
mod masks;
mod modes;
mod monorepo;
mod mornings;
mod no_panic;
mod one_time;
mod outputs;
mod pipelines;
mod plan;
mod planted;
mod presets;
mod progress;
mod proxies;
mod reach;
mod release;
mod rollback;
mod runner;
mod said;
mod scim2;
mod servers;
mod services;
mod several;
mod shim;
mod signed;
mod snapshot;
mod state;
mod status;
mod sweep;
mod tidy;
mod tls;
mod tokens;
mod unseen;
mod verbose;
mod waiting;
mod wire;
mod workers;
