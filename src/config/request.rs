//! One request of a service's description, and what its answers mean.

use std::time::Duration;

use super::decode::{Decoder, Fields};
use super::tree::{Kind, Node};
use crate::domain::answer::Answer;
use crate::language::{EvalError, Expression, JsonTemplate, Scope, Target, Template};

/// A request.
#[derive(Clone, Debug)]
pub struct Request {
    /// Where it stands in the document, such as `services[0].create`.
    pub place: String,
    /// Method and path.
    pub target: Target,
    /// Further query parameters, values not yet encoded.
    pub query: Vec<(String, Template)>,
    /// Header fields, on top of the service's own.
    pub headers: Vec<(String, Template)>,
    /// The body.
    pub payload: Payload,
    /// The answers that mean success.
    pub expect: Condition,
    /// The answers that mean: there is no such account. Codes 404 and 410 where nothing is said.
    pub gone: Condition,
    /// What later requests need of the answer, by name. Never printed.
    pub captures: Vec<(String, Expression)>,
}

/// What a request carries.
#[derive(Clone, Debug)]
pub enum Payload {
    /// Nothing.
    None,
    /// `json:`
    Json(JsonTemplate),
    /// `form:`, URL-encoded; values not yet encoded.
    Form(Vec<(String, Template)>),
    /// `body:`, as it is.
    Text(Template),
}

/// A class of answers.
#[derive(Clone, Debug)]
pub enum Condition {
    /// Any 2xx.
    Success,
    /// One of these status codes.
    Codes(Vec<u16>),
    /// This expression over `status`, `headers` and `body` is true.
    Expression(Expression),
}

impl Condition {
    /// Is the answer one of these? What an expression reads and the answer lacks makes it false.
    pub fn holds(&self, answer: &Answer, scope: &Scope) -> Result<bool, EvalError> {
        match self {
            Self::Success => Ok(answer.is_success()),
            Self::Codes(codes) => Ok(codes.contains(&answer.status)),
            Self::Expression(expression) => expression.eval_bool(&scope.clone().answer(answer)),
        }
    }
}

/// How an account is made.
#[derive(Clone, Debug)]
pub struct Create {
    /// The request.
    pub request: Request,
    /// Answers that mean: the name is taken.
    pub duplicate: Condition,
    /// Was `duplicate` given, so that the service is known to refuse equal names?
    pub duplicate_declared: bool,
    /// The id in the answer.
    pub id: Option<Expression>,
    /// The user name that the answer shows.
    pub name: Option<Expression>,
    /// What goes to the outputs.
    pub outputs: Vec<(String, Expression)>,
    /// What is masked and goes to the credentials file.
    pub secrets: Vec<(String, Expression)>,
    /// The header that carries a key which is the same on every try.
    pub idempotency_header: Option<String>,
}

/// A request that is repeated until something holds.
#[derive(Clone, Debug)]
pub struct Poll {
    /// The request.
    pub request: Request,
    /// The user name that the answer shows.
    pub name: Option<Expression>,
    /// What has to hold. Without it: `expect` of the request, or in the service's `gone` the request's `gone`.
    pub until: Option<Expression>,
    /// How long it may take to hold.
    pub within: Duration,
}

/// How an account is looked up by its name.
#[derive(Clone, Debug)]
pub struct Find {
    /// The request.
    pub request: Request,
    /// The list of hits in the answer.
    pub items: Expression,
    /// The id of an `item`.
    pub id: Expression,
    /// The user name of an `item`.
    pub name: Expression,
    /// Answers that mean: there is none.
    pub absent: Condition,
    /// How long the service may take to show what was created.
    pub settle: Duration,
}

/// What a service's own address, headers and credentials can see.
pub(super) const SERVICE_NAMES: &[&str] = &["env", "run", "service"];
/// The same with an answer.
const SERVICE_ANSWER: &[&str] = &["env", "run", "service", "status", "headers", "body"];
/// Before there is an id.
const NEW: &[&str] = &["env", "run", "service", "account", "needs"];
const NEW_ANSWER: &[&str] = &[
    "env", "run", "service", "account", "needs", "capture", "status", "headers", "body",
];
const NEW_ITEM: &[&str] = &[
    "env", "run", "service", "account", "needs", "status", "headers", "body", "item",
];
/// Once there is an id.
const KNOWN: &[&str] = &["env", "run", "service", "account", "needs", "id", "capture"];
const KNOWN_ANSWER: &[&str] = &[
    "env", "run", "service", "account", "needs", "id", "capture", "status", "headers", "body",
];

const WITHIN: Duration = Duration::from_secs(30);

/// The codes of an answer that says: there is no such account.
fn absent_codes() -> Condition {
    Condition::Codes(vec![404, 410])
}

/// A request and what its answers can see.
struct Shape<'n> {
    fields: Fields<'n>,
    place: String,
    names: &'static [&'static str],
    answer: &'static [&'static str],
}

impl<'n> Shape<'n> {
    fn new(
        decoder: &mut Decoder,
        node: &'n Node,
        what: &'static str,
        place: String,
        names: &'static [&'static str],
        answer: &'static [&'static str],
    ) -> Option<Self> {
        let fields = decoder.fields(node, what)?;
        Some(Self {
            fields,
            place,
            names,
            answer,
        })
    }

    /// The keys that every request has.
    fn request(&mut self, decoder: &mut Decoder) -> Option<Request> {
        let (names, answer) = (self.names, self.answer);
        let target = match self.fields.need(decoder, "request") {
            Some(node) => target(decoder, node, names),
            None => None,
        };
        let query = self
            .fields
            .take("query")
            .map(|node| decoder.templates(node, "`query`", names));
        let headers = self.fields.take("headers").map(|node| headers(decoder, node, names));
        let payload = self.payload(decoder);
        let expect = match self.fields.take("expect") {
            Some(node) => condition(decoder, node, "expect", answer),
            None => Some(Condition::Success),
        };
        let captures = self
            .fields
            .take("capture")
            .map(|node| decoder.expressions(node, "`capture`", answer));
        Some(Request {
            place: self.place.clone(),
            target: target?,
            query: query.unwrap_or_default(),
            headers: headers.unwrap_or_default(),
            payload: payload?,
            expect: expect?,
            gone: absent_codes(),
            captures: captures.unwrap_or_default(),
        })
    }

    fn payload(&mut self, decoder: &mut Decoder) -> Option<Payload> {
        let names = self.names;
        let json = self.fields.entry("json");
        let form = self.fields.entry("form");
        let body = self.fields.entry("body");
        let given: Vec<_> = [json, form, body].into_iter().flatten().collect();
        if let [_, second, ..] = given.as_slice() {
            decoder.error_with_hint(
                second.key_span,
                format!("`{}` stands beside `{}`", second.key, given[0].key),
                "a request has one of `json`, `form` and `body`",
            );
            return None;
        }
        if let Some(entry) = json {
            return decoder.json(&entry.value, names).map(Payload::Json);
        }
        if let Some(entry) = form {
            return Some(Payload::Form(decoder.templates(&entry.value, "`form`", names)));
        }
        match body {
            Some(entry) => decoder.template(&entry.value, "body", names).map(Payload::Text),
            None => Some(Payload::None),
        }
    }

    fn condition(&mut self, decoder: &mut Decoder, key: &'static str, default: Condition) -> Option<Condition> {
        match self.fields.take(key) {
            Some(node) => condition(decoder, node, key, self.answer),
            None => Some(default),
        }
    }

    fn expression(
        &mut self,
        decoder: &mut Decoder,
        key: &'static str,
        names: &'static [&'static str],
    ) -> Option<Expression> {
        self.fields
            .take(key)
            .and_then(|node| decoder.expression(node, key, names))
    }

    fn duration(&mut self, decoder: &mut Decoder, key: &'static str, default: Duration) -> Option<Duration> {
        match self.fields.take(key) {
            Some(node) => decoder.duration(node, key),
            None => Some(default),
        }
    }
}

/// A request with no account in sight: `ready` and `probe`.
pub(super) fn service_request(
    decoder: &mut Decoder,
    node: &Node,
    what: &'static str,
    place: String,
) -> Option<Request> {
    let mut shape = Shape::new(decoder, node, what, place, SERVICE_NAMES, SERVICE_ANSWER)?;
    let request = shape.request(decoder);
    shape.fields.finish(decoder);
    request
}

/// `create`.
pub(super) fn create(decoder: &mut Decoder, node: &Node, place: String) -> Option<Create> {
    let mut shape = Shape::new(decoder, node, "`create`", place, NEW, NEW_ANSWER)?;
    let request = shape.request(decoder);
    let duplicate_declared = shape.fields.take("duplicate").is_some();
    let duplicate = shape.condition(decoder, "duplicate", Condition::Codes(vec![409]));
    let id = shape.expression(decoder, "id", NEW_ANSWER);
    let name = shape.expression(decoder, "name", NEW_ANSWER);
    let outputs = shape
        .fields
        .take("outputs")
        .map(|node| decoder.expressions(node, "`outputs`", NEW_ANSWER));
    let secrets = shape
        .fields
        .take("secrets")
        .map(|node| decoder.expressions(node, "`secrets`", NEW_ANSWER));
    let idempotency_header = shape.fields.take("idempotency_header").and_then(|node| {
        let name = decoder.text(node, "idempotency_header")?;
        header_name(decoder, node, &name);
        Some(name)
    });
    shape.fields.finish(decoder);
    Some(Create {
        request: request?,
        duplicate: duplicate?,
        duplicate_declared,
        id,
        name,
        outputs: outputs.unwrap_or_default(),
        secrets: secrets.unwrap_or_default(),
        idempotency_header,
    })
}

/// A step of `after_create`.
fn after_create(decoder: &mut Decoder, node: &Node, place: String) -> Option<Request> {
    let mut shape = Shape::new(decoder, node, "a request of `after_create`", place, KNOWN, KNOWN_ANSWER)?;
    let request = shape.request(decoder);
    shape.fields.finish(decoder);
    request
}

/// A step of `delete`.
fn delete(decoder: &mut Decoder, node: &Node, place: String) -> Option<Request> {
    let mut shape = Shape::new(decoder, node, "a request of `delete`", place, KNOWN, KNOWN_ANSWER)?;
    let request = shape.request(decoder);
    let gone = shape.condition(decoder, "gone", absent_codes());
    shape.fields.finish(decoder);
    Some(Request {
        gone: gone?,
        ..request?
    })
}

/// `delete` and `after_create`: one request or a list of them.
pub(super) fn chain(decoder: &mut Decoder, node: &Node, key: &'static str, place: &str) -> Option<Vec<Request>> {
    let step = if key == "delete" { delete } else { after_create };
    if let Kind::List(items) = &node.kind {
        let steps: Vec<_> = items
            .iter()
            .enumerate()
            .map(|(index, item)| step(decoder, item, format!("{place}[{index}]")))
            .collect();
        return steps.into_iter().collect();
    }
    step(decoder, node, place.to_owned()).map(|request| vec![request])
}

/// `verify` and `gone`.
pub(super) fn poll(decoder: &mut Decoder, node: &Node, what: &'static str, place: String) -> Option<Poll> {
    let mut shape = Shape::new(decoder, node, what, place, KNOWN, KNOWN_ANSWER)?;
    let request = shape.request(decoder);
    let gone = shape.condition(decoder, "gone", absent_codes());
    let name = shape.expression(decoder, "name", KNOWN_ANSWER);
    let until = shape.expression(decoder, "until", KNOWN_ANSWER);
    let within = shape.duration(decoder, "within", WITHIN);
    shape.fields.finish(decoder);
    Some(Poll {
        request: Request {
            gone: gone?,
            ..request?
        },
        name,
        until,
        within: within?,
    })
}

/// `find`.
pub(super) fn find(decoder: &mut Decoder, node: &Node, place: String) -> Option<Find> {
    let mut shape = Shape::new(decoder, node, "`find`", place, NEW, NEW_ANSWER)?;
    let request = shape.request(decoder);
    let mut need = |shape: &mut Shape<'_>, key, names| {
        let node = shape.fields.need(decoder, key)?;
        decoder.expression(node, key, names)
    };
    let items = need(&mut shape, "items", NEW_ANSWER);
    let id = need(&mut shape, "id", NEW_ITEM);
    let name = need(&mut shape, "name", NEW_ITEM);
    let absent = shape.condition(decoder, "absent", absent_codes());
    let settle = shape.duration(decoder, "settle", Duration::ZERO);
    shape.fields.finish(decoder);
    let absent = absent?;
    Some(Find {
        request: Request {
            gone: absent.clone(),
            ..request?
        },
        items: items?,
        id: id?,
        name: name?,
        absent,
        settle: settle?,
    })
}

fn target(decoder: &mut Decoder, node: &Node, names: &'static [&'static str]) -> Option<Target> {
    let text = decoder.text(node, "request")?;
    match Target::parse(&text) {
        Ok(target) => {
            for expression in target.expressions() {
                decoder.names(node.span, expression, names);
            }
            Some(target)
        }
        Err(error) => {
            decoder.language_error(node, &text, error);
            None
        }
    }
}

/// A list of status codes, or an expression.
fn condition(decoder: &mut Decoder, node: &Node, key: &str, names: &'static [&'static str]) -> Option<Condition> {
    match &node.kind {
        Kind::String(_) => decoder.expression(node, key, names).map(Condition::Expression),
        Kind::List(items) => {
            let codes: Vec<_> = items
                .iter()
                .map(|item| {
                    let code = decoder.number(item, key, 100..=599)?;
                    u16::try_from(code).ok()
                })
                .collect();
            codes.into_iter().collect::<Option<_>>().map(Condition::Codes)
        }
        Kind::Number(_, written) => {
            decoder.error_with_hint(
                node.span,
                format!("`{key}` is a list of status codes or an expression"),
                format!("write `[{written}]`"),
            );
            None
        }
        Kind::Null | Kind::Bool(_) | Kind::Map(_) => {
            decoder.error_with_hint(
                node.span,
                format!(
                    "`{key}` is a list of status codes or an expression, not {}",
                    node.what()
                ),
                "write for example `[200, 201]` or `\"status == 200\"`",
            );
            None
        }
    }
}

/// A map of header fields, whose names are checked.
pub(super) fn headers(decoder: &mut Decoder, node: &Node, names: &'static [&'static str]) -> Vec<(String, Template)> {
    decoder.named(node, "`headers`", |decoder, entry| {
        if !is_header_name(&entry.key) {
            decoder.error(entry.key_span, "this can't be the name of a header");
        }
        decoder.template(&entry.value, &entry.key, names)
    })
}

fn header_name(decoder: &mut Decoder, node: &Node, name: &str) {
    if !is_header_name(name) {
        decoder.error(node.span, "this can't be the name of a header");
    }
}

/// A token of RFC 9110, section 5.6.2.
fn is_header_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
}
