//! The proxies of the environment: taken for services elsewhere, and never for this machine.

use serde_json::json;

use crate::desk::{Desk, Ended};
use crate::liar::{Asked, Liar, Reply, answer, json as says};

/// A proxy that answers in place of a service of the article's convention.
fn proxy() -> Liar {
    proxy_that_is_early(0)
}

/// The same before a service that starts late: the proxy answers so many requests itself.
fn proxy_that_is_early(mut by: usize) -> Liar {
    let mut name = None;
    Liar::start(move |asked: &Asked| -> Reply {
        if by > 0 {
            by -= 1;
            return answer(503, &[], b"");
        }
        match asked.method.as_str() {
            "POST" => {
                name = Some(asked.username());
                says(201, &json!({"id": "1", "username": name}))
            }
            "GET" if name.is_some() => says(200, &json!({"id": "1", "username": name})),
            "HEAD" | "GET" => answer(404, &[], b""),
            "DELETE" => {
                name = None;
                answer(204, &[], b"")
            }
            _ => answer(502, &[], b""),
        }
    })
}

fn setup(url: &str, variables: &[(&str, &str)]) -> (Desk, Ended) {
    let text = format!("services: [{{ name: users, url: \"{url}\", timeout: 2s }}]\n");
    let desk = Desk::new().configured(&text);
    let desk = variables
        .iter()
        .fold(desk, |desk, (name, value)| desk.with(name, value));
    let ended = desk.run(&["setup", "--wait", "0s"]);
    (desk, ended)
}

#[test]
fn a_service_elsewhere_is_asked_through_the_proxy() {
    for variable in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        let proxy = proxy();
        let (desk, ended) = setup("http://users.example.com/api", &[(variable, &proxy.url())]);
        assert_eq!(ended.code, Some(0), "{variable}: {}", ended.stderr);
        assert_eq!(desk.run(&["cleanup"]).code, Some(0), "{variable}");
        let lines = proxy.lines();
        for line in [
            "POST http://users.example.com/api/accounts",
            "GET http://users.example.com/api/accounts/1",
            "DELETE http://users.example.com/api/accounts/1",
        ] {
            assert!(
                lines.iter().any(|known| known == line),
                "{variable}: {line} is not in {lines:?}"
            );
        }
    }
}

#[test]
fn a_service_behind_a_proxy_is_waited_for_without_credentials() {
    let proxy = proxy_that_is_early(2);
    let text = "services: [{ name: users, url: http://users.example.com, username: qa, password: hunter2-abc }]\n";
    let desk = Desk::new().configured(text).with("http_proxy", &proxy.url());
    let ended = desk.run(&["setup", "--wait", "30s"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("the proxy answers 503"), "{}", ended.stderr);
    let asked = proxy.asked();
    for waiting in &asked[..3] {
        assert_eq!(waiting.line(), "HEAD http://users.example.com/");
        let shows = |field: &String| field.to_lowercase().starts_with("authorization");
        assert!(!waiting.headers.iter().any(shows), "{:?}", waiting.headers);
    }
    assert_eq!(asked[3].line(), "POST http://users.example.com/accounts");
}

#[test]
fn a_service_over_tls_is_asked_through_a_tunnel() {
    let proxy = proxy();
    let (_desk, ended) = setup("https://users.example.com", &[("HTTPS_PROXY", &proxy.url())]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let lines = proxy.lines();
    assert!(
        !lines.is_empty() && lines.iter().all(|line| line == "CONNECT users.example.com:443"),
        "{lines:?}"
    );
}

#[test]
fn a_service_that_no_proxy_names_and_one_on_this_machine_are_asked_without_it() {
    let proxy = proxy();
    let url = proxy.url();
    let all = [("http_proxy", url.as_str()), ("https_proxy", &url), ("all_proxy", &url)];
    let excepted = [&all[..], &[("no_proxy", "example.com")]].concat();
    let (_desk, ended) = setup("http://users.example.com", &excepted);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(proxy.lines().is_empty(), "{:?}", proxy.lines());
    let service = self::proxy();
    for host in ["127.0.0.1", "localhost"] {
        let (desk, ended) = setup(&service.url().replace("127.0.0.1", host), &all);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert_eq!(desk.run(&["cleanup"]).code, Some(0));
    }
    assert!(proxy.lines().is_empty(), "{:?}", proxy.lines());
    assert!(
        service.lines().iter().any(|line| line == "POST /accounts"),
        "{:?}",
        service.lines()
    );
}
