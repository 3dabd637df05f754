//! `plan`: what a setup would do, with no network and no variable. Values of variables are never shown.

mod check;
mod credentials;
mod finding;
mod model;
mod paging;
mod request;
mod text;
mod veil;

use std::path::PathBuf;
use std::time::Duration;

use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;

use super::context::Context;
use super::exit::{ExitCode, Failure};
use super::load::{self, Document};
use crate::config::{Config, Count};
use crate::domain::why::Why;
use crate::language::{Environment, Scope};
use crate::plan::{self, Draft};
use crate::settings::DataFormat;
use model::ShownPlan;

/// The command: the configuration of the settings, or each of these files by itself.
pub(super) fn plan(context: &Context, files: &[PathBuf]) -> Result<ExitCode, Failure> {
    if !files.is_empty() {
        if context.invocation.flags.contains_key("config-file") {
            return Err(Failure::usage(Why::hinted(
                "`--config-file` and files to check are both given",
                "leave `--config-file` out: each file is checked by itself",
            )));
        }
        return check::files(context, files);
    }
    let drawn = Drawn::of(context, load::document(context)?)?;
    let shown = drawn.shown();
    let text = if context.settings.format == DataFormat::Json {
        serde_json::to_string_pretty(&shown)?
    } else {
        text::text(&shown, context.console.is_verbose())
    };
    context.console.data(&text);
    Ok(check::strictly(context, &shown))
}

/// A configuration and what was drawn up of it.
struct Drawn {
    config: Config,
    variables: Environment,
    draft: Draft,
    /// The name of each variable in place of its value.
    names: Environment,
    /// What every template sees of the run, and of variables by name.
    scope: Scope,
}

impl Drawn {
    /// The plan of a document, in which values may still be to be written.
    fn of(context: &Context, document: Document) -> Result<Self, Undrawn> {
        let document = Document {
            may_have_todos: true,
            ..document
        };
        let sealed = &context.settings.sealed;
        let (mut config, variables) = load::read_or_tell(context, &document, sealed).map_err(Undrawn::Unread)?;
        count_without_variables(context, &mut config, &variables);
        let names = Environment::placeholders(sealed.allow_env.clone());
        let now = context.clock.now();
        let run = context.run(&config.prefix, now, config.ttl, "00000");
        let draft = plan::draw_up(
            &config,
            &names,
            &run,
            &context.selection(),
            now,
            plan::Passwords::Drawn(&mut UnwrapErr(SysRng)),
        )
        .map_err(Undrawn::Unplanned)?;
        Ok(Self {
            config,
            variables,
            draft,
            scope: plan::scope(&names, &run),
            names,
        })
    }

    fn shown(&self) -> ShownPlan<'_> {
        ShownPlan::of(self)
    }
}

/// Why there is no plan.
enum Undrawn {
    /// The document is no configuration.
    Unread(load::Unread),
    /// No accounts can be made of it.
    Unplanned(Why),
}

impl From<Undrawn> for Failure {
    fn from(undrawn: Undrawn) -> Self {
        match undrawn {
            Undrawn::Unread(unread) => unread.into(),
            Undrawn::Unplanned(why) => Self::Usage(why),
        }
    }
}

/// Where the number of copies hangs on a variable that is not set, one copy stands for them.
fn count_without_variables(context: &Context, config: &mut Config, variables: &Environment) {
    // The counts come from the real variables: a number is no secret, and `${WORKERS}` is no number.
    for index in 0..config.personas.len() {
        let mut alone = config.clone();
        alone.personas = vec![config.personas[index].clone()];
        let Ok(copies) = alone.copies(variables) else {
            context.console.warning(format!(
                "the `count` of the persona `{}` is not known without its variables; one copy is shown",
                config.personas[index].name
            ));
            config.personas[index].count = Some(Count::Fixed(1));
            continue;
        };
        if config.personas[index].count.is_some() {
            config.personas[index].count = u32::try_from(copies.len()).ok().map(Count::Fixed);
        }
    }
}

/// A time as a configuration has it, such as `1m30s`.
fn time(duration: Duration) -> String {
    let mut millis = duration.as_millis();
    if millis == 0 {
        return "0s".to_owned();
    }
    let mut parts = Vec::new();
    for (unit, length) in [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)] {
        if millis >= length {
            parts.push(format!("{}{unit}", millis / length));
            millis %= length;
        }
    }
    parts.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_as_it_is_written() {
        for (millis, expected) in [
            (0, "0s"),
            (500, "500ms"),
            (10_000, "10s"),
            (90_000, "1m30s"),
            (3_600_000, "1h"),
        ] {
            assert_eq!(time(Duration::from_millis(millis)), expected);
        }
    }
}
