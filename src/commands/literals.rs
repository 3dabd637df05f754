//! Which credentials of a service stand in its configuration as they are.
//!
//! Whoever reads the configuration knows them, and many are words such as `default`: the runner, which would star such a word
//! out of the whole job's log, is not told of them. Passwords among them are kept out of what we say ourselves.

use std::collections::HashSet;

use super::context::Context;
use crate::adapters::console::redactor::would_change;
use crate::config::{Auth, Config, Login, Service, is_sensitive};
use crate::domain::secret::Secret;
use crate::engine::own_credentials;
use crate::language::Template;

/// The literal words of a service's credentials.
#[derive(Default)]
pub(super) struct Literals {
    words: HashSet<String>,
    passwords: Vec<Secret>,
}

impl Literals {
    /// Those of a service.
    pub(super) fn of(service: &Service) -> Self {
        let mut literals = Self::default();
        match &service.auth {
            Auth::None => {}
            Auth::Basic { password, .. } => literals.take("password", password),
            Auth::Bearer(token) => literals.take("token", token),
            Auth::Header(fields) => fields.iter().for_each(|(_, value)| literals.take("secret", value)),
            Auth::OAuth2(oauth2) => {
                for (name, value) in [("client_secret", &oauth2.client_secret), ("password", &oauth2.password)] {
                    if let Some(value) = value {
                        literals.take(name, value);
                    }
                }
                literals.take_all(&oauth2.params);
                for jwt in oauth2.assertion.iter().chain(&oauth2.client_assertion) {
                    literals.take("secret", &jwt.key);
                }
            }
            Auth::Jwt(jwt) => literals.take("secret", &jwt.key),
            Auth::Google(google) => literals.take("secret", &google.credentials),
            Auth::Aws(aws) => {
                literals.take("secret", &aws.secret_access_key);
                if let Some(token) = &aws.session_token {
                    literals.take("secret", token);
                }
            }
            Auth::Sign(sign) => {
                literals.take_all(&sign.headers);
                literals.take_all(&sign.query);
            }
            Auth::Login(login) => literals.take_login(login),
            Auth::GithubOidc { exchange, .. } => {
                if let Some(exchange) = exchange {
                    literals.take_all(&exchange.params);
                }
            }
        }
        for value in own_credentials(service) {
            literals.take("secret", &value);
        }
        literals
    }

    /// Does it stand in the configuration as it is?
    pub(super) fn hold(&self, secret: &Secret) -> bool {
        self.words.contains(secret.expose())
    }

    /// Keeps the passwords among them out of what we say, but for those that a name has in it: names have to be read.
    pub(super) fn hide(&self, context: &Context, config: &Config) {
        let services = config.services.iter().map(|service| service.name.as_str());
        let personas = config.personas.iter().map(|persona| persona.name.as_str());
        let run = [context.identity.repository.as_str(), &context.identity.run_id];
        let names: Vec<&str> = services.chain(personas).chain(run).collect();
        for password in &self.passwords {
            if !names.iter().any(|name| would_change(name, password)) {
                context.console.hide(password);
            }
        }
    }

    fn take(&mut self, name: &str, value: &Template) {
        if value.expressions().next().is_some() {
            return;
        }
        let text: String = value.literals().collect();
        // Without the scheme in front of a token.
        let token = text.split_once(' ').map(|(_, token)| token.to_owned());
        for word in token.into_iter().chain([text]) {
            if is_sensitive(name) {
                self.passwords.push(Secret::new(word.as_str()));
            }
            self.words.insert(word);
        }
    }

    fn take_all(&mut self, fields: &[(String, Template)]) {
        for (name, value) in fields {
            self.take(name, value);
        }
    }

    /// What a map holds is called by its own key: `password: { user: { name: admin } }` makes no secret of `admin`.
    fn take_login(&mut self, login: &Login) {
        for named in login.steps.iter().flat_map(|step| step.action.named()) {
            if let Some(name) = named.names.last() {
                self.take(name, &named.value);
            }
        }
    }
}
