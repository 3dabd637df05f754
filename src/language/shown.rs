//! What a request sends as a log may show it: what tells an account from another stands in it as it is sent, and any other
//! value as it is written in the configuration, since it may be a secret or be made from one.

use super::expression::Expression;
use super::scope::Scope;
use super::target::{Target, encode, encode_literal};
use super::template::{Segment, Template, value_text};

impl Target {
    /// The path.
    pub fn shown(&self, scope: &Scope) -> String {
        let part = |part: &Segment| match part {
            Segment::Literal(text) => encode_literal(text),
            Segment::Value(expression) => match open_value(expression, scope) {
                Some(value) => encode(&value),
                None => format!("{{{{ {} }}}}", expression.source()),
            },
        };
        self.path.iter().map(part).collect()
    }

    /// The query, if there is one. No literal of an expression stands in it: it may let somebody in.
    pub fn shown_query(&self, scope: &Scope) -> Option<String> {
        let part = |part: &Segment| match part {
            Segment::Literal(text) => encode_literal(text),
            Segment::Value(expression) => match open_value(expression, scope) {
                Some(value) => encode(&value),
                None => format!("{{{{ {} }}}}", expression.veiled()),
            },
        };
        Some(self.query.as_ref()?.iter().map(part).collect())
    }
}

impl Template {
    /// The text, whose own words may be shown. No literal of an expression stands in it.
    pub fn shown(&self, scope: &Scope) -> String {
        let part = |part: &Segment| match part {
            Segment::Literal(text) => text.clone(),
            Segment::Value(expression) => match open_value(expression, scope) {
                Some(value) => value,
                None => format!("{{{{ {} }}}}", expression.veiled()),
            },
        };
        self.segments.iter().map(part).collect()
    }
}

/// The value of an expression that tells accounts apart.
fn open_value(expression: &Expression, scope: &Scope) -> Option<String> {
    tells_accounts_apart(expression)
        .then(|| value_text(expression, scope).ok())
        .flatten()
}

/// Does it read nothing but names of accounts, services and runs, and gives the same at any time? Where an expression reads `account['password']`, or `env`
/// beside them, its paths say so.
fn tells_accounts_apart(expression: &Expression) -> bool {
    expression.clock().is_none()
        && expression.paths().iter().all(|path| {
            let names: Vec<&str> = path.split('.').collect();
            matches!(
                names.as_slice(),
                ["id"]
                    | ["account", "username" | "uuid" | "email" | "name" | "index"]
                    | ["needs", _, "id" | "username"]
                    | ["run", _]
                    | ["service", "name"]
            )
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_names_and_ids_are_shown_by_value() {
        let scope = Scope::new()
            .with("id", "a/b")
            .with_json("account", &json!({"username": "sd-1", "password": "pw-secret"}))
            .with_json("capture", &json!({"sid": "sid-secret"}))
            .with_json("with", &json!({"realm": "from-a-secret"}))
            .with_json("needs", &json!({"crm": {"id": 7, "token": "tok-secret"}}))
            .with_json("run", &json!({"marker": "sd-m"}))
            .with_json("env", &json!({"KEY": "key-secret"}));
        for (path, expected) in [
            ("/u/{{ id }}/{{ needs.crm.id }}?k={{ env.KEY }}", "/u/a%2Fb/7"),
            ("/u/{{ account.username | upper }}/x%20y?", "/u/SD-1/x%20y"),
            ("/bot{{ env.KEY }}/{{id}}", "/bot{{ env.KEY }}/a%2Fb"),
            ("/{{ env['KEY'] | sha256 }}", "/{{ env['KEY'] | sha256 }}"),
            ("/{{ id ~ capture.sid }}", "/{{ id ~ capture.sid }}"),
            ("/{{ id | hmac_sha256(env.KEY) }}", "/{{ id | hmac_sha256(env.KEY) }}"),
            ("/{{ [account][0].password }}", "/{{ [account][0].password }}"),
            ("/{{ account['password'] }}", "/{{ account['password'] }}"),
            ("/{{ {'a': account}.a.password }}", "/{{ {'a': account}.a.password }}"),
            (
                "/{{ needs.crm.token }}/{{ with.realm }}",
                "/{{ needs.crm.token }}/{{ with.realm }}",
            ),
            ("/{{ id ~ now('unix') }}", "/{{ id ~ now('unix') }}"),
            ("/{{ 'GEZDGNBV' | totp }}", "/{{ 'GEZDGNBV' | totp }}"),
            ("/{{ run.marker }}/{{ run.absent }}", "/sd-m/{{ run.absent }}"),
        ] {
            let target = Target::parse(&format!("GET {path}")).unwrap();
            let shown = target.shown(&scope);
            assert_eq!(shown, expected, "{path}");
            assert!(!shown.contains("secret"), "{shown}");
        }
    }

    #[test]
    fn a_text_is_shown_as_a_path_is_and_without_literals_of_expressions() {
        let scope = Scope::new()
            .with_json("account", &json!({"username": "sd-1", "password": "pw-secret"}))
            .with_json("env", &json!({"KEY": "key-secret"}));
        for (source, expected) in [
            ("I am {{ account.username }}", "I am sd-1"),
            ("{{ account.password }}", "{{ account.password }}"),
            ("a{{ env.KEY | default('hunter2') }}", "a{{ env.KEY | default('***') }}"),
            ("{{ account.username ~ env.KEY }}", "{{ account.username ~ env.KEY }}"),
        ] {
            assert_eq!(Template::parse(source).unwrap().shown(&scope), expected);
        }
        let target = Target::parse("GET /a?n={{ account.username }}&k={{ env.KEY }}").unwrap();
        assert_eq!(target.shown_query(&scope).unwrap(), "n=sd-1&k={{ env.KEY }}");
    }
}
