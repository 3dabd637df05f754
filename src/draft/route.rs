//! A path of a description: its segments, what it is about, and which other paths are about the same.

use super::foreign::is_invisible;
use super::words::{Verb, is_prefix, singular, verb, words};

/// A path, cleaned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route {
    /// The path as a request may have it: printable, with parameters as `{name}`.
    pub(super) path: String,
    segments: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Static(String),
    /// A parameter, with what may stand around it, as in `{id}.json`.
    Parameter(String),
}

impl Route {
    /// Reads a path; none where it has what no path has. `/users/:id` is `/users/{id}`.
    pub(super) fn parse(raw: &str) -> Option<Self> {
        let clean: String = raw.chars().filter(|c| !is_invisible(*c)).collect();
        let clean = clean.trim().split(['#', '?']).next().unwrap_or_default();
        let mut segments = Vec::new();
        for segment in clean.split('/').filter(|segment| !segment.is_empty()) {
            segments.push(Segment::parse(segment)?);
        }
        if segments.is_empty() {
            return None;
        }
        let written: Vec<&str> = segments.iter().map(Segment::written).collect();
        let mut path = format!("/{}", written.join("/"));
        if clean.ends_with('/') {
            path.push('/');
        }
        Some(Self { path, segments })
    }

    /// The name of the parameter that the path ends with, if it does.
    pub(super) fn last_parameter(&self) -> Option<&str> {
        self.segments.last().and_then(Segment::parameter)
    }

    /// The parameters before the end, in order.
    pub(super) fn outer_parameters(&self) -> impl Iterator<Item = &str> {
        let end = self.segments.len() - usize::from(self.last_parameter().is_some());
        self.segments[..end].iter().filter_map(Segment::parameter)
    }

    /// The last segment that is no parameter, without a format such as `.json`.
    pub(super) fn last_static(&self) -> &str {
        self.statics().last().map_or("", |segment| without_format(segment))
    }

    /// What stands before the last segment that is no parameter: each static segment, or none for a parameter.
    pub(super) fn before_last_static(&self) -> Vec<Option<&str>> {
        let last = self
            .segments
            .iter()
            .rposition(|segment| segment.parameter().is_none())
            .unwrap_or(0);
        let before = self.segments[..last].iter();
        before
            .map(|segment| match segment {
                Segment::Static(text) => Some(text.as_str()),
                Segment::Parameter(_) => None,
            })
            .collect()
    }

    /// The verb of the last static segment, as in `users.create` or `/user/create`, and the nouns that it is about: the other
    /// words of the segment, or those of the one before it.
    pub(super) fn verb_and_nouns(&self) -> (Option<Verb>, Vec<String>) {
        let last = words(self.last_static());
        let found = last.iter().find_map(|word| verb(word));
        let nouns: Vec<String> = last.iter().filter(|word| verb(word).is_none()).cloned().collect();
        if !nouns.is_empty() || found.is_none() {
            return (found, nouns);
        }
        let before = self.statics().rev().nth(1).map(without_format).unwrap_or_default();
        let nouns = words(before).into_iter().filter(|word| !is_prefix(word)).collect();
        (found, nouns)
    }

    /// What the path is about, as a key: its nouns in the singular, without versions, `api`, `admin`, the verb and the last
    /// parameter. Paths of one resource have the same.
    pub(super) fn kin(&self) -> String {
        let end = self.segments.len() - usize::from(self.last_parameter().is_some());
        let mut key = String::new();
        for segment in &self.segments[..end] {
            match segment {
                Segment::Static(text) => {
                    let text = without_format(text);
                    if is_prefix(&text.to_ascii_lowercase()) {
                        continue;
                    }
                    let nouns: Vec<String> = words(text)
                        .iter()
                        .filter(|word| is_noun(word))
                        .map(|word| singular(word))
                        .collect();
                    if !nouns.is_empty() {
                        key.push('/');
                        key.push_str(&nouns.join("-"));
                    }
                }
                Segment::Parameter(_) => key.push_str("/{}"),
            }
        }
        key
    }

    /// The path with a text in place of each parameter.
    pub(super) fn filled(&self, mut value: impl FnMut(&str) -> String) -> String {
        let mut path = String::new();
        for segment in &self.segments {
            path.push('/');
            match segment {
                Segment::Static(text) => path.push_str(text),
                Segment::Parameter(text) => {
                    let (before, rest) = text.split_once('{').unwrap_or((text, ""));
                    let (name, after) = rest.split_once('}').unwrap_or((rest, ""));
                    path.push_str(before);
                    path.push_str(&value(name));
                    path.push_str(after);
                }
            }
        }
        if self.path.ends_with('/') {
            path.push('/');
        }
        path
    }

    /// How many segments it has.
    pub(super) fn len(&self) -> usize {
        self.segments.len()
    }

    /// The same path, whatever its parameters are called?
    pub(super) fn is_same(&self, other: &str) -> bool {
        let shape = |route: &Self| route.filled(|_| "{}".to_owned()).trim_end_matches('/').to_owned();
        Self::parse(other).is_some_and(|other| shape(&other) == shape(self))
    }

    fn statics(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Static(text) => Some(text.as_str()),
            Segment::Parameter(_) => None,
        })
    }
}

/// A word that names a thing: neither a verb of RPC nor one that says how a thing is asked for.
fn is_noun(word: &str) -> bool {
    let is_rpc = verb(word).is_some_and(|verb| verb != Verb::Act);
    !is_rpc && !["by", "the", "a", "of"].contains(&word)
}

impl Segment {
    fn parse(text: &str) -> Option<Self> {
        let text = match text.strip_prefix(':') {
            Some(name) if !name.is_empty() => format!("{{{name}}}"),
            _ => text.to_owned(),
        };
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@%[]".contains(c);
        if !text.contains(['{', '}']) {
            let dots = text.chars().all(|c| c == '.');
            return (text.chars().all(allowed) && !dots).then_some(Self::Static(text));
        }
        let (before, rest) = text.split_once('{')?;
        let (name, after) = rest.split_once('}')?;
        let name = name
            .trim_start_matches(['+', '/', '.', ';', '?', '&'])
            .trim_end_matches(['*', '+', '?']);
        let name: String = name.split([':', ',', '|', '(']).next().unwrap_or_default().to_owned();
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.$@".contains(c));
        let around = before.chars().chain(after.chars()).all(allowed);
        (is_name && around).then(|| Self::Parameter(format!("{before}{{{name}}}{after}")))
    }

    fn written(&self) -> &str {
        match self {
            Self::Static(text) | Self::Parameter(text) => text,
        }
    }

    fn parameter(&self) -> Option<&str> {
        match self {
            Self::Static(_) => None,
            Self::Parameter(text) => text
                .split_once('{')
                .and_then(|(_, rest)| rest.split_once('}'))
                .map(|(name, _)| name),
        }
    }
}

fn without_format(segment: &str) -> &str {
    [".json", ".xml", ".{format}"]
        .iter()
        .find_map(|format| segment.strip_suffix(format))
        .unwrap_or(segment)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(path: &str) -> Route {
        Route::parse(path).unwrap()
    }

    #[test]
    fn paths_are_cleaned_and_hostile_ones_are_none() {
        assert_eq!(route("/users/\u{200e}:id").path, "/users/{id}");
        assert_eq!(route("users\u{2800}/{user-id}/").path, "/users/{user-id}/");
        assert_eq!(route("/users/{id}.json#x").path, "/users/{id}.json");
        for path in [
            "",
            "/",
            "/a b",
            "/{{ env.X }}",
            "/a\nb",
            "/{a}{b}",
            "/a\"",
            "/../x",
            "/a}",
            "/${{x}}",
        ] {
            assert_eq!(Route::parse(path), None, "{path:?}");
        }
    }

    #[test]
    fn paths_of_one_resource_have_one_key() {
        for path in [
            "/admin/users",
            "/api/v2/users/{id}",
            "/users.create",
            "/user/delete",
            "/users/{name}.json",
            "/users:search",
            "/get-user",
            "/users/by/{email}",
        ] {
            assert_eq!(route(path).kin(), "/user", "{path}");
        }
        assert_eq!(route("/realms/{realm}/users/{id}").kin(), "/realm/{}/user");
        assert_ne!(route("/users/{id}/tokens/{token}").kin(), "/user");
        assert_ne!(route("/user/login").kin(), "/user");
    }

    #[test]
    fn a_verb_of_rpc_is_told_from_its_noun() {
        let split = |path: &str| {
            let (verb, nouns) = route(path).verb_and_nouns();
            (verb, nouns.join(" "))
        };
        assert_eq!(split("/users.create"), (Some(Verb::Create), "users".to_owned()));
        assert_eq!(split("/api/user/create"), (Some(Verb::Create), "user".to_owned()));
        assert_eq!(split("/add-user"), (Some(Verb::Create), "user".to_owned()));
        assert_eq!(split("/users/{id}"), (None, "users".to_owned()));
        assert_eq!(split("/auth/register"), (Some(Verb::SignUp), "auth".to_owned()));
        assert!(route("/realms/{realm}/users/{id}").outer_parameters().eq(["realm"]));
        assert_eq!(route("/users/{id}").last_parameter(), Some("id"));
    }
}
