//! Every declared key against the decoder and the schema, in a document that is made of the examples.
//!
//! Reading it also holds the decoder against the declaration: `Fields` asserts that each key it asks for is declared, and that it
//! asks for each that is.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::schema::refused;
use super::*;
use crate::config::keys::{Block, Key, Kind, account, create, document};
use crate::config::source::Span;

/// A block, and a document that has one at a place.
struct Spot {
    block: &'static Block,
    document: Value,
    place: String,
}

impl Spot {
    /// The document with these keys in the block, and without others that they exclude.
    fn with(&self, entries: Map<String, Value>) -> Value {
        let mut document = self.document.clone();
        if let Some(list) = self.place.strip_suffix("/next") {
            // `in: json` asks for a body.
            document.pointer_mut(list).unwrap()["json"] = json!({});
        }
        let map = document.pointer_mut(&self.place).unwrap().as_object_mut().unwrap();
        let choice = self.block.base.unwrap_or(self.block).choice;
        let chooses = |name: &str| choice.iter().any(|one| one.name == name);
        if matches!(self.block.name, "auth" | "next") || entries.contains_key("steps") {
            map.clear();
        } else if entries.keys().any(|name| chooses(name)) {
            map.retain(|name, _| !chooses(name));
        }
        map.extend(entries);
        document
    }

    /// The document with a key, and with what has to stand beside it.
    fn example(&self, key: Key, value: &Value) -> Value {
        let beside = match (self.block.name, key.name) {
            ("service", "endpoint") => json!({"url": null}),
            ("service", "username") => json!({"password": "pw"}),
            ("service", "password") => json!({"username": "qa"}),
            ("service", "preset") => json!({"auth": {"bearer": "{{ env.TOKEN }}"}}),
            ("tls", "cert") => json!({"key": "k.pem"}),
            ("tls", "key") => json!({"cert": "c.pem"}),
            ("oauth2", "grant") if value == "jwt_bearer" => json!({"assertion": {"key": "k"}}),
            ("oauth2", "grant") if value != "client_credentials" => json!({"username": "qa", "password": "pw"}),
            ("oauth2", "username") => json!({"grant": "password", "password": "pw"}),
            ("oauth2", "password") => json!({"grant": "password", "username": "qa"}),
            ("request" | "probe" | "login" | "before_create" | "after_create" | "delete", "within") => {
                json!({"retry": [404]})
            }
            ("request" | "probe" | "login" | "before_create" | "after_create" | "delete", "until") => {
                json!({"repeatable": true})
            }
            ("oauth2", "assertion") => json!({"grant": "jwt_bearer"}),
            ("oauth2", "client_assertion") => json!({"client_secret": null}),
            ("oauth2", "oidc_audience") => json!({"params": {"assertion": "{{ oidc.token }}"}}),
            ("account", "shares") => json!({"services": ["users"]}),
            ("next", "first" | "in") => json!({"page": "page"}),
            ("next", "param") => json!({"cursor": "body.next"}),
            ("next", "cursor") => json!({"param": "after"}),
            _ => json!({}),
        };
        let mut entries = beside.as_object().unwrap().clone();
        entries.insert(key.name.to_owned(), value.clone());
        self.with(entries)
    }
}

/// Every block where it can stand.
fn spots() -> Vec<Spot> {
    fn visit(spot: Spot, found: &mut Vec<Spot>) {
        for key in spot.block.keys() {
            let (Kind::Block(inner) | Kind::Blocks(inner, _) | Kind::Chain(inner, _) | Kind::Either(_, inner, _)) =
                key.kind
            else {
                continue;
            };
            for example in examples(key) {
                let (part, at) = if example.is_array() {
                    ("/0", example.pointer("/0"))
                } else {
                    ("", Some(&example))
                };
                if spot.block.name != document::BLOCK.name && at.is_some_and(Value::is_object) {
                    let next = Spot {
                        block: inner,
                        place: format!("{}/{}{part}", spot.place, key.name),
                        document: spot.example(key, &example),
                    };
                    visit(next, found);
                    break;
                }
            }
        }
        found.push(spot);
    }
    let document = json!({
        "services": [{"name": "users", "url": "http://localhost:1", "needs": ["crm"]}, {"name": "crm", "url": "http://localhost:2"}],
        "accounts": [{"name": "alice"}, {"name": "bob"}],
    });
    let mut found = Vec::new();
    for (block, place) in [
        (&document::BLOCK, ""),
        (&crate::config::keys::service::BLOCK, "/services/0"),
        (&account::BLOCK, "/accounts/0"),
    ] {
        visit(
            Spot {
                block,
                document: document.clone(),
                place: place.to_owned(),
            },
            &mut found,
        );
    }
    found
}

/// The examples of a key, its default, and the words that it takes.
fn examples(key: Key) -> Vec<Value> {
    let mut examples = (key.examples)().as_array().unwrap().clone();
    assert!(!examples.is_empty(), "{}", key.name);
    examples.extend(key.default.map(|default| default()));
    if let Kind::Words(words) | Kind::Either(words, ..) = key.kind {
        examples.extend(words.iter().map(|word| json!(word)));
    }
    examples
}

#[test]
fn every_block_and_every_example_is_read() {
    let spots = spots();
    let schema: Value = serde_json::from_str(&crate::config::schema()).unwrap();
    for name in schema["$defs"].as_object().unwrap().keys() {
        assert!(
            spots.iter().any(|spot| spot.block.name == name),
            "`{name}` can stand nowhere"
        );
    }
    let mut read = 0;
    for spot in &spots {
        for key in spot.block.keys() {
            for example in examples(key) {
                let document = spot.example(key, &example);
                let text = document.to_string();
                if let Err(shown) = parse(&text) {
                    panic!("`{}` of {}: {text}\n{shown}", key.name, spot.place);
                }
                assert_eq!(refused(&document), Vec::<String>::new(), "{text}");
                read += 1;
            }
        }
    }
    assert!(read > 200, "{read}");
}

#[test]
fn a_misspelt_key_is_refused_with_the_one_that_is_meant() {
    for spot in spots() {
        for key in spot.block.keys() {
            // One letter too many, one missing, and another one; but none that is as near to another key.
            let (most, last) = key.name.split_at(key.name.len() - 1);
            let wrong = [format!("{most}q{last}"), most.to_owned(), format!("{most}q")];
            let meant = |wrong: &str, key: Key| crate::language::nearest(wrong, [key.name]).is_some();
            let clear = wrong.into_iter().filter(|wrong| {
                let near = spot.block.keys().filter(|other| meant(wrong, *other));
                near.map(|other| other.name).eq([key.name])
            });
            let clear: Vec<String> = clear.collect();
            assert!(!clear.is_empty(), "`{}` of {}", key.name, spot.place);
            for wrong in clear {
                let mut document = spot.example(key, &examples(key)[0]);
                let map = document.pointer_mut(&spot.place).unwrap().as_object_mut().unwrap();
                let value = map.remove(key.name).unwrap();
                map.insert(wrong.clone(), value);
                let shown = parse(&document.to_string()).unwrap_err();
                assert!(shown.contains(&format!("unknown key `{wrong}`")), "{document}\n{shown}");
                assert!(
                    shown.contains(&format!("hint: did you mean `{}`?", key.name)),
                    "{document}\n{shown}"
                );
                assert_ne!(refused(&document), Vec::<String>::new(), "{document}");
            }
        }
    }
}

#[test]
fn a_default_is_what_holds_without_the_key() {
    /// A configuration as text, without what differs by where it is written.
    fn meaning(document: &Value) -> String {
        let mut config = parse(&document.to_string()).unwrap();
        for persona in &mut config.personas {
            persona.span = Span {
                source: 0,
                start: 0,
                end: 0,
            };
        }
        for service in &mut config.services {
            // This says whether the default was written.
            service.create.duplicate_declared = false;
        }
        let Config {
            prefix,
            ttl,
            services,
            personas,
            ..
        } = config;
        format!("{prefix} {ttl:?} {services:#?} {personas:#?}")
    }
    let mut held = BTreeSet::new();
    for spot in spots() {
        for key in spot.block.keys() {
            let Some(default) = key.default else { continue };
            let with = spot.example(key, &default());
            let mut without = with.clone();
            let map = without.pointer_mut(&spot.place).unwrap().as_object_mut().unwrap();
            map.remove(key.name);
            assert_eq!(meaning(&with), meaning(&without), "`{}` of {}", key.name, spot.place);
            held.insert(format!("{} {}", spot.block.name, key.name));
        }
    }
    assert!(held.contains(&format!("create {}", create::DUPLICATE.name)), "{held:?}");
}
