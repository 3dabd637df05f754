//! A draft from a preset: the service's name, its address, its parameters and its credentials, and nothing that the preset says.

use serde_json::Value;

use super::Draft;
use super::block::{Block, Item, literal, open};
use super::foreign::is_plain_value;
use super::name::readable;
use super::reader;
use crate::config;
use crate::domain::why::Why;

/// Writes a configuration that names a preset.
pub fn from_preset(name: &str) -> Result<Draft, Why> {
    let preset = config::preset(name).map_err(|hint| {
        Why::hinted(
            format!("there is no preset `{}`", name.chars().take(60).collect::<String>()),
            hint,
        )
    })?;
    let name = readable(preset.name.to_owned());
    let variable = name.replace('-', "_").to_uppercase();
    let whole = reader::read(&preset.as_config())?;
    let nothing = Value::Null;
    let service = whole.pointer("/services/0").unwrap_or(&nothing);
    let mut block = Block::default();
    block.put("name", name).put("preset", preset.name);
    block
        .put("url", format!("{{{{ env.{variable}_URL }}}}"))
        .note(preset.about.clone());
    let mut with = Block::default();
    for parameter in &preset.parameters {
        if parameter.is_required() {
            with.put(&parameter.name, open()).note(parameter.about.clone());
        }
    }
    if !with.is_empty() {
        block.put("with", with);
    }
    let front = front(&preset.about);
    if let Some(auth) = service
        .get("auth")
        .and_then(|auth| missing(auth, "auth", &variable, front))
    {
        block.put("auth", auth);
    }
    let head = vec![
        format!(
            "Written by `standin init` from the preset `{}` ({})",
            preset.name, preset.known
        ),
        format!("`standin presets {}` prints all that the preset says", preset.name),
    ];
    Ok(Draft::of(&head, block, Vec::new()))
}

/// The word that stands in front of the token, where the preset's description says `"WORD TOKEN"`.
fn front(about: &str) -> Option<&str> {
    let (before, _) = about.split_once(" TOKEN\"")?;
    before
        .rsplit_once('"')
        .map(|(_, word)| word)
        .filter(|word| is_plain_value(word) && !word.contains(' '))
}

/// What the user has to give of a value: the parts that are empty in the preset, as variables. A payload is one thing, and is
/// written whole.
fn missing(value: &Value, key: &str, variable: &str, front: Option<&str>) -> Option<Item> {
    match value {
        Value::Null => Some(filled(key, variable, front)),
        Value::String(text) if text.starts_with("{{ env.") => Some(filled(key, variable, front)),
        Value::Object(entries) => {
            let is_payload = matches!(key, "json" | "form");
            let mut block = Block::default();
            for (key, value) in entries {
                if let Some(item) = missing(value, key, variable, front) {
                    block.put(key, item);
                }
            }
            if is_payload && !block.is_empty() {
                let mut whole = Block::default();
                for (key, value) in entries {
                    let item = block.get(key).cloned().unwrap_or_else(|| literal(value));
                    whole.put(key, item);
                }
                block = whole;
            }
            (!block.is_empty()).then(|| block.into())
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => None,
    }
}

/// The variable that a credential of this name is read from.
fn filled(key: &str, variable: &str, front: Option<&str>) -> Item {
    let lower = key.to_ascii_lowercase();
    let is = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if lower == "authorization" {
        let front = front.map(|front| format!("{front} ")).unwrap_or_default();
        return format!("{front}{{{{ env.{variable}_TOKEN }}}}").into();
    }
    let kind = if is(&["secret", "pass"]) {
        "PASSWORD"
    } else if is(&["user", "login", "client_id", "email", "identity", "name"]) {
        "USERNAME"
    } else {
        "TOKEN"
    };
    format!("{{{{ env.{variable}_{kind} }}}}").into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::language::Environment;

    #[test]
    fn every_preset_gives_a_configuration_that_is_read() {
        for name in config::preset_names() {
            let draft = from_preset(name).unwrap();
            let read = Config::parse("standin.yml", &draft.text, &Environment::default());
            assert!(read.is_ok(), "{name}: {read:?}\n{}", draft.text);
            let upper = readable(name.to_owned()).replace('-', "_").to_uppercase();
            let known = ["URL", "USERNAME", "PASSWORD", "TOKEN"].map(|kind| format!("{upper}_{kind}"));
            assert!(
                draft.variables.iter().all(|variable| known.contains(variable)),
                "{name}: {:?}",
                draft.variables
            );
        }
    }

    #[test]
    fn what_the_user_gives_is_written_and_nothing_else() {
        let text = from_preset("keycloak").unwrap().text;
        assert!(
            text.contains("client_secret: \"{{ env.KEYCLOAK_PASSWORD }}\"") && !text.contains("token_url"),
            "{text}"
        );
        assert!(
            from_preset("gitea")
                .unwrap()
                .text
                .contains("Authorization: \"token {{ env.GITEA_ACCOUNTS_TOKEN }}\"")
        );
        assert_eq!(
            from_preset("keycloack").unwrap_err().hint(),
            Some("did you mean `keycloak`?")
        );
    }
}
