//! `presets`: which systems are described already, and how.

use super::context::Context;
use super::exit::{ExitCode, Failure};
use crate::config::{self, Preset};
use crate::domain::why::Why;
use crate::report;

/// The command.
pub(super) fn presets(context: &Context, name: Option<&str>) -> Result<ExitCode, Failure> {
    let Some(name) = name else {
        context.console.data(&listed());
        return Ok(ExitCode::Success);
    };
    let preset = config::preset(name)
        .map_err(|hint| Failure::usage(Why::hinted(format!("there is no preset `{name}`"), hint)))?;
    context.console.data(preset.as_config().trim_end());
    Ok(ExitCode::Success)
}

/// All of them as a table.
fn listed() -> String {
    let presets: Vec<Preset> = config::preset_names()
        .filter_map(|name| config::preset(name).ok())
        .collect();
    let rows: Vec<Vec<String>> = presets
        .iter()
        .map(|preset| vec![preset.name.to_owned(), preset.known.to_string(), preset.about.clone()])
        .collect();
    report::table(&["preset", "tried on", "what for"], &rows)
}
