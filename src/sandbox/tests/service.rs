//! The healthy service: its paths, its answers, who may ask.

use serde_json::json;

use super::client::{Heard, ask, books, create, delete, get, left, post, start, users_with};
use crate::sandbox::{Filter, Sandbox, ServiceSpec};

const QA: &str = "authorization: Basic cWE6cHc="; // qa:pw
const BOB: &str = "authorization: Basic Ym9iOmJvYi1wYXNzd29yZA=="; // bob:bob-password

#[tokio::test]
async fn an_account_is_made_read_found_and_deleted() {
    let sandbox = users_with(&[]).await;
    let made = create(&sandbox, "bob").await;
    assert_eq!(made.status, Some(201));
    let id = made.id();
    let path = format!("/users/accounts/{id}");
    assert_eq!(made.header("location"), Some(path.as_str()));
    let shown = json!({"id": id, "username": "bob", "email": "bob@example.com", "role": "tester", "status": "active"});
    assert_eq!(made.json(), shown);
    assert_eq!(get(&sandbox, &path).await.json(), shown);
    let found = get(&sandbox, "/users/accounts?username=bob").await;
    assert_eq!(found.json(), json!({"items": [shown], "total": 1}));
    assert_eq!(get(&sandbox, "/users/accounts?username=bo").await.json()["total"], 0);

    let gone = delete(&sandbox, &id).await;
    assert_eq!((gone.status, gone.body.len()), (Some(204), 0));
    assert_eq!(delete(&sandbox, &id).await.status, Some(404));
    assert_eq!(get(&sandbox, &path).await.status, Some(404));
    let books = books(&sandbox);
    assert_eq!((books.alive.len(), books.created_ever, books.deleted), (0, 1, 1));
}

#[tokio::test]
async fn a_body_that_is_no_account_is_refused() {
    let sandbox = users_with(&[]).await;
    for body in [
        "",
        "username=bob",
        "[]",
        "\"bob\"",
        "{}",
        r#"{"username": ""}"#,
        r#"{"username": 7}"#,
    ] {
        let heard = post(&sandbox, body).await;
        assert_eq!(heard.status, Some(400), "{body}");
        assert!(heard.json()["error"].is_string());
    }
    assert_eq!(books(&sandbox).created_ever, 0);
}

#[tokio::test]
async fn a_body_over_a_mebibyte_is_refused() {
    let sandbox = users_with(&[]).await;
    let account = r#"{"username": "bob"}"#;
    let largest = account.to_owned() + &" ".repeat((1 << 20) - account.len());
    assert_eq!(post(&sandbox, &largest).await.status, Some(201));
    assert_eq!(post(&sandbox, &(largest + " ")).await.status, Some(413));
}

#[tokio::test]
async fn a_taken_name_is_refused_unless_the_service_does_not_mind() {
    let sandbox = users_with(&[]).await;
    create(&sandbox, "bob").await;
    assert_eq!(create(&sandbox, "bob").await.status, Some(409));

    let mut spec = ServiceSpec::new("users");
    spec.unique_names = false;
    let easy = start(Sandbox::builder().service(spec)).await;
    assert_ne!(create(&easy, "bob").await.id(), create(&easy, "bob").await.id());
    assert_eq!(books(&easy).alive_by_username["bob"], 2);
}

#[tokio::test]
async fn an_idempotency_key_makes_one_account() {
    let mut spec = ServiceSpec::new("users");
    spec.unique_names = false;
    let sandbox = start(Sandbox::builder().service(spec)).await;
    let send = async |key: &str, name: &str| -> Heard {
        let body = format!(r#"{{"username": "{name}"}}"#);
        ask(
            &sandbox,
            "POST /users/accounts",
            &[&format!("idempotency-key: {key}")],
            &body,
        )
        .await
    };
    let first = send("k1", "bob").await;
    let again = send("k1", "bob").await;
    assert_eq!((again.status, again.id()), (Some(201), first.id()));
    assert_eq!(send("k1", "eve").await.status, Some(422));
    assert_ne!(send("k2", "bob").await.id(), first.id());
    assert_eq!(send(&"k".repeat(256), "bob").await.status, Some(400));
    assert_eq!(books(&sandbox).created_ever, 2);
}

#[tokio::test]
async fn lists_come_in_pages_that_name_the_next() {
    let sandbox = users_with(&[]).await;
    for name in ["a", "b", "c"] {
        create(&sandbox, name).await;
    }
    for (query, names, next) in [
        ("", &["a", "b", "c"] as &[_], None),
        ("?limit=2", &["a", "b"], Some("offset=2&limit=2")),
        ("?limit=2&offset=2", &["c"], None),
        ("?offset=9", &[], None),
        ("?per_page=1", &["a"], Some("page=2&per_page=1")),
        ("?page=2&per_page=1", &["b"], Some("page=3&per_page=1")),
        ("?page=3&per_page=1", &["c"], None),
        ("?page=18446744073709551615&per_page=1000", &[], None),
    ] {
        let heard = get(&sandbox, &format!("/users/accounts{query}")).await;
        let json = heard.json();
        let shown: Vec<_> = json["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["username"].clone())
            .collect();
        assert_eq!(
            (shown, &json["total"]),
            (names.iter().map(|name| json!(name)).collect(), &json!(3)),
            "{query}"
        );
        let link = next.map(|next| format!("</users/accounts?{next}>; rel=\"next\""));
        assert_eq!(heard.header("link"), link.as_deref(), "{query}");
    }
    for query in ["?limit=0", "?page=0", "?limit=x", "?offset=-1"] {
        assert_eq!(
            get(&sandbox, &format!("/users/accounts{query}")).await.status,
            Some(400),
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_service_may_understand_its_filter_loosely_or_not_at_all() {
    for (filter, total) in [(Filter::Exact, 0), (Filter::Substring, 2), (Filter::Ignored, 3)] {
        let mut spec = ServiceSpec::new("users");
        spec.filter = filter;
        let sandbox = start(Sandbox::builder().service(spec)).await;
        for name in ["sd-1", "sd-2", "eve"] {
            create(&sandbox, name).await;
        }
        assert_eq!(
            get(&sandbox, "/users/accounts?username=sd").await.json()["total"],
            total
        );
    }
}

#[tokio::test]
async fn an_account_can_be_changed() {
    let sandbox = users_with(&[]).await;
    create(&sandbox, "eve").await;
    let request = format!("PUT /users/accounts/{}", create(&sandbox, "bob").await.id());
    let heard = ask(&sandbox, &request, &[], r#"{"status": "locked", "username": "rob"}"#).await;
    assert_eq!(
        (heard.status, &heard.json()["status"], &heard.json()["role"]),
        (Some(200), &json!("locked"), &json!("tester"))
    );
    assert_eq!(
        ask(&sandbox, &request, &[], r#"{"username": "eve"}"#).await.status,
        Some(409)
    );
    assert_eq!(ask(&sandbox, &request, &[], "nonsense").await.status, Some(400));
    assert_eq!(
        ask(&sandbox, "PUT /users/accounts/none", &[], "{}").await.status,
        Some(404)
    );
    assert_eq!(left(&sandbox), ["eve", "rob"]);
}

#[tokio::test]
async fn no_answer_shows_a_password_and_the_password_logs_in() {
    let sandbox = start(Sandbox::builder().service(ServiceSpec::new("users").basic("qa", "pw"))).await;
    let body = r#"{"username": "bob", "password": "bob-password", "plan": "gold"}"#;
    let made = ask(&sandbox, "POST /users/accounts", &[QA], body).await;
    let read = ask(&sandbox, &format!("GET /users/accounts/{}", made.id()), &[QA], "").await;
    let me = ask(&sandbox, "GET /users/me", &[BOB], "").await;
    for heard in [&made, &read, &me] {
        assert_eq!(heard.json()["username"], "bob");
        assert!(!String::from_utf8_lossy(&heard.body).contains("bob-password"));
    }
    assert_eq!(ask(&sandbox, "GET /users/accounts", &[BOB], "").await.status, Some(401));
    let account = &books(&sandbox).alive[0];
    assert_eq!(account.fields, *json!({"plan": "gold"}).as_object().unwrap());
}

#[tokio::test]
async fn credentials_are_asked_for_but_not_by_health() {
    let builder = Sandbox::builder()
        .service(ServiceSpec::new("users").basic("qa", "pw"))
        .service(ServiceSpec::new("orders").bearer("good-token"));
    let sandbox = start(builder).await;
    let bearer = "authorization: Bearer good-token";
    for (path, header, status, challenge) in [
        ("/users/accounts", "x: y", 401, Some(r#"basic realm="users""#)),
        (
            "/users/accounts",
            "authorization: Basic cWE6cHg=",
            401,
            Some(r#"basic realm="users""#),
        ),
        ("/users/accounts", QA, 200, None),
        ("/users/me", QA, 200, None),
        ("/users/health", "x: y", 200, None),
        ("/orders/accounts", QA, 401, Some(r#"bearer realm="orders""#)),
        ("/orders/accounts", bearer, 200, None),
        ("/orders/me", bearer, 200, None),
    ] {
        let heard = ask(&sandbox, &format!("GET {path}"), &[header], "").await;
        assert_eq!(
            (heard.status, heard.header("www-authenticate")),
            (Some(status), challenge),
            "{path} {header}"
        );
    }
}

#[tokio::test]
async fn a_lenient_service_shows_visitors_nothing() {
    let mut spec = ServiceSpec::new("users").basic("qa", "pw");
    spec.lenient_anonymous = true;
    let sandbox = start(Sandbox::builder().service(spec)).await;
    let id = ask(&sandbox, "POST /users/accounts", &[QA], r#"{"username": "bob"}"#)
        .await
        .id();
    assert_eq!(get(&sandbox, &format!("/users/accounts/{id}")).await.status, Some(404));
    assert_eq!(delete(&sandbox, &id).await.status, Some(404));
    assert_eq!(
        get(&sandbox, "/users/accounts?username=bob").await.json(),
        json!({"items": [], "total": 0})
    );
    assert_eq!(get(&sandbox, "/users/me").await.status, Some(401));
    assert_eq!(create(&sandbox, "eve").await.status, Some(401));
    assert_eq!(left(&sandbox), ["bob"]);
}

#[tokio::test]
async fn an_unknown_path_or_method_is_told_as_such() {
    let sandbox = users_with(&[]).await;
    for (request, status) in [
        ("GET /", 404),
        ("GET /users", 404),
        ("GET /users/", 404),
        ("GET /users/accounts/", 404),
        ("DELETE /users/accounts", 405),
        ("PATCH /users/accounts/x", 405),
        ("POST /users/health", 405),
        ("GET /nobody/accounts", 404),
    ] {
        assert_eq!(ask(&sandbox, request, &[], "").await.status, Some(status), "{request}");
    }
}

#[tokio::test]
async fn services_have_books_of_their_own_and_ids_are_shared_by_none() {
    let builder = Sandbox::builder()
        .service(ServiceSpec::new("users"))
        .service(ServiceSpec::new("orders"));
    let sandbox = start(builder).await;
    let user = create(&sandbox, "bob").await.id();
    let order = ask(&sandbox, "POST /orders/accounts", &[], r#"{"username": "bob"}"#)
        .await
        .id();
    assert_ne!(user, order);
    assert_eq!(delete(&sandbox, &order).await.status, Some(404));
    assert_eq!(sandbox.books("orders").unwrap().alive_by_username["bob"], 1);
    assert_eq!(sandbox.books("nobody"), None);
}
