//! How requests to a service prove who they are.

mod decode;
mod jwt;
mod signed;

use std::time::Duration;

use super::request::Request;
use crate::language::{Expression, JsonTemplate, Template};

pub(super) use decode::auth;
pub use jwt::{Algorithm, Google, Jwt};
pub use signed::{Aws, Sign};

/// How requests prove who they are. An `Authorization` header of a request stands in its place.
#[derive(Clone, Debug)]
pub enum Auth {
    /// Not at all.
    None,
    /// RFC 7617.
    Basic {
        /// The user.
        username: Template,
        /// The password.
        password: Template,
    },
    /// RFC 6750.
    Bearer(Template),
    /// Header fields with secret values.
    Header(Vec<(String, Template)>),
    /// A token of RFC 6749, sent as RFC 6750 says.
    OAuth2(Box<OAuth2>),
    /// What the answer to a request of the service's own gives.
    Login(Box<Login>),
    /// The ID token of a job on GitHub, as a bearer token or exchanged for one.
    GithubOidc {
        /// Whom the token is for; without it the service's own origin.
        audience: Option<Template>,
        /// Where the ID token is exchanged for the one that is sent.
        exchange: Option<Exchange>,
    },
    /// A token that is signed here, sent as RFC 6750 says.
    Jwt(Box<Jwt>),
    /// A token for a service account of Google.
    Google(Box<Google>),
    /// AWS Signature Version 4.
    Aws(Box<Aws>),
    /// A signature of the service's own over each request.
    Sign(Sign),
}

/// A token of RFC 6749.
#[derive(Clone, Debug)]
pub struct OAuth2 {
    /// The whole address of the token endpoint.
    pub token_url: Template,
    /// Which grant is asked for.
    pub grant: Grant,
    /// The client; there but with the grant `jwt_bearer`, whose assertion may say who asks.
    pub client_id: Option<Template>,
    /// Its secret; a public client has none.
    pub client_secret: Option<Template>,
    /// The user; there if and only if the grant is `password`.
    pub username: Option<Template>,
    /// The user's password; there if and only if the grant is `password`.
    pub password: Option<Template>,
    /// Section 3.3, separated by spaces.
    pub scope: Option<Template>,
    /// Whom the token is for, where the server asks (Auth0 does).
    pub audience: Option<Template>,
    /// Further fields of the token request.
    pub params: Vec<(String, Template)>,
    /// How the client proves itself.
    pub client_auth: ClientAuth,
    /// What is exchanged for the token (RFC 7523, section 2.1); there if and only if the grant is `jwt_bearer`.
    pub assertion: Option<Jwt>,
    /// What the client proves itself with in place of a secret (RFC 7523, section 2.2).
    pub client_assertion: Option<Jwt>,
    /// Whom the job's ID token is for, where `params` read it; without it the service's own origin.
    pub oidc_audience: Option<Template>,
}

impl OAuth2 {
    /// Does the request for a token carry the job's ID token?
    pub fn reads_id_token(&self) -> bool {
        self.params.iter().any(|(_, value)| reads_id_token(value))
    }
}

/// Does a field carry the job's ID token, which is fetched before?
pub fn reads_id_token(value: &Template) -> bool {
    let mut names = value.expressions().flat_map(Expression::names);
    names.any(|name| name == "oidc")
}

/// A grant of RFC 6749.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// Section 4.4.
    ClientCredentials,
    /// Section 4.3.
    Password,
    /// RFC 7523, section 2.1.
    JwtBearer,
}

impl Grant {
    /// Its name in a configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClientCredentials => "client_credentials",
            Self::Password => "password",
            Self::JwtBearer => "jwt_bearer",
        }
    }
}

/// How a client proves itself at the token endpoint: RFC 6749, section 2.3.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// In an `Authorization` header; the default of a client with a secret.
    Basic,
    /// As fields of the token request; the default of a client without a secret.
    Body,
}

/// A log-in at the service itself.
#[derive(Clone, Debug)]
pub struct Login {
    /// The requests in their order, one at least. They carry no credentials but their own and the cookies of those before. They
    /// see `env`, `run`, `service`, `with`, and what those before captured.
    pub steps: Vec<Request>,
    /// What every later request carries.
    pub carried: Carry,
    /// How long it holds; without it until an answer says 401.
    pub expires_in: Option<Expiry>,
}

/// What later requests carry of a log-in. It sees `capture` too: what the log-in's answers gave.
#[derive(Clone, Debug)]
pub struct Carry {
    /// Header fields.
    pub headers: Vec<(String, Template)>,
    /// Query parameters.
    pub query: Vec<(String, Template)>,
    /// Keys of bodies of JSON.
    pub json: Vec<(String, JsonTemplate)>,
    /// The cookies that the log-in's answers set.
    pub cookies: bool,
}

/// How long a log-in holds.
#[derive(Clone, Debug)]
pub enum Expiry {
    /// So long after the answer; never nothing.
    After(Duration),
    /// As many seconds after the answer as this gives over it.
    Expression(Expression),
}

/// An exchange of tokens: RFC 8693.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The whole address of the token endpoint.
    pub token_url: Template,
    /// Further fields of the token request, which may replace those that are always sent.
    pub params: Vec<(String, Template)>,
}
