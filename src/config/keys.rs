//! Every key of the configuration: its name, the kind of its value, its meaning, examples and its default.
//!
//! This is the one declaration. What the decoder takes for known, its "did you mean", the JSON Schema and docs/reference.md all
//! follow from it, and the decoder names a key by its constant alone. A new key is one row here, and one place where it is read.
//! The keys of a block stand in the order in which they are shown.

mod credentials;
mod kind;
mod presets;
mod requests;
mod schema;

use serde_json::json;

use Kind::{
    Anything, Blocks, Boolean, Chain, Count, Duration, Either, Expression, Known, Name, Names, Number, Pattern, Text,
    Texts,
};
use kind::block;

pub(super) use credentials::{auth, aws, basic, carried, exchange, github_oidc, google, jwt, login, oauth2, sign};
pub(super) use kind::{Block, Key, Kind};
pub(super) use presets::{parameter, preset_file};
pub(super) use requests::{
    after_create, before_create, create, delete, filter, find, gone, list, next, probe, request, verify,
};
pub use schema::schema;

/// The most services of one document.
pub(super) const SERVICES_LIMIT: u32 = 1000;
/// The most copies that a persona may have.
pub(super) const COPIES_LIMIT: u32 = 10_000;

/// Every block, in the order of the reference; the first is the document itself.
static BLOCKS: [&Block; 28] = [
    &document::BLOCK,
    &service::BLOCK,
    &auth::BLOCK,
    &basic::BLOCK,
    &oauth2::BLOCK,
    &login::BLOCK,
    &carried::BLOCK,
    &jwt::BLOCK,
    &google::BLOCK,
    &aws::BLOCK,
    &sign::BLOCK,
    &github_oidc::BLOCK,
    &exchange::BLOCK,
    &tls::BLOCK,
    &limits::BLOCK,
    &request::BLOCK,
    &probe::BLOCK,
    &before_create::BLOCK,
    &create::BLOCK,
    &after_create::BLOCK,
    &verify::BLOCK,
    &find::BLOCK,
    &list::BLOCK,
    &filter::BLOCK,
    &next::BLOCK,
    &delete::BLOCK,
    &gone::BLOCK,
    &account::BLOCK,
];

/// Is this a key of some block?
pub(super) fn is_known(name: &str) -> bool {
    BLOCKS.iter().any(|block| block.own.iter().any(|key| key.name == name))
}

block! {
    /// Test accounts for CI jobs, in every service that a job uses. `{{ expression }}` in a text is Jinja.
    document, "The document" needs [SERVICES];

    /// The first two or three letters of every marker.
    PREFIX = "prefix": Pattern("^[a-z]{2,3}$"), ["qa"], default "sd";
    /// How long accounts are meant to live, 30d at most.
    TTL = "ttl": Duration, ["12h"], default "24h";
    /// The services that get accounts, at least one.
    SERVICES = "services": Blocks(&service::BLOCK, Some(SERVICES_LIMIT)), [[{"name": "users", "url": "http://localhost:8081"}]];
    /// The test users; by default one `test_user` with the role `tester` in every service.
    ACCOUNTS = "accounts": Blocks(&account::BLOCK, None), [[{"name": "alice", "role": "admin"}, {"name": "buyer", "count": 20}]];
}

block! {
    /// A service with accounts.
    service, "A service" needs [NAME];

    /// Its name, unique in the document.
    NAME = "name": Name("^[a-z][a-z0-9-]*$"), ["users"];
    /// A ready description of a well-known system, over which the other keys are merged. `standin presets` lists them.
    PRESET = "preset": Known, ["scim"];
    /// Parameters, read as `with.NAME`. Their templates can only use `env`.
    WITH = "with": Anything, [{"realm": "qa"}];
    /// Its address. Paths of requests are added to it.
    URL = "url": Text, ["https://users.example.com/api", "{{ env.USERS_URL }}"];
    /// Another name of `url`.
    ENDPOINT = "endpoint": Text, ["http://localhost:8081"];
    /// The service's own words in a failed answer; by default, the fields that look like a message.
    ERROR = "error": Expression, ["body.fault.text"];
    /// The answers that mean too many requests: the service is asked more slowly, and again.
    BUSY = "busy": Kind::Condition, [[429, 403], "status == 400 and body.code == \"throttled\""], default [425, 429];
    /// The answers to a create that mean it was certainly not created.
    REFUSED = "refused": Kind::Condition, ["status == 200 and body.errors is defined"];
    /// The answers that mean the credentials are no longer accepted.
    DEAD = "dead": Kind::Condition, [[401, 440], "body.error == \"invalid session\""], default [401];
    /// How requests authenticate.
    AUTH = "auth": Either(&["none", "github_oidc"], &auth::BLOCK, 1), [{"bearer": "{{ env.API_TOKEN }}"}, "github_oidc"], default "none";
    /// With `password`, short for `auth: { basic: ... }`.
    USERNAME = "username": Text, ["qa"];
    /// With `username`, short for `auth: { basic: ... }`.
    PASSWORD = "password": Text, ["{{ env.QA_PASSWORD }}"];
    /// Certificates.
    TLS = "tls": Kind::Block(&tls::BLOCK), [{"ca": "pki/ca.pem"}];
    /// Header fields of every request.
    HEADERS = "headers": Texts, [{"X-Env": "test"}];
    /// Services in which the same test user must have its account first.
    NEEDS = "needs": Names, [["crm"]];
    /// How hard the service may be pressed.
    LIMITS = "limits": Kind::Block(&limits::BLOCK), [{"concurrency": 4, "rate": "50/s"}];
    /// How long one request may take.
    TIMEOUT = "timeout": Duration, ["5s"], default "10s";
    /// The longest user name it takes, in characters.
    ACCOUNT_NAME_MAX = "account_name_max": Number(1, 1024), [40];
    /// Asked until it succeeds, before the first create.
    READY = "ready": Kind::Block(&request::BLOCK), [{"request": "GET /health"}];
    /// An authenticated request that proves the credentials. It should need the right to see accounts.
    PROBE = "probe": Kind::Block(&probe::BLOCK), [{"request": "GET /me"}];
    /// Whether cleanup may create and delete an account to prove that a look-up works. Say `false` where deleting leaves
    /// something behind or seats cost money.
    WITNESS = "witness": Boolean, [false], default true;
    /// Requests sent in order before each create, such as one for a form's token. They must be harmless to repeat.
    BEFORE_CREATE = "before_create": Chain(&before_create::BLOCK, 0), [[{"request": "GET /form", "capture": {"nonce": "body.nonce"}}]];
    /// Creates an account; by default as the convention says.
    CREATE = "create": Kind::Block(&create::BLOCK), [{"request": "POST /users", "json": {"name": "{{ account.username }}"}, "id": "body.id"}];
    /// Requests sent in order, as soon as the id is known.
    AFTER_CREATE = "after_create": Chain(&after_create::BLOCK, 0), [[{"request": "POST /users/{{ id }}/roles", "json": {"role": "tester"}}]];
    /// Shows that an account exists.
    VERIFY = "verify": Kind::Block(&verify::BLOCK), [{"request": "GET /users/{{ id }}", "name": "body.name"}];
    /// Looks an account up by its name.
    FIND = "find": Kind::Block(&find::BLOCK), [{"request": "GET /users?name={{ account.username }}", "items": "body", "id": "item.id", "name": "item.name"}];
    /// Lists all accounts, for `standin sweep`.
    LIST = "list": Kind::Block(&list::BLOCK), [{"request": "GET /users", "items": "body", "id": "item.id", "name": "item.name", "next": "link"}];
    /// Deletes an account: a request, or a list of them that can start again at any of them.
    DELETE = "delete": Chain(&delete::BLOCK, 1), [{"request": "DELETE /users/{{ id }}"}, [{"request": "GET /users/{{ id }}", "capture": {"etag": "headers.etag"}}, {"request": "DELETE /users/{{ id }}", "headers": {"If-Match": "{{ capture.etag }}"}}]];
    /// Shows that an account is gone.
    GONE = "gone": Kind::Block(&gone::BLOCK), [{"request": "GET /users/{{ id }}", "within": "1m"}];
}

block! {
    /// Certificates, as PEM files next to the configuration. Give `cert` and `key` together.
    tls, "tls";

    /// Trusted in addition to the usual ones.
    CA = "ca": Text, ["pki/ca.pem"];
    /// The client's certificate chain.
    CERT = "cert": Text, ["pki/client.pem"];
    /// Its private key.
    KEY = "key": Text, ["pki/client.key"];
}

block! {
    /// The rate of requests to a service.
    limits, "limits";

    /// Requests at a time.
    CONCURRENCY = "concurrency": Number(1, 1000), [4], default 8;
    /// Requests per second or minute; by default, no limit.
    RATE = "rate": Pattern("^ *[0-9]+ */ *[sm] *$"), ["50/s", "600/m"];
}

block! {
    /// A test user, with an account in each of its services.
    account, "An account" needs [NAME];

    /// Its name.
    NAME = "name": Name("^[A-Za-z_][A-Za-z0-9_-]*$"), ["alice"];
    /// The services in which it has an account; by default, all.
    SERVICES = "services": Names, [["users", "crm"]];
    /// Whose account it uses in a service in place of one of its own: `needs.SERVICE` is that persona's there.
    SHARES = "shares": Texts, [{"crm": "bob"}];
    /// How many copies to create, called NAME-1 to NAME-N: a number, or a template that gives one. By default there is one, called NAME.
    COUNT = "count": Count(COPIES_LIMIT), [20, "{{ env.WORKERS }}"];
    /// Its role.
    ROLE = "role": Text, ["admin"], default "tester";
    /// Its user name, which contains `{{ run.marker }}`.
    USERNAME = "username": Text, ["qa-{{ run.marker }}"];
    /// Its e-mail address; by default USERNAME@example.com.
    EMAIL = "email": Text, ["{{ account.username }}@qa.example.com"];
    /// Its first name; by default a generated one.
    FIRST_NAME = "first_name": Text, ["Alice"];
    /// Its last name; by default a generated one.
    LAST_NAME = "last_name": Text, ["{{ account.first_name }}son"];
    /// Its password; by default a random one.
    PASSWORD = "password": Text, ["{{ env.QA_USER_PASSWORD }}"];
    /// The language of generated names.
    LOCALE = "locale": Text, ["pt_br"], default "en";
    /// Says that the user name contains no marker. The account is never adopted or swept.
    UNMARKED = "unmarked": Boolean, [true], default false;
    /// Anything else, read as `account.NAME`.
    FIELDS = "fields": Anything, [{"plan": "gold", "limits": {"seats": 3}}];
}
