//! What expressions give, and what their errors do not tell.

use serde_json::json;

use super::*;
use crate::domain::answer::{Answer, Body};
use crate::language::Environment;

fn scope(body: Body) -> Scope {
    let answer = Answer::http(
        200,
        vec![
            ("location".to_owned(), "https://h.test/a/b%2Fc/?q".to_owned()),
            ("etag".to_owned(), "\"1\"".to_owned()),
            ("etag".to_owned(), "\"2\"".to_owned()),
        ],
        body,
    );
    Scope::new()
        .environment(&Environment::new([("PW".to_owned(), "hunter2".to_owned())], None))
        .answer(&answer)
}

fn json_scope() -> Scope {
    scope(Body::Json(json!({
        "id": 7, "data": {"id": "d"}, "items": [{"n": 1}], "empty": "", "none": null,
        "no": false, "big": 1e22, "half": 1.5, "text": "abc",
    })))
}

fn show(result: Result<Option<String>, EvalError>) -> String {
    match result {
        Ok(Some(text)) => text,
        Ok(None) => "-".to_owned(),
        Err(error) => format!("{:?}: {}", error.kind, error.message),
    }
}

#[test]
fn what_is_not_there_is_none_at_any_depth() {
    for (source, of_json, of_text) in [
        ("body.id", "7", "-"),
        ("body.data.id", "d", "-"),
        ("body.x.y.z", "-", "-"),
        ("body.items[0].n", "1", "-"),
        ("body.items[9].n", "-", "-"),
        ("body.none", "-", "-"),
        ("body.empty", "-", "-"),
        ("body.x.id or body.id", "7", "-"),
        ("body.x.id | default(body.id)", "7", "-"),
        ("'u-' ~ body.x.id", "-", "-"),
        ("'u-' ~ body.id", "u-7", "-"),
        ("body.x.id | upper", "-", "-"),
        ("headers.location | last_segment", "b/c", "b/c"),
        ("headers.missing | last_segment", "-", "-"),
        ("headers.etag", "\"1\"", "\"1\""),
        ("status", "200", "200"),
        ("body.no", "false", "-"),
        (
            "body.items",
            "Unfit: `body.items`: a sequence can't be put into text",
            "-",
        ),
        (
            "body.big",
            "Unfit: `body.big`: the number has more digits than can be kept",
            "-",
        ),
        (
            "bdy.id",
            "UnknownName: unknown name `bdy` in `bdy.id`",
            "UnknownName: unknown name `bdy` in `bdy.id`",
        ),
    ] {
        let expression = Expression::parse(source).unwrap();
        assert_eq!(show(expression.eval_text(&json_scope())), of_json, "{source}");
        let text = scope(Body::Text("<html>".to_owned()));
        assert_eq!(show(expression.eval_text(&text)), of_text, "{source} of text");
    }
}

#[test]
fn a_condition_on_what_is_not_there_does_not_hold() {
    for (source, of_json, of_text) in [
        ("body.id == 7", true, false),
        ("not body.no", true, false),
        ("not body.x.y", false, false),
        ("body.x is undefined", true, true),
        ("body.x.y is undefined", false, false),
        ("status in [200, 201]", true, true),
        ("body == 'abc'", false, false),
        ("body.data.id == 'd' and status == 200", true, false),
    ] {
        let expression = Expression::parse(source).unwrap();
        assert_eq!(expression.eval_bool(&json_scope()).unwrap(), of_json, "{source}");
        let text = scope(Body::Text("<html>".to_owned()));
        assert_eq!(expression.eval_bool(&text).unwrap(), of_text, "{source} of text");
    }
    let unknown = Expression::parse("bdy.id == 7").unwrap();
    assert_eq!(
        unknown.eval_bool(&json_scope()).unwrap_err().kind,
        EvalErrorKind::UnknownName
    );
}

#[test]
fn no_value_stands_in_an_error() {
    for source in [
        "env.PW | int",
        "env.PW + 1",
        "env.PW | map('x')",
        "env.PW()",
        "env.PW.x()",
        "[1] | sort(env.PW)",
    ] {
        let error = Expression::parse(source).unwrap().eval(&json_scope()).unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{source}: {error}");
    }
}

#[test]
fn the_environment_is_never_listed() {
    for source in ["[env.PW, {'a': env.PW}] | length", "env['PW']"] {
        assert!(Expression::parse(source).is_ok(), "{source}");
    }
    for source in ["env", "env | tojson", "env | items", "env[id]", "dict(env)", "[env]"] {
        assert!(Expression::parse(source).is_err(), "{source}");
    }
}
