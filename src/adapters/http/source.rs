//! What a service's token is asked for with, and which parts of that are secret.

use reqwest::Url;
use serde_json::Value;

use crate::config::{Action, Login, is_sensitive};
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;
use crate::language::Scope;
use crate::ports::{HttpMessage, Identity};

/// How a token is obtained.
#[derive(Clone)]
pub enum TokenSource {
    /// A form is posted, and `access_token` is in the answer (RFC 6749, sections 4.3 and 4.4).
    Form(Form),
    /// A request of the service's own.
    Login {
        /// What the configuration says.
        login: Box<Login>,
        /// What its templates see.
        scope: Scope,
    },
    /// The ID token of a job on GitHub, as it is or exchanged for another (RFC 8693).
    IdToken {
        /// Where it is asked for, with the audience.
        url: Url,
        /// What lets us ask.
        token: Secret,
        /// Where it is exchanged.
        exchange: Option<Form>,
    },
}

/// A form for a token endpoint.
#[derive(Clone)]
pub struct Form {
    /// The token endpoint.
    pub url: Url,
    /// The fields.
    pub fields: Vec<(String, Secret)>,
    /// The client and its secret, where they stand in the header (RFC 6749, section 2.3.1).
    pub client: Option<(String, Secret)>,
}

impl TokenSource {
    /// Every secret in it.
    pub fn secrets(&self) -> Vec<Secret> {
        // Of a form only what must not be told: `client_credentials` and the like stand in every log.
        let of_form = |form: &Form| {
            let fields = form.fields.iter().filter(|(name, _)| is_secret(name));
            let client = form.client.iter().map(|(_, secret)| secret.clone());
            fields.map(|(_, value)| value.clone()).chain(client).collect::<Vec<_>>()
        };
        match self {
            Self::Form(form) => of_form(form),
            Self::Login { login, scope } => of_login(login, scope),
            Self::IdToken { token, exchange, .. } => {
                let mut secrets = exchange.as_ref().map(of_form).unwrap_or_default();
                secrets.push(token.clone());
                secrets
            }
        }
    }
}

/// Is the field of this name a secret in a request for a token?
fn is_secret(name: &str) -> bool {
    is_sensitive(name) || name.ends_with("assertion")
}

/// The secrets that a log-in sends, by the names under which they stand. One that can't be rendered says so when it is sent.
fn of_login(login: &Login, scope: &Scope) -> Vec<Secret> {
    let Action::Http(action) = &login.request.action;
    // What goes by the moment is no secret of another, so any will do.
    let scope = scope.clone().at(Timestamp::from_millis(0));
    let Ok(request) = HttpMessage::render(action, &scope, Identity::Own) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let (_, query) = request.target.split_once('?').unwrap_or_default();
    let mut forms = vec![query.as_bytes()];
    match &request.payload {
        Some((kind, body)) if kind == "application/json" => {
            serde_json::from_slice(body).map_or_else(|_| (), |body: Value| of_json(&body, false, &mut found));
        }
        Some((_, body)) => forms.push(body),
        None => {}
    }
    let pairs = forms.into_iter().flat_map(url::form_urlencoded::parse);
    let headers = request.headers.iter().map(|(name, value)| (name.into(), value.into()));
    found.extend(
        pairs
            .chain(headers)
            .filter(|(name, _)| is_secret(name))
            .map(|(_, value)| Secret::new(value)),
    );
    found
}

fn of_json(value: &Value, secret: bool, found: &mut Vec<Secret>) {
    match value {
        Value::String(text) if secret => found.push(Secret::new(text.as_str())),
        Value::Array(items) => items.iter().for_each(|item| of_json(item, secret, found)),
        Value::Object(fields) => {
            for (name, value) in fields {
                of_json(value, secret || is_secret(name), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_not_be_told_of_a_form_is_a_secret() {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", "urn:jwt"),
            ("client_assertion", "signed"),
            ("client_secret", "hunter2"),
            ("subject_token", "theirs"),
        ];
        let form = Form {
            url: Url::parse("http://auth.test/token").expect("a URL"),
            fields: fields.map(|(name, value)| (name.to_owned(), Secret::new(value))).into(),
            client: None,
        };
        let secrets = TokenSource::Form(form).secrets();
        let secrets: Vec<&str> = secrets.iter().map(Secret::expose).collect();
        assert_eq!(secrets, ["signed", "hunter2", "theirs"]);
    }
}
