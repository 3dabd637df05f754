//! The operations of a description, whichever dialect it has (OpenAPI 3.1, "Operation Object"; Swagger 2.0, "Operation Object").

use serde_json::Value;

use super::document::Document;
use super::foreign::{is_plain_name, shown};
use super::route::Route;
use super::shape::Shape;

/// The most operations of a document that are looked at.
const OPERATIONS_MAX: usize = 20_000;

/// What an operation does to its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    const ALL: [(&'static str, Self); 5] = [
        ("get", Self::Get),
        ("post", Self::Post),
        ("put", Self::Put),
        ("patch", Self::Patch),
        ("delete", Self::Delete),
    ];

    /// As it is sent.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// One operation.
#[derive(Clone)]
pub(super) struct Operation<'d> {
    pub(super) document: &'d Document,
    pub(super) method: Method,
    pub(super) route: Route,
    node: &'d Value,
    item: &'d Value,
}

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Path,
    Query,
    Header,
    Other,
}

/// A parameter of an operation.
#[derive(Clone, Debug)]
pub(super) struct Parameter<'d> {
    pub(super) name: &'d str,
    pub(super) place: Place,
    pub(super) is_required: bool,
    pub(super) description: &'d str,
    /// Its schema; in Swagger 2.0 the parameter itself.
    pub(super) schema: &'d Value,
}

/// What a request carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Carries {
    Json,
    Form,
}

/// An answer that means success.
#[derive(Clone, Debug)]
pub(super) struct Answer<'d> {
    /// Its schema, where it has one.
    pub(super) schema: Option<&'d Value>,
    /// Does it have a body of any kind?
    pub(super) has_body: bool,
    pub(super) headers: Vec<&'d str>,
}

/// Every operation whose path can be sent.
pub(super) fn operations(document: &Document) -> Vec<Operation<'_>> {
    let mut operations = Vec::new();
    for (path, item) in document.paths() {
        let Some(route) = Route::parse(path) else {
            continue;
        };
        for (name, method) in Method::ALL {
            if let Some(node) = item.get(name).filter(|node| node.is_object()) {
                let route = route.clone();
                operations.push(Operation {
                    document,
                    method,
                    route,
                    node,
                    item,
                });
            }
        }
        if operations.len() > OPERATIONS_MAX {
            break;
        }
    }
    operations
}

impl<'d> Operation<'d> {
    /// `operationId`, as it was written.
    pub(super) fn id(&self) -> &'d str {
        self.text("operationId")
    }

    /// Summary and description together, as they were written.
    pub(super) fn words(&self) -> String {
        format!("{}\n{}", self.text("summary"), self.text("description"))
    }

    /// The summary, or the description where there is none.
    pub(super) fn summary(&self) -> &'d str {
        Some(self.text("summary"))
            .filter(|text| !text.is_empty())
            .unwrap_or(self.text("description"))
    }

    /// How it is called in a comment: method, path and, where it has one, its id.
    pub(super) fn told(&self) -> String {
        let (method, path) = (self.method.as_str(), shown(&self.route.path));
        match self.id() {
            "" => format!("{method} {path}"),
            id => format!("{method} {path}, operation `{}`", shown(id)),
        }
    }

    /// Is it marked as deprecated?
    pub(super) fn is_deprecated(&self) -> bool {
        self.node.get("deprecated").and_then(Value::as_bool) == Some(true)
    }

    /// Its own `security`, where it has one.
    pub(super) fn security(&self) -> Option<&'d Value> {
        self.node.get("security").filter(|security| security.is_array())
    }

    /// Its parameters, and those of its path.
    pub(super) fn parameters(&self) -> Vec<Parameter<'d>> {
        let mut parameters: Vec<Parameter<'d>> = Vec::new();
        for list in [self.node.get("parameters"), self.item.get("parameters")] {
            for parameter in list.and_then(Value::as_array).into_iter().flatten() {
                let node = self.document.follow(parameter);
                let Some(name) = node
                    .get("name")
                    .and_then(Value::as_str)
                    .filter(|name| is_plain_name(name))
                else {
                    continue;
                };
                let place = match node.get("in").and_then(Value::as_str) {
                    Some("path") => Place::Path,
                    Some("query") => Place::Query,
                    Some("header") => Place::Header,
                    // Bodies of Swagger 2.0.
                    Some("body" | "formData") => continue,
                    _ => Place::Other,
                };
                if parameters
                    .iter()
                    .any(|known| known.name == name && known.place == place)
                {
                    continue;
                }
                let parameter = Parameter {
                    name,
                    place,
                    is_required: node.get("required").and_then(Value::as_bool) == Some(true),
                    description: node.get("description").and_then(Value::as_str).unwrap_or(""),
                    schema: self.document.follow(node.get("schema").unwrap_or(node)),
                };
                let parts = self.exploded(&parameter, node);
                if parts.is_empty() {
                    parameters.push(parameter);
                } else {
                    parameters.extend(parts);
                }
            }
        }
        parameters
    }

    /// The parameters that an object in the query is sent as, one for each property: OpenAPI 3.1, "Style Values", where `form`
    /// and `explode` are what holds if nothing is said.
    fn exploded(&self, parameter: &Parameter<'d>, node: &'d Value) -> Vec<Parameter<'d>> {
        let is_form = node
            .get("style")
            .and_then(Value::as_str)
            .is_none_or(|style| style == "form");
        let is_whole = node.get("explode").and_then(Value::as_bool) == Some(false);
        if parameter.place != Place::Query || !is_form || is_whole {
            return Vec::new();
        }
        let shape = Shape::of(self.document, parameter.schema);
        let properties = shape.properties.iter().filter(|_| shape.is_map());
        properties
            .map(|(name, schema)| Parameter {
                name,
                place: Place::Query,
                is_required: parameter.is_required && shape.is_required(name),
                description: "",
                schema: self.document.follow(schema),
            })
            .collect()
    }

    /// The parameters of one place.
    pub(super) fn parameters_in(&self, place: Place) -> Vec<Parameter<'d>> {
        self.parameters()
            .into_iter()
            .filter(|parameter| parameter.place == place)
            .collect()
    }

    /// The schema of its body, and how it is sent.
    pub(super) fn body(&self) -> Option<(Carries, Shape<'d>)> {
        if let Some(body) = self.node.get("requestBody") {
            let content = self.document.follow(body).get("content")?.as_object()?;
            let carries = |kind: &str| match kind.split(';').next().unwrap_or_default().trim() {
                "application/x-www-form-urlencoded" | "multipart/form-data" => Some(Carries::Form),
                kind if kind.contains("json") || kind == "*/*" => Some(Carries::Json),
                _ => None,
            };
            let find = |wanted| content.iter().find(|(kind, _)| carries(kind) == Some(wanted));
            let (carries, media) = match (find(Carries::Json), find(Carries::Form)) {
                (Some((_, media)), _) => (Carries::Json, media),
                (None, Some((_, media))) => (Carries::Form, media),
                (None, None) => return None,
            };
            return Some((carries, Shape::of(self.document, media.get("schema")?)));
        }
        let mut form = Shape::default();
        for parameter in self
            .node
            .get("parameters")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let node = self.document.follow(parameter);
            match node.get("in").and_then(Value::as_str) {
                Some("body") => return Some((Carries::Json, Shape::of(self.document, node.get("schema")?))),
                Some("formData") => {
                    let Some(name) = node
                        .get("name")
                        .and_then(Value::as_str)
                        .filter(|name| is_plain_name(name))
                    else {
                        continue;
                    };
                    form.properties.push((name, node));
                    if node.get("required").and_then(Value::as_bool) == Some(true) {
                        form.required.push(name);
                    }
                }
                _ => {}
            }
        }
        (!form.properties.is_empty()).then_some((Carries::Form, form))
    }

    /// The codes of its answers with what is said of each.
    pub(super) fn answers(&self) -> impl Iterator<Item = (&'d str, &'d Value)> {
        let document = self.document;
        let responses = self.node.get("responses").map(|responses| document.follow(responses));
        let responses = responses.and_then(Value::as_object).into_iter().flatten();
        responses.map(move |(code, answer)| (code.as_str(), document.follow(answer)))
    }

    /// The codes of success that are written, in order.
    pub(super) fn success_codes(&self) -> Vec<u16> {
        let mut codes: Vec<u16> = self
            .answers()
            .filter_map(|(code, _)| code.parse::<u16>().ok())
            .filter(|code| (200..300).contains(code))
            .collect();
        codes.sort_unstable();
        codes
    }

    /// The answer that means success: the first that shows something, else the first.
    pub(super) fn success(&self) -> Option<Answer<'d>> {
        let is_success = |code: &str| code.starts_with('2') || code == "default";
        let mut answers: Vec<(&str, Answer<'d>)> = self
            .answers()
            .filter(|(code, _)| is_success(code))
            .map(|(code, answer)| (code, read_answer(answer)))
            .collect();
        answers.sort_by_key(|(code, answer)| (*code == "default", answer.schema.is_none()));
        answers.into_iter().next().map(|(_, answer)| answer)
    }

    fn text(&self, key: &str) -> &'d str {
        self.node.get(key).and_then(Value::as_str).unwrap_or("")
    }
}

/// An answer of either dialect.
fn read_answer(answer: &Value) -> Answer<'_> {
    let content = answer.get("content").and_then(Value::as_object);
    let media = content.and_then(|content| {
        let is_json = |kind: &str| kind.contains("json") || kind == "*/*";
        content.iter().find(|(kind, _)| is_json(kind)).map(|(_, media)| media)
    });
    let schema = media
        .and_then(|media| media.get("schema"))
        .or_else(|| answer.get("schema"));
    let headers = answer.get("headers").and_then(Value::as_object).into_iter().flatten();
    Answer {
        schema: schema.filter(|schema| schema.is_object()),
        has_body: schema.is_some() || content.is_some_and(|content| !content.is_empty()),
        headers: headers.map(|(name, _)| name.as_str()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_dialects_give_parameters_bodies_and_answers() {
        let swagger = "swagger: '2.0'
paths:
  /users:
    parameters: [{name: tenant, in: header, type: string}]
    post:
      operationId: create
      parameters: [{in: body, name: b, schema: {properties: {email: {type: string}}}}]
      responses: {201: {description: made, schema: {type: object}, headers: {Location: {}}}, 409: {description: taken}}
";
        let openapi = "openapi: 3.0.3
paths:
  /users:
    parameters: [{name: tenant, in: header, schema: {type: string}}]
    post:
      operationId: create
      requestBody: {content: {application/json: {schema: {properties: {email: {type: string}}}}}}
      responses: {'201': {content: {application/json: {schema: {type: object}}}, headers: {Location: {}}}, '409': {description: taken}}
";
        for text in [swagger, openapi] {
            let document = Document::read(text, &|_| None).unwrap();
            let operations = operations(&document);
            let create = &operations[0];
            assert_eq!(create.told(), "POST /users, operation `create`");
            let parameters = create.parameters();
            assert_eq!((parameters.len(), parameters[0].place), (1, Place::Header));
            let (carries, body) = create.body().unwrap();
            assert_eq!((carries, body.properties[0].0), (Carries::Json, "email"));
            assert_eq!(create.success_codes(), [201]);
            let answer = create.success().unwrap();
            assert!(answer.schema.is_some() && answer.headers == ["Location"]);
        }
    }
}
