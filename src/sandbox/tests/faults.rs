//! Each fault of the language: what its client sees, and what the books say.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use tokio::sync::mpsc::unbounded_channel;
use tokio::time::{Instant, timeout};

use super::client::{books, create, delete, get, left, send, start, users_with};
use crate::sandbox::{Moment, Observed, Sandbox, ServiceSpec, Strike};

#[tokio::test]
async fn status_answers_and_makes_nothing() {
    let sandbox = users_with(&["users POST 2 status 503"]).await;
    assert_eq!(create(&sandbox, "a").await.status, Some(201));
    assert_eq!(create(&sandbox, "b").await.status, Some(503));
    assert_eq!(create(&sandbox, "c").await.status, Some(201));
    assert_eq!(left(&sandbox), ["a", "c"]);
}

#[tokio::test]
async fn status_after_makes_it_and_denies_it() {
    let sandbox = users_with(&["users POST 1 status-after 500", "users DELETE 1 status-after 502"]).await;
    assert_eq!(create(&sandbox, "a").await.status, Some(500));
    assert_eq!(left(&sandbox), ["a"]);
    let id = books(&sandbox).alive[0].id.clone();
    assert_eq!(delete(&sandbox, &id).await.status, Some(502));
    assert!(left(&sandbox).is_empty());
}

#[tokio::test]
async fn retry_after_says_when_and_makes_nothing() {
    let sandbox = users_with(&["users POST 1 retry-after 429 1500ms"]).await;
    let heard = create(&sandbox, "a").await;
    assert_eq!((heard.status, heard.header("retry-after")), (Some(429), Some("2")));
    assert!(left(&sandbox).is_empty());
}

#[tokio::test]
async fn drop_answers_nothing_and_makes_nothing() {
    let sandbox = users_with(&["users POST 1 drop"]).await;
    assert_eq!(create(&sandbox, "a").await.status, None);
    assert!(left(&sandbox).is_empty());
}

#[tokio::test]
async fn lost_answers_nothing_but_makes_it() {
    let sandbox = users_with(&["users POST 1 lost"]).await;
    assert_eq!(create(&sandbox, "a").await.status, None);
    assert_eq!(left(&sandbox), ["a"]);
    assert_eq!(create(&sandbox, "a").await.status, Some(409));
}

#[tokio::test]
async fn slow_makes_it_at_once_and_answers_later() {
    let (moments, heard) = channel();
    let began = Instant::now();
    let builder = Sandbox::builder()
        .service(ServiceSpec::new("users"))
        .fault("users POST 1 slow 200ms");
    let sandbox = start(builder.observer(Arc::new(move |seen: &Observed| {
        moments.send((seen.moment, seen.took)).unwrap();
    })))
    .await;
    assert_eq!(create(&sandbox, "a").await.status, Some(201));
    assert!(began.elapsed() >= Duration::from_millis(200));
    let moments: Vec<_> = heard.try_iter().collect();
    assert_eq!(moments[1].0, Moment::AfterApply);
    assert_eq!(moments[2].0, Moment::Answered);
    assert!(moments[2].1 >= moments[1].1 + Duration::from_millis(200));
}

#[tokio::test]
async fn late_makes_it_after_the_connection_is_closed() {
    let (moments, mut heard) = unbounded_channel();
    let builder = Sandbox::builder()
        .service(ServiceSpec::new("users"))
        .fault("users POST 1 late 100ms");
    let sandbox = start(builder.observer(Arc::new(move |seen: &Observed| {
        moments.send((seen.moment, seen.status, seen.took)).unwrap();
    })))
    .await;
    assert_eq!(create(&sandbox, "a").await.status, None);
    assert_eq!(heard.recv().await.unwrap().0, Moment::BeforeApply);
    let (moment, status, ended) = heard.recv().await.unwrap();
    assert_eq!((moment, status), (Moment::Answered, None));
    let (moment, _, applied) = timeout(Duration::from_secs(20), heard.recv()).await.unwrap().unwrap();
    assert_eq!(moment, Moment::AfterApply);
    assert!(applied >= ended + Duration::from_millis(100));
    assert_eq!(left(&sandbox), ["a"]);
}

#[tokio::test]
async fn truncate_sends_half_of_what_it_announces() {
    let sandbox = users_with(&["users POST 1 truncate"]).await;
    let heard = create(&sandbox, "a").await;
    assert_eq!((heard.status, heard.whole), (Some(201), false));
    let announced: usize = heard.header("content-length").unwrap().parse().unwrap();
    assert_eq!(heard.body.len(), announced / 2);
    assert!(heard.body.starts_with(b"{\"id\":\"usr_"));
    assert_eq!(left(&sandbox), ["a"]);
}

#[tokio::test]
async fn html_is_a_login_page_and_makes_nothing() {
    let sandbox = users_with(&["users POST 1 html"]).await;
    let heard = create(&sandbox, "a").await;
    assert_eq!(
        (heard.status, heard.header("content-type")),
        (Some(200), Some("text/html; charset=utf-8"))
    );
    assert!(left(&sandbox).is_empty());
}

#[tokio::test]
async fn html_after_is_a_login_page_but_makes_it() {
    let sandbox = users_with(&["users POST 1 html-after"]).await;
    let heard = create(&sandbox, "a").await;
    assert!(heard.body.starts_with(b"<!doctype html>"));
    assert_eq!((heard.status, heard.header("location")), (Some(200), None));
    assert_eq!(left(&sandbox), ["a"]);
}

#[tokio::test]
async fn garbage_is_unreadable_but_makes_it() {
    let sandbox = users_with(&["users POST 1 garbage"]).await;
    let heard = create(&sandbox, "a").await;
    assert_eq!(
        (heard.status, heard.whole, heard.header("location")),
        (Some(201), true, None)
    );
    assert!(std::str::from_utf8(&heard.body).is_err());
    assert_eq!(left(&sandbox), ["a"]);
}

#[tokio::test]
async fn empty_tells_no_id_but_makes_it() {
    let sandbox = users_with(&["users POST 1 empty"]).await;
    let heard = create(&sandbox, "a").await;
    assert_eq!((heard.status, heard.header("location")), (Some(201), None));
    assert!(heard.whole && heard.body.is_empty());
    assert_eq!(left(&sandbox), ["a"]);
}

#[tokio::test]
async fn huge_streams_64_mebibytes_and_makes_it() {
    let sandbox = users_with(&["users POST 1 huge", "users DELETE 1 huge"]).await;
    let heard = create(&sandbox, "a").await;
    assert_eq!(
        (heard.status, heard.whole, heard.header("content-length")),
        (Some(201), true, None)
    );
    assert!(heard.body.len() > 64 << 20);
    assert_eq!(left(&sandbox), ["a"]);
    let id = books(&sandbox).alive[0].id.clone();
    assert_eq!(delete(&sandbox, &id).await.status, Some(200));
    assert!(left(&sandbox).is_empty());
}

#[tokio::test]
#[expect(
    clippy::disallowed_methods,
    reason = "the sandbox is judged by a client that is not the one under test"
)]
async fn gzip_bomb_is_small_on_the_wire_and_unfolds_to_64_mebibytes() {
    let sandbox = users_with(&["users GET find 1-2 gzip-bomb"]).await;
    let heard = get(&sandbox, "/users/accounts?username=a").await;
    assert!(heard.whole && heard.body.len() < 450_000);

    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .build()
        .unwrap();
    let answer = client
        .get(format!("{}/accounts?username=a", sandbox.url("users")))
        .send()
        .await
        .unwrap();
    let unfolded = answer.bytes().await.unwrap();
    assert_eq!(unfolded.len(), 64 << 20);
    assert!(unfolded.iter().all(|byte| *byte == 0));
}

#[tokio::test]
async fn redirect_points_elsewhere_and_makes_nothing() {
    let sandbox = users_with(&["users POST 1 redirect http://127.0.0.1:1/other"]).await;
    let heard = create(&sandbox, "a").await;
    assert_eq!(
        (heard.status, heard.header("location")),
        (Some(307), Some("http://127.0.0.1:1/other"))
    );
    assert!(left(&sandbox).is_empty());
}

#[tokio::test]
async fn wrong_name_shows_another_name_and_makes_the_right_one() {
    let sandbox = users_with(&["users POST 1 wrong-name eve", "users GET find 1 wrong-name eve"]).await;
    let heard = create(&sandbox, "a").await;
    assert_eq!((heard.status, &heard.json()["username"]), (Some(201), &"eve".into()));
    assert_eq!(
        get(&sandbox, "/users/accounts?username=a").await.json()["items"][0]["username"],
        "eve"
    );
    assert_eq!(left(&sandbox), ["a"]);
}

#[tokio::test]
async fn stranger_shows_a_humans_id_and_makes_nothing() {
    let sandbox = users_with(&["users POST 1 stranger"]).await;
    let human = books(&sandbox).humans().next().unwrap().clone();
    let heard = create(&sandbox, "a").await;
    assert_eq!(
        (heard.status, heard.id(), &heard.json()["username"]),
        (Some(201), human.id.clone(), &"a".into())
    );
    assert!(left(&sandbox).is_empty());
    assert_eq!(
        get(&sandbox, &format!("/users/accounts/{}", human.id)).await.json()["username"],
        "maria.keller"
    );
    assert_eq!(delete(&sandbox, &human.id).await.status, Some(204));
    assert_eq!((books(&sandbox).humans().count(), books(&sandbox).deleted), (0, 1));
}

#[tokio::test]
async fn stranger_takes_a_human_that_was_given() {
    let mut spec = ServiceSpec::new("users");
    spec.humans = vec!["jo.wong".into(), "al.ray".into()];
    let sandbox = start(Sandbox::builder().service(spec).fault("* POST * stranger")).await;
    let human = books(&sandbox).alive[0].clone();
    assert_eq!(
        (human.username.as_str(), create(&sandbox, "a").await.id()),
        ("jo.wong", human.id)
    );
    assert_eq!(books(&sandbox).alive.len(), 2);
}

#[tokio::test]
async fn vanish_denies_an_account_once() {
    let sandbox = users_with(&["users * account 1 vanish"]).await;
    let path = format!("/users/accounts/{}", create(&sandbox, "a").await.id());
    assert_eq!(get(&sandbox, &path).await.status, Some(404));
    assert_eq!(get(&sandbox, &path).await.status, Some(200));
    assert_eq!(left(&sandbox), ["a"]);
}

#[tokio::test]
async fn refuse_duplicate_says_taken_and_makes_nothing() {
    let sandbox = users_with(&["users POST 1 refuse-duplicate"]).await;
    assert_eq!(create(&sandbox, "a").await.status, Some(409));
    assert!(left(&sandbox).is_empty());
}

#[tokio::test]
async fn token_dies_after_the_requests_that_bore_it() {
    let spec = ServiceSpec::new("users").bearer("good-token");
    let sandbox = start(Sandbox::builder().service(spec).fault("users * * token-dies 2")).await;
    let good = "authorization: Bearer good-token";
    for (header, status) in [(good, 200), ("x: y", 401), (good, 200), (good, 401), (good, 401)] {
        assert_eq!(
            super::client::ask(&sandbox, "GET /users/me", &[header], "")
                .await
                .status,
            Some(status)
        );
    }
    assert_eq!(sandbox.requests()[3].fault.as_deref(), Some("credentials dead"));
}

#[tokio::test]
async fn anonymous_ignores_the_credentials_of_one_request() {
    let sandbox = users_with(&["users GET me 1 anonymous"]).await;
    assert_eq!(get(&sandbox, "/users/me").await.status, Some(401));
    assert_eq!(get(&sandbox, "/users/me").await.status, Some(200));
}

#[tokio::test]
async fn a_fault_for_a_name_waits_for_that_name() {
    let sandbox = users_with(&["* * @-bob 1-2 status 503"]).await;
    assert_eq!(create(&sandbox, "sd-alice").await.status, Some(201));
    assert_eq!(create(&sandbox, "sd-bob").await.status, Some(503));
    assert_eq!(get(&sandbox, "/users/accounts?username=sd-bob").await.status, Some(503));
    let id = create(&sandbox, "sd-bob").await.id();
    assert_eq!(delete(&sandbox, &id).await.status, Some(204));
    assert_eq!(left(&sandbox), ["sd-alice"]);
}

#[tokio::test]
async fn the_first_of_two_faults_strikes_and_both_count() {
    let sandbox = users_with(&["users POST 1 status 503", "* POST 1-2 status 500"]).await;
    assert_eq!(create(&sandbox, "a").await.status, Some(503));
    assert_eq!(create(&sandbox, "a").await.status, Some(500));
    assert_eq!(create(&sandbox, "a").await.status, Some(201));
}

#[tokio::test]
async fn a_lost_request_is_noted_without_a_status() {
    let sandbox = users_with(&["users POST 1 lost"]).await;
    drop(send(&sandbox, "GET /users/health", &[], "").await);
    create(&sandbox, "a").await;
    let seen = sandbox
        .requests()
        .into_iter()
        .find(|seen| seen.path == "/accounts")
        .unwrap();
    assert_eq!((seen.status, seen.fault), (None, Some(Strike::Lost.to_string())));
    assert_eq!(seen.headers, ["host", "connection", "content-length"]);
}
