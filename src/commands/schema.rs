//! `schema`: the configuration's JSON Schema, as it is kept for editors.

use super::context::Context;
use super::exit::ExitCode;

/// Kept as a file, so that an editor can read it from the repository; the tests hold it against what is read.
const SCHEMA: &str = include_str!("../../docs/standin.schema.json");

/// The command.
pub(super) fn schema(context: &Context) -> ExitCode {
    context.console.data(SCHEMA.trim_end());
    ExitCode::Success
}
