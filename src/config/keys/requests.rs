//! The keys of requests: those of every one, and what each kind has besides.

use serde_json::json;

use super::kind::block;
use super::{Block, Key, Kind};
use Kind::{Boolean, Condition, Duration, Either, Expression, Expressions, Number, Target, Text, Texts, Words};

block! {
    /// The keys of every request, and all that `ready` has.
    request, "Every request" one of [JSON, FORM, BODY];

    /// Method and path below the service's `url`. A value in it is one path segment or one query value, whatever it holds.
    REQUEST = "request": Target, ["GET /health"];
    /// Query parameters.
    QUERY = "query": Texts, [{"active": "true"}];
    /// Header fields. `Authorization` replaces the service's `auth`.
    HEADERS = "headers": Texts, [{"X-Reason": "tests"}];
    /// The body as JSON. A string that is one `{{ expression }}` keeps the type of its value.
    JSON = "json": Kind::Json, [{"name": "qa"}];
    /// The body as a URL-encoded form.
    FORM = "form": Texts, [{"name": "qa"}];
    /// The body, sent as it is.
    BODY = "body": Text, ["name=qa"];
    /// The answers that mean success; by default, any 2xx.
    EXPECT = "expect": Condition, [[200, 201], "status == 200 and body.ok"];
    /// What later requests need from the answer, as `capture.NAME`. Never printed.
    CAPTURE = "capture": Expressions, [{"etag": "headers.etag"}];
    /// The service's own words in a failed answer; by default, the service's `error`.
    ERROR = "error": Expression, ["body.message"];
    /// The answers that mean too many requests; by default, the service's `busy`.
    BUSY = "busy": Condition, ["status == 400 and body.code == \"throttled\""];
    /// The answers that mean the credentials are no longer accepted; by default, the service's `dead`.
    DEAD = "dead": Condition, ["body.error == \"session expired\""];
    /// Another address for this request, such as a mail catcher's. The service's credentials and headers don't go there.
    URL = "url": Text, ["{{ env.MAIL_URL }}"];
    /// `none` leaves the service's credentials out of this request.
    AUTH = "auth": Words(&["own", "none"]), ["none"], default "own";
    /// What has to hold, over `status`, `headers` and `body`. Until then, a request that only reads or is `repeatable` is sent again.
    UNTIL = "until": Expression, ["body.status == \"active\""];
    /// The failures that pass: the request is sent again.
    RETRY = "retry": Condition, [[404], "status == 409 and body.code == \"busy\""];
    /// How long to wait for `until`, and to try again after `retry`.
    WITHIN = "within": Duration, ["1m"], default "30s";
    /// Says that a request that may change something can be sent again for `until`.
    REPEATABLE = "repeatable": Boolean, [true], default false;
    /// If this is false, the request is skipped.
    WHEN = "when": Expression, ["env.STAGE == \"qa\""];
}

block! {
    /// An authenticated request that proves the credentials, and says where it was asked.
    probe, "probe" extends request { REQUEST: ["GET /me"] };

    /// What the answer says of the place, such as a tenant's id. If it differs in cleanup, no account there is confirmed absent.
    PLACE = "place": Expression, ["body.tenant.id"];
}

block! {
    /// Creates an account.
    create, "create" extends request {
        REQUEST: ["POST /users"],
        QUERY: [{"notify": "false"}],
        JSON: [{"username": "{{ account.username }}", "owner": "{{ needs.crm.id }}"}],
        FORM: [{"username": "{{ account.username }}"}],
        BODY: ["<user>{{ account.username }}</user>"],
        EXPECT: [[201], "status == 200 and body.error is undefined"],
        CAPTURE: [{"token": "body.token"}],
    } without [UNTIL, RETRY, WITHIN, REPEATABLE, WHEN];

    /// The answers that mean the name is taken. Giving it says that the service refuses duplicate names.
    DUPLICATE = "duplicate": Condition, [[409], "status == 422 and \"taken\" in body.message"], default [409];
    /// The answers that mean the account was certainly not created; by default, the service's `refused`.
    REFUSED = "refused": Condition, ["status == 200 and body.errors is defined"];
    /// The id in the answer, or `account.username` or `account.uuid` where the client chooses it.
    ID = "id": Expression, ["body.data.id", "headers.location | last_segment", "account.username"];
    /// The user name in the answer, if it has one.
    NAME = "name": Expression, ["body.data.username"];
    /// Added to the outputs.
    OUTPUTS = "outputs": Expressions, [{"tenant": "body.tenant"}];
    /// Masked, and added to the credentials file and the exported environment.
    SECRETS = "secrets": Expressions, [{"api_key": "body.key"}];
    /// The header for a UUID that is the same on every try for an account.
    IDEMPOTENCY_HEADER = "idempotency_header": Text, ["Idempotency-Key"];
}

block! {
    /// A request, sent before each create. It must be harmless to repeat.
    before_create, "before_create" extends request {
        REQUEST: ["GET /form"],
        CAPTURE: [{"nonce": "body.nonce"}],
        WHEN: ["account.role == \"admin\""],
    };

    /// Added to the outputs.
    OUTPUTS = "outputs": Expressions, [{"tenant": "body.tenant"}];
    /// Masked, and added to the credentials file and the exported environment.
    SECRETS = "secrets": Expressions, [{"invitation": "body.code"}];
}

block! {
    /// A request, sent as soon as the id is known.
    after_create, "after_create" extends request {
        REQUEST: ["PUT /users/{{ id }}/password"],
        JSON: [{"password": "{{ account.password }}"}],
        FORM: [{"password": "{{ account.password }}"}],
        BODY: ["{{ account.password }}"],
        EXPECT: [[204]],
        CAPTURE: [{"session": "body.session"}],
        WHEN: ["account.role == \"admin\""],
    };

    /// Added to the outputs.
    OUTPUTS = "outputs": Expressions, [{"team": "body.team.id"}];
    /// Masked, and added to the credentials file and the exported environment.
    SECRETS = "secrets": Expressions, [{"token": "body.token"}];
}

block! {
    /// Reads an account back, until it is as it should be.
    verify, "verify" extends request {
        REQUEST: ["GET /users/{{ id }}"],
        QUERY: [{"full": "true"}],
        JSON: [{"user": "{{ id }}"}],
        FORM: [{"user": "{{ id }}"}],
        BODY: ["{{ id }}"],
        EXPECT: [[200]],
        WHEN: ["account.role == \"admin\""],
    } without [REPEATABLE];

    /// The answers that mean there is no such account.
    GONE = "gone": Condition, [[404, 410], "status == 200 and body.users == []"], default [404, 410];
    /// The user name in the answer.
    NAME = "name": Expression, ["body.username"];
    /// Added to the outputs.
    OUTPUTS = "outputs": Expressions, [{"tenant": "body.tenant"}];
    /// Masked, and added to the credentials file and the exported environment.
    SECRETS = "secrets": Expressions, [{"api_key": "body.key"}];
}

block! {
    /// Looks whether an account is gone, until it is.
    gone, "gone" extends request {
        REQUEST: ["GET /users/{{ id }}"],
        QUERY: [{"full": "true"}],
        JSON: [{"user": "{{ id }}"}],
        FORM: [{"user": "{{ id }}"}],
        BODY: ["{{ id }}"],
        EXPECT: [[200]],
    } without [REPEATABLE, WHEN];

    /// The answers that mean there is no such account.
    GONE = "gone": Condition, [[404, 410], "status == 200 and body.users == []"], default [404, 410];
    /// The user name in the answer.
    NAME = "name": Expression, ["body.username"];
}

block! {
    /// Looks an account up by its name.
    find, "find" extends request {
        REQUEST: ["GET /users?username={{ account.username }}"],
        QUERY: [{"email": "{{ account.email }}"}],
        JSON: [{"name": "{{ account.username }}"}],
        FORM: [{"name": "{{ account.username }}"}],
        BODY: ["{{ account.username }}"],
        EXPECT: [[200]],
    } without [REPEATABLE, WHEN];

    /// The list of accounts found in the answer.
    ITEMS = "items": Expression, ["body.items", "[body]"];
    /// The id of an `item`.
    ID = "id": Expression, ["item.id"];
    /// The user name of an `item`.
    NAME = "name": Expression, ["item.username"];
    /// The answers that mean there is none. Not even 404 by default: a wrong address gives that too.
    ABSENT = "absent": Condition, [[404], "body.total == 0"], default [];
    /// How long a new account may take to show up.
    SETTLE = "settle": Duration, ["2s"], default "0s";
}

block! {
    /// Lists all accounts. With it, `delete` and `gone` may read no `account.*` except `account.username`.
    list, "list" extends request {
        REQUEST: ["GET /users?limit=100"],
        JSON: [{"limit": 100}],
        FORM: [{"limit": "100"}],
        BODY: ["limit=100"],
        EXPECT: [[200]],
    } without [REPEATABLE, WHEN];

    /// The list of accounts in the answer.
    ITEMS = "items": Expression, ["body.items", "body.users | items"];
    /// The id of an `item`.
    ID = "id": Expression, ["item.id"];
    /// The user name of an `item`. An item without one is ignored.
    NAME = "name": Expression, ["item.username"];
    /// How many accounts there are. If fewer are shown, the list is incomplete.
    TOTAL = "total": Expression, ["body.total"];
    /// Where the next page is; by default there is one page.
    NEXT = "next": Either(&["link"], &next::BLOCK, 0), ["link", {"page": "page", "first": 0}];
    /// How to ask only for accounts of `run.prefix`, if the service can tell them apart.
    FILTER = "filter": Kind::Block(&filter::BLOCK), [{"query": {"starts_with": "{{ run.prefix }}-"}}];
}

block! {
    /// What changes in the request if a sweep asks only for accounts of `run.prefix`. Every account shown is still checked.
    filter, "list.filter";

    /// Query parameters, added to the request's or replacing those of the same name.
    QUERY = "query": Texts, [{"starts_with": "{{ run.prefix }}-"}];
    /// The body as JSON, replacing the request's.
    JSON = "json": Kind::Json, [{"starts_with": "{{ run.prefix }}-"}];
}

block! {
    /// Where the next page is: `page`, `offset`, `cursor` or `url`.
    next, "list.next" one of [PAGE, OFFSET, CURSOR, URL];

    /// The parameter that counts pages, or `true` where a template of the request reads `page`. A page without items is the last.
    PAGE = "page": Text, ["page"];
    /// The parameter that counts the items so far, or `true` where a template of the request reads `offset`. A page without
    /// items is the last.
    OFFSET = "offset": Text, ["offset"];
    /// The value of `param` in the next request. Undefined, null or empty ends the list. Without `param`, a template of the
    /// request reads `cursor`, which is null on the first page.
    CURSOR = "cursor": Expression, ["body.next_cursor"];
    /// The address of the next page. If it is undefined, null or empty, the page is the last.
    URL = "url": Expression, ["body.links.next"];
    /// The number of the first `page`.
    FIRST = "first": Number(0, 1), [0], default 1;
    /// The parameter that carries `cursor`.
    PARAM = "param": Text, ["after"];
    /// Where the parameter goes: `query`, or `json`, where it is a path of keys joined by dots.
    IN = "in": Words(&["query", "json"]), ["json"], default "query";
}

block! {
    /// A request of the deletion.
    delete, "delete" extends request {
        REQUEST: ["DELETE /users/{{ id }}"],
        QUERY: [{"full": "true"}],
        HEADERS: [{"If-Match": "*"}],
        JSON: [{"user": "{{ id }}"}],
        FORM: [{"user": "{{ id }}"}],
        BODY: ["{{ id }}"],
        EXPECT: [[200, 202, 204]],
        WHEN: ["account.role == \"admin\""],
    };

    /// The answers that mean there is no such account.
    GONE = "gone": Condition, [[404, 410], "body.error == \"no such user\""], default [404, 410];
}
