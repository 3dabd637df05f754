//! The next page in an answer's `Link` fields.

use crate::domain::answer::Answer;

/// Where an answer's own links say that the next page is. Some servers send a field for each link.
pub(in crate::engine) fn next_page(answer: &Answer) -> Option<String> {
    let fields = answer.headers().iter().filter(|(name, _)| name == "link");
    fields.map(|(_, field)| field).find_map(|field| next_link(field))
}

/// The target of `rel="next"` in a `Link` field (RFC 8288, section 3).
fn next_link(field: &str) -> Option<String> {
    let mut rest = field;
    while let Some(start) = rest.find('<') {
        let end = start + rest[start..].find('>')?;
        let target = &rest[start + 1..end];
        let parameters = &rest[end + 1..];
        // The next link begins behind a comma that no target follows earlier.
        let stop = parameters.find('<').unwrap_or(parameters.len());
        let is_next = parameters[..stop].split([';', ',']).any(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let kinds = value.trim().trim_matches('"');
            name.trim().eq_ignore_ascii_case("rel")
                && kinds.split_whitespace().any(|kind| kind.eq_ignore_ascii_case("next"))
        });
        if is_next {
            return Some(target.to_owned());
        }
        rest = &parameters[stop..];
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_found_among_links() {
        for (field, expected) in [
            (r#"<https://h/u?page=2>; rel="next""#, Some("https://h/u?page=2")),
            (
                r#"<https://h/u?page=9>; rel="last", </u?page=2>; rel="next""#,
                Some("/u?page=2"),
            ),
            (r"<u?a=1,2>; rel=next; title=x", Some("u?a=1,2")),
            (r#"<https://h/u?page=2>; REL="prev next""#, Some("https://h/u?page=2")),
            (r#"<https://h/u?page=1>; rel="first""#, None),
            ("nonsense", None),
            ("<unclosed", None),
            ("", None),
        ] {
            assert_eq!(next_link(field).as_deref(), expected, "{field}");
        }
    }
}
