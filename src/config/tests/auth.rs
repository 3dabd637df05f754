//! The forms of `auth`.

use std::time::Duration;

use super::*;
use crate::config::{Algorithm, Auth, ClientAuth, Expiry, Grant};

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
        assert_eq!(login.steps[0].place, "services[0].auth.login");
        assert_eq!(login.carried.headers.len() + login.carried.query.len(), 1);
        assert_eq!(format!("{:?}", login.expires_in), expected);
        assert!(!matches!(login.expires_in, Some(Expiry::After(duration)) if duration.is_zero()));
    }
    for (rest, expected) in [
        (
            "use: {cookies: false}",
            "`use` is empty: no request would carry what the log-in returned",
        ),
        ("x: 1", "unknown key `x` of `login`"),
        ("use: {cookies: 1}", "`cookies` is `true` or `false`, not a number"),
        ("use: {json: a}", "`json` is a map, not text"),
        ("steps: [GET /a]", "`request` and `steps` can't be combined"),
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
            "`grant` is not one of client_credentials, password, jwt_bearer",
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
        "{jwt: {key: hunter2, claims: {iss: a}}, x: 1}",
        "{google: {credentials: hunter2, scopes: a}, x: 1}",
        "{aws: {service: a, region: b, access_key_id: c, secret_access_key: hunter2}, x: 1}",
        "{sign: {headers: {X-Sig: hunter2}}, x: 1}",
    ] {
        let shown = auth(text).unwrap_err();
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(!shown.contains("token_url: ***"), "{shown}");
    }
}

#[test]
fn credentials_without_a_value_are_a_mistake_and_no_service_is_left_out() {
    for key in [
        "basic", "bearer", "header", "oauth2", "login", "jwt", "google", "aws", "sign",
    ] {
        let text = format!(
            "services:\n  - {{ name: a, url: 'http://x', auth: {{ {key}: }} }}\n  - {{ name: b, url: 'http://y' }}\n"
        );
        let mistakes = super::parse(&text).expect_err("a mistake");
        assert!(mistakes.contains("standin.yml:2:"), "{key}: {mistakes}");
    }
}

#[test]
fn a_log_in_of_several_steps_sees_in_each_what_those_before_captured() {
    let login = |rest: &str| auth(&format!("{{login: {{{rest}}}}}"));
    let Auth::Login(two) = login(
        "steps: [{request: GET /l, capture: {csrf: cookies.csrf}}, {request: POST /l, form: {t: '{{ capture.csrf }}'}}], expires_in: body.until",
    )
    .unwrap() else {
        panic!()
    };
    let places: Vec<&str> = two.steps.iter().map(|step| step.place.as_str()).collect();
    assert_eq!(
        places,
        ["services[0].auth.login.steps[0]", "services[0].auth.login.steps[1]"]
    );
    assert!(two.carried.cookies && two.carried.headers.is_empty());
    let Auth::Login(short) = login("steps: POST /l, use: {json: {auth: '{{ run.id }}'}, cookies: false}").unwrap()
    else {
        panic!()
    };
    assert_eq!((short.steps.len(), short.carried.json.len()), (1, 1));
    assert!(!short.carried.cookies);
    for (rest, expected) in [
        ("steps: []", "`steps` is empty"),
        ("steps: 1", "a step of `login` is a map, not a number"),
        ("steps: [{json: {}}]", "a step of `login` has no `request`"),
        (
            "steps: [{request: POST /l, until: a}]",
            "unknown name `a` in an expression",
        ),
        (
            "steps: [{request: POST /a, json: {t: '{{ capture.t }}'}}, {request: GET /b, capture: {t: body.t}}]",
            "`capture.t` is not there yet",
        ),
        (
            "steps: [{request: POST /a, json: {t: '{{ capture.t }}'}, capture: {t: body.t}}]",
            "`capture.t` is not there yet",
        ),
        (
            "steps: [GET /a], use: {headers: {A: '{{ capture.t }}'}}",
            "`capture.t` is not known",
        ),
        ("steps: [GET /a], json: {}", "`json` and `steps` can't be combined"),
    ] {
        let shown = refused(&format!("{{login: {{{rest}}}}}"));
        assert!(shown.starts_with(expected), "{rest}: {shown}");
    }
}

#[test]
fn tokens_that_are_signed_here_have_a_key_and_claims() {
    let Auth::Jwt(plain) = auth("{jwt: {key: '{{ env.K }}'}}").unwrap() else {
        panic!()
    };
    assert_eq!(plain.algorithm, Algorithm::Rs256);
    assert_eq!(plain.expires_in, Duration::from_mins(5));
    let Auth::Jwt(full) = auth(
        "{jwt: {key: k, alg: EdDSA, headers: {kid: 1}, claims: {iss: a, n: {m: [1, '{{ now(\"unix\") }}']}}, expires_in: 1h}}",
    )
    .unwrap() else {
        panic!()
    };
    assert_eq!(
        (full.algorithm, full.headers.len(), full.claims.len()),
        (Algorithm::EdDsa, 1, 2)
    );
    let Auth::Google(google) = auth("{google: {credentials: '{{ env.G }}', scopes: [a, b], subject: c}}").unwrap()
    else {
        panic!()
    };
    assert_eq!((google.scopes.len(), google.subject.is_some()), (2, true));
    let Auth::Google(google) = auth("{google: {credentials: '{{ env.G }}', scopes: a}}").unwrap() else {
        panic!()
    };
    assert_eq!((google.scopes.len(), google.subject.is_some()), (1, false));
    for (text, expected) in [
        ("{jwt: {alg: HS256}}", "`jwt` has no `key`"),
        ("{jwt: [a]}", "`jwt` is a map, not a list"),
        (
            "{jwt: {key: k, alg: RS512}}",
            "`alg` is not one of RS256, ES256, EdDSA, HS256",
        ),
        (
            "{jwt: {key: k, alg: rs256}}",
            "`alg` is not one of RS256, ES256, EdDSA, HS256",
        ),
        ("{jwt: {key: [k]}}", "`key` is text, not a list"),
        ("{jwt: {key: k, claims: a}}", "`claims` is a map, not text"),
        ("{jwt: {key: k, headers: [a]}}", "`headers` is a map, not a list"),
        (
            "{jwt: {key: k, headers: {alg: none}}}",
            "`alg` is no header that can be given",
        ),
        (
            "{jwt: {key: k, expires_in: 0s}}",
            "`expires_in` must be longer than zero",
        ),
        ("{jwt: {key: k, expires_in: 300}}", "`expires_in` must be a duration"),
        (
            "{jwt: {key: k, expires_in: 1h, claims: {exp: 1}}}",
            "`exp` and `expires_in` can't be combined",
        ),
        ("{jwt: {key: k, claim: {}}}", "unknown key `claim` of `jwt`"),
        (
            "{jwt: {key: k, claims: {a: '{{ account.name }}'}}}",
            "unknown name `account` in an expression",
        ),
        (
            "{jwt: {key: \"{{ now('unix') }}\"}}",
            "`now` differs from one request to the next",
        ),
        ("{google: {scopes: a}}", "`google` has no `credentials`"),
        ("{google: {credentials: a}}", "`google` has no `scopes`"),
        ("{google: {credentials: a, scopes: []}}", "`scopes` is empty"),
        (
            "{google: {credentials: a, scopes: {b: c}}}",
            "`scopes` is text, not a map",
        ),
        (
            "{google: {credentials: a, scopes: b, subject: []}}",
            "`subject` is text, not a list",
        ),
        (
            "{google: {credentials: a, scopes: b, sub: c}}",
            "unknown key `sub` of `google`",
        ),
    ] {
        let shown = refused(text);
        assert!(shown.starts_with(expected), "{text}: {shown}");
    }
}

#[test]
fn an_assertion_stands_for_a_grant_or_for_a_secret() {
    let oauth2 = |rest: &str| auth(&format!("{{oauth2: {{token_url: 'https://t/t', {rest}}}}}"));
    let Auth::OAuth2(bearer) = oauth2("grant: jwt_bearer, assertion: {key: k, claims: {iss: a, sub: b}}").unwrap()
    else {
        panic!()
    };
    assert_eq!(bearer.grant, Grant::JwtBearer);
    assert!(bearer.assertion.is_some() && bearer.client_id.is_none());
    for grant in [
        "client_credentials",
        "password, username: u, password: p",
        "jwt_bearer, assertion: {key: k}",
    ] {
        let rest = format!("grant: {grant}, client_id: c, client_assertion: {{key: k, alg: ES256}}");
        let Auth::OAuth2(client) = oauth2(&rest).unwrap() else {
            panic!()
        };
        assert!(client.client_assertion.is_some(), "{grant}");
    }
    let Auth::OAuth2(oidc) = oauth2(
        "client_id: c, params: {client_assertion: '{{ oidc.token }}', x: y}, oidc_audience: 'api://AzureADTokenExchange'",
    )
    .unwrap() else {
        panic!()
    };
    assert!(oidc.reads_id_token() && !bearer.reads_id_token());
    for (rest, expected) in [
        ("grant: jwt_bearer", "`oauth2` has no `assertion`"),
        ("grant: jwt_bearer, assertion: k", "`assertion` is a map, not text"),
        ("grant: jwt_bearer, assertion: {key: k}", "`assertion` has no `iss`"),
        ("grant: jwt_bearer, assertion: {}", "`assertion` has no `key`"),
        (
            "client_id: c, client_secret: s, assertion: {key: k}",
            "the grant `client_credentials` doesn't use `assertion`",
        ),
        (
            "client_id: c, client_secret: s, client_assertion: {key: k}",
            "`client_secret` and `client_assertion` can't be combined",
        ),
        (
            "client_id: c, client_auth: body, client_assertion: {key: k}",
            "`client_auth` and `client_assertion` can't be combined",
        ),
        ("client_assertion: {key: k}", "`oauth2` has no `client_id`"),
        (
            "grant: jwt_bearer, assertion: {key: k, claims: {iss: a}}, client_assertion: {key: k}",
            "`oauth2` has no `client_id`, which `client_assertion` needs",
        ),
        (
            "grant: jwt_bearer, username: u, assertion: {key: k, claims: {iss: a}}",
            "the grant `jwt_bearer` doesn't use `username`",
        ),
        (
            "client_id: c, client_secret: s, params: {a: '{{ oidc.tokn }}'}",
            "`oidc.tokn` is not known",
        ),
        (
            "client_id: '{{ oidc.token }}', client_secret: s",
            "unknown name `oidc` in an expression",
        ),
        (
            "client_id: c, client_secret: s, oidc_audience: a",
            "`oidc_audience` is for `params` that use `oidc.token`",
        ),
    ] {
        let shown = refused(&format!("{{oauth2: {{token_url: 'https://t/t', {rest}}}}}"));
        assert!(shown.starts_with(expected), "{rest}: {shown}");
    }
}

#[test]
fn what_signs_each_request_says_with_what() {
    let Auth::Aws(aws) = auth("{aws: {service: cognito-idp}}").unwrap() else {
        panic!()
    };
    let sources: Vec<String> = aws
        .templates()
        .into_iter()
        .map(crate::language::Template::source)
        .collect();
    assert_eq!(
        sources,
        [
            "{{ env.AWS_REGION }}",
            "cognito-idp",
            "{{ env.AWS_ACCESS_KEY_ID }}",
            "{{ env.AWS_SECRET_ACCESS_KEY }}",
            "{{ env.AWS_SESSION_TOKEN | default('') }}"
        ]
    );
    // A session's token is of its own key.
    for (given, has_token) in [
        ("access_key_id: '{{ env.QA_ID }}'", false),
        ("access_key_id: '{{ env.AWS_ACCESS_KEY_ID }}'", true),
        ("access_key_id: '{{ env.QA_ID }}', session_token: t", true),
    ] {
        let Auth::Aws(aws) = auth(&format!("{{aws: {{service: s, {given}}}}}")).unwrap() else {
            panic!()
        };
        assert_eq!(aws.session_token.is_some(), has_token, "{given}");
    }
    let Auth::Sign(sign) = auth(
        "{sign: {headers: {X-Sig: \"{{ (request.method ~ request.url ~ request.path ~ request.query ~ request.body ~ now('unix')) | hmac_sha256(env.K) }}\"}, query: {t: \"{{ now('unix') }}\"}}}",
    )
    .unwrap() else {
        panic!()
    };
    assert_eq!((sign.headers.len(), sign.query.len()), (1, 1));
    for (text, expected) in [
        ("{aws: {region: r}}", "`aws` has no `service`"),
        ("{aws: s3}", "`aws` is a map, not text"),
        ("{aws: {service: [s]}}", "`service` is text, not a list"),
        ("{aws: {service: s, region: {}}}", "`region` is text, not a map"),
        (
            "{aws: {service: s, access_key_id: [a]}}",
            "`access_key_id` is text, not a list",
        ),
        (
            "{aws: {service: s, secret_access_key: [a]}}",
            "`secret_access_key` is text, not a list",
        ),
        (
            "{aws: {service: s, session_token: [a]}}",
            "`session_token` is text, not a list",
        ),
        (
            "{aws: {service: s, access_key: a}}",
            "unknown key `access_key` of `aws`",
        ),
        ("{sign: {}}", "`sign` is empty"),
        ("{sign: a}", "`sign` is a map, not text"),
        ("{sign: {headers: a}}", "`headers` is a map, not text"),
        ("{sign: {headers: {Host: a}}}", "`Host` is set by the transport"),
        ("{sign: {query: [a]}}", "`query` is a map, not a list"),
        ("{sign: {query: {}, header: {A: b}}}", "unknown key `header` of `sign`"),
        (
            "{sign: {headers: {A: '{{ request.uri }}'}}}",
            "`request.uri` is not known",
        ),
        (
            "{sign: {headers: {A: '{{ id }}'}}}",
            "unknown name `id` in an expression",
        ),
        (
            "{bearer: '{{ request.url }}'}",
            "unknown name `request` in an expression",
        ),
    ] {
        let shown = refused(text);
        assert!(shown.starts_with(expected), "{text}: {shown}");
    }
}
