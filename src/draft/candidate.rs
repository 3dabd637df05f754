//! Which operation makes an account: each that could is scored by its noun, its body, its siblings and its words.

use serde_json::Value;

use super::body::takes;
use super::document::Document;
use super::field::Meaning;
use super::operation::{Method, Operation, Place};
use super::shape::Shape;
use super::words::{
    Verb, is_email, is_group, is_off_the_point, is_prefix, is_user_name, noun_weight, singular, verb, words,
};
use crate::domain::secret::plain;

/// A create below this is none.
const ENOUGH: i32 = 30;
/// A create this far ahead of the next is sure.
const FAR: i32 = 12;
/// How many are named.
const NAMED: usize = 3;

/// An operation that may make accounts.
#[derive(Clone)]
pub(super) struct Candidate<'d> {
    pub(super) create: Operation<'d>,
    pub(super) score: i32,
    /// Does somebody make an account of their own with it?
    pub(super) is_sign_up: bool,
    /// Is there no noun of an account in its path?
    is_nameless: bool,
    /// Its noun in the singular.
    pub(super) noun: String,
}

/// What was found.
pub(super) struct Found<'d> {
    /// The best three, the best first.
    pub(super) candidates: Vec<Candidate<'d>>,
    /// Is the first far ahead of the second?
    pub(super) is_sure: bool,
}

/// Scores every operation that could make an account.
pub(super) fn find<'d>(document: &'d Document, operations: &[Operation<'d>]) -> Found<'d> {
    let mut all: Vec<Candidate<'d>> = operations
        .iter()
        .filter_map(|one| candidate(document, one, operations))
        .collect();
    // The sort is stable: among equals the document's order counts.
    all.sort_by_key(|candidate| -candidate.score);
    let mut nouns: Vec<Candidate<'d>> = Vec::new();
    for candidate in all {
        if nouns.len() < NAMED {
            nouns.push(candidate);
        }
    }
    let score = |at: usize| nouns.get(at).map_or(0, |candidate| candidate.score);
    let second = if score(1) < ENOUGH { 0 } else { score(1) };
    let is_sure = score(0) - second >= FAR;
    Found {
        candidates: nouns,
        is_sure,
    }
}

impl Candidate<'_> {
    /// Is it good enough to be taken without being asked for?
    pub(super) fn is_enough(&self) -> bool {
        self.score >= ENOUGH && !self.is_nameless
    }
}

/// The candidate that an operation is, whatever its score, if somebody asked for it.
pub(super) fn asked_for<'d>(
    document: &'d Document,
    operation: &Operation<'d>,
    operations: &[Operation<'d>],
) -> Candidate<'d> {
    candidate(document, operation, operations).unwrap_or_else(|| Candidate {
        create: operation.clone(),
        score: 0,
        is_sign_up: false,
        is_nameless: true,
        noun: operation
            .route
            .verb_and_nouns()
            .1
            .last()
            .map(|noun| singular(noun))
            .unwrap_or_default(),
    })
}

fn candidate<'d>(document: &'d Document, one: &Operation<'d>, operations: &[Operation<'d>]) -> Option<Candidate<'d>> {
    if !matches!(one.method, Method::Post | Method::Put) {
        return None;
    }
    let (verb, nouns) = one.route.verb_and_nouns();
    let head = nouns.last().map(|noun| singular(noun)).unwrap_or_default();
    let weight = noun_weight(&head);
    let told = words(&format!("{} {}", one.id(), one.summary()));
    let is_sign_up = verb == Some(Verb::SignUp)
        || told
            .iter()
            .any(|word| ["register", "registers", "signup", "registration"].contains(&word.as_str()))
        || is_sign_up_in_two_words(&told);
    let is_nameless = weight == 0;
    if is_nameless && !is_sign_up {
        return None;
    }
    if matches!(verb, Some(Verb::Delete | Verb::Read | Verb::List | Verb::Act)) {
        return None;
    }
    let by_path = one.route.last_parameter();
    let mut score = if is_nameless { 14 } else { weight };
    if let Some(parameter) = by_path {
        // An update, unless the path names the account and something says that it makes one.
        let names = is_user_name(parameter) || is_email(parameter) || plain(parameter) == "name";
        let creates = told
            .iter()
            .any(|word| ["create", "creates", "add", "adds", "upsert", "put"].contains(&word.as_str()));
        if !names
            || (one.method == Method::Post && !creates)
            || (one.method == Method::Put && has_single_post(document, one, operations))
        {
            return None;
        }
        if one.method == Method::Put && !creates {
            score -= 6;
        }
        // It joins two things that exist.
        if one.method == Method::Put && one.body().is_none() {
            score -= 12;
        }
    } else if one.method == Method::Put {
        return None;
    }
    score += body(document, one, by_path.is_some());
    score += surroundings(one, operations);
    score += said(one, &told, &nouns, document);
    if is_sign_up {
        score -= 12;
    }
    Some(Candidate {
        create: one.clone(),
        score,
        is_sign_up,
        is_nameless,
        noun: head,
    })
}

fn is_sign_up_in_two_words(told: &[String]) -> bool {
    told.windows(2).any(|pair| pair[0] == "sign" && pair[1] == "up")
}

/// Can one account be made at the collection?
fn has_single_post<'d>(document: &'d Document, item: &Operation<'d>, operations: &[Operation<'d>]) -> bool {
    let kin = item.route.kin();
    let mut posts = operations
        .iter()
        .filter(|one| one.method == Method::Post && one.route.last_parameter().is_none() && one.route.kin() == kin);
    posts.any(|post| post.body().is_some_and(|(_, shape)| !takes_a_list(document, &shape)))
}

/// What its body says.
fn body<'d>(document: &'d Document, one: &Operation<'d>, is_named_by_path: bool) -> i32 {
    let Some((_, shape)) = one.body() else {
        return if is_named_by_path { 10 } else { -25 };
    };
    if takes_a_list(document, &shape) {
        return -30;
    }
    let takes = takes(document, &shape);
    let has = |meaning: Meaning| takes.contains(&meaning);
    let named = has(Meaning::UserName) || has(Meaning::Name) || is_named_by_path;
    let score = 10 * i32::from(has(Meaning::Email)) + 10 * i32::from(named) + 8 * i32::from(has(Meaning::Password));
    if score > 0 {
        return score;
    }
    // Properties of the customer's own choice, as in `traits`, are not known.
    if shape
        .properties
        .iter()
        .any(|(name, _)| ["traits", "attributes", "profile", "data"].contains(&plain(name).as_str()))
    {
        0
    } else {
        -25
    }
}

fn takes_a_list(document: &Document, shape: &Shape<'_>) -> bool {
    if shape.is_list() {
        return true;
    }
    // `{"usernames": [...]}` and `{"users": [...]}`.
    let is_list = |schema: &Value| Shape::of(document, schema).is_list();
    let is_many = |name: &str| {
        let words = words(name);
        words.last().is_some_and(|last| {
            singular(last) != *last && (noun_weight(last) > 0 || is_user_name(&singular(&plain(name))))
        })
    };
    shape.properties.len() <= 3
        && shape
            .properties
            .iter()
            .any(|(name, schema)| is_many(name) && is_list(document.follow(schema)))
}

/// What stands beside it and above it in the document.
fn surroundings(one: &Operation<'_>, operations: &[Operation<'_>]) -> i32 {
    let kin = one.route.kin();
    let mut score = 0;
    let of_kin: Vec<&Operation<'_>> = operations.iter().filter(|other| other.route.kin() == kin).collect();
    let has = |method: Method, is_item: bool| {
        of_kin
            .iter()
            .any(|other| other.method == method && other.route.last_parameter().is_some() == is_item)
    };
    let deletes =
        |other: &&&Operation<'_>| other.method == Method::Post && other.route.verb_and_nouns().0 == Some(Verb::Delete);
    if has(Method::Delete, true) || of_kin.iter().any(|other| deletes(&other)) {
        score += 12;
    }
    score += 6 * i32::from(has(Method::Get, true)) + 6 * i32::from(has(Method::Get, false));
    let above = one.route.before_last_static();
    score -= 12 * i32::try_from(above.iter().filter(|segment| segment.is_none()).count().min(3)).unwrap_or(0);
    for segment in above.iter().flatten() {
        for word in words(segment) {
            let is_verbless = verb(&word).is_none();
            if is_prefix(&word) || !is_verbless {
                score += 6 * i32::from(["admin", "management"].contains(&word.as_str()));
            } else if is_group(&word) {
                score -= 20;
            } else if noun_weight(&word) > 0 && above.contains(&None) {
                score -= 25;
            }
        }
    }
    score
}

/// What its names and texts say.
fn said(one: &Operation<'_>, told: &[String], nouns: &[String], document: &Document) -> i32 {
    let mut score = 0;
    let path = words(one.route.last_static());
    let off = |words: &[String]| words.iter().any(|word| is_off_the_point(word));
    // Beside the noun itself: `user-invites`, but not the words of a whole description.
    if off(&path) || off(&words(one.id())) {
        score -= 30;
    }
    let summary = words(one.summary());
    if summary.iter().take(6).any(|word| is_off_the_point(word)) {
        score -= 15;
    }
    let qualifiers =
        nouns.iter().rev().skip(1).filter(|word| {
            !["end", "app", "new", "admin", "portal"].contains(&word.as_str()) && noun_weight(word) == 0
        });
    score -= 10 * i32::try_from(qualifiers.count().min(3)).unwrap_or(0);
    if told
        .iter()
        .any(|word| ["create", "creates", "add", "adds", "new"].contains(&word.as_str()))
    {
        score += 6;
    }
    if words(one.id()).iter().any(|word| word == "admin") {
        score += 4;
    }
    if one.is_deprecated() {
        score -= 15;
    }
    if is_open(one, document) {
        score -= 10;
    }
    let singles = one
        .parameters_in(Place::Query)
        .iter()
        .filter(|parameter| parameter.is_required)
        .count();
    score - 3 * i32::try_from(singles.min(3)).unwrap_or(0)
}

/// Does it say that it takes no credentials, where others do take some?
pub(super) fn is_open(one: &Operation<'_>, document: &Document) -> bool {
    let is_empty = |security: &Value| security.as_array().is_some_and(Vec::is_empty);
    match one.security() {
        Some(own) => is_empty(own) && document.schemes().next().is_some(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::operation::operations;
    use super::*;

    const FIELDS: &str =
        "{content: {application/json: {schema: {properties: {email: {}, username: {}, password: {}}}}}}";

    fn ranked(paths: &str) -> (Vec<String>, bool) {
        let text = format!("openapi: 3.0.0\npaths:\n{}", paths.replace("FIELDS", FIELDS));
        let document = Document::read(&text, &|_| None).unwrap();
        let operations = operations(&document);
        let found = find(&document, &operations);
        let enough = found.candidates.iter().filter(|one| one.is_enough());
        (
            enough
                .map(|one| format!("{} {}", one.create.method.as_str(), one.create.route.path))
                .collect(),
            found.is_sure,
        )
    }

    #[test]
    fn the_create_of_accounts_is_told_from_others() {
        let (found, is_sure) = ranked(
            "  /users: {post: {requestBody: FIELDS}, get: {}}
  /users/{id}: {get: {}, delete: {}, post: {requestBody: FIELDS}}
  /users/invite: {post: {requestBody: FIELDS}}
  /users/{id}/accounts: {post: {requestBody: FIELDS}}
  /groups/{id}/members: {post: {requestBody: FIELDS}}
  /auth/register: {post: {requestBody: FIELDS}}
  /orders: {post: {requestBody: FIELDS}}
",
        );
        assert_eq!((found[0].as_str(), is_sure), ("POST /users", true), "{found:?}");
        assert!(
            !found.iter().any(|path| path.contains("invite")
                || path.contains("register")
                || path.contains("orders")
                || path.contains("groups")),
            "{found:?}"
        );
    }

    #[test]
    fn equals_are_not_sure() {
        let (found, is_sure) = ranked(
            "  /users: {post: {requestBody: FIELDS}}\n  /accounts: {post: {requestBody: FIELDS}}\n  /customers: {post: {requestBody: FIELDS}}\n",
        );
        assert_eq!(found, ["POST /users", "POST /accounts", "POST /customers"]);
        assert!(!is_sure);
    }

    #[test]
    fn rpc_and_paths_that_name_the_account_count() {
        assert_eq!(
            ranked("  /api/user/create: {post: {requestBody: FIELDS}}\n  /api/user/delete: {post: {}}\n").0,
            ["POST /api/user/create"]
        );
        assert_eq!(
            ranked("  /users.create: {post: {requestBody: FIELDS}}\n").0,
            ["POST /users.create"]
        );
        assert_eq!(ranked("  /users/{name}: {put: {requestBody: {content: {application/json: {schema: {properties: {password: {}}}}}}}, delete: {}}\n").0, ["PUT /users/{name}"]);
        let list = "{content: {application/json: {schema: {properties: {usernames: {type: array}, admin: {}}}}}}";
        assert_eq!(ranked(&format!("  /users: {{post: {{requestBody: {list}}}}}\n  /users/{{name}}: {{post: {{summary: Create a single user}}}}\n")).0, ["POST /users/{name}"]);
    }

    #[test]
    fn where_there_are_no_accounts_nothing_is_found() {
        assert_eq!(ranked("  /orders: {post: {requestBody: FIELDS}}\n  /login: {post: {requestBody: FIELDS}}\n  /users/login: {post: {requestBody: FIELDS}}\n").0, [""; 0]);
    }
}
