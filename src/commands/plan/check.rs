//! Several configurations, each checked by itself; and notes that are errors.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::finding::{ShownFinding, ShownMistake};
use super::model::{ShownPlan, VERSION};
use super::{Drawn, Undrawn, text};
use crate::commands::context::Context;
use crate::commands::exit::{ExitCode, Failure};
use crate::commands::load::{self, Unread};
use crate::domain::why::Why;
use crate::report::{self, plural};
use crate::settings::DataFormat;

/// Every file, in the order in which they were given.
#[derive(Serialize)]
struct ShownFiles<'a> {
    version: u32,
    files: Vec<ShownFile<'a>>,
}

/// A file with its plan, or with its mistakes.
#[derive(Serialize)]
struct ShownFile<'a> {
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<ShownPlan<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<ShownMistake>,
}

/// Checks each file. A mistake in one doesn't hide those of the others.
pub(super) fn files(context: &Context, files: &[PathBuf]) -> Result<ExitCode, Failure> {
    let drawn: Vec<(&Path, Result<Drawn, Why>, Vec<ShownMistake>)> =
        files.iter().map(|path| draw(context, path)).collect();
    let is_json = context.settings.format == DataFormat::Json;
    let mut code = ExitCode::Success;
    let mut shown = Vec::new();
    for (path, drawn, errors) in &drawn {
        let file = report::seen(&path.display().to_string());
        match drawn {
            Ok(drawn) => {
                let plan = drawn.shown();
                if !is_json {
                    let text = text::text(&plan, context.console.is_verbose());
                    let data = if files.len() > 1 {
                        format!("{file}\n\n{text}\n")
                    } else {
                        text
                    };
                    context.console.data(&data);
                }
                code = code.and_then(strictly(context, &plan));
                shown.push(ShownFile {
                    file,
                    plan: Some(plan),
                    errors: Vec::new(),
                });
            }
            Err(why) => {
                let why = why.clone();
                context.console.error(why.map(|what| format!("{file}\n{what}")));
                code = ExitCode::Usage;
                shown.push(ShownFile {
                    file,
                    plan: None,
                    errors: errors.clone(),
                });
            }
        }
    }
    if is_json {
        let shown = ShownFiles {
            version: VERSION,
            files: shown,
        };
        context.console.data(&serde_json::to_string_pretty(&shown)?);
    }
    Ok(code)
}

fn draw<'p>(context: &Context, path: &'p Path) -> (&'p Path, Result<Drawn, Why>, Vec<ShownMistake>) {
    let drawn = load::document_at(context, path).map_err(Why::from);
    let (why, errors) = match drawn.map(|document| Drawn::of(context, document)) {
        Ok(Ok(drawn)) => return (path, Ok(drawn), Vec::new()),
        Ok(Err(Undrawn::Unread(Unread::Mistakes(found)))) => {
            let errors = found.iter().map(ShownMistake::of).collect();
            (Why::from(Failure::from(Unread::Mistakes(found))), errors)
        }
        Ok(Err(other)) => {
            let why = Why::from(Failure::from(other));
            let errors = vec![ShownMistake::without_place(&why)];
            (why, errors)
        }
        Err(why) => {
            let errors = vec![ShownMistake::without_place(&why)];
            (why, errors)
        }
    };
    (path, Err(why), errors)
}

/// With `strict`, findings are errors.
pub(super) fn strictly(context: &Context, plan: &ShownPlan<'_>) -> ExitCode {
    if !context.settings.strict || plan.findings.is_empty() {
        return ExitCode::Success;
    }
    let mut text = format!("{}, which `strict` makes errors:", plural(plan.findings.len(), "note"));
    for finding in &plan.findings {
        // Writing to a string can't fail.
        write!(text, "\n{}", report::seen(&line(finding))).unwrap_or_default();
    }
    context.console.error(text);
    ExitCode::Usage
}

fn line(finding: &ShownFinding) -> String {
    format!("{}: {}", finding.at, finding.told())
}
