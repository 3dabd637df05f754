//! The keys of `auth`.

use serde_json::json;

use super::kind::block;
use super::request;
use super::{Block, Key, Kind};
use Kind::{Anything, Boolean, Chain, Duration, Expiry, Text, TextList, Texts, Words};

block! {
    /// How requests authenticate. Give one key.
    auth, "auth" one of [BASIC, BEARER, HEADER, OAUTH2, LOGIN, JWT, GOOGLE, AWS, SIGN, GITHUB_OIDC];

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
    /// A token signed here (RFC 7519), sent as a bearer token.
    JWT = "jwt": Kind::Block(&jwt::BLOCK), [{"key": "{{ env.SIGNING_KEY }}", "claims": {"iss": "standin"}}];
    /// A token for a Google service account: short for `oauth2` with `grant: jwt_bearer`.
    GOOGLE = "google": Kind::Block(&google::BLOCK), [{"credentials": "{{ env.GOOGLE_CREDENTIALS }}", "scopes": ["https://www.googleapis.com/auth/cloud-platform"]}];
    /// AWS Signature Version 4.
    AWS = "aws": Kind::Block(&aws::BLOCK), [{"service": "cognito-idp", "region": "eu-central-1"}];
    /// A signature of the service's own, made anew for each request that is sent.
    SIGN = "sign": Kind::Block(&sign::BLOCK), [{"headers": {"X-Signature": "{{ (request.method ~ request.path ~ request.body) | hmac_sha256(env.API_SECRET) }}"}}];
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
    GRANT = "grant": Words(&["client_credentials", "password", "jwt_bearer"]), ["password"], default "client_credentials";
    /// The client's id. Optional for `grant: jwt_bearer`.
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
    /// More fields of the token request. They can use `oidc.token`, the ID token of a GitHub job.
    PARAMS = "params": Texts, [{"resource": "https://api.example.com"}];
    /// The audience of the ID token that `params` use; by default, the service's own origin.
    OIDC_AUDIENCE = "oidc_audience": Text, ["api://AzureADTokenExchange"];
    /// The signed token that is exchanged, for `grant: jwt_bearer` (RFC 7523). `aud` is `token_url` unless given, `iss` is `client_id`.
    ASSERTION = "assertion": Kind::Block(&jwt::BLOCK), [{"key": "{{ env.SIGNING_KEY }}", "claims": {"iss": "standin", "sub": "admin@example.com"}}];
    /// A signed token in place of the client's secret (RFC 7523). `iss` and `sub` are `client_id` unless given, `aud` is `token_url`.
    CLIENT_ASSERTION = "client_assertion": Kind::Block(&jwt::BLOCK), [{"key": "{{ env.SIGNING_KEY }}", "headers": {"kid": "1"}}];
    /// How the client authenticates: `basic` if it has a secret, else `body`.
    CLIENT_AUTH = "client_auth": Words(&["basic", "body"]), ["body"];
}

block! {
    /// A log-in at the service itself: one request, or `steps`.
    login, "auth.login" extends request {
        REQUEST: ["POST /login"],
        HEADERS: [{"Accept": "application/json"}],
        JSON: [{"user": "qa", "password": "{{ env.QA_PASSWORD }}"}],
        FORM: [{"user": "qa", "password": "{{ env.QA_PASSWORD }}"}],
        BODY: ["{{ env.QA_PASSWORD }}"],
        CAPTURE: [{"token": "body.token"}],
    };

    /// Several requests in order, in place of one. Each carries the cookies that those before it set, and sees what they captured.
    STEPS = "steps": Chain(&request::BLOCK, 1), [[{"request": "GET /login"}, {"request": "POST /login", "form": {"user": "qa", "password": "{{ env.QA_PASSWORD }}"}}]];
    /// What later requests carry; by default, the cookies that the log-in set.
    USE = "use": Kind::Block(&carried::BLOCK), [{"headers": {"Authorization": "Bearer {{ capture.token }}"}}];
    /// How long it is valid: a duration, or an expression over the last answer that gives seconds or a time (RFC 3339). By default, until an answer is 401.
    EXPIRES_IN = "expires_in": Expiry, ["15m", "body.expires_in"];
}

block! {
    /// What later requests carry. Its templates can use the log-in's captures.
    carried, "auth.login.use";

    /// Header fields.
    HEADERS = "headers": Texts, [{"Authorization": "Bearer {{ capture.token }}"}];
    /// Query parameters.
    QUERY = "query": Texts, [{"session": "{{ capture.token }}"}];
    /// Keys that are merged into every body of JSON, whose own come first.
    JSON = "json": Anything, [{"auth": "{{ capture.token }}"}];
    /// Whether they carry the cookies that the log-in set.
    COOKIES = "cookies": Boolean, [false], default true;
}

block! {
    /// A token signed here (RFC 7519).
    jwt, "auth.jwt";

    /// The key: a private key in PEM (PKCS#8, or PKCS#1 for RSA), or the shared secret of `HS256`.
    KEY = "key": Text, ["{{ env.SIGNING_KEY }}"];
    /// The algorithm.
    ALG = "alg": Words(&["RS256", "ES256", "EdDSA", "HS256"]), ["ES256"], default "RS256";
    /// More header fields of the token.
    HEADERS = "headers": Anything, [{"kid": "{{ env.KEY_ID }}"}];
    /// Claims. `iat`, `exp` and `jti` are set unless given.
    CLAIMS = "claims": Anything, [{"iss": "standin", "aud": "https://api.example.com", "admin": true}];
    /// How long a token is valid.
    EXPIRES_IN = "expires_in": Duration, ["10m"], default "5m";
}

block! {
    /// A token for a Google service account.
    google, "auth.google";

    /// The account's key as Google gives it, as JSON.
    CREDENTIALS = "credentials": Text, ["{{ env.GOOGLE_CREDENTIALS }}"];
    /// The scopes.
    SCOPES = "scopes": TextList, [["https://www.googleapis.com/auth/admin.directory.user"], "https://www.googleapis.com/auth/cloud-platform"];
    /// The user on whose behalf it asks, for domain-wide delegation.
    SUBJECT = "subject": Text, ["admin@example.com"];
}

block! {
    /// AWS Signature Version 4.
    aws, "auth.aws";

    /// The region; by default `{{ env.AWS_REGION }}`.
    REGION = "region": Text, ["eu-central-1"];
    /// The service's name in signatures.
    SERVICE = "service": Text, ["cognito-idp"];
    /// The id of the access key; by default `{{ env.AWS_ACCESS_KEY_ID }}`.
    ACCESS_KEY_ID = "access_key_id": Text, ["{{ env.QA_KEY_ID }}"];
    /// The access key; by default `{{ env.AWS_SECRET_ACCESS_KEY }}`.
    SECRET_ACCESS_KEY = "secret_access_key": Text, ["{{ env.QA_SECRET_KEY }}"];
    /// The token of temporary keys; by default the variable `AWS_SESSION_TOKEN`, if the key is that of `AWS_ACCESS_KEY_ID`.
    SESSION_TOKEN = "session_token": Text, ["{{ env.QA_SESSION_TOKEN }}"];
}

block! {
    /// A signature of the service's own. Its templates can use `request.method`, `request.url`, `request.path`, `request.query` and `request.body`, all as sent, and `now()`.
    sign, "auth.sign";

    /// Header fields.
    HEADERS = "headers": Texts, [{"X-Time": "{{ now('unix') }}", "X-Signature": "{{ (now('unix') ~ request.method ~ request.path ~ request.body) | hmac_sha256(env.API_SECRET) }}"}];
    /// Query parameters, added behind those of the request.
    QUERY = "query": Texts, [{"sig": "{{ request.url | hmac_sha256(env.API_SECRET) }}"}];
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
    /// More fields of the token request. They can use `oidc.token`, the ID token.
    PARAMS = "params": Texts, [{"scope": "users:write"}];
}
