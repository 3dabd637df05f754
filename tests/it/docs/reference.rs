//! docs/reference.md, which is made from the schema: each key with its meaning and an example, and each example is read.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};
use standin::config::Config;
use standin::language::Environment;

use super::{ROOT, read};

const PAGE: &str = "docs/reference.md";
const REFRESH: &str = "STANDIN_REFRESH_DOCS=1 cargo test --test it docs::reference";

/// A kind of map: its name in the schema, what the page calls it, and where one stands in a document.
struct Kind {
    name: &'static str,
    heading: &'static str,
    place: &'static str,
    /// The least map of its kind.
    least: fn() -> Value,
}

const KINDS: [Kind; 22] = [
    Kind {
        name: "",
        heading: "The document",
        place: "",
        least: || json!({"services": [{"name": "users", "url": "http://localhost:1", "needs": ["crm"]}, {"name": "crm", "url": "http://localhost:2"}]}),
    },
    Kind {
        name: "service",
        heading: "A service",
        place: "/services/0",
        least: || json!({"name": "users", "url": "http://localhost:1"}),
    },
    Kind {
        name: "auth",
        heading: "auth",
        place: "/services/0/auth",
        least: || json!({}),
    },
    Kind {
        name: "basic",
        heading: "auth.basic",
        place: "/services/0/auth/basic",
        least: || json!({"username": "qa", "password": "pw"}),
    },
    Kind {
        name: "oauth2",
        heading: "auth.oauth2",
        place: "/services/0/auth/oauth2",
        least: || json!({"token_url": "https://t.test", "client_id": "c", "client_secret": "s"}),
    },
    Kind {
        name: "login",
        heading: "auth.login",
        place: "/services/0/auth/login",
        least: || json!({"request": "POST /login", "capture": {"token": "body.token"}, "use": {"headers": {"X-Token": "{{ capture.token }}"}}}),
    },
    Kind {
        name: "use",
        heading: "auth.login.use",
        place: "/services/0/auth/login/use",
        least: || json!({}),
    },
    Kind {
        name: "github_oidc",
        heading: "auth.github_oidc",
        place: "/services/0/auth/github_oidc",
        least: || json!({}),
    },
    Kind {
        name: "exchange",
        heading: "auth.github_oidc.exchange",
        place: "/services/0/auth/github_oidc/exchange",
        least: || json!({"token_url": "https://t.test"}),
    },
    Kind {
        name: "tls",
        heading: "tls",
        place: "/services/0/tls",
        least: || json!({}),
    },
    Kind {
        name: "limits",
        heading: "limits",
        place: "/services/0/limits",
        least: || json!({}),
    },
    Kind {
        name: "service_request",
        heading: "ready",
        place: "/services/0/ready",
        least: || json!({"request": "GET /health"}),
    },
    Kind {
        name: "probe",
        heading: "probe",
        place: "/services/0/probe",
        least: || json!({"request": "GET /me"}),
    },
    Kind {
        name: "create",
        heading: "create",
        place: "/services/0/create",
        least: || json!({"request": "POST /users"}),
    },
    Kind {
        name: "step",
        heading: "after_create",
        place: "/services/0/after_create",
        least: || json!({"request": "POST /users/{{ id }}"}),
    },
    Kind {
        name: "poll",
        heading: "verify and gone",
        place: "/services/0/verify",
        least: || json!({"request": "GET /users/{{ id }}"}),
    },
    Kind {
        name: "find",
        heading: "find",
        place: "/services/0/find",
        least: || json!({"request": "GET /users", "items": "body", "id": "item.id", "name": "item.name"}),
    },
    Kind {
        name: "list",
        heading: "list",
        place: "/services/0/list",
        least: || json!({"request": "GET /users", "items": "body", "id": "item.id", "name": "item.name"}),
    },
    Kind {
        name: "filter",
        heading: "list.filter",
        place: "/services/0/list/filter",
        least: || json!({}),
    },
    Kind {
        name: "next",
        heading: "list.next",
        place: "/services/0/list/next",
        least: || json!({}),
    },
    Kind {
        name: "delete_step",
        heading: "delete",
        place: "/services/0/delete",
        least: || json!({"request": "DELETE /users/{{ id }}"}),
    },
    Kind {
        name: "account",
        heading: "An account",
        place: "/accounts/0",
        least: || json!({"name": "alice"}),
    },
];

/// What has to stand beside a key, and what may not, where the least map of its kind is not enough.
fn beside(kind: &str, key: &str) -> Value {
    match (kind, key) {
        ("service", "endpoint") => json!({"url": null}),
        ("service", "username") => json!({"password": "pw"}),
        ("service", "password") => json!({"username": "qa"}),
        ("service", "preset") => json!({"auth": {"bearer": "{{ env.TOKEN }}"}}),
        ("tls", "cert") => json!({"key": "k.pem"}),
        ("tls", "key") => json!({"cert": "c.pem"}),
        ("oauth2", "grant") => json!({"username": "qa", "password": "pw"}),
        ("oauth2", "username") => json!({"grant": "password", "password": "pw"}),
        ("oauth2", "password") => json!({"grant": "password", "username": "qa"}),
        (
            "create" | "step" | "delete_step" | "poll" | "find" | "list" | "login" | "service_request" | "probe",
            "form" | "body",
        ) => {
            json!({"json": null})
        }
        ("next", "first" | "in") => json!({"page": "page"}),
        ("next", "param") => json!({"cursor": "body.next"}),
        ("next", "cursor") => json!({"param": "after"}),
        _ => json!({}),
    }
}

fn schema() -> Value {
    serde_json::from_str(&read("docs/standin.schema.json")).unwrap()
}

/// The keys of a kind of map.
fn keys<'s>(schema: &'s Value, kind: &str) -> &'s Map<String, Value> {
    let definition = if kind.is_empty() {
        schema
    } else {
        &schema["$defs"][kind]
    };
    let map = definition["anyOf"].get(1).unwrap_or(definition);
    map["properties"].as_object().unwrap()
}

/// The value at this place, made where it is not there.
fn at<'v>(value: &'v mut Value, place: &str) -> &'v mut Value {
    let mut found = value;
    for part in place.split('/').skip(1) {
        if let Ok(index) = part.parse::<usize>() {
            if !found.is_array() {
                *found = json!([{}]);
            }
            found = &mut found[index];
        } else {
            found = &mut found[part];
        }
    }
    found
}

/// A document with this key of this kind.
fn document(kind: &Kind, key: &str, example: &Value) -> Value {
    let mut document = (KINDS[0].least)();
    // What a kind stands in, from the outside to the inside.
    let around = KINDS
        .iter()
        .filter(|outer| kind.place.starts_with(outer.place) && !outer.place.is_empty());
    for outer in around {
        let value = at(&mut document, outer.place);
        if value.as_object().is_none_or(Map::is_empty) {
            *value = (outer.least)();
        }
    }
    if kind.name == "next" {
        // `in: json` asks for a body.
        at(&mut document, "/services/0/list")["json"] = json!({});
    }
    let map = at(&mut document, kind.place).as_object_mut().unwrap();
    map.extend(beside(kind.name, key).as_object().unwrap().clone());
    map.insert(key.to_owned(), example.clone());
    document
}

#[test]
fn every_key_has_an_example_and_every_example_is_read() {
    let schema = schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let closed = schema["$defs"].as_object().unwrap().iter().filter(|(_, definition)| {
        let map = definition["anyOf"].get(1).unwrap_or(definition);
        map["additionalProperties"] == json!(false)
    });
    for (name, _) in closed {
        assert!(KINDS.iter().any(|kind| kind.name == name), "`{name}` is not in {PAGE}");
    }
    let mut read = 0;
    for kind in &KINDS {
        for (key, property) in keys(&schema, kind.name) {
            let examples = property["examples"].as_array();
            let examples = examples.unwrap_or_else(|| panic!("`{key}` of {} has no example", kind.heading));
            assert!(!examples.is_empty(), "`{key}` of {} has no example", kind.heading);
            for example in examples {
                let document = document(kind, key, example);
                let text = document.to_string();
                if let Err(found) = Config::parse("standin.json", &text, &Environment::default()) {
                    panic!("{} `{key}`: {text}\n{}", kind.heading, standin::config::render(&found));
                }
                let refused = validator.iter_errors(&document).map(|error| error.to_string());
                assert_eq!(refused.collect::<Vec<_>>(), Vec::<String>::new(), "{text}");
                read += 1;
            }
        }
    }
    assert!(read > 150, "{read}");
}

#[test]
fn the_page_is_as_the_schema_is() {
    let page = page(&schema());
    if std::env::var_os("STANDIN_REFRESH_DOCS").is_some() {
        fs::write(Path::new(ROOT).join(PAGE), page).unwrap();
    } else {
        assert!(
            read(PAGE) == page,
            "{PAGE} is not what the schema says\nrefresh it with: {REFRESH}"
        );
    }
}

fn page(schema: &Value) -> String {
    let mut lines = vec![
        "# Every key".to_owned(),
        String::new(),
        "This page is made from [the schema](standin.schema.json), which `standin schema` prints for editors."
            .to_owned(),
        "What the keys are for, and how they belong together, stands in [Configuration](configuration.md).".to_owned(),
        "Each example is read by a test; they are JSON, and so YAML.".to_owned(),
    ];
    for kind in &KINDS {
        lines.extend([String::new(), format!("## {}", kind.heading), String::new()]);
        let definition = if kind.name.is_empty() {
            schema
        } else {
            &schema["$defs"][kind.name]
        };
        if let Some(about) = definition["description"].as_str() {
            lines.extend([about.to_owned(), String::new()]);
        }
        lines.extend(["| key | meaning | example |".to_owned(), "|---|---|---|".to_owned()]);
        for (key, property) in keys(schema, kind.name) {
            let about = property["description"].as_str().unwrap_or_default();
            let examples = property["examples"].as_array().into_iter().flatten();
            let examples: Vec<String> = examples
                .map(|example| format!("`{key}: {}`", example.to_string().replace('|', "\\|")))
                .collect();
            lines.push(format!(
                "| `{key}` | {} | {} |",
                about.replace('|', "\\|"),
                examples.join("<br>")
            ));
        }
    }
    lines.join("\n") + "\n"
}
