//! What `init` asks on a terminal: four lines at most, each with a default where there is one. Nothing is ever asked where
//! nobody can answer.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

use super::super::context::Context;
use super::super::exit::Failure;
use super::order::{DEFAULTS, Order, Source};
use crate::adapters::small_file;
use crate::domain::why::Why;
use crate::draft::{Choice, Workflow};

/// The longest answer.
const ANSWER_MAX: u64 = 4096;

/// Is there somebody who sees a question and can answer it?
pub(super) fn can_be_asked() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks what to write, and where.
pub(super) fn order(context: &Context, out: PathBuf, workflow: Option<Workflow>) -> Result<Order, Failure> {
    let question =
        "What describes the service? An OpenAPI or Swagger document, a file of curl commands, or the name of a preset:";
    let named = asked(context, question)?;
    if named.is_empty() {
        return Err(Failure::usage(Why::hinted(
            "nothing was named",
            "`standin presets` lists the presets",
        )));
    }
    let source = Source::named(context, &named).map_err(Failure::usage)?;
    let is_default = DEFAULTS.iter().any(|name| out == Path::new(name));
    let out = if is_default {
        let answer = asked(
            context,
            &format!("Where to write the configuration? [{}]", out.display()),
        )?;
        if answer.is_empty() { out } else { PathBuf::from(answer) }
    } else {
        out
    };
    let workflow = match workflow {
        Some(workflow) => Some(workflow),
        None => job(context)?,
    };
    Ok(Order {
        source,
        path: None,
        out,
        workflow,
        is_asked: true,
    })
}

/// Asks for a job, where none is in the way.
fn job(context: &Context) -> Result<Option<Workflow>, Failure> {
    let answer = asked(context, "Write a job too? github, gitlab or none [none]")?.to_lowercase();
    let workflow = match answer.as_str() {
        "" | "none" | "no" | "n" => None,
        "github" => Some(Workflow::Github),
        "gitlab" => Some(Workflow::Gitlab),
        _ => {
            return Err(Failure::usage(Why::hinted(
                "there is no such host",
                "answer `github`, `gitlab` or `none`",
            )));
        }
    };
    let taken = workflow.filter(|workflow| small_file::exists(Path::new(workflow.path())));
    if let Some(taken) = taken {
        context.console.warning(format!(
            "`{}` exists and stays as it is: no job is written",
            taken.path()
        ));
        return Ok(None);
    }
    Ok(workflow)
}

/// Asks which operation creates accounts; as `--path` takes it.
pub(super) fn operation(context: &Context, choice: &Choice) -> Result<String, Failure> {
    for (at, (_, told)) in choice.candidates.iter().enumerate() {
        context.console.info(format!("  {}: {told}", at + 1));
    }
    let answer = asked(context, "Which of them creates accounts? [1]")?;
    let number: usize = if answer.is_empty() {
        1
    } else {
        answer.parse().unwrap_or(0)
    };
    let chosen = number.checked_sub(1).and_then(|at| choice.candidates.get(at));
    let hint = format!("answer a number from 1 to {}", choice.candidates.len());
    chosen
        .map(|(path, _)| path.clone())
        .ok_or_else(|| Failure::usage(Why::hinted("there is no such operation", hint)))
}

/// One line. The end of the input is no answer.
fn asked(context: &Context, question: &str) -> Result<String, Failure> {
    context.console.info(question);
    let mut line = String::new();
    let read = io::stdin().lock().take(ANSWER_MAX).read_line(&mut line);
    match read {
        Ok(length) if length > 0 => Ok(line.trim().to_owned()),
        _ => Err(Failure::usage("the input ended before it was answered")),
    }
}
