//! How an account is deleted, and what the document says of deletes that delete nothing.

use serde_json::Value;

use super::block::{Block, Item, OPEN};
use super::family::{Family, Naming};
use super::foreign::shown_up_to;
use super::operation::{Operation, Place};
use super::request::{Requests, expect};
use super::shape::Shape;
use super::value::rest;
use crate::domain::secret::plain;

/// Parameters that make a delete a whole one.
const WHOLE: [&str; 9] = [
    "purge",
    "harddelete",
    "permanent",
    "permanently",
    "hard",
    "permanentdelete",
    "force",
    "ispermanent",
    "forcedelete",
];
/// Words of deletes that leave something behind.
const HALF: [&str; 14] = [
    "deactivat",
    "suspend",
    "soft",
    "anonymi",
    "anonymous",
    "schedul",
    "archiv",
    "marked as",
    "mark a",
    "won't be deleted",
    "retention",
    "grace period",
    "disabled",
    "recycle",
];

/// `delete` of the configuration.
pub(super) fn write(
    family: &Family<'_, '_>,
    requests: &mut Requests,
    account: impl Fn(&str) -> String,
) -> (Block, Vec<String>) {
    let mut block = Block::default();
    let Some((operation, naming)) = family.delete() else {
        block.put("request", format!("DELETE /{OPEN}/{{{{ id }}}}"));
        let strangers: Vec<String> = family.strangers().iter().map(|one| one.told()).collect();
        let mut notes = vec![
            "the document has no delete beside the create: an administrator's may be in another document".to_owned(),
        ];
        if !strangers.is_empty() {
            notes.push(format!(
                "not taken, since they stand below something else: {}",
                strangers.join("; ")
            ));
        }
        return (block, notes);
    };
    let mut notes = vec![operation.told()];
    let value = account(naming.name());
    let is_path = matches!(naming, Naming::Path(_));
    block.put("request", requests.target(operation, is_path.then_some(value.as_str())));
    let mut given: Vec<(&str, String)> = Vec::new();
    if let Naming::Query(name) = &naming {
        given.push((name, value.clone()));
    }
    let query = operation.parameters_in(Place::Query);
    for parameter in &query {
        if given.iter().any(|(name, _)| *name == parameter.name) {
            continue;
        }
        if WHOLE.contains(&plain(parameter.name).as_str()) {
            given.push((parameter.name, "true".to_owned()));
            notes.push(format!(
                "`{}` makes it a whole delete: {}",
                parameter.name,
                shown_up_to(parameter.description, 100)
            ));
        } else if !parameter.is_required {
            notes.push(format!(
                "the document also has the parameter `{}`: {}",
                parameter.name,
                shown_up_to(parameter.description, 100)
            ));
        }
    }
    requests.put(&mut block, operation, &given);
    if let Some(body) = body(operation, &naming, &value) {
        block.put("json", body);
    }
    expect(&mut block, operation);
    if let Some(said) = leaves_something(operation) {
        notes.push(format!("the document says: \"{said}\""));
    }
    (block, notes)
}

/// The body of a delete that is told in it which account it is about.
fn body(operation: &Operation<'_>, naming: &Naming, value: &str) -> Option<Block> {
    let (_, shape) = operation.body()?;
    let mut body = Block::default();
    for (name, schema) in &shape.properties {
        if matches!(naming, Naming::Body(named) if named == name) {
            body.put(name, value);
        } else if WHOLE.contains(&plain(name).as_str()) {
            body.put(name, Item::Plain(true.into()));
        } else if shape.is_required(name) {
            let schema: &Value = operation.document.follow(schema);
            let (item, note) = rest(name, schema, &Shape::of(operation.document, schema));
            body.put(name, item).note_if(note);
        }
    }
    (!body.is_empty()).then_some(body)
}

/// What a delete says from the sentence on that tells of something left behind.
fn leaves_something(operation: &Operation<'_>) -> Option<String> {
    let words = operation.words();
    let lower = words.to_lowercase();
    let found = HALF.iter().filter_map(|word| lower.find(word)).min()?;
    // Lower case may have another length.
    let before = words.get(..found).unwrap_or_default();
    let start = before.rfind(['.', '\n']).map_or(0, |end| end + 1);
    Some(shown_up_to(&words[start..], 200))
}

#[cfg(test)]
mod tests {
    use super::super::document::Document;
    use super::super::operation::{Method, operations};
    use super::*;

    fn delete(rest: &str) -> (String, String) {
        let text = format!("openapi: 3.0.0\npaths:\n  /users: {{post: {{}}}}\n{rest}");
        let document = Document::read(&text, &|_| None).unwrap();
        let operations = operations(&document);
        let create = operations.iter().find(|one| one.method == Method::Post).unwrap();
        let family = Family::of(create, &operations);
        let (block, notes) = write(&family, &mut Requests::default(), |_| "{{ id }}".to_owned());
        (block.written(), notes.join("\n"))
    }

    #[test]
    fn a_whole_delete_is_asked_for_and_a_half_one_is_quoted() {
        let (block, notes) = delete(
            "  /users/{id}: {delete: {description: 'Ok. The account is anonymised after 30 days.', parameters: [{name: hard_delete, in: query}, {name: reason, in: query, description: 'why'}], responses: {'202': {}}}}\n",
        );
        assert_eq!(
            block,
            "request: \"DELETE /users/{{ id }}\"\nquery:\n  hard_delete: \"true\"\nexpect: [202]\n"
        );
        assert!(
            notes.contains("The account is anonymised after 30 days.") && notes.contains("`reason`: why"),
            "{notes}"
        );
    }

    #[test]
    fn without_a_delete_it_is_open_and_strangers_are_named() {
        let (block, notes) = delete("  /shops/{shop}/users/{id}: {delete: {operationId: other}}\n");
        assert!(
            block.contains(OPEN) && notes.contains("DELETE /shops/{shop}/users/{id}, operation `other`"),
            "{block}{notes}"
        );
    }

    #[test]
    fn a_verb_takes_the_id_in_its_body() {
        let (block, _) = delete(
            "  /users.delete: {post: {requestBody: {content: {application/json: {schema: {required: [userId, confirm], properties: {userId: {}, confirm: {type: string}}}}}}}}\n",
        );
        assert_eq!(
            block.replace(" # required, string", ""),
            format!("request: POST /users.delete\njson:\n  userId: \"{{{{ id }}}}\"\n  confirm: {OPEN}\n")
        );
    }
}
