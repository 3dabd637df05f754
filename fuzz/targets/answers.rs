//! Any answer, read by any expression: bounded, and an id that is read stays inside its own segment of a path.
//!
//! The input is a line with the expression, a line with a header's value, and the body.
#![no_main]

use libfuzzer_sys::fuzz_target;
use standin::domain::answer::{Answer, Body};
use standin::language::{Expression, Scope, Target};

/// How configurations read an id, a name, a list and a condition.
const USUAL: [&str; 11] = [
    "body.id",
    "body.data.id",
    "headers.location | last_segment",
    "body.items",
    "body.items[0].id",
    "body.status == 'active'",
    "status in [404, 410]",
    "body | tojson | sha256",
    "body | fromjson | tojson",
    "body | b64decode | urldecode | hex",
    r"body | regex('(\w+)[^a-z]*$')",
];

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(3, |byte| *byte == b'\n');
    let mut next = || parts.next().unwrap_or_default();
    let (expression, location, body) = (next(), next(), next());
    let status = 200 + u16::from(*expression.first().unwrap_or(&0));
    let body = serde_json::from_slice(body)
        .map_or_else(|_| Body::Text(String::from_utf8_lossy(body).into_owned()), Body::Json);
    let headers = vec![("location".to_owned(), String::from_utf8_lossy(location).into_owned())];
    let scope = Scope::new().answer(&Answer::http(status, headers, body));
    let own = String::from_utf8_lossy(expression);
    for source in USUAL.into_iter().chain([own.as_ref()]) {
        let Ok(expression) = Expression::parse(source) else {
            continue;
        };
        let _condition = expression.eval_bool(&scope);
        let _items = expression.eval_optional(&scope);
        if let Ok(Some(id)) = expression.eval_id(&scope) {
            goes_nowhere_else(&id);
        }
    }
});

/// Whatever a service calls an id leads to one segment below `/accounts/`, or to no request.
fn goes_nowhere_else(id: &str) {
    let target = Target::parse("DELETE /accounts/{{ id }}/keys?of={{ id }}").expect("it is well written");
    let Ok(path) = target.render(&Scope::new().with("id", id)) else {
        return;
    };
    let (path, query) = path.split_once('?').expect("it has a query");
    let segments: Vec<&str> = path.split('/').collect();
    assert!(
        matches!(segments.as_slice(), ["", "accounts", segment, "keys"] if !["", ".", ".."].contains(segment)),
        "{id:?} leads to {path}"
    );
    assert!(
        query.starts_with("of=") && !query.contains(['&', '#', '?']),
        "{id:?} leads to {query}"
    );
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
    assert!(plain(path) && plain(query), "{id:?} leads to {path}?{query}");
}
