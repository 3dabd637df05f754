//! The forms of `auth`.

use super::*;
use crate::config::{Auth, ClientAuth, Expiry, Grant};

fn auth(text: &str) -> Result<Auth, String> {
    let text = format!("services: [{{name: a, url: http://x, auth: {text}}}]");
    parse(&text).map(|config| config.services[0].auth.clone())
}

/// What is wrong, without the place and the line.
fn refused(text: &str) -> String {
    let shown = auth(text).unwrap_err();
    let messages: Vec<&str> = shown
        .lines()
        .filter(|line| line.starts_with("standin.yml:") || line.starts_with("hint: "))
        .map(|line| line.splitn(4, ':').last().unwrap_or_default().trim())
        .collect();
    messages.join(" | ")
}

#[test]
fn a_token_is_asked_for_in_each_way_of_rfc_6749() {
    let Auth::OAuth2(simple) =
        auth("{oauth2: {token_url: '{{ service.url }}/t', client_id: c, client_secret: s}}").unwrap()
    else {
        panic!()
    };
    assert_eq!(
        (simple.grant, simple.client_auth),
        (Grant::ClientCredentials, ClientAuth::Basic)
    );
    assert!(simple.username.is_none() && simple.scope.is_none() && simple.params.is_empty());
    let Auth::OAuth2(full) = auth(
        "{oauth2: {token_url: 'https://t/t', grant: password, client_id: c, username: u, password: p, scope: a b, audience: x, params: {resource: r}}}",
    )
    .unwrap() else {
        panic!()
    };
    assert_eq!((full.grant, full.client_auth), (Grant::Password, ClientAuth::Body));
    assert!(full.client_secret.is_none() && full.password.is_some());
    assert_eq!(full.params[0].0, "resource");
    let Auth::OAuth2(body) =
        auth("{oauth2: {token_url: 'https://t/t', client_id: c, client_secret: s, client_auth: body}}").unwrap()
    else {
        panic!()
    };
    assert_eq!(body.client_auth, ClientAuth::Body);
    let assertion = "{oauth2: {token_url: 'https://t/t', client_id: c, params: {client_assertion: '{{ env.A }}'}}}";
    assert!(matches!(auth(assertion), Ok(Auth::OAuth2(_))));
}

#[test]
fn a_log_in_says_what_later_requests_carry() {
    let text = |rest: &str| {
        format!(
            "{{login: {{request: POST /login, json: {{user: '{{{{ with.u }}}}'}}, capture: {{token: body.token}}, {rest}}}}}"
        )
    };
    let parse = |rest: &str| {
        let text = format!(
            "services: [{{name: a, url: http://x, with: {{u: q}}, auth: {}}}]",
            text(rest)
        );
        parse(&text).map(|config| config.services[0].auth.clone())
    };
    let bearer = "use: {headers: {Authorization: 'Bearer {{ capture.token }}'}}";
    for (rest, expected) in [
        (bearer.to_owned(), "None"),
        (format!("{bearer}, expires_in: 15m"), "Some(After(900s))"),
        (
            format!("{bearer}, expires_in: body.expires_in"),
            "Some(Expression(Expression(body.expires_in)))",
        ),
        ("use: {query: {key: '{{ capture.token }}'}}".to_owned(), "None"),
    ] {
        let Auth::Login(login) = parse(&rest).unwrap() else {
            panic!()
        };
        assert_eq!(login.request.place, "services[0].auth.login");
        assert_eq!(login.use_headers.len() + login.use_query.len(), 1);
        assert_eq!(format!("{:?}", login.expires_in), expected);
        assert!(!matches!(login.expires_in, Some(Expiry::After(duration)) if duration.is_zero()));
    }
    for (rest, expected) in [
        (
            "use: {}",
            "`use` is empty: no request would carry what the log-in returned",
        ),
        ("x: 1", "`login` has no `use`"),
        (
            "use: {headers: {A: '{{ capture.tokn }}'}}",
            "`capture.tokn` is not known",
        ),
        (
            "use: {headers: {A: '{{ account.name }}'}}",
            "unknown name `account` in an expression",
        ),
        (
            "use: {headers: {A: b}}, expires_in: 900",
            "`expires_in` is a duration or an expression over the answer that gives seconds",
        ),
    ] {
        let shown = parse(rest).map(|_| ()).unwrap_err();
        assert!(shown.contains(expected), "{rest}\n{shown}");
    }
}

#[test]
fn githubs_token_is_sent_or_exchanged() {
    for (text, has_audience, exchanged) in [
        ("github_oidc", false, None),
        ("{github_oidc: null}", false, None),
        ("{github_oidc: {audience: api}}", true, None),
        (
            "{github_oidc: {exchange: {token_url: 'https://sts/t', params: {scope: a}}}}",
            false,
            Some(1),
        ),
    ] {
        let Auth::GithubOidc { audience, exchange } = auth(text).unwrap() else {
            panic!("{text}")
        };
        assert_eq!(
            (audience.is_some(), exchange.map(|exchange| exchange.params.len())),
            (has_audience, exchanged),
            "{text}"
        );
    }
}

#[test]
fn mistakes_in_auth_are_told() {
    for (text, expected) in [
        ("github-oidc", "`auth` is `none`, `github_oidc` or a map with one key"),
        ("{bearer: null}", "`auth.bearer` has no value"),
        ("{header: {X-Key: null}}", "`auth.header.X-Key` has no value"),
        ("{header: {}}", "`header` is empty"),
        ("{basic: {username: a}}", "`basic` has no `password`"),
        ("{basic: {username: a, password: b}, bearer: c}", "`auth` has 2 keys"),
        (
            "{oauth2: {token_url: 'https://t', client_id: c}}",
            "`oauth2` has no `client_secret`",
        ),
        (
            "{oauth2: {token_url: 'https://t', client_id: c, client_secret: s, grant: client_credential}}",
            "`grant` is not one of client_credentials, password",
        ),
        (
            "{oauth2: {token_url: 'https://t', client_id: c, client_secret: s, username: u}}",
            "the grant `client_credentials` doesn't use `username`",
        ),
        (
            "{oauth2: {token_url: 'https://t', client_id: c, grant: password, username: u}}",
            "`oauth2` has no `password`",
        ),
        (
            "{oauth2: {token_url: /token, client_id: c, client_secret: s}}",
            "`token_url` begins with",
        ),
        ("{github_oidc: {exchange: {}}}", "`exchange` has no `token_url`"),
        (
            "{github_oidc: {audiense: a}}",
            "unknown key `audiense` of `github_oidc`",
        ),
    ] {
        let shown = refused(text);
        assert!(shown.starts_with(expected), "{text}: {shown}");
    }
}

#[test]
fn secrets_of_every_form_are_masked_and_addresses_are_not() {
    for text in [
        "{oauth2: {token_url: 'https://t', client_id: c, client_secret: hunter2}, x: 1}",
        "{oauth2: {token_url: 'https://t', client_id: c, params: {assertion: hunter2}}, x: 1}",
        "{login: {request: POST /l, json: {user: a, key: hunter2}, use: {query: {k: v}}}, x: 1}",
        "{login: {request: 'POST /l?key=hunter2', use: {query: {k: v}}}, x: 1}",
    ] {
        let shown = auth(text).unwrap_err();
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(!shown.contains("token_url: ***"), "{shown}");
    }
}

#[test]
fn credentials_without_a_value_are_a_mistake_and_no_service_is_left_out() {
    for key in ["basic", "bearer", "header", "oauth2", "login"] {
        let text = format!(
            "services:\n  - {{ name: a, url: 'http://x', auth: {{ {key}: }} }}\n  - {{ name: b, url: 'http://y' }}\n"
        );
        let mistakes = super::parse(&text).expect_err("a mistake");
        assert!(mistakes.contains("standin.yml:2:"), "{key}: {mistakes}");
    }
}
