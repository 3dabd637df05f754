//! Whether a document itself holds secrets, so that it is kept as one.

use super::keys::{Key, basic, create, login, oauth2, request, service};
use super::tree::{Kind, Node};
use crate::domain::secret::{is_sensitive, plain};
use crate::language::{Expression, Template};

/// Keys under `auth` that hold no secret, nor does what is below them.
const PUBLIC: [Key; 10] = [
    basic::USERNAME,
    oauth2::CLIENT_ID,
    oauth2::SCOPE,
    oauth2::TOKEN_URL,
    oauth2::AUDIENCE,
    oauth2::GRANT,
    oauth2::CLIENT_AUTH,
    request::EXPECT,
    request::ERROR,
    login::EXPIRES_IN,
];

/// Names of expressions, which say where something is and not what it is.
const EXPRESSIONS: [Key; 3] = [request::CAPTURE, create::OUTPUTS, create::SECRETS];

/// Has a document secrets of its own: not only such as it reads from variables?
pub(super) fn is_in(node: &Node) -> bool {
    walk(node, false)
}

fn walk(node: &Node, sensitive: bool) -> bool {
    match &node.kind {
        Kind::String(text) => sensitive && is_secret(text) || has_userinfo(text),
        Kind::Number(..) => sensitive,
        Kind::List(items) => items.iter().any(|item| walk(item, sensitive)),
        Kind::Map(entries) => entries.iter().any(|entry| {
            let is = |key: &Key| key.name == entry.key;
            // What is under `tls` are paths of files.
            if EXPRESSIONS.iter().any(is) || is(&service::TLS) {
                return false;
            }
            let inner = if is(&service::AUTH) {
                entry.value.as_text() != Some("none")
            } else if is(&oauth2::TOKEN_URL) {
                false
            } else if sensitive && is(&request::REQUEST) {
                // `POST /login` is none, but what stands in a query may be.
                entry.value.as_text().is_some_and(|text| text.contains('?'))
            } else if sensitive {
                let name = plain(&entry.key);
                !PUBLIC.iter().any(|key| plain(key.name) == name)
            } else {
                is_sensitive(&entry.key)
            };
            walk(&entry.value, inner)
        }),
        Kind::Null | Kind::Bool(_) => false,
    }
}

/// Has a text letters or digits of its own, beside the name of a scheme?
fn is_secret(text: &str) -> bool {
    let Ok(template) = Template::parse(text) else {
        return true;
    };
    let has_literal = template.literals().any(|literal| {
        let scheme = ["bearer", "basic", "token", "apikey", "key"];
        let word = literal.trim().to_lowercase();
        !scheme.contains(&word.as_str()) && word.chars().any(char::is_alphanumeric)
    });
    has_literal || template.expressions().any(Expression::has_literal)
}

/// Is it an address with a password in it?
pub(super) fn has_userinfo(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    scheme.chars().all(|c| c.is_ascii_alphanumeric()) && authority.contains('@')
}
