//! One service: where it is, how it is entered, and the requests that make, show and delete accounts.

use std::time::Duration;

use super::action;
use super::address::http_address;
use super::auth::{self, Auth};
use super::condition::Readings;
use super::decode::{Decoder, Fields, Reader, is_name};
use super::keys::{self, Key, service as key};
use super::list::{self, List};
use super::request::{self, Create, Find, Poll, Request, SERVICE_ANSWER, SERVICE_NAMES};
use super::scalar::{self, Rate};
use super::scope;
use super::source::Span;
use super::tls::{self, Tls};
use super::tree::Node;
use crate::domain::account::ServiceName;
use crate::domain::why::Why;
use crate::language::{EvalError, Expression, JsonTemplate, Scope, Template, nearest};

/// A service with accounts.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its name, unique in the document.
    pub name: ServiceName,
    /// The preset that it is merged over.
    pub preset: Option<String>,
    /// Its parameters, which templates see as `with.NAME`. They see `env` alone.
    pub with: Vec<(String, JsonTemplate)>,
    /// Its address, to which paths are added. It sees `env`, `run` and `with`.
    pub url: Template,
    /// How requests prove who they are.
    pub auth: Auth,
    /// Its certificates.
    pub tls: Option<Tls>,
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
    /// What the answer to `probe` says of the place, such as the id of a tenant: it has to be the same in cleanup.
    pub place: Option<Expression>,
    /// May an account be made to show that a look-up sees?
    pub witness: bool,
    /// What is sent before each create, in order; harmless to repeat.
    pub before_create: Vec<Request>,
    /// How an account is made.
    pub create: Create,
    /// What is sent once the id is known, in order.
    pub after_create: Vec<Request>,
    /// How an account is seen to be there.
    pub verify: Option<Poll>,
    /// How an account is looked up by name.
    pub find: Option<Find>,
    /// How all accounts are listed. Then `delete` and `gone` use nothing of an account but its name and id.
    pub list: Option<List>,
    /// How an account is deleted: a chain that may be started again at any step. Never empty.
    pub delete: Vec<Request>,
    /// How an account is seen to be gone.
    pub gone: Option<Poll>,
}

/// How much is asked of a service at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Requests in flight, 1 at least.
    pub concurrency: usize,
    /// Requests in a time.
    pub rate: Option<Rate>,
}

impl Service {
    /// The values of `with`, as a map. `scope` has `env`.
    pub fn parameters(&self, scope: &Scope) -> Result<serde_json::Value, EvalError> {
        let values = self
            .with
            .iter()
            .map(|(name, value)| Ok((name.clone(), value.render(scope)?)));
        Ok(serde_json::Value::Object(values.collect::<Result<_, EvalError>>()?))
    }

    /// Is the id that of our choice, so that it is known before the service answers?
    pub fn chooses_id(&self) -> bool {
        let id = self.create.id.as_ref();
        id.is_some_and(|id| {
            let is_known = id.names().iter().all(|name| KNOWN_BEFORE.contains(&name.as_str()));
            // One that does not come from our marker could be anybody's.
            let ours = ["account.username", "account.uuid", "run.marker"];
            is_known && id.paths().iter().any(|path| ours.contains(&path.as_str()))
        })
    }

    /// The requests that make an account and say what the job gets of it, in the order in which they are sent.
    pub fn setup_requests(&self) -> impl Iterator<Item = &Request> {
        let verify = self.verify.iter().map(|verify| &verify.request);
        let create = std::iter::once(&self.create.request);
        let before = self.before_create.iter();
        before.chain(create).chain(&self.after_create).chain(verify)
    }

    /// Every request but those of `auth`.
    pub fn requests(&self) -> impl Iterator<Item = &Request> {
        let looks = self.ready.iter().chain(&self.probe);
        let gone = self.gone.iter().map(|poll| &poll.request);
        let finds = self.find.iter().map(|find| &find.request);
        let lists = (self.list.iter()).flat_map(|list| list.filter.iter().chain([&list.request]));
        looks
            .chain(self.setup_requests())
            .chain(gone)
            .chain(finds)
            .chain(lists)
            .chain(&self.delete)
    }

    /// Can an account be told to be there or not when the answer to its create was lost? Else it can only be named as a leftover.
    pub fn settles_unclear(&self) -> bool {
        self.find.is_some() || self.chooses_id()
    }
}

impl Service {
    /// What is at stake with a description of the user's own that can't settle an unclear create.
    pub(super) fn warning(&self) -> Option<Why> {
        let own = self.preset.is_some() || !self.create.is_convention;
        (own && !self.settles_unclear()).then(|| {
            let blind = "can't look accounts up by name: one whose create ended unclear can only be reported as a leftover, not deleted";
            Why::hinted(format!("`{}` {blind}", self.name), "add `find`")
        })
    }
}

/// The names that are known before anything was answered, in this process or in any later one.
const KNOWN_BEFORE: [&str; 5] = ["env", "run", "service", "with", "account"];

/// What an address can see: the rest of the service hangs on it.
const URL_NAMES: &[&str] = &["env", "run", "with"];
/// What a parameter can see.
const PARAMETER_NAMES: &[&str] = &["env"];

const TIMEOUT: Duration = Duration::from_secs(10);
const CONCURRENCY: usize = 8;

/// One service, already merged over what it starts from.
#[expect(
    clippy::too_many_lines,
    reason = "each key is read once, in the order of its declaration"
)]
pub(super) fn decode(decoder: &mut Decoder, node: &Node, index: usize) -> Option<Service> {
    let place = |key: Key| format!("services[{index}].{}", key.name);
    let mut fields = decoder.fields(node, "a service", &key::BLOCK)?;
    let name = fields.need(decoder, key::NAME).and_then(|node| name(decoder, node));
    let preset = fields.read(decoder, key::PRESET, Decoder::text);
    let with = fields.take(key::WITH).map(|node| parameters(decoder, node));
    let url = url(decoder, &mut fields);
    // Every request that follows takes it over.
    let mut condition = |key| {
        fields.read(decoder, key, |decoder, node, name| {
            request::condition(decoder, node, name, SERVICE_ANSWER)
        })
    };
    let (busy, dead, refused) = (condition(key::BUSY), condition(key::DEAD), condition(key::REFUSED));
    decoder.refused = refused;
    let usual = Readings::default();
    decoder.readings = Readings {
        busy: busy.unwrap_or(usual.busy),
        dead: dead.unwrap_or(usual.dead),
        error: fields.read(decoder, key::ERROR, |decoder, node, name| {
            decoder.expression(node, name, SERVICE_ANSWER)
        }),
    };
    let auth = decoder.reading_as(Reader::Auth, |decoder| {
        auth::auth(decoder, &mut fields, &place(key::AUTH))
    });
    let tls = fields
        .take(key::TLS)
        .map_or(Some(None), |node| tls::decode(decoder, node).map(Some));
    let headers = fields
        .take(key::HEADERS)
        .map(|node| action::headers(decoder, node, SERVICE_NAMES));
    let needs = fields.read_or(decoder, key::NEEDS, Vec::new(), |decoder, node, name| {
        let items = decoder.list(node, name)?;
        let names: Vec<_> = items.iter().map(|item| self::name(decoder, item)).collect();
        names.into_iter().collect()
    });
    let usual = Limits {
        concurrency: CONCURRENCY,
        rate: None,
    };
    let limits = fields.read_or(decoder, key::LIMITS, usual, |decoder, node, _| limits(decoder, node));
    let timeout = fields.read_or(decoder, key::TIMEOUT, TIMEOUT, Decoder::positive_duration);
    let account_name_max = fields.read(decoder, key::ACCOUNT_NAME_MAX, |decoder, node, name| {
        decoder.number(node, name, key::ACCOUNT_NAME_MAX.bounds())
    });
    let ready = fields.read(decoder, key::READY, |decoder, node, _| {
        request::service_request(decoder, node, "`ready`", place(key::READY))
    });
    let (probe, told_place) = match fields.take(key::PROBE) {
        Some(node) => request::probe(decoder, node, place(key::PROBE)),
        None => (None, None),
    };
    let witness = fields.read_or(decoder, key::WITNESS, true, Decoder::boolean);
    let (before_create, create, find) = decoder.reading_as(Reader::Creates, |decoder| {
        let steps = fields.read_or(decoder, key::BEFORE_CREATE, Vec::new(), |decoder, node, _| {
            request::chain(decoder, node, key::BEFORE_CREATE, &place(key::BEFORE_CREATE))
        });
        let create = fields
            .need(decoder, key::CREATE)
            .and_then(|node| request::create(decoder, node, place(key::CREATE)));
        let find = fields.read(decoder, key::FIND, |decoder, node, _| {
            request::find(decoder, node, place(key::FIND))
        });
        (steps, create, find)
    });
    let (after_create, verify) = decoder.reading_as(Reader::Follows, |decoder| {
        let steps = fields.read_or(decoder, key::AFTER_CREATE, Vec::new(), |decoder, node, _| {
            request::chain(decoder, node, key::AFTER_CREATE, &place(key::AFTER_CREATE))
        });
        let verify = fields.read(decoder, key::VERIFY, |decoder, node, _| {
            request::verify(decoder, node, place(key::VERIFY))
        });
        (steps, verify)
    });
    let list = fields.read(decoder, key::LIST, |decoder, node, _| {
        list::decode(decoder, node, place(key::LIST))
    });
    let of_sweep = decoder.reads.len();
    let delete = fields.need(decoder, key::DELETE).and_then(|node| {
        let chain = request::chain(decoder, node, key::DELETE, &place(key::DELETE))?;
        if chain.is_empty() {
            decoder.error(node.span, "`delete` is empty: no account could be deleted");
        }
        Some(chain)
    });
    let gone = fields.read(decoder, key::GONE, |decoder, node, _| {
        request::gone(decoder, node, place(key::GONE))
    });
    if list.is_some() {
        let steps = delete.iter().flatten().flat_map(|step| &step.captures);
        let captured: Vec<String> = steps.map(|(name, _)| name.clone()).collect();
        scope::sweepable(decoder, of_sweep, &captured);
    }
    fields.finish(decoder);
    Some(Service {
        name: name?,
        preset,
        with: with.unwrap_or_default(),
        url: url?,
        auth: auth?,
        tls: tls?,
        headers: headers.unwrap_or_default(),
        needs: needs?,
        limits: limits?,
        timeout: timeout?,
        account_name_max: account_name_max.and_then(|max| usize::try_from(max).ok()),
        ready,
        probe,
        place: told_place,
        witness: witness?,
        before_create: before_create?,
        create: create?,
        after_create: after_create?,
        verify,
        find,
        list,
        delete: delete?,
        gone,
    })
}

/// Tells that there is no service of this name.
pub(super) fn unknown(decoder: &mut Decoder, span: Span, name: &str, known: &[ServiceName]) {
    let known: Vec<&str> = known.iter().map(ServiceName::as_str).collect();
    let hint = match nearest(name, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("the services are {}", known.join(", ")),
    };
    let shown: String = name.chars().take(60).collect();
    decoder.error_with_hint(span, format!("there is no service `{shown}`"), hint);
}

fn name(decoder: &mut Decoder, node: &Node) -> Option<ServiceName> {
    let text = decoder.text(node, key::NAME.name)?;
    let name = ServiceName::parse(&text);
    if name.is_none() {
        decoder.error_with_hint(
            node.span,
            "invalid service name",
            "begin with a lower-case letter, and use lower-case letters, digits and `-`",
        );
    }
    name
}

/// `with`: parameters, which keep their types.
fn parameters(decoder: &mut Decoder, node: &Node) -> Vec<(String, JsonTemplate)> {
    decoder.named(node, "`with`", |decoder, entry| {
        if !is_name(&entry.key) {
            decoder.error_with_hint(
                entry.key_span,
                format!("`{}` is not a valid parameter name", entry.key),
                "use letters, digits and `_`",
            );
        }
        decoder.json(&entry.value, PARAMETER_NAMES)
    })
}

/// `url`, or its alias `endpoint`.
fn url(decoder: &mut Decoder, fields: &mut Fields<'_>) -> Option<Template> {
    let url = fields.entry(key::URL);
    let endpoint = fields.entry(key::ENDPOINT);
    let entry = match (url, endpoint) {
        (Some(_), Some(endpoint)) => {
            decoder.error_with_hint(
                endpoint.key_span,
                "`endpoint` and `url` can't be combined",
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
    http_address(decoder, entry, URL_NAMES)
}

fn limits(decoder: &mut Decoder, node: &Node) -> Option<Limits> {
    use keys::limits as key;
    let mut fields = decoder.fields(node, "`limits`", &key::BLOCK)?;
    let concurrency = fields.read_or(decoder, key::CONCURRENCY, CONCURRENCY, |decoder, node, name| {
        let number = decoder.number(node, name, key::CONCURRENCY.bounds())?;
        usize::try_from(number).ok()
    });
    let rate = fields.read_or(decoder, key::RATE, None, |decoder, node, name| {
        let rate = node.as_text().and_then(scalar::rate);
        if rate.is_none() {
            decoder.error_with_hint(
                node.span,
                format!("`{name}` must be requests in a time"),
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
