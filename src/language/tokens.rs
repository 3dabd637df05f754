//! A reading of an expression's words that is just enough to say which variables it uses.
//!
//! The engine parses expressions; this only looks at what it accepted, since the engine doesn't show its syntax tree.

use super::error::LanguageError;

/// One use of `env.NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvUse {
    /// The variable.
    pub name: String,
    /// What `default(...)` reads in its place: `None` where there is no default, so that the variable must be set.
    pub fallback: Option<Vec<Self>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lexeme<'s> {
    Name(&'s str),
    Text(&'s str),
    Number(&'s str),
    Mark(char),
}

/// The tokens of an expression, each with its offset in bytes. Never fails: what it can't tell apart is a mark.
pub(super) fn tokens(source: &str) -> Vec<(usize, Lexeme<'_>)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(head) = source[at..].chars().next() {
        let rest = &source[at..];
        let length = match head {
            '"' | '\'' => quoted(rest, head),
            _ if head.is_alphabetic() || head == '_' => run(rest, |c| c.is_alphanumeric() || c == '_'),
            _ if head.is_ascii_digit() => run(rest, |c| c.is_ascii_alphanumeric() || c == '_'),
            _ => head.len_utf8(),
        };
        let word = &rest[..length];
        match head {
            '"' | '\'' => found.push((at, Lexeme::Text(word.trim_matches(head)))),
            _ if head.is_alphabetic() || head == '_' => found.push((at, Lexeme::Name(word))),
            _ if head.is_ascii_digit() => found.push((at, Lexeme::Number(word))),
            _ if head.is_whitespace() => {}
            _ => found.push((at, Lexeme::Mark(head))),
        }
        at += length;
    }
    found
}

/// The length of a quoted text with both quotes, or of all that is left where it doesn't end.
pub(super) fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

/// Which variables an expression reads. `env` itself can't be passed on or searched: the names have to be known at load.
pub(super) fn env_uses(tokens: &[(usize, Lexeme<'_>)]) -> Result<Vec<EnvUse>, LanguageError> {
    let mut uses = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let (offset, token) = tokens[at];
        let is_attribute = at > 0 && tokens[at - 1].1 == Lexeme::Mark('.');
        if token != Lexeme::Name("env") || is_attribute {
            at += 1;
            continue;
        }
        let mark = |ahead: usize| tokens.get(at + ahead).map(|(_, token)| *token);
        let (name, after) = match (mark(1), mark(2), mark(3)) {
            (Some(Lexeme::Mark('.')), Some(Lexeme::Name(name)), _) => (name, at + 3),
            (Some(Lexeme::Mark('[')), Some(Lexeme::Text(name)), Some(Lexeme::Mark(']'))) => (name, at + 4),
            _ => {
                return Err(
                    LanguageError::new(offset, "`env` is used without the name of a variable")
                        .with_hint("write `env.NAME`"),
                );
            }
        };
        let (fallback, after) = fallback(tokens, after)?;
        uses.push(EnvUse {
            name: name.to_owned(),
            fallback,
        });
        at = after;
    }
    Ok(uses)
}

/// The uses in the arguments of a `default` filter that begins at `at`, and where it ends.
fn fallback(tokens: &[(usize, Lexeme<'_>)], at: usize) -> Result<(Option<Vec<EnvUse>>, usize), LanguageError> {
    let token = |at: usize| tokens.get(at).map(|(_, token)| *token);
    let is_default =
        token(at) == Some(Lexeme::Mark('|')) && matches!(token(at + 1), Some(Lexeme::Name("default" | "d")));
    if !is_default {
        return Ok((None, at));
    }
    if token(at + 2) != Some(Lexeme::Mark('(')) {
        return Ok((Some(Vec::new()), at + 2));
    }
    let first = at + 3;
    let mut depth = 1_usize;
    let mut end = first;
    while let Some(token) = token(end) {
        if token == Lexeme::Mark('(') {
            depth += 1;
        } else if token == Lexeme::Mark(')') {
            depth -= 1;
        }
        if depth == 0 {
            break;
        }
        end += 1;
    }
    Ok((Some(env_uses(&tokens[first..end])?), end))
}

/// The paths of which an expression says itself what holds where they are not there: `a.b | default(...)`, `a.b is defined`.
pub(super) fn guarded(tokens: &[(usize, Lexeme<'_>)]) -> Vec<String> {
    let token = |at: usize| tokens.get(at).map(|(_, token)| *token);
    let name = |at: usize| match token(at) {
        Some(Lexeme::Name(name)) => Some(name),
        _ => None,
    };
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let Some(first) = name(at) else {
            at += 1;
            continue;
        };
        let is_filter = at > 0 && tokens[at - 1].1 == Lexeme::Mark('|');
        let mut path = first.to_owned();
        at += 1;
        while token(at) == Some(Lexeme::Mark('.'))
            && let Some(part) = name(at + 1)
        {
            path = format!("{path}.{part}");
            at += 2;
        }
        let is_default = token(at) == Some(Lexeme::Mark('|')) && matches!(name(at + 1), Some("default" | "d"));
        let test = if name(at + 1) == Some("not") { at + 2 } else { at + 1 };
        let is_asked = name(at) == Some("is") && matches!(name(test), Some("defined" | "undefined"));
        if !is_filter && (is_default || is_asked) {
            found.push(path);
        }
    }
    found
}

/// The names of the fields that an expression reads last: `code` of `body.items[0].code | upper`. Of one that ends in a number
/// or in none it is the name before.
pub(super) fn last_names<'s>(tokens: &[(usize, Lexeme<'s>)]) -> Vec<&'s str> {
    let token = |at: usize| tokens.get(at).map(|(_, token)| *token);
    let mut found = Vec::new();
    let mut before = None;
    for at in 0..tokens.len() {
        let mark = at.checked_sub(1).and_then(token);
        let (name, next) = match (mark, token(at)) {
            (Some(Lexeme::Mark('.')), Some(Lexeme::Name(name))) => (name, at + 1),
            (Some(Lexeme::Mark('[')), Some(Lexeme::Text(name))) if token(at + 1) == Some(Lexeme::Mark(']')) => {
                (name, at + 2)
            }
            // `map(attribute='code')`.
            (Some(Lexeme::Mark('=')), Some(Lexeme::Text(name))) => (name.rsplit('.').next().unwrap_or(name), at + 1),
            _ => continue,
        };
        let is_last = !matches!(token(next), Some(Lexeme::Mark('.' | '[')));
        if is_last {
            found.push(name);
        }
        before = Some(name);
    }
    if found.is_empty() {
        found.extend(before);
    }
    found
}

/// Does the expression hold text or a number of its own that could be a secret, rather than reading one from elsewhere?
pub(super) fn has_literal(tokens: &[(usize, Lexeme<'_>)]) -> bool {
    tokens.iter().enumerate().any(|(at, (_, token))| {
        let is_subscript = at > 0 && tokens[at - 1].1 == Lexeme::Mark('[');
        match token {
            Lexeme::Text(text) => !is_subscript && text.chars().any(char::is_alphanumeric),
            Lexeme::Number(_) => !is_subscript,
            Lexeme::Name(_) | Lexeme::Mark(_) => false,
        }
    })
}

/// The source with `***` for each literal that could be a secret: what [`has_literal`] finds.
pub(super) fn without_literals(source: &str) -> String {
    let tokens = tokens(source);
    let mut shown = String::new();
    let mut from = 0;
    for (at, (start, token)) in tokens.iter().enumerate() {
        if !has_literal(&tokens[at.saturating_sub(1)..=at]) || matches!(token, Lexeme::Name(_) | Lexeme::Mark(_)) {
            continue;
        }
        let length = match token {
            Lexeme::Number(number) => number.len(),
            Lexeme::Text(_) | Lexeme::Name(_) | Lexeme::Mark(_) => {
                let rest = &source[*start..];
                rest.chars().next().map_or(0, |quote| quoted(rest, quote))
            }
        };
        // Two literals never touch, but for a text that doesn't end: then nothing of the rest is shown.
        shown.push_str(source.get(from..*start).unwrap_or_default());
        shown.push_str(if matches!(token, Lexeme::Text(_)) {
            "'***'"
        } else {
            "***"
        });
        from = start + length;
    }
    shown.push_str(source.get(from..).unwrap_or_default());
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(source: &str) -> String {
        fn show(uses: &[EnvUse]) -> String {
            let shown: Vec<String> = uses
                .iter()
                .map(|one| match &one.fallback {
                    None => one.name.clone(),
                    Some(inner) => format!("{}[{}]", one.name, show(inner)),
                })
                .collect();
            shown.join(" ")
        }
        match env_uses(&tokens(source)) {
            Ok(uses) => show(&uses),
            Err(error) => format!("{}: {error}", error.offset),
        }
    }

    #[test]
    fn the_variables_of_an_expression_are_known_with_their_defaults() {
        for (source, expected) in [
            ("env.A", "A"),
            ("env['A'] ~ env . B", "A B"),
            ("'env.A' ~ body.env.B", ""),
            ("env.A | default('x')", "A[]"),
            ("env.A|d(env.B|default(env.C)) ~ env.D", "A[B[C]] D"),
            ("env.A | upper | default('x')", "A"),
            ("'it\\'s env.A' ~ env.B", "B"),
            ("env | tojson", "0: `env` is used without the name of a variable"),
            ("1 + env[id]", "4: `env` is used without the name of a variable"),
        ] {
            assert_eq!(names(source), expected, "{source}");
        }
    }

    #[test]
    fn what_an_expression_says_of_absence_is_seen() {
        for (source, expected) in [
            ("account.plan", ""),
            ("account.plan | default('x')", "account.plan"),
            ("account.plan | upper | default('x')", ""),
            ("account.a.b|d ~ account.c", "account.a.b"),
            ("account.a if account.a is defined else account.b", "account.a"),
            ("1 if account.a is not defined else 2", "account.a"),
            ("account.a is undefined", "account.a"),
            ("account.a is string", ""),
            ("'account.a' | default('x')", ""),
        ] {
            assert_eq!(guarded(&tokens(source)).join(" "), expected, "{source}");
        }
    }

    #[test]
    fn the_fields_that_are_read_last_are_known_by_name() {
        for (source, expected) in [
            ("body", ""),
            ("body.data.code", "code"),
            ("body.items[0].code | upper", "code"),
            ("body.codes[0]", "codes"),
            ("headers['x-session']", "x-session"),
            ("body['a'].b ~ body.c", "b c"),
            ("body.links | map(attribute='of.href') | first", "links href"),
            ("body.text | replace('.a', '.b')", "text"),
            ("1.5 ~ body.x", "x"),
        ] {
            assert_eq!(last_names(&tokens(source)).join(" "), expected, "{source}");
        }
    }

    #[test]
    fn literals_that_could_be_secrets_are_seen() {
        for (source, expected) in [
            ("env.A", false),
            ("env['A'] ~ ':' ~ env.B", false),
            ("env.A | default('hunter2')", true),
            ("'hunter2'", true),
            ("12345", true),
            ("body.items[0]", false),
        ] {
            assert_eq!(has_literal(&tokens(source)), expected, "{source}");
        }
    }

    #[test]
    fn literals_that_could_be_secrets_are_not_shown() {
        for (source, expected) in [
            ("env.A", "env.A"),
            ("env['A'] ~ ':' ~ env.B", "env['A'] ~ ':' ~ env.B"),
            ("env.A | default('hunter2')", "env.A | default('***')"),
            (
                "(\"root:\" ~ capture.token) | b64encode",
                "('***' ~ capture.token) | b64encode",
            ),
            ("12345 ~ items[0]", "*** ~ items[0]"),
            ("'a' 'b' 7", "'***' '***' ***"),
        ] {
            assert_eq!(without_literals(source), expected, "{source}");
        }
    }
}
