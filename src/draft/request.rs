//! Requests as they are written: the path with its parameters, the query and the header fields that must be given.

use super::block::{Block, Item, OPEN};
use super::foreign::shown_up_to;
use super::operation::{Operation, Place};
use super::shape::Shape;
use super::value::rest;
use super::words::words;

/// What every request of a service has, and what its paths need from the user.
#[derive(Clone, Debug, Default)]
pub(super) struct Requests {
    /// Parameters of paths that are above the account, by the name that `with` has for each.
    pub(super) with: Vec<(String, String)>,
    /// A credential that goes into every query.
    pub(super) credential: Option<(String, String)>,
    /// Header fields that the service's `auth` gives.
    pub(super) auth_headers: Vec<String>,
}

impl Requests {
    /// `METHOD /path`. `account` is what stands for the account, which is the last parameter; without it all are above it.
    pub(super) fn target(&mut self, operation: &Operation<'_>, account: Option<&str>) -> String {
        let outer = operation.route.outer_parameters().count();
        let is_at_end = operation.route.last_parameter().is_some();
        let at = if is_at_end { outer } else { outer.saturating_sub(1) };
        let mut seen = 0;
        let path = operation.route.filled(|name| {
            let this = seen;
            seen += 1;
            match account {
                Some(account) if this == at => account.to_owned(),
                _ => self.parameter(name),
            }
        });
        format!("{} {path}", operation.method.as_str())
    }

    /// A parameter above the account: the user's to give, once for all requests.
    fn parameter(&mut self, name: &str) -> String {
        let mut key = words(name).join("_");
        if !key.starts_with(|c: char| c.is_ascii_alphabetic()) {
            key = format!("p_{key}");
        }
        if !self.with.iter().any(|(known, _)| *known == key) {
            self.with.push((
                key.clone(),
                format!("the parameter `{}` of the paths", shown_up_to(name, 40)),
            ));
        }
        format!("{{{{ with.{key} }}}}")
    }

    /// The query: what is given, what must be, and the credential.
    pub(super) fn query(&self, operation: &Operation<'_>, given: &[(&str, String)]) -> Block {
        let mut query = Block::default();
        for (name, value) in given {
            query.put(name, value.clone());
        }
        for parameter in operation.parameters_in(Place::Query) {
            let is_given = given.iter().any(|(name, _)| *name == parameter.name);
            let is_credential = self.credential.as_ref().is_some_and(|(name, _)| name == parameter.name);
            if parameter.is_required && !is_given && !is_credential {
                let (value, note) = rest(
                    parameter.name,
                    parameter.schema,
                    &Shape::of(operation.document, parameter.schema),
                );
                query.put(parameter.name, as_text(value)).note_if(note);
            }
        }
        if let Some((name, value)) = &self.credential {
            query.put(name, value.clone());
        }
        query
    }

    /// The header fields that must be given, and that `auth` doesn't give.
    pub(super) fn headers(&self, operation: &Operation<'_>) -> Block {
        // OpenAPI 3.1, "Parameter Object": these three are ignored as parameters.
        const IGNORED: [&str; 3] = ["accept", "content-type", "authorization"];
        // Set by the transport: a configuration can't give them.
        const TRANSPORT: [&str; 7] = [
            "host",
            "connection",
            "content-length",
            "transfer-encoding",
            "te",
            "upgrade",
            "keep-alive",
        ];
        let mut headers = Block::default();
        for parameter in operation.parameters_in(Place::Header) {
            let lower = parameter.name.to_ascii_lowercase();
            let is_given = self.auth_headers.iter().any(|name| name.eq_ignore_ascii_case(&lower));
            let is_token = parameter
                .name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
            if parameter.is_required
                && is_token
                && !is_given
                && !IGNORED.contains(&lower.as_str())
                && !TRANSPORT.contains(&lower.as_str())
                && !lower.starts_with("proxy-")
            {
                let (value, note) = rest(
                    parameter.name,
                    parameter.schema,
                    &Shape::of(operation.document, parameter.schema),
                );
                headers.put(parameter.name, as_text(value)).note_if(note);
            }
        }
        headers
    }

    /// Puts query and header fields into a block, where there are any.
    pub(super) fn put(&self, block: &mut Block, operation: &Operation<'_>, given: &[(&str, String)]) {
        let query = self.query(operation, given);
        if !query.is_empty() {
            block.put("query", query);
        }
        let headers = self.headers(operation);
        if !headers.is_empty() {
            block.put("headers", headers);
        }
    }
}

/// `expect`, where the document writes a success other than 200 and 204: those two alone say nothing, since documents that are
/// generated have them everywhere.
pub(super) fn expect(block: &mut Block, operation: &Operation<'_>) {
    let codes = operation.success_codes();
    if codes.iter().any(|code| ![200, 204].contains(code)) {
        let codes = codes.into_iter().map(|code| Item::Plain(code.into()));
        block.put("expect", Item::List(codes.collect()));
    }
}

/// A value of a query or a header field is text.
fn as_text(value: Item) -> Item {
    match value {
        Item::Plain(value) => Item::Text(value.to_string()),
        Item::Map(_) | Item::List(_) => Item::Text(OPEN.to_owned()),
        Item::Text(text) => Item::Text(text),
    }
}

#[cfg(test)]
mod tests {
    use super::super::document::Document;
    use super::super::operation::operations;
    use super::*;

    #[test]
    fn paths_and_what_must_be_given_are_written() {
        let text = "openapi: 3.0.0
paths:
  /realms/{realm-name}/users/{id}:
    get:
      parameters: [{name: api-version, in: query, required: true, schema: {default: '1'}}, {name: X-Tenant, in: header, required: true}, {name: Host, in: header, required: true}, {name: page, in: query}]
";
        let document = Document::read(text, &|_| None).unwrap();
        let operations = operations(&document);
        let mut requests = Requests {
            credential: Some(("key".to_owned(), "{{ env.X_TOKEN }}".to_owned())),
            ..Requests::default()
        };
        assert_eq!(
            requests.target(&operations[0], Some("{{ id }}")),
            "GET /realms/{{ with.realm_name }}/users/{{ id }}"
        );
        let mut block = Block::default();
        requests.put(&mut block, &operations[0], &[]);
        let written: Vec<String> = block
            .written()
            .lines()
            .map(|line| line.split(" # ").next().unwrap().trim().to_owned())
            .collect();
        assert_eq!(
            written,
            [
                "query:",
                "api-version: \"1\"",
                "key: \"{{ env.X_TOKEN }}\"",
                "headers:",
                &format!("X-Tenant: {OPEN}")
            ]
        );
        assert_eq!(requests.with[0].0, "realm_name");
    }
}
