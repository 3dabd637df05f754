//! The operations of one resource: which of them reads, lists, finds and deletes what a create makes. Only those of the same
//! path are taken, but for prefixes and verbs; what else deletes something alike is named, never taken.

use super::operation::{Method, Operation, Place};
use super::words::{Verb, is_id, is_user_name};
use super::words::{is_email, singular, words};
use crate::domain::secret::plain;

/// The operations of one resource.
pub(super) struct Family<'o, 'd> {
    create: &'o Operation<'d>,
    members: Vec<&'o Operation<'d>>,
    all: &'o [Operation<'d>],
}

/// How an operation names the account that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Naming {
    /// By the last parameter of its path.
    Path(String),
    /// By a parameter of the query.
    Query(String),
    /// By a property of its body.
    Body(String),
}

impl Naming {
    /// The parameter's or property's name.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Path(name) | Self::Query(name) | Self::Body(name) => name,
        }
    }
}

impl<'o, 'd> Family<'o, 'd> {
    /// The family of a create.
    pub(super) fn of(create: &'o Operation<'d>, all: &'o [Operation<'d>]) -> Self {
        let kin = create.route.kin();
        let below = format!("{kin}/{{}}");
        let is_member = |one: &&Operation<'d>| {
            let own = one.route.kin();
            // `/users/{id}/delete` is the same as `/users/{id}`.
            own == kin
                || own == below
                    && one.route.last_parameter().is_none()
                    && one.route.verb_and_nouns().0 == Some(Verb::Delete)
        };
        let mut members: Vec<&Operation<'d>> = all.iter().filter(is_member).collect();
        members.sort_by_key(|one| (one.is_deprecated(), distance(create, one)));
        Self { create, members, all }
    }

    /// What deletes one, and how it is told which.
    pub(super) fn delete(&self) -> Option<(&'o Operation<'d>, Naming)> {
        let by_path = self.of_item(Method::Delete);
        let own = by_path
            .into_iter()
            .map(|one| (one, one.route.last_parameter()))
            .find_map(|(one, name)| Some((one, Naming::Path(name?.to_owned()))));
        own.or_else(|| {
            // `DELETE /users?id=` and `POST /users.delete`.
            let others = self.members.iter().filter(|one| {
                let is_rpc = matches!(one.method, Method::Post | Method::Delete)
                    && one.route.verb_and_nouns().0 == Some(Verb::Delete);
                is_rpc || one.method == Method::Delete
            });
            others.copied().find_map(|one| naming(one).map(|naming| (one, naming)))
        })
    }

    /// What reads one, and how it is told which. `like` is how the delete names it: one that names it alike comes first.
    pub(super) fn read(&self, like: Option<&str>) -> Option<(&'o Operation<'d>, Naming)> {
        let mut reads = self.of_item(Method::Get);
        let is_alike = |one: &Operation<'d>| {
            like.is_some_and(|like| {
                one.route
                    .last_parameter()
                    .is_some_and(|name| kind_of(name) == kind_of(like))
            })
        };
        reads.sort_by_key(|one| (!is_alike(one), distance(self.create, one)));
        let own = reads
            .into_iter()
            .find_map(|one| Some((one, Naming::Path(one.route.last_parameter()?.to_owned()))));
        own.or_else(|| {
            let is_read =
                |one: &&&Operation<'d>| one.method == Method::Get && one.route.verb_and_nouns().0 == Some(Verb::Read);
            self.members
                .iter()
                .filter(is_read)
                .copied()
                .find_map(|one| naming(one).map(|naming| (one, naming)))
        })
    }

    /// Every other read of one by its name or address.
    pub(super) fn reads(&self) -> Vec<&'o Operation<'d>> {
        self.of_item(Method::Get)
    }

    /// What lists them.
    pub(super) fn lists(&self) -> Vec<&'o Operation<'d>> {
        let is_list = |one: &&&Operation<'d>| {
            one.method == Method::Get
                && one.route.last_parameter().is_none()
                && !matches!(
                    one.route.verb_and_nouns().0,
                    Some(Verb::Read | Verb::Act | Verb::Delete | Verb::Create | Verb::SignUp)
                )
        };
        let mut lists: Vec<&Operation<'d>> = self.members.iter().filter(is_list).copied().collect();
        lists.sort_by_key(|one| one.route.verb_and_nouns().0 == Some(Verb::Search));
        lists
    }

    /// What sets the password of one: `PUT /users/{id}/password`.
    pub(super) fn password(&self) -> Option<&'o Operation<'d>> {
        let kin = self.create.route.kin();
        self.all.iter().find(|one| {
            let last = words(one.route.last_static());
            let is_password = last
                .iter()
                .any(|word| ["password", "passwd", "pwd"].contains(&word.as_str()));
            let is_other = last.iter().any(|word| {
                [
                    "forgot",
                    "verify",
                    "check",
                    "remove",
                    "compromised",
                    "policy",
                    "history",
                ]
                .contains(&word.as_str())
            });
            let is_below = one
                .route
                .kin()
                .strip_prefix(&kin)
                .is_some_and(|rest| rest.starts_with("/{}/") && rest.matches('/').count() == 2);
            matches!(one.method, Method::Put | Method::Post | Method::Patch)
                && is_password
                && !is_other
                && is_below
                && one.route.last_parameter().is_none()
        })
    }

    /// Deletes of something that is called alike, which are not taken.
    pub(super) fn strangers(&self) -> Vec<&'o Operation<'d>> {
        let noun = self
            .create
            .route
            .verb_and_nouns()
            .1
            .last()
            .map(|noun| singular(noun))
            .unwrap_or_default();
        let is_alike = |one: &Operation<'d>| {
            one.route
                .verb_and_nouns()
                .1
                .last()
                .is_some_and(|other| singular(other) == noun)
        };
        let is_member = |one: &Operation<'d>| self.members.iter().any(|member| std::ptr::eq(*member, one));
        let alike = self
            .all
            .iter()
            .filter(|one| one.method == Method::Delete && is_alike(one) && !is_member(one));
        alike.take(3).collect()
    }

    fn of_item(&self, method: Method) -> Vec<&'o Operation<'d>> {
        let is_item = |one: &&&Operation<'d>| {
            one.method == method
                && one.route.last_parameter().is_some()
                && one.route.verb_and_nouns().0.is_none_or(|verb| verb != Verb::Act)
        };
        self.members.iter().filter(is_item).copied().collect()
    }
}

/// How far a path is from that of the create: its own comes first, then those with the same front.
fn distance(create: &Operation<'_>, other: &Operation<'_>) -> usize {
    let front = |one: &Operation<'_>| {
        let path = one.route.path.clone();
        match one.route.last_parameter() {
            Some(_) => path
                .trim_end_matches('/')
                .rsplit_once('/')
                .map(|(front, _)| front.to_owned())
                .unwrap_or_default(),
            None => path.trim_end_matches('/').to_owned(),
        }
    };
    let (own, its) = (front(create), front(other));
    if own == its {
        0
    } else {
        1 + own.len().abs_diff(its.len())
    }
}

/// How an operation without a parameter in its path is told which account it is about.
fn naming(one: &Operation<'_>) -> Option<Naming> {
    if let Some(name) = one
        .route
        .last_parameter()
        .or_else(|| one.route.outer_parameters().last())
    {
        return Some(Naming::Path(name.to_owned()));
    }
    let names = |name: &str| is_id(name) || is_user_name(name) || is_email(name);
    let query = one.parameters_in(Place::Query);
    let of_query = query
        .iter()
        .filter(|parameter| names(parameter.name))
        .max_by_key(|parameter| (parameter.is_required, kind_of(parameter.name) == By::Id));
    if let Some(parameter) = of_query {
        return Some(Naming::Query(parameter.name.to_owned()));
    }
    let (_, body) = one.body()?;
    let property = body
        .properties
        .iter()
        .filter(|(name, _)| names(name))
        .max_by_key(|(name, _)| (body.is_required(name), kind_of(name) == By::Id));
    property.map(|(name, _)| Naming::Body((*name).to_owned()))
}

/// What a parameter names an account by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    Name,
    Email,
    Id,
}

/// What a parameter of this name names an account by.
pub(super) fn kind_of(parameter: &str) -> By {
    if is_email(parameter) {
        By::Email
    } else if is_user_name(parameter) || plain(parameter) == "name" {
        By::Name
    } else {
        By::Id
    }
}

#[cfg(test)]
mod tests {
    use super::super::document::Document;
    use super::super::operation::operations;
    use super::*;

    fn with(paths: &str, test: impl Fn(&Family<'_, '_>)) {
        let source = format!("openapi: 3.0.0\npaths:\n{paths}");
        let document = Document::read(&source, &|_| None).unwrap();
        let operations = operations(&document);
        let create = operations.iter().find(|one| one.method == Method::Post).unwrap();
        test(&Family::of(create, &operations));
    }

    fn path(found: Option<(&Operation<'_>, Naming)>) -> String {
        found
            .map(|(one, naming)| format!("{} {} by {}", one.method.as_str(), one.route.path, naming.name()))
            .unwrap_or_default()
    }

    #[test]
    fn kin_share_a_path_but_for_prefixes_and_verbs() {
        with(
            "  /admin/users: {post: {}, get: {}}\n  /admin/users/{username}: {delete: {}}\n  /users/{username}: {get: {}}\n  /users/{username}/tokens/{token}: {delete: {}}\n",
            |family| {
                assert_eq!(path(family.delete()), "DELETE /admin/users/{username} by username");
                assert_eq!(path(family.read(Some("username"))), "GET /users/{username} by username");
                assert_eq!(family.lists().len(), 1);
            },
        );
    }

    #[test]
    fn verbs_queries_and_bodies_name_accounts_too() {
        with(
            "  /users.create: {post: {}}\n  /users.info: {get: {parameters: [{name: userId, in: query}]}}\n  /users.delete: {post: {requestBody: {content: {application/json: {schema: {properties: {userId: {}}}}}}}}\n  /users.list: {get: {}}\n",
            |family| {
                assert_eq!(path(family.delete()), "POST /users.delete by userId");
                assert_eq!(path(family.read(None)), "GET /users.info by userId");
                assert_eq!(family.lists()[0].route.path, "/users.list");
            },
        );
    }

    #[test]
    fn a_delete_of_something_else_is_named_and_not_taken() {
        with(
            "  /customers: {post: {}}\n  /shops/{shop}/customers/{id}: {delete: {}}\n  /orders/{id}: {delete: {}}\n",
            |family| {
                assert_eq!(path(family.delete()), "");
                let strangers: Vec<&str> = family.strangers().iter().map(|one| one.route.path.as_str()).collect();
                assert_eq!(strangers, ["/shops/{shop}/customers/{id}"]);
            },
        );
    }
}
