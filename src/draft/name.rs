//! The name of a service, and the preset that describes a system of this title.

use super::words::words;
use crate::language::{Access, Environment};

/// The longest name that is made of a title.
const NAME_MAX: usize = 24;

/// Words of titles that say nothing about the system.
const EMPTY: [&str; 26] = [
    "api",
    "apis",
    "rest",
    "the",
    "a",
    "an",
    "openapi",
    "definition",
    "description",
    "swagger",
    "backend",
    "http",
    "json",
    "reference",
    "documentation",
    "specification",
    "spec",
    "v1",
    "v2",
    "v3",
    "server",
    "public",
    "web",
    "admin",
    "management",
    "of",
];

/// A name for a service of this title; `other` where the title has none.
pub(super) fn of_title(title: &str, other: &str) -> String {
    let ascii = |word: &String| word.chars().all(|c| c.is_ascii_alphanumeric());
    let words: Vec<String> = title
        .split([':', '(', '|'])
        .next()
        .unwrap_or(title)
        .split(" - ")
        .next()
        .unwrap_or(title)
        .split_whitespace()
        .map(plain_word)
        .filter(|word| !word.is_empty() && ascii(word) && !EMPTY.contains(&word.as_str()))
        .collect();
    let mut name = String::new();
    for word in words {
        let is_start = word.starts_with(|c: char| c.is_ascii_lowercase());
        if name.is_empty() && !is_start {
            continue;
        }
        let gap = usize::from(!name.is_empty());
        if name.len() + gap + word.len() > NAME_MAX {
            if name.is_empty() {
                name.extend(word.chars().take(NAME_MAX));
            }
            break;
        }
        if gap == 1 {
            name.push('-');
        }
        name.push_str(&word);
    }
    if name.is_empty() { other.to_owned() } else { name }
}

/// The name, or another where variables of the name belong to a host, and no configuration may read them.
pub(super) fn readable(name: String) -> String {
    let front = name.replace('-', "_").to_uppercase();
    let environment = Environment::default();
    let is_hidden = |kind: &str| environment.access(&format!("{front}_{kind}")) == Access::Hidden;
    if ["URL", "USERNAME", "PASSWORD", "TOKEN"]
        .iter()
        .any(|kind| is_hidden(kind))
    {
        return format!(
            "{}-accounts",
            name.split_once('-')
                .filter(|_| is_hidden("URL"))
                .map_or(name.as_str(), |(_, rest)| rest)
        );
    }
    name
}

/// A word of a title in lower case, with only letters and digits.
fn plain_word(word: &str) -> String {
    word.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// The preset that describes a system of this title, if one of `known` does.
pub(super) fn preset<'p>(title: &str, known: impl Iterator<Item = &'p str>) -> Option<&'p str> {
    // Systems that are called otherwise in their own titles.
    const OTHERS: [(&str, &str); 8] = [
        ("gotrue", "supabase"),
        ("forgejo", "gitea"),
        ("identitytoolkit", "firebase"),
        ("matrix", "synapse"),
        ("ory identities", "kratos"),
        ("redhat sso", "keycloak"),
        ("identity toolkit", "firebase"),
        ("openstack identity", "keystone"),
    ];
    let title = words(title).join(" ");
    let padded = format!(" {title} ");
    let joined = format!(" {} ", title.replace(' ', ""));
    let names = |name: &str| padded.contains(&format!(" {name} ")) || joined.trim().starts_with(name) && name.len() > 5;
    known.into_iter().find(|preset| {
        let others = OTHERS.iter().filter(|(_, of)| of == preset).map(|(other, _)| *other);
        names(preset) || others.into_iter().any(names)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_give_names() {
        for (title, expected) in [
            ("Swagger Petstore - OpenAPI 3.0", "petstore"),
            ("Clerk Backend API", "clerk"),
            ("The Customer Service API (internal)", "customer-service"),
            ("42 API", "users"),
            ("", "users"),
            ("Füße", "users"),
            ("evil\n  preset: x {{ env.X }}", "evil-preset"),
        ] {
            assert_eq!(of_title(title, "users"), expected, "{title}");
        }
    }

    #[test]
    fn a_title_names_a_preset() {
        let known = || ["gitea", "gitlab", "keycloak", "kratos", "jupyterhub", "scim"].into_iter();
        for (title, expected) in [
            ("Gitea API", Some("gitea")),
            ("Keycloak Admin REST API", Some("keycloak")),
            ("JupyterHub REST API", Some("jupyterhub")),
            ("Ory Identities API", Some("kratos")),
            ("Acme users", None),
        ] {
            assert_eq!(preset(title, known()), expected, "{title}");
        }
    }
}
