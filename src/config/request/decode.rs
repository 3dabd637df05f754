//! Requests from the tree: which keys each kind has, and which names its expressions can see.

use std::time::Duration;

use super::step::{destination, patience, when};
use super::{Create, Find, Poll, Request};
use crate::config::action;
use crate::config::condition::Condition;
use crate::config::decode::{Decoder, Fields};
use crate::config::keys::{self, Block, Key, after_create, before_create, delete, request as key};
use crate::config::source::CONVENTION_SOURCE;
use crate::config::tree::{Content, Node};
use crate::language::Expression;

/// What an answer is, and what else an expression can see beside it.
macro_rules! answer {
    ($($name:literal),*) => {
        &[$($name,)* "status", "headers", "headers_all", "cookies", "body"]
    };
}

/// What is an answer's own.
const ANSWER: &[&str] = answer!();
/// What a service's own address, headers and credentials can see.
pub(in crate::config) const SERVICE_NAMES: &[&str] = &["env", "run", "service", "with"];
/// What says which page of a list is asked for.
pub(in crate::config) const POSITIONS: [&str; 3] = ["page", "offset", "cursor"];
/// What a list's requests can see.
pub(in crate::config) const LIST_NAMES: &[&str] = &["env", "run", "service", "with", "page", "offset", "cursor"];
/// The same with an answer.
pub(in crate::config) const SERVICE_ANSWER: &[&str] = answer!("env", "run", "service", "with");
/// What the later steps of a log-in see, and what requests carry of it.
pub(in crate::config) const LOGIN_NAMES: &[&str] = &["env", "run", "service", "with", "capture"];
/// The same with an answer.
pub(in crate::config) const LOGIN_ANSWER: &[&str] = answer!("env", "run", "service", "with", "capture");
/// The same as [`SERVICE_ANSWER`] with one item of it.
pub(in crate::config) const SERVICE_ITEM: &[&str] = answer!("env", "run", "service", "with", "item");
/// Before there is an id.
const NEW: &[&str] = &["env", "run", "service", "with", "account", "needs", "capture"];
const NEW_ANSWER: &[&str] = answer!("env", "run", "service", "with", "account", "needs", "capture");
const NEW_ITEM: &[&str] = answer!("env", "run", "service", "with", "account", "needs", "capture", "item");
/// Once there is an id.
const KNOWN: &[&str] = &["env", "run", "service", "with", "account", "needs", "id", "capture"];
const KNOWN_ANSWER: &[&str] = answer!("env", "run", "service", "with", "account", "needs", "id", "capture");

/// The codes of an answer that says: there is no such account.
fn absent_codes() -> Condition {
    Condition::Codes(vec![404, 410])
}

/// A request and what its answers can see.
struct Shape<'n> {
    fields: Fields<'n>,
    place: String,
    /// It only looks, whatever it is sent by.
    is_look: bool,
    names: &'static [&'static str],
    answer: &'static [&'static str],
}

impl<'n> Shape<'n> {
    fn new(
        decoder: &mut Decoder,
        node: &'n Node,
        what: &'static str,
        block: &'static Block,
        (place, is_look): (String, bool),
        [names, answer]: [&'static [&'static str]; 2],
    ) -> Option<Self> {
        let fields = decoder.fields(node, what, block)?;
        Some(Self {
            fields,
            place,
            is_look,
            names,
            answer,
        })
    }

    /// The keys that every request has.
    fn request(&mut self, decoder: &mut Decoder) -> Option<Request> {
        let (names, answer) = (self.names, self.answer);
        let action = action::decode(decoder, &mut self.fields, names);
        let expect = self.condition(decoder, key::EXPECT, Condition::Success);
        let captures = self.expressions(decoder, key::CAPTURE, "`capture`");
        let mut readings = decoder.readings.clone();
        for (key, condition) in [(key::BUSY, &mut readings.busy), (key::DEAD, &mut readings.dead)] {
            if let Some(own) = self.own_condition(decoder, key) {
                *condition = own;
            }
        }
        if let Some(error) = self.expression(decoder, key::ERROR, answer) {
            readings.error = Some(error);
        }
        let destination = destination(decoder, &mut self.fields, names);
        let patience = patience(decoder, &mut self.fields, (self.is_look, action.as_ref()), answer);
        let when = when(decoder, &mut self.fields, names);
        Some(Request {
            place: self.place.clone(),
            action: action?,
            expect: expect?,
            gone: absent_codes(),
            captures,
            outputs: Vec::new(),
            secrets: Vec::new(),
            destination: destination?,
            patience: patience?,
            when,
            readings,
        })
    }

    /// The same of a request whose answers the job may want something of.
    fn telling_request(&mut self, decoder: &mut Decoder, outputs: Key, secrets: Key) -> Option<Request> {
        let request = self.request(decoder);
        let outputs = self.expressions(decoder, outputs, "`outputs`");
        let secrets = self.expressions(decoder, secrets, "`secrets`");
        Some(Request {
            outputs,
            secrets,
            ..request?
        })
    }

    fn expressions(&mut self, decoder: &mut Decoder, key: Key, what: &'static str) -> Vec<(String, Expression)> {
        let node = self.fields.take(key);
        let answer = self.answer;
        node.map(|node| decoder.expressions(node, what, answer))
            .unwrap_or_default()
    }

    fn own_condition(&mut self, decoder: &mut Decoder, key: Key) -> Option<Condition> {
        let answer = self.answer;
        self.fields.read(decoder, key, |decoder, node, name| {
            condition(decoder, node, name, answer)
        })
    }

    fn condition(&mut self, decoder: &mut Decoder, key: Key, default: Condition) -> Option<Condition> {
        let answer = self.answer;
        self.fields.read_or(decoder, key, default, |decoder, node, name| {
            condition(decoder, node, name, answer)
        })
    }

    fn expression(&mut self, decoder: &mut Decoder, key: Key, names: &'static [&'static str]) -> Option<Expression> {
        self.fields.read(decoder, key, |decoder, node, name| {
            decoder.expression(node, name, names)
        })
    }

    fn duration(&mut self, decoder: &mut Decoder, key: Key, default: Duration) -> Option<Duration> {
        self.fields.read_or(decoder, key, default, Decoder::duration)
    }
}

/// A request with no account in sight: `ready` and `probe`.
pub(in crate::config) fn service_request(
    decoder: &mut Decoder,
    node: &Node,
    what: &'static str,
    place: String,
) -> Option<Request> {
    let (request, fields) = service_part(decoder, node, (what, &key::BLOCK), (place, false), SERVICE_NAMES)?;
    fields.finish(decoder);
    request
}

/// `probe`, and what its answer says of the place.
pub(in crate::config) fn probe(
    decoder: &mut Decoder,
    node: &Node,
    place: String,
) -> (Option<Request>, Option<Expression>) {
    let block = ("`probe`", &keys::probe::BLOCK);
    let Some((request, mut fields)) = service_part(decoder, node, block, (place, false), SERVICE_NAMES) else {
        return (None, None);
    };
    let place = fields.read(decoder, keys::probe::PLACE, |decoder, node, name| {
        decoder.expression(node, name, SERVICE_ANSWER)
    });
    fields.finish(decoder);
    (request, place)
}

/// The log-in of `auth`, with the keys that are the caller's to read.
pub(in crate::config) fn login_request<'n>(
    decoder: &mut Decoder,
    node: &'n Node,
    place: String,
) -> Option<(Option<Request>, Fields<'n>)> {
    service_part(
        decoder,
        node,
        ("`login`", &keys::login::BLOCK),
        (place, false),
        SERVICE_NAMES,
    )
}

/// A step of a log-in.
pub(in crate::config) fn login_step(decoder: &mut Decoder, node: &Node, place: String) -> Option<Request> {
    let names = [LOGIN_NAMES, LOGIN_ANSWER];
    let mut shape = Shape::new(decoder, node, "a step of `login`", &key::BLOCK, (place, false), names)?;
    let request = shape.request(decoder);
    shape.fields.finish(decoder);
    request
}

/// A page of `list`, with the keys that are the caller's to read.
pub(in crate::config) fn list_request<'n>(
    decoder: &mut Decoder,
    node: &'n Node,
    place: String,
) -> Option<(Option<Request>, Fields<'n>)> {
    service_part(decoder, node, ("`list`", &keys::list::BLOCK), (place, true), LIST_NAMES)
}

fn service_part<'n>(
    decoder: &mut Decoder,
    node: &'n Node,
    (what, block): (&'static str, &'static Block),
    at: (String, bool),
    names: &'static [&'static str],
) -> Option<(Option<Request>, Fields<'n>)> {
    let mut shape = Shape::new(decoder, node, what, block, at, [names, SERVICE_ANSWER])?;
    let request = shape.request(decoder);
    Some((request, shape.fields))
}

/// `create`.
pub(in crate::config) fn create(decoder: &mut Decoder, node: &Node, place: String) -> Option<Create> {
    use keys::create as key;
    let at = (place, false);
    let mut shape = Shape::new(decoder, node, "`create`", &key::BLOCK, at, [NEW, NEW_ANSWER])?;
    let request = shape.telling_request(decoder, key::OUTPUTS, key::SECRETS);
    let duplicate_declared = shape.fields.take(key::DUPLICATE).is_some();
    let duplicate = shape.condition(decoder, key::DUPLICATE, Condition::Codes(vec![409]));
    let refused = shape.own_condition(decoder, key::REFUSED);
    let refused = refused.or(decoder.refused.clone());
    let id = shape.expression(decoder, key::ID, NEW_ANSWER);
    let name = shape.expression(decoder, key::NAME, NEW_ANSWER);
    let idempotency_header = shape
        .fields
        .read(decoder, key::IDEMPOTENCY_HEADER, |decoder, node, name| {
            let header = decoder.text(node, name)?;
            action::header_name(decoder, node.span, &header);
            Some(header)
        });
    shape.fields.finish(decoder);
    Some(Create {
        request: request?,
        duplicate: duplicate?,
        refused,
        duplicate_declared,
        id,
        name,
        is_convention: node.span.source == CONVENTION_SOURCE,
        idempotency_header,
    })
}

/// A step of `before_create`.
fn step_before(decoder: &mut Decoder, node: &Node, place: String) -> Option<Request> {
    use before_create as key;
    let what = "a request of `before_create`";
    let at = (place, false);
    let mut shape = Shape::new(decoder, node, what, &key::BLOCK, at, [NEW, NEW_ANSWER])?;
    let request = shape.telling_request(decoder, key::OUTPUTS, key::SECRETS);
    shape.fields.finish(decoder);
    request
}

/// A step of `after_create`.
fn step(decoder: &mut Decoder, node: &Node, place: String) -> Option<Request> {
    use after_create as key;
    let what = "a request of `after_create`";
    let at = (place, false);
    let mut shape = Shape::new(decoder, node, what, &key::BLOCK, at, [KNOWN, KNOWN_ANSWER])?;
    let request = shape.telling_request(decoder, key::OUTPUTS, key::SECRETS);
    shape.fields.finish(decoder);
    request
}

/// A step of `delete`.
fn delete_step(decoder: &mut Decoder, node: &Node, place: String) -> Option<Request> {
    let what = "a request of `delete`";
    let at = (place, false);
    let mut shape = Shape::new(decoder, node, what, &delete::BLOCK, at, [KNOWN, KNOWN_ANSWER])?;
    let request = shape.request(decoder);
    let gone = shape.condition(decoder, delete::GONE, absent_codes());
    shape.fields.finish(decoder);
    Some(Request {
        gone: gone?,
        ..request?
    })
}

/// `before_create`, `after_create` and `delete`: one request or a list of them.
pub(in crate::config) fn chain(decoder: &mut Decoder, node: &Node, key: Key, place: &str) -> Option<Vec<Request>> {
    let step = match key.name {
        name if name == keys::service::DELETE.name => delete_step,
        name if name == keys::service::BEFORE_CREATE.name => step_before,
        _ => step,
    };
    if let Content::List(items) = &node.kind {
        let steps: Vec<_> = items
            .iter()
            .enumerate()
            .map(|(index, item)| step(decoder, item, format!("{place}[{index}]")))
            .collect();
        return steps.into_iter().collect();
    }
    step(decoder, node, place.to_owned()).map(|request| vec![request])
}

/// `verify`.
pub(in crate::config) fn verify(decoder: &mut Decoder, node: &Node, place: String) -> Option<Poll> {
    use keys::verify as key;
    let at = (place, true);
    let mut shape = Shape::new(decoder, node, "`verify`", &key::BLOCK, at, [KNOWN, KNOWN_ANSWER])?;
    let request = shape.telling_request(decoder, key::OUTPUTS, key::SECRETS);
    poll(decoder, shape, request, [key::GONE, key::NAME])
}

/// `gone`.
pub(in crate::config) fn gone(decoder: &mut Decoder, node: &Node, place: String) -> Option<Poll> {
    use keys::gone as key;
    let at = (place, true);
    let mut shape = Shape::new(decoder, node, "`gone`", &key::BLOCK, at, [KNOWN, KNOWN_ANSWER])?;
    let request = shape.request(decoder);
    poll(decoder, shape, request, [key::GONE, key::NAME])
}

fn poll(decoder: &mut Decoder, mut shape: Shape<'_>, request: Option<Request>, [gone, name]: [Key; 2]) -> Option<Poll> {
    let gone = shape.condition(decoder, gone, absent_codes());
    let name = shape.expression(decoder, name, KNOWN_ANSWER);
    shape.fields.finish(decoder);
    let mut request = request?;
    request.gone = gone?;
    // It is sent again by whoever reads its answers, and not below that.
    Some(Poll {
        until: request.patience.until.take(),
        within: request.patience.within,
        request,
        name,
    })
}

/// `find`.
pub(in crate::config) fn find(decoder: &mut Decoder, node: &Node, place: String) -> Option<Find> {
    use keys::find as key;
    let at = (place, true);
    let mut shape = Shape::new(decoder, node, "`find`", &key::BLOCK, at, [NEW, NEW_ANSWER])?;
    let request = shape.request(decoder);
    let mut need = |shape: &mut Shape<'_>, key: Key, names| {
        let node = shape.fields.need(decoder, key)?;
        decoder.expression(node, key.name, names)
    };
    let items = need(&mut shape, key::ITEMS, NEW_ANSWER);
    let id = need(&mut shape, key::ID, NEW_ITEM);
    let name = need(&mut shape, key::NAME, NEW_ITEM);
    // A slip in the address is answered with 404 too: what means "none" has to be said.
    let absent = shape.condition(decoder, key::ABSENT, Condition::Codes(Vec::new()));
    let settle = shape.duration(decoder, key::SETTLE, Duration::ZERO);
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

/// A list of status codes, or an expression.
pub(in crate::config) fn condition(
    decoder: &mut Decoder,
    node: &Node,
    key: &str,
    names: &'static [&'static str],
) -> Option<Condition> {
    match &node.kind {
        Content::String(_) => claim(decoder, node, key, names).map(Condition::Expression),
        Content::List(items) => {
            let codes: Vec<_> = items
                .iter()
                .map(|item| {
                    let code = decoder.number(item, key, 100..=599)?;
                    u16::try_from(code).ok()
                })
                .collect();
            codes.into_iter().collect::<Option<_>>().map(Condition::Codes)
        }
        Content::Number(_, written) => {
            decoder.error_with_hint(
                node.span,
                format!("`{key}` is a list of status codes or an expression"),
                format!("write `[{written}]`"),
            );
            None
        }
        Content::Null | Content::Bool(_) | Content::Map(_) => {
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

/// An expression that says something of an answer. What is the same whatever the answer is, such as `"204"`, would hold of
/// every one, and an account would be taken for deleted.
pub(super) fn claim(
    decoder: &mut Decoder,
    node: &Node,
    key: &str,
    names: &'static [&'static str],
) -> Option<Expression> {
    let expression = decoder.expression(node, key, names)?;
    let source = expression.source();
    let reads_answer = expression.names().iter().any(|name| ANSWER.contains(&name.as_str()));
    if (reads_answer && source != "status") || node.is_todo() {
        return Some(expression);
    }
    let is_code = |c: char| c.is_ascii_digit() || matches!(c, '[' | ']' | ',' | ' ');
    let hint = if source.chars().all(is_code) && key != keys::request::UNTIL.name {
        format!("write `[{}]`, without quotes", source.trim_matches(['[', ']']))
    } else {
        "compare `status`, `headers` or `body` with something, as in `\"status == 200\"`".to_owned()
    };
    decoder.error_with_hint(node.span, format!("`{key}` holds for every answer"), hint);
    None
}
