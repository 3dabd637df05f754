//! What a healthy service does with a request: who asks, what they may, and what the books say then.
//!
//! Synchronous and without faults: a request is done at one moment, so the order of requests is the order of their effects.

use hyper::header::{LINK, LOCATION, WWW_AUTHENTICATE};
use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::domain::secret::Secret;

use super::answer::Reply;
use super::book::{Account, Book, Given, Ids, Refused};
use super::call::{Call, Presented, Resource};
use super::spec::{AuthSpec, Filter, ServiceSpec};

/// How many accounts one page of a list holds if nobody says.
const PAGE: usize = 100;
/// How many it holds at most.
const MAX_PAGE: usize = 1000;
/// How long an idempotency key may be.
const MAX_KEY: usize = 255;

/// Who asks.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Principal {
    /// Whoever the service's own credentials stand for.
    Operator,
    /// One of the accounts, with its own password. It may ask who it is, and nothing else.
    Account(Account),
    /// Nobody that the service knows.
    Nobody,
}

/// Whom the credentials of a request stand for, as long as they are believed.
pub(super) fn principal(spec: &ServiceSpec, book: &Book, call: &Call) -> Principal {
    let credentials = call.credentials();
    let is_operator = match (&spec.auth, &credentials) {
        (
            AuthSpec::Basic { user, password },
            Presented::Basic {
                user: given,
                password: word,
            },
        ) => user == given && password.expose() == word,
        (AuthSpec::Bearer(token), Presented::Bearer(given)) => token.expose() == given,
        // An open service looks at credentials only where they are the question.
        (AuthSpec::None, Presented::Basic { .. }) => call.target != Resource::Me,
        (AuthSpec::None, Presented::None | Presented::Bearer(_)) => true,
        (AuthSpec::Basic { .. } | AuthSpec::Bearer(_), _) => false,
    };
    match credentials {
        _ if is_operator => Principal::Operator,
        Presented::Basic { user, password } => book
            .log_in(&user, &password)
            .map_or(Principal::Nobody, |account| Principal::Account(account.clone())),
        Presented::None | Presented::Bearer(_) => Principal::Nobody,
    }
}

/// Does what is asked and answers.
pub(super) fn apply(spec: &ServiceSpec, book: &mut Book, ids: &mut Ids, call: &Call, asks: &Principal) -> Reply {
    if call.target == Resource::Unknown {
        return Reply::error(StatusCode::NOT_FOUND, "no such path");
    }
    if call.target == Resource::Health {
        return if call.method == Method::GET {
            Reply::json(StatusCode::OK, json!({"status": "ok"}))
        } else {
            not_allowed()
        };
    }
    if let (Resource::Me, Principal::Account(account)) = (&call.target, asks) {
        return Reply::json(StatusCode::OK, account.to_json());
    }
    if *asks != Principal::Operator {
        return refuse(spec, call);
    }
    match (&call.method, &call.target) {
        (&Method::GET, Resource::Me) => Reply::json(StatusCode::OK, json!({"username": operator_name(spec)})),
        (&Method::POST, Resource::Accounts) => create(spec, book, ids, call),
        (&Method::GET, Resource::Accounts) => list(spec, book, call),
        (&Method::GET, Resource::Account(id)) => book
            .get(id)
            .map_or_else(absent, |account| Reply::json(StatusCode::OK, account.to_json())),
        (&Method::PUT, Resource::Account(id)) => change(book, id, call),
        (&Method::DELETE, Resource::Account(id)) => book
            .delete(id)
            .map_or_else(absent, |_| Reply::empty(StatusCode::NO_CONTENT)),
        _ => not_allowed(),
    }
}

/// The answer to a request without good credentials.
fn refuse(spec: &ServiceSpec, call: &Call) -> Reply {
    if spec.lenient_anonymous {
        match (&call.method, &call.target) {
            (&Method::GET, Resource::Accounts) => return Reply::json(StatusCode::OK, json!({"items": [], "total": 0})),
            (_, Resource::Account(_)) => return absent(),
            _ => {}
        }
    }
    let answer = Reply::error(StatusCode::UNAUTHORIZED, "these credentials are not good");
    let scheme = match &spec.auth {
        AuthSpec::Bearer(_) => "Bearer",
        AuthSpec::Basic { .. } | AuthSpec::None => "Basic",
    };
    answer.with(WWW_AUTHENTICATE, &format!("{scheme} realm=\"{}\"", spec.name))
}

fn operator_name(spec: &ServiceSpec) -> &str {
    match &spec.auth {
        AuthSpec::Basic { user, .. } => user,
        AuthSpec::Bearer(_) | AuthSpec::None => "operator",
    }
}

fn absent() -> Reply {
    Reply::error(StatusCode::NOT_FOUND, "no such account")
}

fn not_allowed() -> Reply {
    Reply::error(StatusCode::METHOD_NOT_ALLOWED, "not a method of this path")
}

fn refused(why: &Refused) -> Reply {
    match why {
        Refused::Taken => Reply::error(StatusCode::CONFLICT, "the user name is taken"),
        Refused::Full => Reply::error(StatusCode::INSUFFICIENT_STORAGE, "this sandbox holds no more accounts"),
        Refused::Absent => absent(),
    }
}

fn create(spec: &ServiceSpec, book: &mut Book, ids: &mut Ids, call: &Call) -> Reply {
    let mut given = match given(call) {
        Ok(given) => given,
        Err(problem) => return Reply::error(StatusCode::BAD_REQUEST, problem),
    };
    let Some(username) = given.username.take() else {
        return Reply::error(StatusCode::BAD_REQUEST, "`username` is missing");
    };
    let key = call.header("idempotency-key").map(str::to_owned);
    if key.as_ref().is_some_and(|key| key.len() > MAX_KEY) {
        return Reply::error(StatusCode::BAD_REQUEST, "the idempotency key is too long");
    }
    if let Some(before) = key.as_deref().and_then(|key| book.made_under(key)) {
        return if before.username == username {
            created(spec, before)
        } else {
            Reply::error(
                StatusCode::UNPROCESSABLE_ENTITY,
                "the idempotency key was used for another request",
            )
        };
    }
    match book.create(ids, username, given) {
        Ok(account) => {
            let answer = created(spec, &account);
            if let Some(key) = key {
                book.remember(key, account);
            }
            answer
        }
        Err(why) => refused(&why),
    }
}

/// The answer to a create that made `account`.
pub(super) fn created(spec: &ServiceSpec, account: &Account) -> Reply {
    Reply::json(StatusCode::CREATED, account.to_json())
        .with(LOCATION, &format!("/{}/accounts/{}", spec.name, account.id))
}

fn change(book: &mut Book, id: &str, call: &Call) -> Reply {
    match given(call) {
        Err(problem) => Reply::error(StatusCode::BAD_REQUEST, problem),
        Ok(given) => match book.change(id, given) {
            Ok(account) => Reply::json(StatusCode::OK, account.to_json()),
            Err(why) => refused(&why),
        },
    }
}

/// What the body of a create or change gives.
fn given(call: &Call) -> Result<Given, &'static str> {
    let Some(Value::Object(mut fields)) = call.json.clone() else {
        return Err("the body is not a JSON object");
    };
    let mut text = |name: &str| match fields.shift_remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err("`username`, `email`, `role`, `status` and `password` are texts"),
    };
    let given = Given {
        username: text("username")?,
        email: text("email")?,
        role: text("role")?,
        status: text("status")?,
        password: text("password")?.map(Secret::new),
        ..Given::default()
    };
    if given.username.as_deref() == Some("") {
        return Err("`username` is empty");
    }
    Ok(Given { fields, ..given })
}

fn list(spec: &ServiceSpec, book: &Book, call: &Call) -> Reply {
    let page = match Page::of(call) {
        Ok(page) => page,
        Err(problem) => return Reply::error(StatusCode::BAD_REQUEST, problem),
    };
    let (shown, total) = match (call.parameter("username"), spec.filter) {
        (Some(name), Filter::Exact) => page.cut(book.named(name)),
        (Some(text), Filter::Substring) => page.cut(book.alive().filter(|account| account.username.contains(text))),
        (Some(_), Filter::Ignored) | (None, _) => page.cut(book.alive()),
    };
    let items: Vec<Value> = shown.into_iter().map(Account::to_json).collect();
    let answer = Reply::json(StatusCode::OK, json!({ "items": items, "total": total }));
    if page.offset.saturating_add(page.limit) < total {
        let next = format!("</{}/accounts?{}>; rel=\"next\"", spec.name, page.next(call));
        return answer.with(LINK, &next);
    }
    answer
}

/// Which part of a list is asked for.
#[derive(Debug, PartialEq, Eq)]
struct Page {
    offset: usize,
    limit: usize,
    /// The number of the page, where the request counts in pages.
    number: Option<usize>,
}

impl Page {
    fn of(call: &Call) -> Result<Self, &'static str> {
        let number = |name: &str, least: usize| match call.parameter(name).map(str::parse::<usize>) {
            None => Ok(None),
            Some(Ok(number)) if number >= least => Ok(Some(number)),
            Some(_) => Err("`page`, `per_page` and `limit` are numbers from 1, `offset` from 0"),
        };
        let (page, per_page) = (number("page", 1)?, number("per_page", 1)?);
        let (offset, limit) = (number("offset", 0)?, number("limit", 1)?);
        let limit = per_page.or(limit).unwrap_or(PAGE).min(MAX_PAGE);
        if page.is_some() || per_page.is_some() {
            let page = page.unwrap_or(1);
            return Ok(Self {
                offset: (page - 1).saturating_mul(limit),
                limit,
                number: Some(page),
            });
        }
        Ok(Self {
            offset: offset.unwrap_or(0),
            limit,
            number: None,
        })
    }

    /// The accounts of this page, and how many there are on all pages.
    fn cut<'a>(&self, all: impl Iterator<Item = &'a Account>) -> (Vec<&'a Account>, usize) {
        let mut total = 0;
        let mut shown = Vec::new();
        for account in all {
            if total >= self.offset && shown.len() < self.limit {
                shown.push(account);
            }
            total += 1;
        }
        (shown, total)
    }

    /// The query of the page after this one.
    fn next(&self, call: &Call) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if let Some(name) = call.parameter("username") {
            query.append_pair("username", name);
        }
        match self.number {
            Some(number) => query
                .append_pair("page", &number.saturating_add(1).to_string())
                .append_pair("per_page", &self.limit.to_string()),
            None => query
                .append_pair("offset", &self.offset.saturating_add(self.limit).to_string())
                .append_pair("limit", &self.limit.to_string()),
        };
        query.finish()
    }
}
