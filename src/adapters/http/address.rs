//! Where a request goes: below the service's base URL, whose path is kept, and never to another origin.

use reqwest::Url;

use super::policy::HostPolicy;
use crate::domain::why::Why;

/// An address below which requests go, checked. `what` it is stands in messages.
pub fn base(what: &str, text: &str, policy: &HostPolicy) -> Result<Url, Why> {
    let base = Url::parse(text).map_err(|error| {
        Why::hinted(
            format!("{what} is not a URL: {error}"),
            "write the whole address, such as `http://localhost:8080`",
        )
    })?;
    if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
        return Err(format!("{what} must begin with `http://` or `https://`").into());
    }
    if !base.username().is_empty() || base.password().is_some() {
        return Err(Why::hinted(
            format!("{what} holds credentials"),
            "move them to `auth`, where they are kept out of logs",
        ));
    }
    if base.query().is_some() || base.fragment().is_some() {
        return Err(Why::hinted(
            format!("{what} has a query or a fragment"),
            "put query parameters into each request",
        ));
    }
    policy.check(&base).map_err(|reason| reason.context(what))?;
    Ok(base)
}

/// Appends a target to the base, whose path is kept.
pub(super) fn join(base: &Url, target: &str) -> Result<Url, String> {
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    let mut url = base.clone();
    let front = base.path().trim_end_matches('/');
    url.set_path(&format!("{front}{path}"));
    url.set_query(query);
    let kept = url.path() == format!("{front}{path}");
    // `Url` resolves dot segments, encoded ones too; a target that would change is one that leads elsewhere.
    if kept {
        Ok(url)
    } else {
        Err(format!("the path `{path}` leads elsewhere"))
    }
}

/// Where a page says that the next one is, which was itself read at `page`.
///
/// A proxy that takes the base's path away before it passes a request on lets the service write links without it. Such a link
/// is put below the base again.
pub(super) fn next_page(base: &Url, page: &Url, reference: &str) -> Result<Url, String> {
    let mut next = page
        .join(reference)
        .map_err(|error| format!("the address of the next page is invalid: {error}"))?;
    next.set_fragment(None);
    if next.origin() != page.origin() {
        // What a link holds beside its path may be a secret.
        next.set_query(None);
        return Err(format!(
            "the next page, `{next}`, is on another origin, and is not asked for"
        ));
    }
    let front = base.path().trim_end_matches('/');
    if is_without(front, next.path()) {
        next.set_path(&format!("{front}{}", next.path()));
    }
    Ok(next)
}

/// Does a path leave the base's, without having anything of it?
fn is_without(front: &str, path: &str) -> bool {
    let first = |path: &str| path.split('/').nth(1).unwrap_or_default().to_owned();
    !front.is_empty() && first(front) != first(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    #[test]
    fn the_path_of_the_base_is_kept() {
        for (base, target, expected) in [
            ("https://host/api", "/users", "https://host/api/users"),
            ("https://host/api/", "/users?a=b%20c", "https://host/api/users?a=b%20c"),
            ("http://host", "/users/", "http://host/users/"),
            ("http://host/a?x=1", "/b", "http://host/a/b"),
            ("http://host", "/a%2Fb", "http://host/a%2Fb"),
        ] {
            assert_eq!(join(&url(base), target).map(String::from), Ok(expected.to_owned()));
        }
    }

    #[test]
    fn a_path_that_leads_elsewhere_is_never_sent() {
        for target in [
            "/accounts/..",
            "/accounts/../admin",
            "/accounts/%2e%2E",
            "/accounts/.",
            "/./a",
        ] {
            assert!(join(&url("http://host/api"), target).is_err(), "{target}");
        }
    }

    #[test]
    fn the_next_page_is_below_the_base_where_its_link_leaves_the_bases_path_out() {
        let table = [
            // The link has the whole path.
            ("https://host/api", "/api/users?page=2", "https://host/api/users?page=2"),
            (
                "https://host/api",
                "https://host/api/users?page=2",
                "https://host/api/users?page=2",
            ),
            // A proxy took the front away.
            ("https://host/api", "/users?page=2", "https://host/api/users?page=2"),
            (
                "https://host/api/",
                "https://host/users?page=2",
                "https://host/api/users?page=2",
            ),
            ("https://host/a/b", "/users/2", "https://host/a/b/users/2"),
            // It is relative to the page.
            ("https://host/api", "?page=2", "https://host/api/users?page=2"),
            ("https://host/api", "users?page=2", "https://host/api/users?page=2"),
            // It leads elsewhere by intent: it begins as the base does.
            (
                "https://host/api/v2",
                "/api/v3/users?page=2",
                "https://host/api/v3/users?page=2",
            ),
            ("https://host", "/v2/users?page=2", "https://host/v2/users?page=2"),
        ];
        for (base, link, expected) in table {
            let base = url(base);
            let page = join(&base, "/users?page=1").expect("a target");
            assert_eq!(
                next_page(&base, &page, link).map(String::from),
                Ok(expected.to_owned()),
                "{base} {link}"
            );
        }
    }

    #[test]
    fn a_next_page_on_another_origin_is_refused_and_named_without_its_query() {
        let base = url("https://host/api");
        let page = join(&base, "/users").expect("a target");
        for link in [
            "http://host/api/users?token=t",
            "https://other/users?token=t",
            "//other:444/users?token=t",
        ] {
            let refused = next_page(&base, &page, link).expect_err(link);
            assert!(
                refused.contains("/users`, is on another origin") && !refused.contains("token"),
                "{refused}"
            );
        }
    }
}
