//! Credentials that have to be fetched first: where they go, where they don't, and what waits for them.

use serde_json::json;

use crate::desk::Desk;
use crate::liar::{Asked, Liar, Reply, answer, json as reply};

const PASSWORD: &str = "sesame-of-the-log-in";
const TOKEN: &str = "fetched-token-of-the-session";

/// The convention's service behind a log-in.
fn service(asked: &Asked) -> Reply {
    match asked.line().split('?').next().unwrap_or_default() {
        "POST /login" => reply(200, &json!({ "token": TOKEN })),
        "POST /accounts" => reply(201, &json!({ "id": "7" })),
        "DELETE /accounts/7" => answer(204, &[], b""),
        _ => reply(200, &json!({})),
    }
}

fn configuration(url: &str, uses: &str, more: &str) -> String {
    format!(
        "services:
  - name: users
    url: {url}
    timeout: 2s
    auth:
      login:
        request: POST /login
        json: {{ user: qa, password: \"{{{{ env.QA_PASSWORD | default('{PASSWORD}') }}}}\" }}
        capture: {{ token: body.token }}
        use: {uses}
    {more}
"
    )
}

#[test]
fn a_service_that_is_asked_whether_it_is_ready_is_asked_with_its_token() {
    let users = Liar::start(service);
    let text = configuration(
        &users.url(),
        "{ headers: { X-Session: \"{{ capture.token }}\" } }",
        "ready: { request: GET /health }",
    );
    let ended = Desk::new().configured(&text).run(&["setup", "--wait", "1s"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let health = users
        .asked()
        .into_iter()
        .find(|asked| asked.target == "/health")
        .unwrap();
    assert!(health.headers.iter().any(|field| field.contains(TOKEN)));
}

#[test]
fn an_authorization_of_a_requests_own_replaces_a_token_in_the_query_too() {
    let users = Liar::start(service);
    let text = configuration(
        &users.url(),
        "{ query: { session: \"{{ capture.token }}\" } }",
        "verify: { request: GET /me, headers: { Authorization: \"Bearer of-the-account\" } }",
    );
    let ended = Desk::new().configured(&text).run(&["setup"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let lines = users.lines();
    assert!(lines.contains(&format!("POST /accounts?session={TOKEN}")), "{lines:?}");
    assert!(lines.contains(&"GET /me".to_owned()), "{lines:?}");
}

#[test]
fn what_a_log_in_sends_is_masked() {
    let users = Liar::start(service);
    let text = configuration(&users.url(), "{ headers: { X-Session: \"{{ capture.token }}\" } }", "");
    let desk = Desk::on_github("standin-ci/standin", "77")
        .with("QA_PASSWORD", PASSWORD)
        .configured(&text);
    let ended = desk.run(&["setup"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for secret in [PASSWORD, TOKEN] {
        let mask = format!("::add-mask::{secret}");
        assert!(ended.stdout.contains(&mask) || ended.stderr.contains(&mask), "{secret}");
    }
}

#[test]
fn a_token_endpoint_on_this_machine_is_never_asked_through_a_proxy() {
    let proxy = Liar::start(|_| answer(501, &[], b""));
    let tokens = Liar::start(|_| reply(200, &json!({ "access_token": TOKEN })));
    let text = format!(
        "services:
  - name: users
    url: http://users.example.com
    timeout: 2s
    ready: {{ request: GET /health }}
    auth: {{ oauth2: {{ token_url: \"{}/token\", client_id: qa, client_secret: {PASSWORD} }} }}
",
        tokens.url()
    );
    let ended = Desk::new()
        .with("http_proxy", &proxy.url())
        .configured(&text)
        .run(&["setup", "--wait", "0s"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert_eq!(tokens.lines(), ["POST /token"]);
    let lines = proxy.lines();
    assert!(lines.iter().all(|line| !line.contains("token")), "{lines:?}");
}
