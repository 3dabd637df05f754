//! JSON or YAML as a tree, within bounds: of the size of the text, of the number of values and of the length of each.
//!
//! Examples and vendor extensions are not kept: they are most of a large document, and nothing is read from them.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::domain::why::Why;

/// The most values of a document. A value takes about 200 bytes, so they stay below 128 MB.
const VALUES_MAX: usize = 600_000;
/// The most text of all values, in bytes.
const TEXT_MAX: usize = 48 << 20;
/// The longest text of one value that is kept, in bytes: more than any description that is quoted.
const ONE_TEXT_MAX: usize = 2_000;
/// How deep values may lie in each other.
const DEPTH_MAX: usize = 100;
/// A document this long that fails as JSON is not tried as YAML too: it would take as long again.
const TRIED_TWICE_MAX: usize = 4 << 20;

/// The tree of a text.
pub(super) fn read(text: &str) -> Result<Value, Why> {
    let text = text.trim_start_matches('\u{feff}');
    let start = text.trim_start();
    if start.is_empty() {
        return Err("it is empty".into());
    }
    if !start.starts_with(['{', '[']) {
        return yaml(text);
    }
    match json(text) {
        Ok(value) => Ok(value),
        // JSON is YAML, and YAML in braces need not be JSON.
        Err(why) if text.len() <= TRIED_TWICE_MAX => yaml(text).map_err(|_| why),
        Err(why) => Err(why),
    }
}

fn json(text: &str) -> Result<Value, Why> {
    let bounds = Bounds::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = Seed::whole(&bounds).deserialize(&mut deserializer);
    let read = read.and_then(|value| deserializer.end().map(|()| value));
    read.map_err(|error| match bounds.broken.get() {
        Some(why) => too_large(why),
        // Not the parser's own words, which may quote the document.
        None => format!("it is not JSON: line {}, column {}", error.line(), error.column()).into(),
    })
}

fn yaml(text: &str) -> Result<Value, Why> {
    let bounds = Bounds::default();
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: DEPTH_MAX,
            flow_nesting_limit: DEPTH_MAX,
            max_nodes: 3 * VALUES_MAX,
            max_events: 8 * VALUES_MAX,
            max_total_scalar_bytes: 2 * TEXT_MAX,
            max_aliases: 10_000,
            max_anchors: 10_000,
            max_documents: 1,
            max_merge_keys: 10_000,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: VALUES_MAX,
            max_replay_stack_depth: 16,
        },
        duplicate_keys: serde_saphyr::options::DuplicateKeyPolicy::PassThrough,
        with_snippet: false,
    };
    let read = serde_saphyr::with_deserializer_from_str_with_options(text, options, |deserializer| {
        Seed::whole(&bounds).deserialize(deserializer)
    });
    read.map_err(|error| {
        if let Some(why) = bounds.broken.get() {
            return too_large(why);
        }
        match error.location() {
            Some(at) => format!("it is not YAML: line {}, column {}", at.line(), at.column()).into(),
            None => "it is not YAML, or more of it than is read".into(),
        }
    })
}

fn too_large(why: &str) -> Why {
    Why::hinted(
        why,
        "cut it down to the paths of accounts and the schemas that they name",
    )
}

/// What was read so far.
#[derive(Default)]
struct Bounds {
    values: Cell<usize>,
    text: Cell<usize>,
    broken: Cell<Option<&'static str>>,
}

impl Bounds {
    fn count<E: serde::de::Error>(&self, text: usize) -> Result<(), E> {
        self.values.set(self.values.get() + 1);
        self.text.set(self.text.get() + text);
        let why = if self.values.get() > VALUES_MAX {
            "it has more than 600,000 values"
        } else if self.text.get() > TEXT_MAX {
            "it has more than 48 MiB of text"
        } else {
            return Ok(());
        };
        self.broken.set(Some(why));
        Err(E::custom(why))
    }
}

/// Reads a value. In a map of names, such as `properties`, no key means anything.
#[derive(Clone, Copy)]
struct Seed<'b> {
    bounds: &'b Bounds,
    has_names: bool,
    depth: usize,
}

impl<'b> Seed<'b> {
    fn whole(bounds: &'b Bounds) -> Self {
        Self {
            bounds,
            has_names: false,
            depth: 0,
        }
    }

    fn below<E: serde::de::Error>(self, has_names: bool) -> Result<Self, E> {
        if self.depth >= DEPTH_MAX {
            let why = "its values lie more than 100 deep in each other";
            self.bounds.broken.set(Some(why));
            return Err(E::custom(why));
        }
        Ok(Self {
            has_names,
            depth: self.depth + 1,
            ..self
        })
    }

    fn text(text: &str) -> &str {
        &text[..text.floor_char_boundary(ONE_TEXT_MAX)]
    }
}

/// Is this a key whose value is not read?
fn is_left_out(key: &str) -> bool {
    matches!(key, "example" | "examples") || key.starts_with("x-")
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Value, E> {
        self.bounds.count(0)?;
        Ok(value.into())
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        self.bounds.count(0)?;
        Ok(value.into())
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        self.bounds.count(0)?;
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        self.bounds.count(0)?;
        Ok(value.into())
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        let text = Self::text(value);
        self.bounds.count(text.len())?;
        Ok(text.into())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Value, E> {
        self.bounds.count(0)?;
        Ok(Value::Null)
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<Value, E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        self.bounds.count(0)?;
        let below = self.below(false)?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(below)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        self.bounds.count(0)?;
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if !self.has_names && is_left_out(&key) {
                entries.next_value::<IgnoredAny>()?;
                continue;
            }
            if key.len() > ONE_TEXT_MAX {
                return Err(A::Error::custom("a key is too long"));
            }
            self.bounds.count(key.len())?;
            let has_names = !self.has_names && key == "properties";
            let value = entries.next_value_seed(self.below(has_names)?)?;
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use serde_json::json;

    use super::*;

    #[test]
    fn json_and_yaml_give_the_same_tree_without_examples() {
        let expected = json!({"a": {"200": "x"}, "properties": {"example": {"type": "string"}}, "n": [1, null, true]});
        let as_json = r#"{"a": {"200": "x", "x-vendor": 1}, "properties": {"example": {"type": "string", "example": "y"}}, "n": [1, null, true]}"#;
        let as_yaml = "a:\n  200: x\n  x-vendor: 1\nproperties:\n  example:\n    type: string\n    example: y\nn: [1, null, true]\n";
        assert_eq!(read(as_json).unwrap(), expected);
        assert_eq!(read(as_yaml).unwrap(), expected);
        assert_eq!(read("{a: b}").unwrap(), json!({"a": "b"}));
        assert_eq!(read("\u{feff}{\"a\": 1}").unwrap(), json!({"a": 1}));
    }

    #[test]
    fn what_is_broken_or_too_large_is_told_with_its_place_and_without_its_text() {
        let many = format!("[{}1]", "1,".repeat(VALUES_MAX));
        let deep = "[".repeat(2_000);
        for (text, expected) in [
            ("", "it is empty"),
            ("{\"password\": sesame", "it is not JSON: line 1, column 14"),
            ("a: [sesame", "it is not YAML: line"),
            (many.as_str(), "it has more than 600,000 values"),
            (deep.as_str(), "deep"),
        ] {
            let why = read(text).expect_err("refused").what;
            assert!(why.contains(expected), "{why}");
            assert!(!why.contains("sesame"), "{why}");
        }
    }

    #[test]
    fn aliases_that_grow_are_refused() {
        let mut text = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..9 {
            let (this, last) = (char::from(b'a' + level), char::from(b'a' + level - 1));
            let aliases = vec![format!("*{last}"); 10].join(", ");
            writeln!(text, "{this}: &{this} [{aliases}]").unwrap();
        }
        assert!(read(&text).is_err());
    }
}
