//! What an answer shows of an account: the expressions for its id and its name, through the wrappers that services use.

use serde_json::Value;

use super::body::Body;
use super::document::Document;
use super::shape::Shape;
use super::words::{is_email, is_id, is_user_name, singular, user_name_rank};
use crate::domain::secret::plain;

/// Names of properties that only wrap an account.
const WRAPPERS: [&str; 14] = [
    "data",
    "user",
    "result",
    "item",
    "payload",
    "account",
    "identity",
    "response",
    "content",
    "customer",
    "member",
    "person",
    "attributes",
    "record",
];
/// How deep wrappers may lie in each other.
const DEPTH_MAX: usize = 2;

/// A shape and the expression that gives its value.
#[derive(Clone, Debug)]
pub(super) struct Shown<'d> {
    pub(super) expression: String,
    pub(super) shape: Shape<'d>,
}

/// What an answer of this schema shows, the outermost first. `root` is `body` or `item`.
pub(super) fn shown<'d>(document: &'d Document, schema: &'d Value, root: &str, noun: &str) -> Vec<Shown<'d>> {
    let mut all = vec![Shown {
        expression: root.to_owned(),
        shape: Shape::of(document, schema),
    }];
    let mut at = 0;
    let mut depth_ends = 1;
    for _ in 0..DEPTH_MAX {
        while at < depth_ends {
            let inner: Vec<Shown<'d>> = all[at]
                .shape
                .properties
                .iter()
                .filter(|(name, _)| is_wrapper(name, noun))
                .map(|(name, schema)| Shown {
                    expression: member(&all[at].expression, name),
                    shape: Shape::of(document, schema),
                })
                .filter(|inner| inner.shape.is_map())
                .collect();
            all.extend(inner);
            at += 1;
        }
        depth_ends = all.len();
    }
    all
}

pub(super) fn is_wrapper(name: &str, noun: &str) -> bool {
    let short = plain(name);
    WRAPPERS.contains(&short.as_str()) || singular(&short) == noun
}

/// The member of a value, as an expression. Names are plain, as a shape has no others.
pub(super) fn member(of: &str, name: &str) -> String {
    const TAKEN: [&str; 12] = [
        "not", "and", "or", "in", "is", "if", "else", "true", "false", "none", "True", "None",
    ];
    let is_word = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_word && !TAKEN.contains(&name) {
        format!("{of}.{name}")
    } else {
        format!("{of}[\"{name}\"]")
    }
}

/// The id that a path's parameter names: the property of that name, else one that is called an id.
pub(super) fn id(shown: &[Shown<'_>], parameter: &str, noun: &str) -> Option<String> {
    let wanted = plain(parameter);
    if let [Shown { expression, shape }] = shown
        && shape.properties.is_empty()
        && is_id(&wanted)
        && matches!(shape.kind, Some("string" | "integer"))
    {
        return Some(expression.clone());
    }
    // What gives a token is a log-in, and an id in it is not the account's.
    let grants = |shown: &Shown<'_>| {
        let is_grant = |name: &str| ["accesstoken", "refreshtoken", "idtoken"].contains(&plain(name).as_str());
        shown.shape.properties.iter().any(|(name, _)| is_grant(name))
    };
    let find = |test: &dyn Fn(&str) -> bool| {
        shown.iter().filter(|shown| !grants(shown)).find_map(|shown| {
            let property = shown.shape.properties.iter().find(|(name, _)| test(&plain(name)));
            property.map(|(name, _)| member(&shown.expression, name))
        })
    };
    let own = format!("{noun}id");
    let is_called_id = is_id(&wanted) || wanted == noun;
    find(&|name| name == wanted).or_else(|| {
        if is_user_name(&wanted) {
            return user_name(shown);
        }
        if !is_called_id {
            return None;
        }
        find(&|name| name == "id")
            .or_else(|| find(&|name| name == own))
            .or_else(|| find(&|name| ["uuid", "guid", "uid", "_id", "objectid"].contains(&name)))
    })
}

/// The user name that an answer shows: the property that a create sends it in, else one that is called so, else the front of
/// the e-mail address. An expression, and whether it is the address.
pub(super) fn name(shown: &[Shown<'_>], body: &Body) -> Option<(String, bool)> {
    let find = |test: &dyn Fn(&str) -> bool| {
        shown.iter().find_map(|shown| {
            let is_scalar =
                |schema: &Value| !matches!(schema.get("type").and_then(Value::as_str), Some("array" | "object"));
            let property = shown
                .shape
                .properties
                .iter()
                .find(|(name, schema)| test(&plain(name)) && is_scalar(schema));
            property.map(|(name, _)| member(&shown.expression, name))
        })
    };
    if let Some(sent) = &body.user_name {
        let sent = plain(sent);
        if let Some(found) = find(&|name| name == sent).or_else(|| user_name(shown)) {
            return Some((found, false));
        }
    } else if body.email.is_none() {
        // The path takes it.
        return user_name(shown)
            .or_else(|| find(&|name| name == "name"))
            .map(|found| (found, false));
    }
    let sent = body.email.as_deref().map(plain)?;
    let found = find(&|name| name == sent).or_else(|| find(&is_email))?;
    Some((local_part(&found), true))
}

/// The property that is most surely the user name.
fn user_name(shown: &[Shown<'_>]) -> Option<String> {
    shown.iter().find_map(|shown| {
        let named = shown.shape.properties.iter();
        let ranked = named.filter_map(|(name, _)| Some((user_name_rank(name)?, *name)));
        ranked.min().map(|(_, name)| member(&shown.expression, name))
    })
}

/// The part of an address before its `@`, which is the user name; none where there is no address.
pub(super) fn local_part(address: &str) -> String {
    format!("({address} | split(\"@\") | first) if {address} is defined and {address} else none")
}

/// Does an answer show a token for its account, and so sign it in?
pub(super) fn signs_in(shown: &[Shown<'_>]) -> bool {
    const TOKENS: [&str; 7] = [
        "token",
        "accesstoken",
        "jwt",
        "authtoken",
        "refreshtoken",
        "idtoken",
        "bearertoken",
    ];
    shown.iter().any(|shown| {
        shown
            .shape
            .properties
            .iter()
            .any(|(name, _)| TOKENS.contains(&plain(name).as_str()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(schema: &str, test: impl Fn(&[Shown<'_>])) {
        let source = format!("openapi: 3.0.0\npaths: {{/a: {{}}}}\nS: {schema}");
        let document = Document::read(&source, &|_| None).unwrap();
        test(&shown(&document, document.top("S"), "body", "user"));
    }

    #[test]
    fn the_id_is_what_the_path_names_through_wrappers() {
        for (schema, parameter, expected) in [
            ("{properties: {id: {}, user_id: {}}}", "user_id", Some("body.user_id")),
            ("{properties: {Id: {}}}", "id", Some("body.Id")),
            (
                "{properties: {data: {properties: {user: {properties: {uuid: {}}}}}}}",
                "userId",
                Some("body.data.user.uuid"),
            ),
            ("{properties: {login: {}}}", "username", Some("body.login")),
            ("{properties: {'@id': {}}}", "id", None),
            ("{properties: {'user-id': {}}}", "user-id", Some("body[\"user-id\"]")),
            ("{type: string}", "id", Some("body")),
            ("{properties: {ok: {}}}", "id", None),
            ("{properties: {id: {}}}", "email", None),
            ("{properties: {id: {}, access_token: {}}}", "id", None),
            (
                "{properties: {access_token: {}, user: {properties: {id: {}}}}}",
                "id",
                Some("body.user.id"),
            ),
            (
                "{properties: {login_name: {}, login: {}}}",
                "username",
                Some("body.login"),
            ),
        ] {
            read(schema, |shown| {
                assert_eq!(id(shown, parameter, "user").as_deref(), expected, "{schema}");
            });
        }
    }

    #[test]
    fn the_name_is_what_was_sent_or_the_front_of_the_address() {
        let sent = Body {
            user_name: Some("login".to_owned()),
            email: Some("email".to_owned()),
            ..Body::default()
        };
        read("{properties: {username: {}, login: {}}}", |shown| {
            assert_eq!(name(shown, &sent), Some(("body.login".to_owned(), false)));
        });
        read("{properties: {email: {}, token: {}}}", |shown| {
            let (name, is_address) = name(shown, &sent).unwrap();
            assert!(is_address && name.contains("body.email | split"), "{name}");
            assert!(signs_in(shown));
        });
    }
}
