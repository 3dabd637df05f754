//! A service as a description gives it: every block with where it was read.

use serde_json::Value;

use super::answer::{self, signs_in};
use super::block::{Block, Item, OPEN, open};
use super::body::{self, Body, EMAIL, USER_NAME};
use super::candidate::{Candidate, is_open};
use super::deletion;
use super::document::Document;
use super::family::{By, Family, Naming, kind_of};
use super::field::Meaning;
use super::foreign::{is_plain_value, shown_up_to};
use super::listing::{self, Known, Listing};
use super::operation::{Carries, Operation};
use super::request::{Requests, expect};
use super::security::{self, Security};
use super::words::is_id;
use crate::domain::secret::plain;

/// The id of an account in a request.
const ID: &str = "{{ id }}";
/// The shortest user name with a marker: a prefix of three letters, and the hash of a name that is cut.
const MARKED_MIN: u64 = 32;

/// Writes the service that a candidate belongs to.
pub(super) fn write(document: &Document, candidate: &Candidate<'_>, operations: &[Operation<'_>], name: &str) -> Block {
    let variable = variable_of(name);
    let create = &candidate.create;
    let family = Family::of(create, operations);
    let deletion = family.delete();
    let parameter = parameter(create, &family);
    let by_path = create.route.last_parameter().is_some();
    let relatives: Vec<&Operation<'_>> = family
        .lists()
        .into_iter()
        .chain(deletion.as_ref().map(|(one, _)| *one))
        .chain(family.reads())
        .collect();
    let security = security::read(document, create, &relatives, &variable);
    let mut requests = Requests {
        credential: security.query.clone(),
        auth_headers: security.headers.clone(),
        ..Requests::default()
    };
    let body = create.body().map(|(carries, shape)| {
        (
            carries,
            body::write(document, &shape, carries, kind_of(&parameter) == By::Name),
        )
    });
    let (carries, mut body) = body.unwrap_or((Carries::Json, Body::default()));
    if by_path && body.user_name.is_none() && kind_of(&parameter) == By::Name {
        body.user_name = Some(parameter.clone());
    }
    let known = Known {
        document,
        noun: &candidate.noun,
        body: &body,
        parameter: &parameter,
    };
    let is_by_name = kind_of(&parameter) == By::Name;
    // What stands for the account where a path names it otherwise than the id does.
    let account = |name: &str| match kind_of(name) {
        kind if kind == kind_of(&parameter) => ID.to_owned(),
        By::Name if body.user_name.is_some() => USER_NAME.to_owned(),
        By::Email if !is_by_name => EMAIL.to_owned(),
        By::Name | By::Email | By::Id => ID.to_owned(),
    };
    let create_block = create_block(candidate, &known, carries, &mut requests, by_path);
    let after_create = password(&family, &known, &mut requests);
    let verify = verify(
        &family,
        &known,
        deletion.as_ref().map(|(_, naming)| naming.name()),
        &mut requests,
        &account,
    );
    let listing = listing::read(&known, &family);
    let find = listing::find(&known, &family, listing.as_ref(), &mut requests);
    let list = listing
        .as_ref()
        .map(|listing| (listing.block(&mut requests), listing.operation.told()));
    let probe = probe(listing.as_ref(), &mut requests);
    let (delete, delete_notes) = deletion::write(&family, &mut requests, account);

    let mut service = head(document, name, &requests, security);
    longest_name(&mut service, body.name_max);
    match probe {
        Some(probe) => service
            .put("probe", probe)
            .note("a list of one, which needs the right to see accounts"),
        None => {
            service.comment("probe: the document has no list; add a request that only working credentials can make")
        }
    };
    service.put("create", create_block).note(create.told());
    say_of_create(&mut service, candidate);
    if let Some((block, note)) = after_create {
        service.put("after_create", Item::List(vec![block.into()])).note(note);
    } else if !known.body.has_password {
        service.comment("the document has no password to set: the account has none that Standin knows");
    }
    match verify {
        Some((verify, note)) => service.put("verify", verify).note(note),
        None => service
            .put("verify", Item::Plain(Value::Null))
            .note("the document has no read of one account"),
    };
    let unfound =
        "find: the document has no look-up by name; without one, an account whose create gets no answer is a leftover";
    let unlisted = "list: the document has no list; without one, `standin sweep` can't find old accounts";
    for (key, block, absent) in [("find", find, unfound), ("list", list, unlisted)] {
        match block {
            Some((block, note)) => service.put(key, block).note(note),
            None => service.comment(absent),
        };
    }
    service.put("delete", delete);
    for note in delete_notes {
        service.note(note);
    }
    service
}

/// The user name as an answer shows it, if it does.
fn shown_name(block: &mut Block, name: Option<(String, bool)>) {
    match name {
        Some((name, is_address)) => {
            block.put("name", name);
            if is_address {
                block.note("the user name is the front of the e-mail address");
            }
        }
        None => {
            block
                .put("name", Item::Plain(Value::Null))
                .note("the document shows no user name in the answer");
        }
    }
}

/// `account_name_max`, where the document says so and a name with a marker has room in it.
fn longest_name(service: &mut Block, max: Option<u64>) {
    match max {
        Some(max) if (MARKED_MIN..=1024).contains(&max) => {
            service
                .put("account_name_max", Item::Plain(max.into()))
                .note("`maxLength` of the user name");
        }
        Some(max) if max < MARKED_MIN => {
            service.comment(format!("the document allows user names of {max} characters, and one with a marker has {MARKED_MIN} at least: if it means that, the marker must stand in another field"));
        }
        Some(_) | None => {}
    }
}

/// What a reader should know of the create.
fn say_of_create(service: &mut Block, candidate: &Candidate<'_>) {
    if candidate.is_sign_up {
        service
            .note("a sign-up: whoever asks gets an account, and an administrator's create may be in another document");
    }
    if is_open(&candidate.create, candidate.create.document) {
        service.note("the document says that it takes no credentials");
    }
}

/// What a service has before its requests: name, address, parameters and credentials.
fn head(document: &Document, name: &str, requests: &Requests, security: Security) -> Block {
    let mut service = Block::default();
    service.put("name", name);
    let (url, note) = address(document, &variable_of(name));
    service.put("url", url).note(note);
    if !requests.with.is_empty() {
        let mut with = Block::default();
        for (key, note) in &requests.with {
            with.put(key, open()).note(note.clone());
        }
        service.put("with", with);
    }
    match security.auth {
        Some(auth) => {
            service.put("auth", auth);
            for note in security.notes {
                service.note(note);
            }
        }
        None => {
            for note in security.notes {
                service.comment(format!("auth: {note}"));
            }
        }
    }
    service
}

/// The front of the names of a service's variables.
fn variable_of(name: &str) -> String {
    name.replace('-', "_").to_uppercase()
}

/// The parameter that names an account in paths: of the delete, else of the read.
fn parameter(create: &Operation<'_>, family: &Family<'_, '_>) -> String {
    let of = |found: Option<(&Operation<'_>, Naming)>| found.map(|(_, naming)| naming.name().to_owned());
    of(family.delete())
        .or_else(|| of(family.read(None)))
        .or_else(|| create.route.last_parameter().map(str::to_owned))
        .unwrap_or_else(|| "id".to_owned())
}

fn create_block(
    candidate: &Candidate<'_>,
    known: &Known<'_, '_>,
    carries: Carries,
    requests: &mut Requests,
    by_path: bool,
) -> Block {
    let create = &candidate.create;
    let body = known.body;
    let mut block = Block::default();
    let account = create
        .route
        .last_parameter()
        .map(|name| if kind_of(name) == By::Email { EMAIL } else { USER_NAME });
    block.put("request", requests.target(create, account));
    requests.put(&mut block, create, &[]);
    if body.block.is_empty() {
        // Without a word the names and addresses of the convention would be sent.
        let nothing = Value::Object(serde_json::Map::new());
        block
            .put("json", Item::Plain(nothing))
            .note("the document has no body to fill in");
    } else {
        block.put(
            if carries == Carries::Json { "json" } else { "form" },
            body.block.clone(),
        );
    }
    if body.user_name.is_none() && body.email.is_none() {
        block.comment("no field of the document takes a user name or an e-mail address: write `account.username` as a template where the service keeps the name");
    }
    expect(&mut block, create);
    duplicate(&mut block, create);
    let answer = create.success();
    let shown = answer
        .as_ref()
        .and_then(|answer| answer.schema)
        .map(|schema| answer::shown(known.document, schema, "body", known.noun))
        .unwrap_or_default();
    let has_location = answer
        .as_ref()
        .is_some_and(|answer| answer.headers.iter().any(|name| name.eq_ignore_ascii_case("location")));
    let is_empty = answer.as_ref().is_some_and(|answer| !answer.has_body)
        && create.success_codes().iter().any(|code| [201, 204].contains(code));
    let chooses = kind_of(known.parameter) == By::Name && body.user_name.is_some();
    if let Some(id) = answer::id(&shown, known.parameter, known.noun) {
        let shown_as = id
            .trim_end_matches("\"]")
            .rsplit(['.', '"'])
            .next()
            .unwrap_or_default()
            .to_owned();
        block.put("id", id);
        if plain(&shown_as) != plain(known.parameter) {
            let parameter = known.parameter;
            block.note(if is_id(parameter) && is_id(&shown_as) {
                format!("paths name it `{parameter}`")
            } else {
                format!("guessed: paths name the account by `{parameter}`, and this is the nearest property")
            });
        }
        if signs_in(&shown) {
            block.note("the answer also has a token, so it may be a log-in rather than the account");
        }
    } else if chooses {
        block.put("id", "account.username").note(format!(
            "paths name the account by `{}`, which the client chooses",
            known.parameter
        ));
    } else if has_location {
        block
            .put("id", "headers.location | last_segment")
            .note("the answer has the header field `Location`");
    } else if is_empty && !by_path {
        block
            .put("id", "headers.location | last_segment")
            .note("guessed: the answer has no body, so the id should be in `Location`");
    } else {
        let why = if shown.is_empty() {
            "the document does not say what the answer holds"
        } else {
            "no property of the answer is called so"
        };
        block
            .put("id", format!("body.{OPEN}"))
            .note(format!("paths name the account by `{}`; {why}", known.parameter));
    }
    shown_name(&mut block, answer::name(&shown, body));
    block
}

/// `duplicate`: 409 as it stands, another refusal that says so as what the user must complete, else left out and said.
fn duplicate(block: &mut Block, create: &Operation<'_>) {
    const SAID: [&str; 7] = ["exist", "taken", "duplicate", "already", "in use", "conflict", "unique"];
    let codes: Vec<(&str, &Value)> = create.answers().collect();
    let described = |answer: &Value| {
        answer
            .get("description")
            .and_then(Value::as_str)
            .unwrap_or("")
            .to_owned()
    };
    if let Some((_, answer)) = codes.iter().find(|(code, _)| *code == "409") {
        block
            .put("duplicate", Item::List(vec![Item::Plain(409.into())]))
            .note(format!("409: \"{}\"", shown_up_to(&described(answer), 80)));
        return;
    }
    let found = codes.iter().find_map(|(code, answer)| {
        let said = described(answer).to_lowercase();
        let number: u16 = code.parse().ok().filter(|code| (400..500).contains(code))?;
        SAID.iter()
            .any(|word| said.contains(word))
            .then(|| (number, described(answer)))
    });
    match found {
        Some((code, said)) => {
            let note = format!(
                "{code}: \"{}\"; say how a taken name is told from other refusals",
                shown_up_to(&said, 80)
            );
            block
                .put("duplicate", format!("status == {code} and body.{OPEN}"))
                .note(note);
        }
        None => {
            block.comment("duplicate: the document does not say how a taken name is refused");
        }
    }
}

/// The request that sets a password, where the create takes none.
fn password(family: &Family<'_, '_>, known: &Known<'_, '_>, requests: &mut Requests) -> Option<(Block, String)> {
    if known.body.has_password {
        return None;
    }
    let operation = family.password()?;
    let (carries, shape) = operation.body()?;
    if !body::takes(known.document, &shape).contains(&Meaning::Password) {
        return None;
    }
    let mut block = Block::default();
    block.put("request", requests.target(operation, Some(ID)));
    requests.put(&mut block, operation, &[]);
    let body = body::write(known.document, &shape, carries, false);
    block.put(if carries == Carries::Json { "json" } else { "form" }, body.block);
    expect(&mut block, operation);
    Some((block, format!("{}: the create takes no password", operation.told())))
}

fn verify(
    family: &Family<'_, '_>,
    known: &Known<'_, '_>,
    like: Option<&str>,
    requests: &mut Requests,
    account: &dyn Fn(&str) -> String,
) -> Option<(Block, String)> {
    let (read, naming) = family.read(like)?;
    let mut block = Block::default();
    let value = account(naming.name());
    let is_path = matches!(naming, Naming::Path(_));
    block.put("request", requests.target(read, is_path.then_some(value.as_str())));
    let given: Vec<(&str, String)> = match &naming {
        Naming::Query(name) => vec![(name.as_str(), value.clone())],
        Naming::Path(_) | Naming::Body(_) => Vec::new(),
    };
    requests.put(&mut block, read, &given);
    let shown = read
        .success()
        .and_then(|answer| answer.schema)
        .map(|schema| answer::shown(known.document, schema, "body", known.noun))
        .unwrap_or_default();
    shown_name(&mut block, answer::name(&shown, known.body));
    expect(&mut block, read);
    Some((block, read.told()))
}

fn probe(listing: Option<&Listing<'_, '_>>, requests: &mut Requests) -> Option<Block> {
    listing.map(|listing| listing.probe(requests))
}

/// The service's address: the document's, where it has a whole one (OpenAPI 3.1, "Server Object").
fn address(document: &Document, variable: &str) -> (String, String) {
    let unknown = |path: &str| format!("{{{{ env.{variable}_URL }}}}{path}");
    let whole = |address: &str| {
        let is_http = address.starts_with("http://") || address.starts_with("https://");
        is_http
            && !is_placeholder(address)
            && is_plain_value(address)
            && !address.contains(['{', '@', '?', '#', ' ', '"', '\\'])
    };
    if document.is_swagger() {
        let text = |key: &str| document.top(key).as_str().unwrap_or("");
        let schemes = document
            .top("schemes")
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str);
        let scheme = if schemes.clone().count() > 0 && !schemes.clone().any(|scheme| scheme == "https") {
            "http"
        } else {
            "https"
        };
        let path = path(text("basePath"));
        let address = format!("{scheme}://{}{path}", text("host"));
        if !text("host").is_empty() && whole(&address) {
            return (address, "the document's `host` and `basePath`".to_owned());
        }
        return (unknown(&path), lacking(&path));
    }
    let servers = document.top("servers").as_array().into_iter().flatten();
    let addresses: Vec<&str> = servers.filter_map(|server| server.get("url")?.as_str()).collect();
    match addresses.first() {
        Some(first) if whole(first) => {
            let more = if addresses.len() > 1 {
                format!("; the document has {} servers, and this is the first", addresses.len())
            } else {
                String::new()
            };
            (
                (*first).trim_end_matches('/').to_owned(),
                format!("the document's `servers`{more}"),
            )
        }
        Some(first) if first.starts_with('/') => {
            let path = path(first);
            (unknown(&path), lacking(&path))
        }
        Some(first) => {
            let rest = first.split_once("://").map_or("", |(_, rest)| rest);
            let path = rest.find('/').map(|at| path(&rest[at..])).unwrap_or_default();
            (unknown(&path), lacking(&path))
        }
        None => (unknown(""), lacking("")),
    }
}

/// Is it an address that generators and writers put where there is none?
fn is_placeholder(address: &str) -> bool {
    let host = address
        .split("://")
        .nth(1)
        .unwrap_or_default()
        .split('/')
        .next()
        .unwrap_or_default();
    let is_example = [
        "example.com",
        "example.org",
        "example.net",
        "your-domain",
        "yourdomain",
        ".example",
        ".invalid",
        "domain.com",
    ]
    .iter()
    .any(|end| host.ends_with(end) || host.contains("your-") || host.contains("yourdomain"));
    is_example || host == "localhost" || host == "127.0.0.1"
}

fn lacking(path: &str) -> String {
    if path.is_empty() {
        "the document has no whole address".to_owned()
    } else {
        format!("the document has no whole address, but the path `{path}`")
    }
}

/// A base path, where it can be a part of an address.
fn path(text: &str) -> String {
    let is_path = text.starts_with('/')
        && is_plain_value(text)
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "/-._~".contains(c));
    if is_path {
        text.trim_end_matches('/').to_owned()
    } else {
        String::new()
    }
}
