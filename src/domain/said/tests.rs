//! What services say, by kind of service, and what they must not get said.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn bare(text: &str) -> String {
    text.to_owned()
}

fn of(status: u16, body: Body) -> Option<String> {
    let answer = Answer::http(status, Vec::new(), body);
    said(&answer, &bare)
}

fn of_json(status: u16, body: Value) -> String {
    of(status, Body::Json(body)).unwrap_or_default()
}

fn of_text(text: &str) -> String {
    of(500, Body::Text(text.to_owned())).unwrap_or_default()
}

fn check<const N: usize>(cases: [(&str, u16, Value, &str); N]) {
    for (from, status, body, expected) in cases {
        assert_eq!(of_json(status, body), expected, "{from}");
    }
}

#[test]
fn each_kind_of_service_is_heard_in_its_own_words() {
    check([
        (
            "Keycloak",
            400,
            json!({"errorMessage": "error-invalid-length", "field": "username", "params": ["username", 3, 255]}),
            "username: error-invalid-length (username, 3, 255)",
        ),
        (
            "Keycloak, a password",
            400,
            json!({"error": "invalidPasswordMaxLengthMessage", "error_description": "Invalid password: maximum length 16."}),
            "invalidPasswordMaxLengthMessage: Invalid password: maximum length 16.",
        ),
        (
            "OAuth",
            401,
            json!({"error": "invalid_grant", "error_description": "Account is not fully set up"}),
            "invalid_grant: Account is not fully set up",
        ),
        (
            "Kratos",
            400,
            json!({"error": {"code": 400, "status": "Bad Request", "reason": "Unable to find JSON Schema ID: nope", "message": "The request was malformed"}}),
            "The request was malformed: Unable to find JSON Schema ID: nope",
        ),
        (
            "Supabase",
            422,
            json!({"code": 422, "error_code": "email_exists", "msg": "A user with this email address has already been registered"}),
            "email_exists: A user with this email address has already been registered",
        ),
        (
            "PocketBase",
            400,
            json!({"status": 400, "message": "Failed to create record.", "data": {"email": {"code": "validation_not_unique", "message": "Value must be unique."}, "password": {"code": "validation_length", "message": "Must be at least 8 character(s)."}}}),
            "Failed to create record.; email: validation_not_unique: Value must be unique.; password: validation_length: Must be at least 8 character(s).",
        ),
        (
            "Rails",
            422,
            json!({"errors": {"email": ["is taken"], "password": ["is too short (minimum is 12 characters)"]}}),
            "email: is taken; password: is too short (minimum is 12 characters)",
        ),
        ("Django", 400, json!({"email": ["is taken"]}), "email: is taken"),
        (
            "Django, several",
            400,
            json!({"detail": "no", "email": ["is taken"]}),
            "no; email: is taken",
        ),
        (
            "GitLab",
            400,
            json!({"message": {"email": ["has already been taken"]}}),
            "email: has already been taken",
        ),
    ]);
}

#[test]
fn each_standard_is_heard_in_its_own_words() {
    check([
        (
            "SCIM",
            409,
            json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "detail": "User already exists", "status": "409", "scimType": "uniqueness"}),
            "uniqueness: User already exists",
        ),
        (
            "Cognito",
            400,
            json!({"__type": "UsernameExistsException", "message": "User account already exists"}),
            "UsernameExistsException: User account already exists",
        ),
        (
            "RFC 9457",
            400,
            json!({"type": "about:blank", "title": "Bad Request", "status": 400, "detail": "age is odd", "invalid-params": [{"name": "age", "reason": "must be positive"}]}),
            "Bad Request: age is odd; must be positive",
        ),
        (
            "FastAPI",
            422,
            json!({"detail": [{"loc": ["body", "email"], "msg": "field required", "type": "missing"}]}),
            "body.email: missing: field required",
        ),
        (
            "Okta",
            400,
            json!({"errorCode": "E0000001", "errorSummary": "Api validation failed: login", "errorCauses": [{"errorSummary": "login: An object with this field already exists"}]}),
            "E0000001: Api validation failed: login; login: An object with this field already exists",
        ),
        (
            "Salesforce",
            400,
            json!([{"message": "duplicate", "errorCode": "DUPLICATE_VALUE", "fields": ["Username"]}]),
            "Username: DUPLICATE_VALUE: duplicate",
        ),
        (
            "Google",
            400,
            json!({"error": {"code": 400, "message": "EMAIL_EXISTS", "errors": [{"message": "EMAIL_EXISTS", "domain": "global", "reason": "invalid"}]}}),
            "EMAIL_EXISTS; EMAIL_EXISTS: invalid",
        ),
        (
            "Nextcloud",
            400,
            json!({"ocs": {"meta": {"status": "failure", "statuscode": 102, "message": "User already exists"}, "data": []}}),
            "User already exists",
        ),
        (
            "GraphQL",
            200,
            json!({"errors": [{"message": "quota reached", "path": ["createUser"]}], "data": {"createUser": null}}),
            "quota reached",
        ),
        ("a list of texts", 400, json!(["no", "never"]), "no; never"),
        ("a text", 400, json!("no"), "no"),
        (
            "an account",
            200,
            json!({"id": 7, "name": "alice", "title": "Dr.", "description": "x"}),
            "",
        ),
        ("nothing", 500, json!({}), ""),
        ("no error", 200, json!({"error": null, "errors": [], "message": ""}), ""),
    ]);
}

#[test]
fn a_page_for_people_is_its_title_or_its_text() {
    for (page, expected) in [
        (
            "<!DOCTYPE html><html><head><TITLE>403 &amp; out</TITLE></head><body>x</body>",
            "403 & out",
        ),
        (
            "<html><style>p { a: b }</style><p>Sign&nbsp;in\n <b>here</b></p><script>alert(1)</script>",
            "Sign in here",
        ),
        ("<html><script>never closed", ""),
        ("<html><title></title><h1>No</h1>", "No"),
        ("<a <b <c", ""),
        (
            "upstream connect error\r\nor disconnect",
            "upstream connect error or disconnect",
        ),
        ("", ""),
        ("  ", ""),
    ] {
        assert_eq!(of_text(page), expected, "{page}");
    }
}

#[test]
fn what_lets_in_is_hidden() {
    let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";
    for (body, expected) in [
        (json!({"token": "abc"}), "token: ***"),
        (json!({"errors": {"api_key": "k-1"}}), "api_key: ***"),
        (json!({"errors": {"password": "hunter2 is too weak"}}), "password: ***"),
        (json!({"errors": {"password": {"given": ["hunter2"]}}}), "password: ***"),
        (json!({"error": "no", "session": {"access_token": "abc"}}), "no"),
        (json!({"message": format!("bad token {jwt}!")}), "bad token ***!"),
        (json!({"message": format!("bad token={jwt}")}), "bad token=***"),
        (
            json!({"message": "GET /a?access_token=abc&b=c failed"}),
            "GET /a?access_token=***&b=c failed",
        ),
        (
            json!({"message": "got {\"password\":\"hunter2\",\"a\":1}"}),
            "got {\"password\":***\",\"a\":1}",
        ),
        (
            json!({"message": "got {\"password\": \"hunter2\", \"a\": 1}"}),
            "got {\"password\": *** \"a\": 1}",
        ),
        (json!({"message": "at https://qa:pw@host/x"}), "at https://***@host/x"),
        (
            json!({"message": "Authorization: Bearer abcdefghij"}),
            "Authorization: Bearer ***",
        ),
        (
            json!({"message": "see docs.example.com and 1.2.3"}),
            "see docs.example.com and 1.2.3",
        ),
    ] {
        assert_eq!(of_json(400, body.clone()), expected, "{body}");
    }
}

#[test]
fn a_known_secret_is_hidden_before_the_text_is_cut() {
    let answer = Answer::http(
        400,
        Vec::new(),
        Body::Json(json!({"message": format!("{}open sesame", "x".repeat(290))})),
    );
    let text = said(&answer, &|text| text.replace("open sesame", "***")).unwrap();
    assert_eq!(text, format!("{}***", "x".repeat(290)));
}

#[test]
fn a_long_text_is_cut_between_words() {
    let text = of_text(&"word ".repeat(1_000));
    assert!(text.ends_with("word…") && text.chars().count() <= LONGEST, "{text}");
    assert_eq!(of_text(&"ä".repeat(5_000)).chars().count(), LONGEST);
    assert_eq!(cut("abc", 3), "abc");
    assert_eq!(cut("abcd", 3), "ab…");
}

#[test]
fn an_expression_gives_a_text_or_something_with_messages() {
    for (value, expected) in [
        (json!("no"), Some("no")),
        (json!(["no", "never"]), Some("no; never")),
        (json!({"message": "no", "code": "E7"}), Some("E7: no")),
        (json!({"email": ["is taken"]}), Some("email: is taken")),
        (json!(null), None),
        (json!(""), None),
    ] {
        assert_eq!(in_its_own_words(&value, &bare).as_deref(), expected, "{value}");
    }
}

#[test]
fn a_deep_or_a_wide_answer_takes_no_long_time() {
    let deep = (0..100).fold(json!("x"), |inner, _| json!({ "errors": [inner] }));
    assert_eq!(of_json(400, deep), "");
    let wide: Vec<Value> = (0..20_000).map(|n| json!({ "a": { "b": [{ "c": n }] } })).collect();
    assert_eq!(of_json(400, json!({ "data": wide })), "");
    let many: Vec<Value> = (0..20_000).map(|n| json!({ "message": format!("no {n}") })).collect();
    assert!(of_json(400, json!({ "errors": many })).chars().count() <= LONGEST);
    let fields = (0..20_000).map(|n| (format!("field-{n}"), json!(n)));
    assert_eq!(of_json(400, Value::Object(fields.collect())), "");
    assert!(of_text(&"<a>".repeat(1_000_000)).is_empty());
    assert!(!of_text(&"a=".repeat(1_000_000)).is_empty());
    assert!(!of_text(&"e.".repeat(1_000_000)).is_empty());
}

fn hostile() -> impl Strategy<Value = String> {
    let pieces = vec![
        "::error::",
        "##[",
        "\n",
        "\r",
        "\u{1b}[31m",
        "\u{202e}",
        "<",
        "<title",
        "<script",
        ">",
        "&amp;",
        "\"",
        "password",
        "=",
        ":",
        "eyJ",
        ".",
        "://",
        "@",
        "ä",
        " ",
        "\\",
        "hint:",
        "%",
        "Bearer ",
    ];
    proptest::collection::vec(proptest::sample::select(pieces), 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_text_is_more_than_one_short_line(text in hostile(), key in hostile(), field in "[a-z]{0,6}") {
        let bodies = [
            Body::Text(text.clone()),
            Body::Json(json!({(key): text, "errors": {(field): [text]}, "message": text})),
            Body::Json(json!([text, {"message": {"detail": text}}])),
        ];
        for body in bodies {
            if let Some(words) = of(400, body) {
                prop_assert!(!words.contains(|c: char| c.is_control() || c == '\u{202e}'), "{words:?}");
                prop_assert!(words.chars().count() <= LONGEST && !words.is_empty());
            }
        }
    }
}

#[test]
fn what_is_nested_deeper_than_people_read_is_not_told() {
    let fold =
        |depth: usize, wrap: fn(Value) -> Value| (0..depth).fold(json!({"message": "no"}), |inner, _| wrap(inner));
    let shapes: [fn(Value) -> Value; 4] = [
        |inner| json!({ "in": inner }),
        |inner| json!([inner]),
        |inner| json!({ "in": [inner] }),
        |inner| json!({ "errors": [inner] }),
    ];
    for (number, wrap) in shapes.into_iter().enumerate() {
        for status in [200, 400] {
            assert_eq!(of_json(status, fold(40, wrap)), "", "{number} {status}");
        }
        assert!(of_json(400, fold(1, wrap)).ends_with("no"), "{number}");
    }
}

#[test]
fn an_answer_is_told_once_and_by_its_first_dozen_of_messages() {
    assert_eq!(of_json(400, json!({"error": "no", "message": "no"})), "no");
    let many: Vec<String> = (0..40).map(|number| format!("n{number}")).collect();
    assert_eq!(of_json(400, json!(many)).split("; ").count(), 12);
    assert_eq!(of_json(200, json!(["hello"])), "");
    assert_eq!(
        of_json(400, json!({"errors": {"age": ["is under", 18]}})),
        "age: is under; age: 18"
    );
    assert_eq!(of_json(400, json!({"errors": ["no", 5]})), "no");
}

#[test]
fn a_text_is_cut_at_a_space_in_its_second_half() {
    for (whole, most, expected) in [
        ("aaaa bbbbbbbb", 8, "aaaa…"),
        ("aaaa bbbbbbbb", 12, "aaaa bbbbbb…"),
        ("aaa bbbbbbb", 7, "aaa bb…"),
        ("aaa", 3, "aaa"),
    ] {
        assert_eq!(cut(whole, most), expected);
    }
}

#[test]
fn the_value_of_a_field_that_lets_in_is_hidden_in_a_text_too() {
    for name in ["key", "password"] {
        let text = harmless(&format!("\"{name}\": hunter22"), &bare);
        assert!(!text.contains("hunter22"), "{text}");
    }
}
