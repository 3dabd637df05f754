//! One service: where it is, how it is entered, and the requests that make, show and delete accounts.

use std::time::Duration;

use super::decode::{Decoder, Fields};
use super::request::{self, Create, Find, Poll, Request, SERVICE_NAMES};
use super::scalar::{self, Rate};
use super::secrets;
use super::tree::{Kind, Node};
use crate::domain::account::ServiceName;
use crate::language::Template;

/// A service with accounts.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its name, unique in the document.
    pub name: ServiceName,
    /// Its address, to which paths are added.
    pub url: Template,
    /// How requests prove who they are.
    pub auth: Auth,
    /// Header fields of every request.
    pub headers: Vec<(String, Template)>,
    /// Services whose account of the same persona must be ready first. Free of cycles.
    pub needs: Vec<ServiceName>,
    /// How much is asked of it at once.
    pub limits: Limits,
    /// The longest that one request may take.
    pub timeout: Duration,
    /// The longest user name that it takes, in characters.
    pub account_name_max: Option<usize>,
    /// Asked until it succeeds, before the first create.
    pub ready: Option<Request>,
    /// An authenticated request that proves the credentials.
    pub probe: Option<Request>,
    /// How an account is made.
    pub create: Create,
    /// What is sent once the id is known, in order.
    pub after_create: Vec<Request>,
    /// How an account is seen to be there.
    pub verify: Option<Poll>,
    /// How an account is looked up by name.
    pub find: Option<Find>,
    /// How an account is deleted: a chain that may be started again at any step. Never empty.
    pub delete: Vec<Request>,
    /// How an account is seen to be gone.
    pub gone: Option<Poll>,
}

/// How requests prove who they are. An `Authorization` header of a request stands in its place.
#[derive(Clone, Debug)]
pub enum Auth {
    /// Not at all.
    None,
    /// RFC 7617.
    Basic {
        /// The user.
        username: Template,
        /// The password.
        password: Template,
    },
    /// RFC 6750.
    Bearer(Template),
    /// Header fields with secret values.
    Header(Vec<(String, Template)>),
}

/// How much is asked of a service at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Requests in flight, 1 at least.
    pub concurrency: usize,
    /// Requests in a time.
    pub rate: Option<Rate>,
}

const TIMEOUT: Duration = Duration::from_secs(10);
const CONCURRENCY: usize = 8;

/// One service, already merged over what it starts from.
pub(super) fn decode(decoder: &mut Decoder, node: &Node, index: usize) -> Option<Service> {
    let place = |key: &str| format!("services[{index}].{key}");
    let mut fields = decoder.fields(node, "a service")?;
    let name = fields.need(decoder, "name").and_then(|node| name(decoder, node));
    let url = url(decoder, &mut fields);
    let auth = auth(decoder, &mut fields);
    let headers = fields
        .take("headers")
        .map(|node| request::headers(decoder, node, SERVICE_NAMES));
    let needs = fields.take("needs").map_or(Some(Vec::new()), |node| {
        let items = decoder.list(node, "needs")?;
        let names: Vec<_> = items.iter().map(|item| self::name(decoder, item)).collect();
        names.into_iter().collect()
    });
    let limits = fields.take("limits").map_or(
        Some(Limits {
            concurrency: CONCURRENCY,
            rate: None,
        }),
        |node| limits(decoder, node),
    );
    let timeout = fields
        .take("timeout")
        .map_or(Some(TIMEOUT), |node| decoder.positive_duration(node, "timeout"));
    let account_name_max = fields
        .take("account_name_max")
        .and_then(|node| decoder.number(node, "account_name_max", 1..=1024));
    let ready = fields
        .take("ready")
        .and_then(|node| request::service_request(decoder, node, "`ready`", place("ready")));
    let probe = fields
        .take("probe")
        .and_then(|node| request::service_request(decoder, node, "`probe`", place("probe")));
    let create = fields
        .need(decoder, "create")
        .and_then(|node| request::create(decoder, node, place("create")));
    let after_create = fields.take("after_create").map_or(Some(Vec::new()), |node| {
        request::chain(decoder, node, "after_create", &place("after_create"))
    });
    let verify = fields
        .take("verify")
        .and_then(|node| request::poll(decoder, node, "`verify`", place("verify")));
    let find = fields
        .take("find")
        .and_then(|node| request::find(decoder, node, place("find")));
    let delete = fields.need(decoder, "delete").and_then(|node| {
        let chain = request::chain(decoder, node, "delete", &place("delete"))?;
        if chain.is_empty() {
            decoder.error(node.span, "`delete` is empty, so that no account could be deleted");
        }
        Some(chain)
    });
    let gone = fields
        .take("gone")
        .and_then(|node| request::poll(decoder, node, "`gone`", place("gone")));
    fields.finish(decoder);
    Some(Service {
        name: name?,
        url: url?,
        auth: auth?,
        headers: headers.unwrap_or_default(),
        needs: needs?,
        limits: limits?,
        timeout: timeout?,
        account_name_max: account_name_max.and_then(|max| usize::try_from(max).ok()),
        ready,
        probe,
        create: create?,
        after_create: after_create?,
        verify,
        find,
        delete: delete?,
        gone,
    })
}

fn name(decoder: &mut Decoder, node: &Node) -> Option<ServiceName> {
    let text = decoder.text(node, "name")?;
    let name = ServiceName::parse(&text);
    if name.is_none() {
        decoder.error_with_hint(
            node.span,
            "this can't be the name of a service",
            "begin with a lower-case letter, and use lower-case letters, digits and `-`",
        );
    }
    name
}

/// `url`, or its alias `endpoint`.
fn url(decoder: &mut Decoder, fields: &mut Fields<'_>) -> Option<Template> {
    let url = fields.entry("url");
    let endpoint = fields.entry("endpoint");
    let entry = match (url, endpoint) {
        (Some(_), Some(endpoint)) => {
            decoder.error_with_hint(
                endpoint.key_span,
                "`endpoint` stands beside `url`",
                "they are the same: keep one of them",
            );
            return None;
        }
        (Some(entry), None) | (None, Some(entry)) => entry,
        (None, None) => {
            decoder.error(fields.span, "a service has no `url`");
            return None;
        }
    };
    let template = decoder.template(&entry.value, &entry.key, SERVICE_NAMES)?;
    let Kind::String(text) = &entry.value.kind else {
        decoder.error_with_hint(
            entry.value.span,
            "this is not an address",
            "write the whole address, such as `http://localhost:8080`",
        );
        return None;
    };
    let problem = if secrets::has_userinfo(text) {
        Some((
            "an address with credentials in it",
            "put them into `auth: { basic: { username: ..., password: ... } }`",
        ))
    } else if text.contains(['?', '#']) && template.expressions().next().is_none() {
        Some((
            "the address of a service has no query and no fragment",
            "put them into its requests",
        ))
    } else if !text.starts_with("{{") && !is_http(text) {
        Some((
            "the address of a service begins with `http://` or `https://`",
            "write the whole address, such as `http://localhost:8081`",
        ))
    } else {
        None
    };
    if let Some((message, hint)) = problem {
        decoder.error_with_hint(entry.value.span, message, hint);
        return None;
    }
    Some(template)
}

/// Has an address a scheme that is spoken, and a host behind it?
fn is_http(text: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| {
        text.strip_prefix(scheme).is_some_and(|rest| {
            !rest.is_empty() && !rest.starts_with('/') && !rest.contains(char::is_whitespace) || rest.starts_with("{{")
        })
    })
}

/// `auth`, or `username` and `password` beside the address.
fn auth(decoder: &mut Decoder, fields: &mut Fields<'_>) -> Option<Auth> {
    let auth = fields.entry("auth");
    let username = fields.entry("username");
    let password = fields.entry("password");
    match (auth, username, password) {
        (None, None, None) => Some(Auth::None),
        (Some(entry), None, None) => auth_map(decoder, &entry.value),
        (None, Some(username), Some(password)) => {
            let username = decoder.template(&username.value, "username", SERVICE_NAMES);
            let password = decoder.template(&password.value, "password", SERVICE_NAMES);
            Some(Auth::Basic {
                username: username?,
                password: password?,
            })
        }
        (None, Some(entry), None) | (None, None, Some(entry)) => {
            decoder.error_with_hint(
                entry.key_span,
                format!("`{}` stands alone", entry.key),
                "basic auth takes both `username` and `password`",
            );
            None
        }
        (Some(_), Some(entry), _) | (Some(_), _, Some(entry)) => {
            decoder.error_with_hint(
                entry.key_span,
                format!("`{}` stands beside `auth`", entry.key),
                "it is short for `auth: { basic: ... }`: keep one of them",
            );
            None
        }
    }
}

fn auth_map(decoder: &mut Decoder, node: &Node) -> Option<Auth> {
    if matches!(&node.kind, Kind::String(text) if text == "none") {
        return Some(Auth::None);
    }
    if !matches!(node.kind, Kind::Map(_)) {
        decoder.error_with_hint(
            node.span,
            "`auth` is `none` or a map with one key",
            "the keys are basic, bearer and header",
        );
        return None;
    }
    let mut fields = decoder.fields(node, "`auth`")?;
    let basic = fields.entry("basic");
    let bearer = fields.entry("bearer");
    let header = fields.entry("header");
    let (count, span) = (fields.entries.len(), fields.span);
    let says_nothing = fields
        .entries
        .iter()
        .all(|entry| matches!(entry.value.kind, Kind::Null));
    fields.finish(decoder);
    if count != 1 {
        decoder.error_with_hint(
            span,
            format!("`auth` has {count} keys"),
            "give one of basic, bearer and header",
        );
        return None;
    }
    if says_nothing {
        // A key without a value counts as not given, and a service must not be left out without a word.
        decoder.error_with_hint(
            span,
            "`auth` says nothing",
            "give one of basic, bearer and header a value, or write `auth: none`",
        );
        return None;
    }
    if let Some(entry) = basic {
        let mut fields = decoder.fields(&entry.value, "`basic`")?;
        let username = fields.need(decoder, "username");
        let password = fields.need(decoder, "password");
        fields.finish(decoder);
        let username = username.and_then(|node| decoder.template(node, "username", SERVICE_NAMES));
        let password = password.and_then(|node| decoder.template(node, "password", SERVICE_NAMES));
        return Some(Auth::Basic {
            username: username?,
            password: password?,
        });
    }
    if let Some(entry) = bearer {
        return decoder
            .template(&entry.value, "bearer", SERVICE_NAMES)
            .map(Auth::Bearer);
    }
    header.map(|entry| Auth::Header(request::headers(decoder, &entry.value, SERVICE_NAMES)))
}

fn limits(decoder: &mut Decoder, node: &Node) -> Option<Limits> {
    let mut fields = decoder.fields(node, "`limits`")?;
    let concurrency = fields.take("concurrency").map_or(Some(CONCURRENCY), |node| {
        let number = decoder.number(node, "concurrency", 1..=1000)?;
        usize::try_from(number).ok()
    });
    let rate = fields.take("rate").map_or(Some(None), |node| {
        let rate = node.as_text().and_then(scalar::rate);
        if rate.is_none() {
            decoder.error_with_hint(
                node.span,
                "`rate` must be requests in a time",
                "write it as `50/s` or `600/m`",
            );
        }
        rate.map(Some)
    });
    fields.finish(decoder);
    Some(Limits {
        concurrency: concurrency?,
        rate: rate?,
    })
}
