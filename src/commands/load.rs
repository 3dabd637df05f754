//! Finding and reading the configuration.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::context::Context;
use super::exit::Failure;
use crate::adapters::small_file::{self, SmallFileError, Workspace};
use crate::config::{self, Config, Diagnostic, Missing};
use crate::domain::account::ServiceName;
use crate::domain::why::Why;
use crate::language::Environment;
use crate::settings::Sealed;

/// The default files, looked for in the working directory.
const DEFAULTS: [&str; 3] = ["standin.yml", "standin.yaml", "standin.json"];

/// A configuration's text and what messages call it.
pub(super) struct Document {
    /// Its name in messages.
    pub name: String,
    /// Its text.
    pub text: String,
    /// Names and texts of those that are merged over it.
    pub more: Vec<(String, String)>,
    /// Where paths in it begin.
    pub(super) directory: Folder,
    /// May values in it still be to be written? Not where anything is to be sent; what setup has sealed was complete, or is
    /// older than that rule, and no cleanup stops at it.
    pub(super) may_have_todos: bool,
}

/// Where the files are that a configuration names.
#[derive(Default)]
pub(super) struct Folder {
    /// That of the first file.
    pub(super) path: PathBuf,
    /// What no link may lead out of.
    pub(super) workspace: Workspace,
}

/// Finds and reads the document that the settings name.
pub(super) fn document(context: &Context) -> Result<Document, Failure> {
    if let Some(text) = &context.settings.config {
        return Ok(Document {
            name: "config".to_owned(),
            text: text.expose().to_owned(),
            more: Vec::new(),
            directory: Folder {
                path: PathBuf::new(),
                workspace: Workspace::of(context.host.workspace()),
            },
            may_have_todos: false,
        });
    }
    let mut documents = Vec::new();
    for path in &context.settings.config_file {
        documents.push(document_at(context, path)?);
    }
    let mut documents = documents.into_iter();
    if let Some(first) = documents.next() {
        return Ok(Document {
            more: documents.map(|document| (document.name, document.text)).collect(),
            ..first
        });
    }
    let there: Vec<PathBuf> = DEFAULTS
        .iter()
        .map(PathBuf::from)
        .filter(|path| path.exists())
        .collect();
    match there.as_slice() {
        [one] => document_at(context, one),
        [] => Err(Failure::usage(Why::hinted(
            format!(
                "there is no configuration: none of `{}` is in the working directory, and neither `config-file` nor `config` is given",
                DEFAULTS.join("`, `")
            ),
            "write `standin.yml`, or name the file with `config-file`",
        ))),
        [first, second, ..] => Err(Failure::usage(Why::hinted(
            format!(
                "there are two configurations: `{}` and `{}`",
                shown(first),
                shown(second)
            ),
            "remove one, or say which with `config-file`",
        ))),
    }
}

/// A configuration that is given to `cleanup` or `status` itself, and in which something is still to be written, is refused at
/// once: it would not mend what setup has sealed. Whatever else is wrong with it makes leftovers, which are named.
pub(super) fn refuse_todos(context: &Context) -> Result<(), Failure> {
    if !context.invocation.flags.contains_key("config-file") {
        return Ok(());
    }
    let Ok(document) = document(context) else {
        return Ok(());
    };
    match read_or_tell(context, &document, &context.settings.sealed) {
        Err(Unread::Todos(why)) => Err(Failure::Usage(why)),
        Err(Unread::Mistakes(_)) | Ok(_) => Ok(()),
    }
}

/// Reads the document at a path, if it may be read.
pub(super) fn document_at(context: &Context, path: &Path) -> Result<Document, Failure> {
    guard(context, path)?;
    file(context, path)
}

/// Why a document is no configuration that can be used.
pub(super) enum Unread {
    /// These mistakes are in it.
    Mistakes(Vec<Diagnostic>),
    /// There is something still to be written.
    Todos(Why),
}

impl From<Unread> for Failure {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::Mistakes(found) => Self::Usage(config::render(&found)),
            Unread::Todos(why) => Self::Usage(why),
        }
    }
}

/// Reads a document into a configuration, with the variables that it may see.
pub(super) fn read(context: &Context, document: &Document, sealed: &Sealed) -> Result<(Config, Environment), Failure> {
    Ok(read_or_tell(context, document, sealed)?)
}

/// The same, with each mistake by itself.
pub(super) fn read_or_tell(
    context: &Context,
    document: &Document,
    sealed: &Sealed,
) -> Result<(Config, Environment), Unread> {
    let variables = variables(context, sealed.allow_env.as_ref());
    let config = parse(document, &variables, sealed)?;
    Ok((config, variables))
}

/// What the configuration may see of the variables.
fn variables(context: &Context, allow: Option<&Vec<String>>) -> Environment {
    let variables = context
        .environment
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    Environment::new(variables, allow.cloned())
}

/// Reads a document into a configuration, or tells every mistake in it. Settings win over what it says.
fn parse(document: &Document, variables: &Environment, sealed: &Sealed) -> Result<Config, Unread> {
    let mut config =
        Config::parse_merged((&document.name, &document.text), &document.more, variables).map_err(Unread::Mistakes)?;
    if !document.may_have_todos && !config.todos.is_empty() {
        let hint = "write what the service expects; until then only `standin plan` takes this configuration";
        return Err(Unread::Todos(config::render(&config.todos).or_hint(hint)));
    }
    for service in &mut config.services {
        if let Some(concurrency) = sealed.concurrency {
            service.limits.concurrency = usize::try_from(concurrency).unwrap_or(usize::MAX);
        }
        if let Some(timeout) = sealed.timeout {
            service.timeout = timeout;
        }
    }
    Ok(config)
}

/// All variables that are missing, at once, with where they are used.
pub(super) fn require(config: &Config, variables: &Environment, only: &[String]) -> Result<(), Failure> {
    let mut missing = config.missing_variables(variables);
    // What only services use that are not meant is nobody's need.
    let is_meant = |name: &ServiceName| only.is_empty() || only.iter().any(|meant| meant == name.as_str());
    missing.retain(|variable| variable.services.is_empty() || variable.services.iter().any(is_meant));
    if missing.is_empty() {
        return Ok(());
    }
    let mut text = match missing.len() {
        1 => "a variable that the configuration uses is not set:".to_owned(),
        number => format!("{number} variables that the configuration uses are not set:"),
    };
    for Missing { name, places, .. } in &missing {
        let places: Vec<String> = places.iter().map(ToString::to_string).collect();
        // Writing to a string can't fail.
        write!(text, "\n`{name}`, used at {}", places.join(", ")).unwrap_or_default();
    }
    let hint = "set them for this step (empty values are ignored), or give a default with `| default(\"...\")`";
    Err(Failure::Usage(Why::hinted(text, hint)))
}

/// A file of a repository may have been written by somebody who must not see the workflow's secrets.
fn guard(context: &Context, path: &Path) -> Result<(), Failure> {
    let sealed = &context.settings.sealed;
    let guarded = sealed.allow_env.is_some() && sealed.allow_hosts.is_some();
    let Some(event) = context.host.guarded_event().filter(|_| !guarded) else {
        return Ok(());
    };
    Err(Failure::usage(Why::hinted(
        format!(
            "`{}` may come from somebody who does not own this workflow: on `{event}` it is read only within limits",
            shown(path)
        ),
        "set both `allow-env` and `allow-hosts`",
    )))
}

fn file(context: &Context, path: &Path) -> Result<Document, Failure> {
    let workspace = Workspace::of(context.host.workspace());
    let text = small_file::read_text(path, &workspace).map_err(|error| {
        if !small_file::can_be_a_path(path) || reads_like_a_document(path) {
            // It may hold passwords.
            return Failure::usage(Why::hinted(
                "`config-file` is not a path; it seems to be the configuration itself",
                "give the path of a file, or set `config` to the text",
            ));
        }
        let hint = match error {
            SmallFileError::Io(_) => {
                "the path is relative to the working directory; in a workflow, check the repository out first"
            }
            SmallFileError::LeadsOut => "put the file itself where the link is, or name the file that is meant",
            SmallFileError::NotRegular(_) | SmallFileError::TooLarge(_) | SmallFileError::NotText => {
                "a configuration is a text file of at most 1 MiB"
            }
        };
        Failure::usage(Why::hinted(
            format!("the configuration `{}` can't be read: {error}", shown(path)),
            hint,
        ))
    })?;
    Ok(Document {
        name: shown(path),
        text,
        more: Vec::new(),
        directory: Folder {
            path: path.parent().map(Path::to_owned).unwrap_or_default(),
            workspace,
        },
        may_have_todos: false,
    })
}

/// Is this a line of a document, in place of its path?
fn reads_like_a_document(path: &Path) -> bool {
    let text = path.to_string_lossy();
    text.contains(": ") || text.ends_with(':') || text.starts_with(['{', '['])
}

fn shown(path: &Path) -> String {
    let text = path.display().to_string();
    text.strip_prefix("./").map(str::to_owned).unwrap_or(text)
}
