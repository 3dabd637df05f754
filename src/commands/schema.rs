//! `schema`: the configuration's JSON Schema, as it is kept for editors.

use super::context::Context;
use super::exit::ExitCode;
use crate::config;

/// The command.
pub(super) fn schema(context: &Context) -> ExitCode {
    context.console.data(&config::schema());
    ExitCode::Success
}
