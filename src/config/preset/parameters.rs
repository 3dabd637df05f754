//! What a service reads of `with`, against what it is given and what its preset asks for.

use super::{Parameter, Preset};
use crate::config::decode::Decoder;
use crate::config::keys::service::WITH;
use crate::config::source::Span;
use crate::config::tree::{Content, Node, Pair};
use crate::language::nearest;

/// Tells what is read and not given, and what is given and unknown. `own` is the service as the user wrote it, `merged` the whole of
/// it; `from` is where its names begin in [`Decoder::reads`].
pub(in crate::config) fn check(
    decoder: &mut Decoder,
    from: usize,
    own: &Node,
    merged: &Node,
    preset: Option<(&Preset, Span)>,
) {
    let parameters = preset
        .map(|(preset, _)| preset.parameters.as_slice())
        .unwrap_or_default();
    let given: Vec<&str> = entries(merged).map(|entry| entry.key.as_str()).collect();
    let read: Vec<(String, Span)> = decoder.reads[from..]
        .iter()
        .filter_map(|read| {
            let name = read.path.strip_prefix("with.")?.split('.').next()?;
            Some((name.to_owned(), read.span))
        })
        .collect();
    let mut missing: Vec<&Parameter> = Vec::new();
    for (name, span) in &read {
        if given.contains(&name.as_str()) {
            continue;
        }
        if let Some(parameter) = parameters.iter().find(|parameter| parameter.name == *name) {
            if !missing.iter().any(|known| known.name == *name) {
                missing.push(parameter);
            }
            continue;
        }
        let known = given
            .iter()
            .copied()
            .chain(parameters.iter().map(|one| one.name.as_str()));
        let hint = match nearest(name, known) {
            Some(meant) => format!("did you mean `with.{meant}`?"),
            None => format!("add `{name}` to the service's `with`"),
        };
        decoder.error_with_hint(*span, format!("`with.{name}` is not known"), hint);
    }
    let Some((preset, span)) = preset else { return };
    if !missing.is_empty() {
        let names: Vec<String> = missing.iter().map(|one| format!("`{}`", one.name)).collect();
        let values: Vec<String> = missing.iter().map(|one| format!("{}: ...", one.name)).collect();
        let abouts: Vec<String> = missing
            .iter()
            .map(|one| format!("`{}` is {}", one.name, one.about))
            .collect();
        decoder.error_with_hint(
            span,
            format!("the preset `{}` needs {}", preset.name, names.join(" and ")),
            format!("add `with: {{ {} }}`: {}", values.join(", "), abouts.join("; ")),
        );
    }
    for entry in entries(own) {
        let is_known = parameters.iter().any(|one| one.name == entry.key);
        if is_known || read.iter().any(|(name, _)| *name == entry.key) {
            continue;
        }
        let hint = match nearest(&entry.key, parameters.iter().map(|one| one.name.as_str())) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None if parameters.is_empty() => "it has none".to_owned(),
            None => {
                let names: Vec<&str> = parameters.iter().map(|one| one.name.as_str()).collect();
                format!("its parameters are {}", names.join(", "))
            }
        };
        let message = format!("the preset `{}` has no parameter `{}`", preset.name, entry.key);
        decoder.error_with_hint(entry.key_span, message, hint);
    }
}

/// The parameters of a service that are not null.
fn entries(service: &Node) -> impl Iterator<Item = &Pair> {
    let with = service.get(WITH).and_then(Node::as_map).unwrap_or_default();
    with.iter().filter(|entry| !matches!(entry.value.kind, Content::Null))
}
