//! A preset as a configuration of its own, to copy and change.

use std::fmt::Write as _;

use super::Preset;
use crate::config::keys::service::URL;
use crate::config::tree::{Content, Node};

impl Preset {
    /// A whole configuration that says all that the preset says. What the user has to give is read from variables.
    pub fn as_config(&self) -> String {
        let prefix = self.name.to_uppercase();
        let mut text = format!(
            "# {} ({}).\n# It says all that `preset: {}` says: change what is different in yours.\nservices:\n  - name: {}\n",
            self.about, self.known, self.name, self.name
        );
        if self.service.get(URL).is_none() {
            line(&mut text, &format!("    url: \"{{{{ env.{prefix}_URL }}}}\""));
        }
        if !self.parameters.is_empty() {
            line(&mut text, "    with:");
        }
        for parameter in &self.parameters {
            let value = match &parameter.default {
                Some(default) => scalar(&default.value),
                None => format!("\"{{{{ env.{prefix}_{} }}}}\"", parameter.name.to_uppercase()),
            };
            line(
                &mut text,
                &format!("      {}: {value} # {}", parameter.name, parameter.about),
            );
        }
        for fragment in self.fragment() {
            let indent = if fragment.is_empty() { "" } else { "  " };
            line(&mut text, &format!("{indent}{}", filled(fragment, &prefix)));
        }
        text
    }

    /// The lines of the file below its last key, `service`.
    fn fragment(&self) -> impl Iterator<Item = &'static str> {
        self.text.lines().skip_while(|line| *line != "service:").skip(1)
    }
}

fn line(text: &mut String, line: &str) {
    // Writing to a string can't fail.
    writeln!(text, "{line}").unwrap_or_default();
}

/// A default as YAML.
fn scalar(node: &Node) -> String {
    match &node.kind {
        Content::Number(_, written) => written.clone(),
        Content::Bool(value) => value.to_string(),
        Content::String(text) => serde_json::Value::from(text.as_str()).to_string(),
        Content::Null | Content::List(_) | Content::Map(_) => "null".to_owned(),
    }
}

/// A line of `auth` in which every value that is the user's to give reads a variable.
fn filled(line: &str, prefix: &str) -> String {
    const GAP: &str = ": null";
    if !line.trim_start().starts_with("auth:") {
        return line.to_owned();
    }
    let mut parts = line.split(GAP);
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let key = filled
            .rsplit(|c: char| !(c.is_alphanumeric() || "_-".contains(c)))
            .next()
            .unwrap_or_default();
        let name: String = key
            .chars()
            .map(|c| if c == '-' { '_' } else { c.to_ascii_uppercase() })
            .collect();
        filled = format!("{filled}: \"{{{{ env.{prefix}_{name} }}}}\"{part}");
    }
    filled
}
