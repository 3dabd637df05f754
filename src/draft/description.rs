//! A draft from a description of an API: which operation makes accounts, and what is said at the head of the file.

use super::Draft;
use super::candidate::{self, Candidate};
use super::document::{Beside, Document};
use super::foreign::shown;
use super::name;
use super::operation::{Method, Operation, operations};
use super::service;
use crate::config;
use crate::domain::why::Why;

/// Several operations could make accounts, and none is far ahead of the others.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Each as `--path` takes it, with what it is called, the likeliest first.
    pub candidates: Vec<(String, String)>,
}

/// Writes a configuration from the description in `text`, which `source` is the name of. `path` says which operation makes
/// accounts; without it the likeliest is taken, and where that is not sure the choice is given too.
pub fn from_description(
    source: &str,
    text: &str,
    beside: Beside<'_>,
    path: Option<&str>,
) -> Result<(Draft, Option<Choice>), Why> {
    let document = Document::read(text, beside)?;
    let operations = operations(&document);
    let found = candidate::find(&document, &operations);
    let (chosen, is_sure) = match path {
        Some(path) => (at_path(&document, &operations, path)?, true),
        None => (likeliest(&found)?.clone(), found.is_sure),
    };
    let other = if chosen.noun.is_empty() {
        "users".to_owned()
    } else {
        format!("{}s", chosen.noun)
    };
    let name = name::readable(name::of_title(document.title(), &other));
    let block = service::write(&document, &chosen, &operations, &name);
    if document.is_exhausted() {
        let hint = "cut it down to the paths of accounts and the schemas that they name";
        return Err(Why::hinted(
            "its schemas take too long to follow: they are large, or name each other many times",
            hint,
        ));
    }
    let mut notices = Vec::new();
    let mut head = vec![format!(
        "Written by `standin init` from {}: \"{}\", version {}",
        shown(source),
        shown(document.title()),
        or_none(&document.version())
    )];
    head.push(format!("SHA-256 {}", document.hash()));
    let told: Vec<String> = found
        .candidates
        .iter()
        .filter(|one| one.is_enough())
        .map(|one| one.create.told())
        .collect();
    let sure = if is_sure {
        ""
    } else {
        "; they are close to each other, so check the choice"
    };
    head.push(format!(
        "Creates of accounts that were found: {}{sure}",
        if told.is_empty() {
            "none".to_owned()
        } else {
            told.join("; ")
        }
    ));
    if let Some(preset) = name::preset(document.title(), config::preset_names()) {
        let text = format!(
            "the preset `{preset}` describes this system, and is better than any guess: `standin init --preset {preset}`"
        );
        head.push(text.clone());
        notices.push(text);
    }
    for missing in document.missing_files() {
        notices.push(format!(
            "`{}`, which the document names, can't be read beside it",
            shown(missing)
        ));
    }
    head.push("A comment says where a value was read, and where it is guessed. Fill in what is open, and try it with `standin check`.".to_owned());
    let choice = (!is_sure).then(|| Choice {
        candidates: found
            .candidates
            .iter()
            .filter(|one| one.is_enough())
            .map(|one| (argument(&one.create), one.create.told()))
            .collect(),
    });
    if let Some(choice) = &choice {
        let others: Vec<&str> = choice
            .candidates
            .iter()
            .map(|(argument, _)| argument.as_str())
            .collect();
        notices.push(format!(
            "it is not sure which operation makes accounts: `{}` was taken; choose with `--path`, one of `{}`",
            argument(&chosen.create),
            others.join("`, `")
        ));
    }
    Ok((Draft::of(&head, block, notices), choice))
}

fn or_none(version: &str) -> &str {
    if version.is_empty() { "unknown" } else { version }
}

/// How `--path` names an operation.
fn argument(operation: &Operation<'_>) -> String {
    match operation.method {
        Method::Post => shown(&operation.route.path),
        Method::Get | Method::Put | Method::Patch | Method::Delete => {
            format!("{} {}", operation.method.as_str(), shown(&operation.route.path))
        }
    }
}

/// The best candidate, if it is good enough.
fn likeliest<'f, 'd>(found: &'f candidate::Found<'d>) -> Result<&'f Candidate<'d>, Why> {
    let Some(best) = found.candidates.first() else {
        let hint =
            "if an operation makes accounts, name it with `--path`; the convention and the presets need no document";
        return Err(Why::hinted("no operation in it creates accounts", hint));
    };
    if best.is_enough() {
        return Ok(best);
    }
    if let Some(enough) = found.candidates.iter().find(|one| one.is_enough()) {
        return Ok(enough);
    }
    let sign_up = found.candidates.iter().find(|one| one.is_sign_up && one.score >= 0);
    Err(match sign_up {
        Some(one) => Why::hinted(
            format!(
                "no operation in it creates accounts for others; {} is a sign-up",
                one.create.told()
            ),
            format!("to use the sign-up, say `--path '{}'`", argument(&one.create)),
        ),
        None => Why::hinted(
            "no operation in it is likely to create accounts",
            format!(
                "the nearest is {}; to use it, say `--path '{}'`",
                best.create.told(),
                argument(&best.create)
            ),
        ),
    })
}

/// The operation that `--path` names: a path, with or without its method.
fn at_path<'d>(document: &'d Document, operations: &[Operation<'d>], path: &str) -> Result<Candidate<'d>, Why> {
    let path = path.trim();
    let (method, path) = match path.split_once(' ') {
        Some((method, path)) => (Some(method.to_ascii_uppercase()), path.trim()),
        None => (None, path),
    };
    let mut at: Vec<&Operation<'d>> = operations.iter().filter(|one| one.route.is_same(path)).collect();
    if let Some(method) = &method {
        at.retain(|one| one.method.as_str() == method);
    }
    let is_create = |one: &&&Operation<'d>| matches!(one.method, Method::Post | Method::Put);
    let create = at.iter().filter(is_create).min_by_key(|one| one.method != Method::Post);
    if let Some(create) = create {
        return Ok(candidate::asked_for(document, create, operations));
    }
    let found = candidate::find(document, operations);
    let known: Vec<String> = found.candidates.iter().map(|one| argument(&one.create)).collect();
    let hint = if known.is_empty() {
        "name a path of the document that has a POST or a PUT".to_owned()
    } else {
        format!("the likeliest are `{}`", known.join("`, `"))
    };
    Err(Why::hinted(
        "no POST or PUT in it has the path that `--path` names",
        hint,
    ))
}
