//! The keys of `auth`.

use serde_json::json;

use super::kind::block;
use super::request;
use super::{Block, Key, Kind};
use Kind::{Expiry, Text, Texts, Words};

block! {
    /// How requests authenticate. Give one key.
    auth, "auth" one of [BASIC, BEARER, HEADER, OAUTH2, LOGIN, GITHUB_OIDC];

    /// A user name and a password (RFC 7617).
    BASIC = "basic": Kind::Block(&basic::BLOCK), [{"username": "qa", "password": "{{ env.QA_PASSWORD }}"}];
    /// A token (RFC 6750).
    BEARER = "bearer": Text, ["{{ env.API_TOKEN }}"];
    /// Header fields with secret values.
    HEADER = "header": Texts, [{"X-API-Key": "{{ env.API_KEY }}"}];
    /// A token from an OAuth 2.0 server (RFC 6749).
    OAUTH2 = "oauth2": Kind::Block(&oauth2::BLOCK), [{"token_url": "https://id.example.com/token", "client_id": "standin", "client_secret": "{{ env.CLIENT_SECRET }}"}];
    /// A log-in at the service itself.
    LOGIN = "login": Kind::Block(&login::BLOCK), [{"request": "POST /login", "json": {"password": "{{ env.QA_PASSWORD }}"}, "capture": {"token": "body.token"}, "use": {"headers": {"X-Token": "{{ capture.token }}"}}}];
    /// The ID token of a GitHub job.
    GITHUB_OIDC = "github_oidc": Kind::Block(&github_oidc::BLOCK), [{"audience": "https://api.example.com"}];
}

block! {
    /// A user name and a password (RFC 7617).
    basic, "auth.basic";

    /// The user name.
    USERNAME = "username": Text, ["qa"];
    /// The password.
    PASSWORD = "password": Text, ["{{ env.QA_PASSWORD }}"];
}

block! {
    /// A token from an OAuth 2.0 server (RFC 6749).
    oauth2, "auth.oauth2";

    /// The full address of the token endpoint.
    TOKEN_URL = "token_url": Text, ["https://id.example.com/token", "{{ service.url }}/token"];
    /// The grant.
    GRANT = "grant": Words(&["client_credentials", "password"]), ["password"], default "client_credentials";
    /// The client's id.
    CLIENT_ID = "client_id": Text, ["standin"];
    /// The client's secret.
    CLIENT_SECRET = "client_secret": Text, ["{{ env.CLIENT_SECRET }}"];
    /// The user name, for `grant: password`.
    USERNAME = "username": Text, ["qa"];
    /// The user's password, for `grant: password`.
    PASSWORD = "password": Text, ["{{ env.QA_PASSWORD }}"];
    /// Scopes, separated by spaces.
    SCOPE = "scope": Text, ["users:write users:read"];
    /// The audience of the token.
    AUDIENCE = "audience": Text, ["https://api.example.com"];
    /// More fields of the token request.
    PARAMS = "params": Texts, [{"resource": "https://api.example.com"}];
    /// How the client authenticates: `basic` if it has a secret, else `body`.
    CLIENT_AUTH = "client_auth": Words(&["basic", "body"]), ["body"];
}

block! {
    /// A log-in at the service itself.
    login, "auth.login" extends request {
        REQUEST: ["POST /login"],
        HEADERS: [{"Accept": "application/json"}],
        JSON: [{"user": "qa", "password": "{{ env.QA_PASSWORD }}"}],
        FORM: [{"user": "qa", "password": "{{ env.QA_PASSWORD }}"}],
        BODY: ["{{ env.QA_PASSWORD }}"],
        CAPTURE: [{"token": "body.token"}],
    };

    /// What later requests carry.
    USE = "use": Kind::Block(&carried::BLOCK), [{"headers": {"Authorization": "Bearer {{ capture.token }}"}}];
    /// How long it is valid: a duration, or an expression over the answer that gives seconds. By default, until an answer is 401.
    EXPIRES_IN = "expires_in": Expiry, ["15m", "body.expires_in"];
}

block! {
    /// What later requests carry. Its templates can use the log-in's captures.
    carried, "auth.login.use";

    /// Header fields.
    HEADERS = "headers": Texts, [{"Authorization": "Bearer {{ capture.token }}"}];
    /// Query parameters.
    QUERY = "query": Texts, [{"session": "{{ capture.token }}"}];
}

block! {
    /// The ID token of a GitHub job.
    github_oidc, "auth.github_oidc";

    /// The audience of the token; by default, the service's own origin.
    AUDIENCE = "audience": Text, ["https://api.example.com"];
    /// Exchanges the ID token for the one to send (RFC 8693); by default, the ID token itself is sent.
    EXCHANGE = "exchange": Kind::Block(&exchange::BLOCK), [{"token_url": "https://sts.example.com/token"}];
}

block! {
    /// An exchange of tokens (RFC 8693).
    exchange, "auth.github_oidc.exchange";

    /// The full address of the token endpoint.
    TOKEN_URL = "token_url": Text, ["https://sts.example.com/token"];
    /// More fields of the token request.
    PARAMS = "params": Texts, [{"scope": "users:write"}];
}
