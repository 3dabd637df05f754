//! What a service's token is asked for with, and which parts of that are secret.

use reqwest::Url;
use serde_json::Value;

use super::jwt::JwtSigner;
use crate::config::{Action, Login, Request, is_sensitive};
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;
use crate::language::{Scope, Template};
use crate::ports::{HttpMessage, Identity};

/// How a token is obtained.
#[derive(Clone)]
pub enum TokenSource {
    /// A form is posted, and `access_token` is in the answer (RFC 6749, sections 4.3 and 4.4).
    Form(Form),
    /// Requests of the service's own.
    Login {
        /// What the configuration says.
        login: Box<Login>,
        /// What its templates see.
        scope: Scope,
    },
    /// The ID token of a job on GitHub, as it is or exchanged for another (RFC 8693).
    IdToken {
        /// How it is asked for.
        ask: IdTokenRequest,
        /// Where it is exchanged.
        exchange: Option<Form>,
    },
    /// It is signed here.
    Jwt(JwtSigner),
}

/// How a job on GitHub asks for its ID token.
#[derive(Clone)]
pub struct IdTokenRequest {
    /// Where it is asked for, with the audience.
    pub url: Url,
    /// What lets us ask.
    pub token: Secret,
}

/// A form for a token endpoint.
#[derive(Clone)]
pub struct Form {
    /// The token endpoint.
    pub url: Url,
    /// The fields.
    pub fields: Vec<(String, FormValue)>,
    /// The client and its secret, where they stand in the header (RFC 6749, section 2.3.1).
    pub client: Option<(String, Secret)>,
    /// How the ID token is asked for that fields read; `None` where none does.
    pub id_token: Option<IdTokenRequest>,
    /// What such fields see.
    pub scope: Scope,
}

/// The value of a field of a form.
#[derive(Clone)]
pub enum FormValue {
    /// Always the same.
    Fixed(Secret),
    /// It reads the ID token.
    OfIdToken(Template),
    /// It is signed for each form.
    Jwt(JwtSigner),
}

impl TokenSource {
    /// Every secret in it.
    pub fn secrets(&self) -> Vec<Secret> {
        match self {
            Self::Form(form) => form.secrets(),
            Self::Login { login, scope } => login.steps.iter().flat_map(|step| of_step(step, scope)).collect(),
            Self::IdToken { ask, exchange } => {
                let mut secrets = exchange.as_ref().map(Form::secrets).unwrap_or_default();
                secrets.push(ask.token.clone());
                secrets
            }
            Self::Jwt(jwt) => vec![jwt.key.secret().clone()],
        }
    }

    /// Does what it sends or gives hold for a time by our clock?
    pub(super) fn goes_by_time(&self) -> bool {
        match self {
            Self::Form(form) => form.fields.iter().any(|(_, value)| matches!(value, FormValue::Jwt(_))),
            Self::Jwt(_) => true,
            Self::Login { .. } | Self::IdToken { .. } => false,
        }
    }
}

impl Form {
    /// Of a form only what must not be told: `client_credentials` and the like stand in every log.
    fn secrets(&self) -> Vec<Secret> {
        let fields = self.fields.iter().filter_map(|(name, value)| match value {
            FormValue::Fixed(value) => is_secret(name).then(|| value.clone()),
            FormValue::Jwt(jwt) => Some(jwt.key.secret().clone()),
            FormValue::OfIdToken(_) => None,
        });
        let client = self.client.iter().map(|(_, secret)| secret.clone());
        let ask = self.id_token.iter().map(|ask| ask.token.clone());
        fields.chain(client).chain(ask).collect()
    }
}

/// Is the field of this name a secret in a request for a token?
pub(super) fn is_secret(name: &str) -> bool {
    is_sensitive(name) || name.ends_with("assertion")
}

/// The secrets that a step of a log-in sends, by the names under which they stand. One that can't be rendered yet, since it sends
/// what another captured, has those that it can.
fn of_step(step: &Request, scope: &Scope) -> Vec<Secret> {
    let Action::Http(action) = &step.action;
    // What goes by the moment is no secret of another, so any will do.
    let scope = scope.clone().at(Timestamp::from_millis(0));
    let Ok(request) = HttpMessage::render(action, &scope, Identity::Own) else {
        let named = step.action.named();
        let named = named
            .iter()
            .filter(|named| named.names.iter().any(|name| is_secret(name)));
        let values = named.filter_map(|named| named.value.render(&scope).ok());
        return values.map(Secret::new).collect();
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
        let fixed = fields.map(|(name, value)| (name.to_owned(), FormValue::Fixed(Secret::new(value))));
        let form = Form {
            url: Url::parse("http://auth.test/token").expect("a URL"),
            fields: fixed.into(),
            client: None,
            id_token: None,
            scope: Scope::new(),
        };
        let secrets = TokenSource::Form(form).secrets();
        let secrets: Vec<&str> = secrets.iter().map(Secret::expose).collect();
        assert_eq!(secrets, ["signed", "hunter2", "theirs"]);
    }
}
