//! Tokens that Standin signs itself: sent as they are, exchanged for others, and in the place of a client's secret.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use ring::signature::{Ed25519KeyPair, KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};

use crate::desk::{Desk, Ended};
use crate::liar::{Asked, Liar, Reply, answer, json as says};
use crate::register::{Register, field};
use crate::signed::seconds;

pub(crate) const RSA: &str = include_str!("../fixtures/keys/rsa.pem");
const ED25519: &str = include_str!("../fixtures/keys/ed25519.pem");
const SEC1: &str = include_str!("../fixtures/keys/ec-sec1.pem");
const SHARED: &str = "c4nary-shared-secret-of-both";
const TOKEN: &str = "c4nary-access-token-17";

/// Header and claims of a token whose signature holds and whose time is now.
pub(crate) fn opened(token: &str) -> Option<(Value, Value)> {
    let (text, signature) = token.rsplit_once('.')?;
    let (header, claims) = text.split_once('.')?;
    let decoded = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
    let (header, claims) = (decoded(header)?, decoded(claims)?);
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    let der = |pem: &str| {
        let key = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).unwrap();
        key.secret_pkcs8_der().to_vec()
    };
    let text = text.as_bytes();
    match header["alg"].as_str()? {
        "HS256" => hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, SHARED.as_bytes()), text, &signature).ok()?,
        "RS256" => {
            let pair = RsaKeyPair::from_pkcs8(&der(RSA)).unwrap();
            UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref())
                .verify(text, &signature)
                .ok()?;
        }
        "EdDSA" => {
            let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der(ED25519)).unwrap();
            UnparsedPublicKey::new(&ring::signature::ED25519, pair.public_key().as_ref())
                .verify(text, &signature)
                .ok()?;
        }
        _ => return None,
    }
    let now = seconds();
    let is_now = claims["iat"].as_u64()?.abs_diff(now) < 60 && claims["exp"].as_u64()? > now;
    (is_now && claims["jti"].is_string()).then_some((header, claims))
}

fn bearer(asked: &Asked) -> &str {
    field(asked, "authorization")
        .and_then(|value| value.strip_prefix("Bearer "))
        .unwrap_or_default()
}

fn form(asked: &Asked) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(asked.body.as_bytes())
        .into_owned()
        .collect()
}

/// A service that lets in who `admits` says, and gives tokens to who `gives` says.
fn service(
    mut gives: impl FnMut(&BTreeMap<String, String>) -> bool + Send + 'static,
    mut admits: impl FnMut(&Asked) -> bool + Send + 'static,
) -> (Liar, Arc<Mutex<Register>>) {
    let register = Arc::new(Mutex::new(Register::default()));
    let inner = Arc::clone(&register);
    let liar = Liar::start(move |asked| -> Reply {
        match asked.target.split('?').next() {
            Some("/token") if gives(&form(asked)) => says(200, &json!({"access_token": TOKEN, "expires_in": 3600})),
            Some("/token") => says(
                400,
                &json!({"error": "invalid_grant", "error_description": form(asked)}),
            ),
            Some("/id-token") => says(200, &json!({"value": "c4nary-id-token"})),
            _ if admits(asked) => inner.lock().unwrap().reply(asked),
            _ => says(401, &json!({"given": bearer(asked)})),
        }
    });
    (liar, register)
}

fn desk(url: &str, auth: &str) -> Desk {
    Desk::new()
        .with("RSA_KEY", RSA)
        .with("ONE_LINE_KEY", &RSA.trim().replace('\n', "\\n"))
        .with("ED_KEY", ED25519)
        .with("SEC1_KEY", SEC1)
        .with("SHARED", SHARED)
        .configured(&format!(
            "services:\n  - name: users\n    url: {url}\n    auth: {auth}\naccounts: [{{ name: buyer, count: 2 }}]\n"
        ))
}

/// No secret and nothing that is made of one stands in what was said.
fn assert_silent(ended: &Ended) {
    let said = format!("{}{}", ended.stdout, ended.stderr);
    let body: String = RSA.lines().nth(3).unwrap().to_owned();
    for secret in ["c4nary", "eyJ", &body] {
        assert!(!said.contains(secret), "{secret}: {said}");
    }
}

fn lives(desk: &Desk, register: &Mutex<Register>) {
    let setup = desk.run(&["setup", "--verbose"]);
    assert_eq!(setup.code, Some(0), "{}", setup.stderr);
    assert_silent(&setup);
    assert_eq!(register.lock().unwrap().len(), 2);
    let cleanup = desk.run(&["cleanup", "--verbose"]);
    assert_eq!(cleanup.code, Some(0), "{}", cleanup.stderr);
    assert_silent(&cleanup);
    assert_eq!(register.lock().unwrap().len(), 0);
}

#[test]
fn a_token_that_is_signed_here_lets_in() {
    for (auth, alg) in [
        (
            "{ jwt: { key: '{{ env.RSA_KEY }}', claims: { iss: me, roles: [admin] }, headers: { kid: k1 } } }",
            "RS256",
        ),
        (
            "{ jwt: { key: '{{ env.ONE_LINE_KEY }}', claims: { iss: me, roles: [admin] }, headers: { kid: k1 } } }",
            "RS256",
        ),
        (
            "{ jwt: { key: '{{ env.ED_KEY }}', alg: EdDSA, claims: { iss: me, roles: [admin] }, headers: { kid: k1 } } }",
            "EdDSA",
        ),
        (
            "{ jwt: { key: '{{ env.SHARED }}', alg: HS256, claims: { iss: me, roles: [admin] }, headers: { kid: k1 } } }",
            "HS256",
        ),
    ] {
        let (users, register) = service(
            |_| false,
            move |asked| {
                opened(bearer(asked)).is_some_and(|(header, claims)| {
                    header["alg"] == alg
                        && header["kid"] == "k1"
                        && claims["iss"] == "me"
                        && claims["roles"] == json!(["admin"])
                })
            },
        );
        let desk = desk(&users.url(), auth);
        lives(&desk, &register);
        let plan = desk.run(&["plan", "--verbose"]);
        assert!(plan.stdout.contains(&format!("auth jwt ({alg})")), "{}", plan.stdout);
        assert_silent(&plan);
    }
}

#[test]
fn a_token_is_signed_anew_before_it_ends_and_once_it_is_refused() {
    let mut refused = false;
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let ids = Arc::clone(&seen);
    let (users, register) = service(
        |_| false,
        move |asked| {
            let Some((_, claims)) = opened(bearer(asked)) else {
                return false;
            };
            ids.lock().unwrap().insert(claims["jti"].to_string());
            std::mem::replace(&mut refused, true)
        },
    );
    let desk = desk(
        &users.url(),
        "{ jwt: { key: '{{ env.SHARED }}', alg: HS256, claims: { iss: me } } }",
    );
    lives(&desk, &register);
    // One that was refused, one of setup after it, one of cleanup.
    assert_eq!(seen.lock().unwrap().len(), 3);
}

#[test]
fn an_assertion_is_exchanged_for_a_token() {
    let google = json!({
        "type": "service_account", "client_email": "robot@project.example", "private_key_id": "k7",
        "private_key": RSA, "token_uri": "TOKEN_URI",
    });
    for (auth, subject) in [
        (
            "{ oauth2: { token_url: '{{ service.url }}/token', grant: jwt_bearer, assertion: { key: '{{ env.RSA_KEY }}', headers: { kid: k7 }, claims: { iss: robot@project.example, sub: boss, scope: a b } } } }",
            "boss",
        ),
        (
            "{ google: { credentials: '{{ env.GOOGLE }}', scopes: [a, b], subject: boss } }",
            "boss",
        ),
        ("{ google: { credentials: '{{ env.GOOGLE }}', scopes: a b } }", ""),
    ] {
        let audience = Arc::new(Mutex::new(String::new()));
        let expected = Arc::clone(&audience);
        let (users, register) = service(
            move |form| {
                let opened = opened(&form["assertion"]);
                form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
                    && opened.is_some_and(|(header, claims)| {
                        header["kid"] == "k7"
                            && claims["iss"] == "robot@project.example"
                            && claims["sub"].as_str().unwrap_or_default() == subject
                            && claims["scope"] == "a b"
                            && claims["aud"] == expected.lock().unwrap().as_str()
                    })
            },
            |asked| bearer(asked) == TOKEN,
        );
        let token_url = format!("{}/token", users.url());
        audience.lock().unwrap().clone_from(&token_url);
        let google = google.to_string().replace("TOKEN_URI", &token_url);
        lives(&desk(&users.url(), auth).with("GOOGLE", &google), &register);
    }
}

#[test]
fn a_client_proves_itself_with_a_token() {
    let auth = "{ oauth2: { token_url: '{{ service.url }}/token', client_id: c17, scope: s, client_assertion: { key: '{{ env.ED_KEY }}', alg: EdDSA } } }";
    let (users, register) = service(
        |form| {
            let opened = opened(&form["client_assertion"]);
            form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
                && form["client_id"] == "c17"
                && form["grant_type"] == "client_credentials"
                && opened.is_some_and(|(_, claims)| {
                    claims["iss"] == "c17"
                        && claims["sub"] == "c17"
                        && claims["aud"].as_str().is_some_and(|aud| aud.ends_with("/token"))
                })
        },
        |asked| bearer(asked) == TOKEN,
    );
    lives(&desk(&users.url(), auth), &register);
}

#[test]
fn params_see_the_jobs_id_token_and_replace_what_is_sent_otherwise() {
    for auth in [
        "{ oauth2: { token_url: '{{ service.url }}/token', client_id: c, oidc_audience: sts, params: { grant_type: exchange, client_assertion: 'x.{{ oidc.token }}' } } }",
        "{ github_oidc: { audience: sts, exchange: { token_url: '{{ service.url }}/token', params: { grant_type: exchange, client_assertion: 'x.{{ oidc.token }}' } } } }",
    ] {
        let (users, register) = service(
            |form| form["client_assertion"] == "x.c4nary-id-token" && form["grant_type"] == "exchange",
            |asked| bearer(asked) == TOKEN,
        );
        let desk = desk(&users.url(), auth)
            .with("ACTIONS_ID_TOKEN_REQUEST_URL", &format!("{}/id-token?v=1", users.url()))
            .with("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "c4nary-of-the-job");
        let refused = desk.run(&["setup"]);
        assert_eq!(refused.code, Some(2), "{}", refused.stderr);
        assert!(refused.stderr.contains("`allow-audience`"), "{}", refused.stderr);
        let desk = desk.with("STANDIN_ALLOW_AUDIENCE", "sts");
        lives(&desk, &register);
        assert!(users.lines().contains(&"GET /id-token?v=1&audience=sts".to_owned()));
        let forms = users.asked();
        let sent = forms.iter().find(|asked| asked.target == "/token").unwrap();
        assert_eq!(sent.body.matches("grant_type=").count(), 1, "{}", sent.body);
    }
}

#[test]
fn a_key_that_cannot_sign_is_told_before_anything_is_sent() {
    for (auth, told) in [
        (
            "{ jwt: { key: '{{ env.SEC1_KEY }}', alg: ES256 } }",
            "`auth` of `users`: `jwt.key`: the key is in SEC 1 form (`BEGIN EC PRIVATE KEY`), which Standin can't read\n  hint: convert it to PKCS#8: `openssl pkcs8 -topk8 -nocrypt",
        ),
        (
            "{ oauth2: { token_url: '{{ service.url }}/token', client_id: c, client_assertion: { key: '{{ env.SHARED }}' } } }",
            "`client_assertion.key`: the key is no private key in PEM",
        ),
        (
            "{ google: { credentials: '{{ env.SHARED }}', scopes: a } }",
            "`google.credentials` is no key of a service account",
        ),
    ] {
        let (users, _) = service(|_| false, |_| false);
        let ended = desk(&users.url(), auth).run(&["setup"]);
        assert_eq!(ended.code, Some(2), "{}", ended.stderr);
        assert!(ended.stderr.contains(told), "{told}: {}", ended.stderr);
        assert!(users.lines().is_empty());
        assert_silent(&ended);
    }
}

#[test]
fn a_wrong_clock_is_told_where_a_token_is_refused_that_goes_by_it() {
    let date = httpdate::fmt_http_date(SystemTime::now() + std::time::Duration::from_secs(7 * 60 + 5));
    for (auth, told) in [
        (
            "{ jwt: { key: '{{ env.SHARED }}', alg: HS256 } }",
            "`users` refused a signed request with 401, and ",
        ),
        (
            "{ oauth2: { token_url: '{{ service.url }}/token', grant: jwt_bearer, assertion: { key: '{{ env.RSA_KEY }}', claims: { iss: a } } } }",
            "was answered with status 401 (the credentials were not accepted); ",
        ),
    ] {
        let field = format!("Date: {date}");
        let users = Liar::start(move |_| answer(401, &[&field], b""));
        let ended = desk(&users.url(), auth).run(&["setup"]);
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        let told = format!("{told}your clock is 7 minutes behind the service's `Date`");
        assert!(ended.stderr.contains(&told), "{told}: {}", ended.stderr);
    }
}
