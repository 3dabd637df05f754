//! How all accounts of a service are listed, page by page.

use super::decode::{Decoder, Fields};
use super::keys::{self, Key, list as key};
use super::request::{LIST_NAMES, POSITIONS, Request, SERVICE_ANSWER, SERVICE_ITEM, list_request};
use super::tree::{Content, Node, Pair};
use crate::language::{Expression, JsonTemplate, Template};

/// How accounts are listed. It sees no `account` and no `id`: it is asked for all of them.
#[derive(Clone, Debug)]
pub struct List {
    /// The request of a page.
    pub request: Request,
    /// The request of a page that asks for the accounts of `run.prefix` alone, where the service can tell them from the others.
    /// What it shows is judged all the same.
    pub filter: Option<Request>,
    /// The list of accounts in the answer.
    pub items: Expression,
    /// The id of an `item`.
    pub id: Expression,
    /// The user name of an `item`; an item without one is none of ours.
    pub name: Expression,
    /// How many accounts there are, over the answer: showing fewer is incomplete.
    pub total: Option<Expression>,
    /// Where the next page is; without it there is one page.
    pub next: Option<Next>,
    /// Where the parameter of [`Next::Page`], [`Next::Offset`] and [`Next::Cursor`] stands.
    pub carrier: Carrier,
}

/// What of a list's request says which page is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// A query parameter.
    Query,
    /// A place in the body, which is JSON: keys with dots between them.
    Json,
    /// The request's own templates, which see it under the name that stands for `param`.
    Template,
}

/// Where the next page of a list is.
#[derive(Clone, Debug)]
pub enum Next {
    /// The answer's `Link` header with `rel="next"`: RFC 8288.
    Link,
    /// The parameter `param` counts pages from `first`; a page without items ends the list.
    Page {
        /// The parameter.
        param: String,
        /// The number of the first page: 0 or 1.
        first: u64,
    },
    /// The parameter `param` says how many items were given; a page without items ends the list.
    Offset {
        /// The parameter.
        param: String,
    },
    /// The parameter `param` carries what `expression` gives over the answer. Undefined, null or empty ends the list.
    Cursor {
        /// Over `status`, `headers` and `body`.
        expression: Expression,
        /// The parameter.
        param: String,
    },
    /// The address that `expression` gives over the answer, whole or relative. Undefined, null or empty ends the list.
    Url {
        /// Over `status`, `headers` and `body`.
        expression: Expression,
    },
}

impl List {
    /// The position of the first page, under the name by which the request's templates see it; none where no template does.
    pub fn first_position(&self) -> Option<(&'static str, serde_json::Value)> {
        let next = self.next.as_ref().filter(|_| self.carrier == Carrier::Template)?;
        let first = match next {
            Next::Page { first, .. } => (*first).into(),
            Next::Offset { .. } => 0.into(),
            Next::Cursor { .. } | Next::Link | Next::Url { .. } => serde_json::Value::Null,
        };
        Some((next.position()?, first))
    }
}

impl Next {
    /// The name under which templates of the request see the position, where it has one.
    pub fn position(&self) -> Option<&'static str> {
        match self {
            Self::Page { .. } => Some("page"),
            Self::Offset { .. } => Some("offset"),
            Self::Cursor { .. } => Some("cursor"),
            Self::Link | Self::Url { .. } => None,
        }
    }
}

/// `list`.
pub(super) fn decode(decoder: &mut Decoder, node: &Node, place: String) -> Option<List> {
    let (request, mut fields) = list_request(decoder, node, place)?;
    let mut need = |fields: &mut Fields<'_>, key: Key, names| {
        let node = fields.need(decoder, key)?;
        decoder.expression(node, key.name, names)
    };
    let items = need(&mut fields, key::ITEMS, SERVICE_ANSWER);
    let id = need(&mut fields, key::ID, SERVICE_ITEM);
    let name = need(&mut fields, key::NAME, SERVICE_ITEM);
    let total = fields.read(decoder, key::TOTAL, |decoder, node, name| {
        decoder.expression(node, name, SERVICE_ANSWER)
    });
    let has_json = request.as_ref().is_some_and(|request| request.action.has_json());
    let next = match fields.take(key::NEXT) {
        None => Some((None, Carrier::Query)),
        Some(node) => next(decoder, node, has_json).map(|(next, carrier)| (Some(next), carrier)),
    };
    let filter = match fields.take(key::FILTER) {
        None => Some(None),
        Some(node) => NameFilter::decode(decoder, node).map(Some),
    };
    fields.finish(decoder);
    let (next, carrier) = next?;
    let request = request?;
    let filter = filter?.map(|filter| filter.of(&request));
    for request in filter.iter().chain([&request]) {
        let counted = next.as_ref().filter(|_| carrier == Carrier::Template);
        positions(decoder, node, request, counted);
    }
    Some(List {
        filter,
        request,
        items: items?,
        id: id?,
        name: name?,
        total,
        next,
        carrier,
    })
}

/// Where the request's templates say which page is asked for, they read the position that `next` counts, and no other.
fn positions(decoder: &mut Decoder, node: &Node, request: &Request, next: Option<&Next>) {
    let counted = next.and_then(Next::position);
    let parts = request.action.parts();
    let reads = |name: &str| {
        parts
            .iter()
            .any(|part| part.expression.names().iter().any(|read| read == name))
    };
    for name in POSITIONS
        .into_iter()
        .filter(|name| reads(name) && counted != Some(name))
    {
        decoder.error_with_hint(
            node.span,
            format!("`{name}` is read, and `next` does not count it"),
            format!(
                "write `next: {{ {name}: {} }}`",
                if name == "cursor" { "EXPRESSION" } else { "true" }
            ),
        );
    }
    if let Some(counted) = counted.filter(|name| !reads(name)) {
        decoder.error_with_hint(
            node.span,
            format!("no template of the request reads `{counted}`: each page would be the first"),
            format!("write `{{{{ {counted} }}}}` where the service expects it, or name its parameter in `next`"),
        );
    }
}

/// `filter` of `list`: what is said otherwise than in the request for all accounts.
struct NameFilter {
    query: Vec<(String, Template)>,
    json: Option<JsonTemplate>,
}

impl NameFilter {
    /// Reads it.
    fn decode(decoder: &mut Decoder, node: &Node) -> Option<Self> {
        let mut fields = decoder.fields(node, "`filter`", &keys::filter::BLOCK)?;
        let query = fields
            .take(keys::filter::QUERY)
            .map(|node| decoder.templates(node, "`query`", LIST_NAMES));
        let json = fields.take(keys::filter::JSON);
        fields.finish(decoder);
        if query.is_none() && json.is_none() {
            decoder.error_with_hint(
                node.span,
                "`filter` doesn't say which accounts to ask for",
                "give it a `query` or `json` that asks for names that begin with `{{ run.prefix }}-`",
            );
            return None;
        }
        let json = match json {
            Some(node) => Some(decoder.json(node, LIST_NAMES)?),
            None => None,
        };
        Some(Self {
            query: query.unwrap_or_default(),
            json,
        })
    }

    /// The request that asks so.
    fn of(self, list: &Request) -> Request {
        let mut request = list.clone();
        request.place.push_str(".filter");
        request.action.replace(self.query, self.json);
        request
    }
}

/// A way to say which page is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Page,
    Offset,
    Cursor,
    Url,
}

/// The ways, of which `next` has one.
const STYLES: [(Key, Style); 4] = [
    (keys::next::PAGE, Style::Page),
    (keys::next::OFFSET, Style::Offset),
    (keys::next::CURSOR, Style::Cursor),
    (keys::next::URL, Style::Url),
];

fn next(decoder: &mut Decoder, node: &Node, has_json: bool) -> Option<(Next, Carrier)> {
    use keys::next as key;
    const HINT: &str = "write `link`, `{ page: NAME, first: 1 }`, `{ offset: NAME }`, `{ cursor: EXPRESSION, param: NAME }` or `{ url: EXPRESSION }`";
    if node.as_text() == Some("link") {
        return Some((Next::Link, Carrier::Query));
    }
    if !matches!(node.kind, Content::Map(_)) {
        decoder.error_with_hint(node.span, "this is not a way to the next page", HINT);
        return None;
    }
    let mut fields = decoder.fields(node, "`next`", &key::BLOCK)?;
    let given: Vec<_> = STYLES
        .iter()
        .filter_map(|(key, style)| Some((fields.entry(*key)?, *style)))
        .collect();
    let first = fields.entry(key::FIRST);
    let param = fields.entry(key::PARAM);
    let place = fields.entry(key::IN);
    fields.finish(decoder);
    let [(entry, style)] = given.as_slice() else {
        let message = if given.is_empty() {
            "`next` does not say where the next page is"
        } else {
            "`next` has more than one way to the next page"
        };
        decoder.error_with_hint(node.span, message, HINT);
        return None;
    };
    for (other, of) in [(first, key::PAGE), (param, key::CURSOR)] {
        if let Some(other) = other
            && entry.key != of.name
        {
            decoder.error_with_hint(
                other.key_span,
                format!("`{}` belongs to `{}`, not to `{}`", other.key, of.name, entry.key),
                HINT,
            );
        }
    }
    let in_templates = match style {
        Style::Page | Style::Offset => matches!(entry.value.kind, Content::Bool(true)),
        Style::Cursor => param.is_none(),
        Style::Url => false,
    };
    let carrier = match place {
        None if in_templates => Carrier::Template,
        None => Carrier::Query,
        Some(place) if in_templates => {
            decoder.error_with_hint(
                place.key_span,
                "`in` has no meaning where the request's templates say which page is asked for",
                "remove it, or name the parameter",
            );
            return None;
        }
        Some(place) => carrier(decoder, place, *style, has_json)?,
    };
    let parameter = |decoder: &mut Decoder| {
        if in_templates {
            return Some(entry.key.clone());
        }
        decoder.text(&entry.value, &entry.key)
    };
    let next = match style {
        Style::Page => {
            let first = match first {
                None => Some(1),
                Some(first) => decoder.number(&first.value, &first.key, key::FIRST.bounds()),
            };
            let param = parameter(decoder);
            Some(Next::Page {
                param: param?,
                first: first?.into(),
            })
        }
        Style::Offset => parameter(decoder).map(|param| Next::Offset { param }),
        Style::Cursor => {
            let expression = decoder.expression(&entry.value, &entry.key, SERVICE_ANSWER);
            let param = match param {
                Some(param) => decoder.text(&param.value, &param.key),
                None => Some(entry.key.clone()),
            };
            Some(Next::Cursor {
                expression: expression?,
                param: param?,
            })
        }
        Style::Url => decoder
            .expression(&entry.value, &entry.key, SERVICE_ANSWER)
            .map(|expression| Next::Url { expression }),
    };
    next.map(|next| (next, carrier))
}

/// `in`: whether the query or the body says which page is asked for.
fn carrier(decoder: &mut Decoder, entry: &Pair, style: Style, has_json: bool) -> Option<Carrier> {
    let words = [("query", Carrier::Query), ("json", Carrier::Json)];
    let carrier = decoder.word(&entry.value, &entry.key, &words)?;
    if style == Style::Url {
        decoder.error_with_hint(
            entry.key_span,
            "`in` has no meaning with `url`",
            "remove it: the address is complete",
        );
        return None;
    }
    if carrier == Carrier::Json && !has_json {
        decoder.error_with_hint(
            entry.key_span,
            "`in: json` in a list whose request has no `json`",
            "give the request a `json`, even `{}`, or leave `in` out",
        );
        return None;
    }
    Some(carrier)
}
