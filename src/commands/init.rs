//! `init`: writes a configuration from a preset, a description of an API or recorded commands, and never over anything.

mod order;
mod questions;

use std::path::Path;

use super::context::Context;
use super::exit::{ExitCode, Failure};
use crate::adapters::small_file::{self, SmallFileError, Workspace};
use crate::config::Config;
use crate::domain::why::Why;
use crate::draft::{self, Choice, Draft, OPEN, Workflow};
use crate::language::Environment;
use crate::settings::JobHost;
use order::{DEFAULTS, DESCRIPTION_MAX, Order, Source};

/// Standard input or output in place of a file.
const STREAM: &str = "-";

/// A description of this size is read for so long that it is said.
const LARGE: usize = 5_000_000;

/// The command.
pub(super) fn init(context: &Context) -> Result<ExitCode, Failure> {
    let mut order = order(context)?;
    targets(&order)?;
    let (mut draft, choice) = drafted(context, &order)?;
    if let Some(choice) = choice.filter(|_| order.is_asked) {
        order.path = Some(questions::operation(context, &choice)?);
        (draft, _) = drafted(context, &order)?;
    }
    // A file that nothing could read would be worse than none.
    if let Err(diagnostics) = Config::parse("the draft", &draft.text, &Environment::default()) {
        let places: Vec<String> = diagnostics.iter().map(|one| one.message.clone()).collect();
        let hint = "this is a bug in Standin; please report it with the document";
        return Err(Failure::usage(Why::hinted(
            format!("what was drafted is no configuration: {}", places.join("; ")),
            hint,
        )));
    }
    for notice in &draft.notices {
        context.console.warning(notice.clone());
    }
    written(context, &order, &draft)
}

/// What the settings ask for, or what the user answers where they say nothing.
fn order(context: &Context) -> Result<Order, Failure> {
    let settings = &context.settings.init;
    let mut sources: Vec<Source> = Vec::new();
    sources.extend(settings.preset.clone().map(Source::Preset));
    sources.extend(settings.openapi.clone().map(Source::Description));
    sources.extend(settings.curl.clone().map(Source::Curl));
    let workflow = settings.workflow.map(workflow);
    if sources.len() > 1 {
        let hint =
            "give one: a configuration of several services is made of several files, merged by `--config FILE,FILE`";
        return Err(Failure::usage(Why::hinted(
            "`--preset`, `--openapi` and `--curl` can't be combined",
            hint,
        )));
    }
    let source = sources.pop();
    if settings.path.is_some() && !matches!(source, Some(Source::Description(_))) {
        return Err(Failure::usage(Why::hinted(
            "`--path` is given without `--openapi`",
            "it chooses an operation of a document",
        )));
    }
    match source {
        Some(source) => Ok(Order {
            source,
            path: settings.path.clone(),
            out: settings.out.clone(),
            workflow,
            is_asked: false,
        }),
        None if questions::can_be_asked() => questions::order(context, settings.out.clone(), workflow),
        None => {
            let hint = "give `--preset NAME`, `--openapi FILE` or `--curl FILE`; on a terminal `standin init` asks";
            Err(Failure::usage(Why::hinted(
                "nothing says what to write a configuration from",
                hint,
            )))
        }
    }
}

fn workflow(host: JobHost) -> Workflow {
    match host {
        JobHost::Github => Workflow::Github,
        JobHost::Gitlab => Workflow::Gitlab,
    }
}

/// Says what is in the way before anything is written.
fn targets(order: &Order) -> Result<(), Failure> {
    let is_default = DEFAULTS.iter().any(|name| order.out == Path::new(name));
    let others = DEFAULTS
        .iter()
        .map(Path::new)
        .filter(|path| is_default && small_file::exists(path));
    let own = Some(order.out.as_path()).filter(|path| *path != Path::new(STREAM) && small_file::exists(path));
    let job = order
        .workflow
        .map(Workflow::path)
        .map(Path::new)
        .filter(|path| small_file::exists(path));
    let Some(taken) = own.into_iter().chain(others).chain(job).next() else {
        return Ok(());
    };
    let hint = if Some(taken) == job {
        "leave `--workflow` out, and add the job to the file that exists: docs/ci.md has examples"
    } else {
        "name another file with `--out`, or move the one that exists"
    };
    Err(Failure::usage(Why::hinted(
        format!("`{}` exists, and nothing is overwritten", taken.display()),
        hint,
    )))
}

fn drafted(context: &Context, order: &Order) -> Result<(Draft, Option<Choice>), Failure> {
    let drafted = match &order.source {
        Source::Preset(name) => draft::from_preset(name).map(|draft| (draft, None)),
        Source::Description(path) => {
            let text = read(context, path, DESCRIPTION_MAX)?;
            if text.len() >= LARGE {
                let size = text.len() / 1_000_000;
                context.console.info(format!("reading `{}` ({size} MB)", told(path)));
            }
            let beside = |name: &str| beside(context, path, name);
            draft::from_description(&told(path), &text, &beside, order.path.as_deref())
                .map_err(|why| why.context(format!("`{}`", told(path))))
        }
        Source::Curl(path) => {
            let text = read(context, path, small_file::SIZE_MAX)?;
            draft::from_curl(&told(path), &text)
                .map(|draft| (draft, None))
                .map_err(|why| why.context(format!("`{}`", told(path))))
        }
    };
    drafted.map_err(Failure::usage)
}

/// What messages and comments call a source: its name alone, since a path says who works where.
fn told(path: &Path) -> String {
    if path == Path::new(STREAM) {
        return "standard input".to_owned();
    }
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn read(context: &Context, path: &Path, max: u64) -> Result<String, Failure> {
    let bytes = if path == Path::new(STREAM) {
        small_file::read_input(max)
    } else {
        small_file::read(path, &Workspace::of(context.host.workspace()), max)
    };
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).map_err(|_| SmallFileError::NotText));
    text.map_err(|error| {
        let is_address = path.to_string_lossy().contains("://");
        let hint = if is_address {
            "download it first, and give the file"
        } else {
            "name a regular file, or `-` for standard input"
        };
        Failure::usage(Why::hinted(
            format!("`{}` can't be read: {error}", path.display()),
            hint,
        ))
    })
}

/// A file beside a description that it names. What can't be read is told by the draft.
fn beside(context: &Context, path: &Path, name: &str) -> Option<String> {
    if path == Path::new(STREAM) {
        return None;
    }
    let file = path.parent().unwrap_or_else(|| Path::new("")).join(name);
    let bytes = small_file::read(&file, &Workspace::of(context.host.workspace()), DESCRIPTION_MAX / 8).ok()?;
    String::from_utf8(bytes).ok()
}

fn written(context: &Context, order: &Order, draft: &Draft) -> Result<ExitCode, Failure> {
    let out = &order.out;
    if out == Path::new(STREAM) {
        context.console.data(draft.text.trim_end());
    } else {
        create(out, &draft.text)?;
        context.console.info(format!("`{}` is written", out.display()));
    }
    if let Some(workflow) = order.workflow {
        let config = if out == Path::new(STREAM) {
            "standin.yml".to_owned()
        } else {
            out.to_string_lossy().into_owned()
        };
        let path = Path::new(workflow.path());
        create(path, &draft::job(workflow, &config, &draft.variables))?;
        context
            .console
            .info(format!("`{}` is written: a job that uses it", path.display()));
    }
    if draft.open > 0 {
        let values = if draft.open == 1 {
            "1 value is".to_owned()
        } else {
            format!("{} values are", draft.open)
        };
        context
            .console
            .info(format!("{values} `{OPEN}`: only you know what belongs there"));
    }
    if !draft.variables.is_empty() {
        context
            .console
            .info(format!("it reads the variables {}", draft.variables.join(", ")));
    }
    let config = if DEFAULTS.iter().any(|name| out == Path::new(name)) || out == Path::new(STREAM) {
        String::new()
    } else {
        format!(" --config {}", out.display())
    };
    context.console.info(format!(
        "next: `standin plan{config}` shows every request and sends none, and `standin check{config}` proves them on the service"
    ));
    Ok(ExitCode::Success)
}

fn create(path: &Path, text: &str) -> Result<(), Failure> {
    small_file::create_new(path, text)
        .map_err(|error| Failure::usage(Why::from(format!("`{}` can't be written: {error}", path.display()))))
}
