//! Documents that are broken, endless, or written to get out of their place.

use std::fmt::Write as _;
use std::time::Instant;

use serde_json::json;
use standin::config::Config;
use standin::language::Environment;

use super::{refused, written};
use crate::desk::Desk;

/// Text that would be a key, a template, a new line or a terminal's command, if it got out.
const EVIL: &str = "x\n    evil: 1\r\n#\u{2028}evil: 2\u{85}\u{1b}[2J\u{202e} ${{ secrets.EVIL }} {{ env.EVIL }} {% evil %} \" ' # : - |";

#[test]
fn foreign_text_stays_in_its_comments() {
    let document = json!({
        "openapi": "3.0.0",
        "info": {"title": format!("Shop {EVIL}"), "version": EVIL},
        "servers": [{"url": format!("https://shop.test/{EVIL}")}],
        "security": [{EVIL: []}],
        "components": {"securitySchemes": {EVIL: {"type": "apiKey", "in": "header", "name": "X-Key", "description": EVIL}}},
        "paths": {
            "/users": {
                "post": {
                    "operationId": format!("create{EVIL}"), "summary": EVIL, "description": EVIL,
                    "parameters": [{"name": EVIL, "in": "query", "required": true}, {"name": "zone", "in": "query", "required": true, "schema": {"default": EVIL}, "description": EVIL}],
                    "requestBody": {"content": {"application/json": {"schema": {
                        "required": ["username", "kind", "plan", EVIL],
                        "properties": {
                            "username": {"description": EVIL},
                            "kind": {"enum": [EVIL], "description": EVIL},
                            "plan": {"default": EVIL, "description": EVIL, "type": EVIL},
                            EVIL: {"type": "string"},
                        },
                    }}}},
                    "responses": {"201": {"description": EVIL}, "422": {"description": format!("already exists {EVIL}")}},
                },
                "get": {"operationId": EVIL, "parameters": [{"name": "limit", "in": "query", "description": EVIL}]},
            },
            "/users/{id}": {"delete": {"operationId": EVIL, "description": format!("soft delete {EVIL}"), "parameters": [{"name": "mode", "in": "query", "description": EVIL}]}},
            format!("/users/{EVIL}"): {"post": {}},
            "/users/{{ env.EVIL }}": {"delete": {}},
        },
    });
    let desk = Desk::new();
    desk.write("api.json", &document.to_string());
    let (text, ended) = written(&desk, &["--openapi", "api.json", "--workflow", "github"]);
    assert!(
        !text.contains("{{ env.EVIL")
            && !text.contains("${{")
            && !text.contains('\u{1b}')
            && !text.contains('\u{202e}'),
        "{text}"
    );
    assert!(
        !text.lines().any(|line| line.trim_start().starts_with("evil")),
        "{text}"
    );
    assert!(!text.contains(['\r', '\u{85}', '\u{2028}']), "{text:?}");
    let config = Config::parse("standin.yml", &text, &Environment::default()).unwrap();
    assert_eq!(config.services.len(), 1);
    assert!(!ended.stderr.contains(['\u{1b}', '\u{202e}']), "{:?}", ended.stderr);
}

#[test]
fn broken_documents_get_one_clear_message_each() {
    let accountless = "openapi: 3.0.0\ninfo: {title: x}\npaths: {/orders: {post: {requestBody: {content: {application/json: {schema: {properties: {item: {}}}}}}}}}";
    let sign_up = "openapi: 3.0.0\npaths: {/auth/register: {post: {operationId: signUp, requestBody: {content: {application/json: {schema: {properties: {email: {}, password: {}}}}}}}}}";
    for (text, expected) in [
        ("", "`api.yml`: it is empty"),
        ("{\"openapi\": \"3.0.0\", sesame", "it is not JSON: line 1"),
        ("openapi: [sesame", "it is not YAML"),
        ("just text", "it has neither `openapi` nor `swagger`"),
        ("openapi: 3.0.0\npaths: {}", "it has no `paths`"),
        ("openapi: 3.0.0\npaths: 7", "it has no `paths`"),
        (accountless, "no operation in it creates accounts"),
        (sign_up, "is a sign-up"),
    ] {
        let desk = Desk::new();
        desk.write("api.yml", text);
        let stderr = refused(&desk, &["--openapi", "api.yml"]);
        assert!(stderr.contains(expected), "{stderr}");
        assert!(!stderr.contains("sesame") && stderr.lines().count() <= 3, "{stderr}");
    }
    let desk = Desk::new();
    std::fs::write(desk.work().join("api.yml"), [0xff, 0xfe, 0]).unwrap();
    assert!(refused(&desk, &["--openapi", "api.yml"]).contains("it is not UTF-8"));
}

#[test]
fn a_sign_up_can_be_asked_for() {
    let desk = Desk::new();
    let body = "{content: {application/json: {schema: {properties: {email: {}, password: {}}}}}}";
    desk.write(
        "api.yml",
        &format!("openapi: 3.0.0\npaths: {{/auth/register: {{post: {{requestBody: {body}}}}}}}"),
    );
    let (text, _) = written(&desk, &["--openapi", "api.yml", "--path", "/auth/register"]);
    assert!(text.contains("a sign-up"), "{text}");
}

#[test]
fn circles_towers_and_large_documents_end_soon() {
    let mut circle = "openapi: 3.0.0\npaths: {/users: {post: {requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/U'}}}}}}}\ncomponents: {schemas: {U: {required: [username, parent], properties: {username: {}, parent: {$ref: '#/components/schemas/U'}, all: {allOf: [{$ref: '#/components/schemas/U'}]}}}".to_owned();
    for level in 0..30 {
        write!(
            circle,
            ", L{level}: {{anyOf: [{{$ref: '#/components/schemas/L{0}'}}, {{$ref: '#/components/schemas/L{0}'}}]}}",
            level + 1
        )
        .unwrap();
    }
    circle.push_str("}}\n");
    let desk = Desk::new();
    desk.write("api.yml", &circle);
    let start = Instant::now();
    written(&desk, &["--openapi", "api.yml"]);
    let many = format!(
        "{{\"openapi\": \"3.0.0\", \"paths\": {{}}, \"more\": [{}1]}}",
        "{\"a\":\"b\"},".repeat(5_000_000)
    );
    let desk = Desk::new();
    desk.write("api.json", &many);
    assert!(refused(&desk, &["--openapi", "api.json"]).contains("it has more than 600,000 values"));
    let desk = Desk::new();
    desk.write("api.json", &" ".repeat((64 << 20) + 1));
    assert!(refused(&desk, &["--openapi", "api.json"]).contains("it is over 64 MiB"));
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
}

#[test]
fn files_beside_a_document_are_read_and_others_never() {
    let desk = Desk::new();
    std::fs::create_dir(desk.work().join("api")).unwrap();
    desk.write("secret.yml", "U: {properties: {stolen: {type: string}}}");
    desk.write(
        "api/schemas.yml",
        "U: {required: [email], properties: {email: {}, manager: {$ref: '../secret.yml#/U'}}}",
    );
    desk.write("api/api.yml", "openapi: 3.0.0\npaths: {/users: {post: {requestBody: {content: {application/json: {schema: {$ref: 'schemas.yml#/U'}}}}}}}");
    let (text, _) = written(&desk, &["--openapi", "api/api.yml"]);
    assert!(
        text.contains("email: \"{{ account.email }}\"") && !text.contains("stolen"),
        "{text}"
    );
}
