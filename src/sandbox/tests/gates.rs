//! Delays, rates and readiness: what happens to a request before its service looks at it.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::{Instant, timeout};

use super::client::{ask, create, get, left, send, start};
use crate::sandbox::{LimitHeaders, Moment, Observed, RateLimit, Sandbox, ServiceSpec, Unready};

/// Long enough that no test reaches its end.
const FOR_EVER: Duration = Duration::from_hours(1);

#[tokio::test]
async fn a_delay_holds_every_request() {
    let delay = Duration::from_millis(100);
    let sandbox = start(Sandbox::builder().service(ServiceSpec::new("users")).delay(delay)).await;
    let began = Instant::now();
    assert_eq!(create(&sandbox, "a").await.status, Some(201));
    assert!(began.elapsed() >= delay);
}

#[tokio::test]
async fn a_services_own_delay_counts_and_holds_up_nobody_else() {
    let mut quick = ServiceSpec::new("users");
    quick.delay = Some(Duration::ZERO);
    let builder = Sandbox::builder()
        .service(quick)
        .service(ServiceSpec::new("orders"))
        .delay(FOR_EVER);
    let sandbox = start(builder).await;
    let waiting = send(&sandbox, "GET /orders/health", &[], "").await;
    assert_eq!(get(&sandbox, "/users/health").await.status, Some(200));
    drop(waiting);
}

#[tokio::test]
async fn a_request_whose_client_is_gone_is_done_all_the_same() {
    let (moments, mut applied) = unbounded_channel();
    let builder = Sandbox::builder()
        .service(ServiceSpec::new("users"))
        .delay(Duration::from_millis(100));
    let sandbox = start(builder.observer(Arc::new(move |seen: &Observed| {
        if seen.moment == Moment::AfterApply {
            moments.send(()).unwrap();
        }
    })))
    .await;
    drop(send(&sandbox, "POST /users/accounts", &[], r#"{"username": "bob"}"#).await);
    timeout(Duration::from_secs(20), applied.recv()).await.unwrap().unwrap();
    assert_eq!(left(&sandbox), ["bob"]);
}

#[tokio::test]
async fn a_service_that_is_not_ready_says_so_or_closes_the_connection() {
    let mut starting = ServiceSpec::new("users");
    starting.ready_after = FOR_EVER;
    let mut refusing = ServiceSpec::new("orders");
    refusing.ready_after = FOR_EVER;
    refusing.unready = Unready::Refuse;
    let sandbox = start(Sandbox::builder().service(starting).service(refusing)).await;
    assert_eq!(get(&sandbox, "/users/health").await.status, Some(503));
    assert_eq!(create(&sandbox, "a").await.status, Some(503));
    assert_eq!(get(&sandbox, "/orders/health").await.status, None);
    assert!(left(&sandbox).is_empty());
}

#[tokio::test]
async fn a_service_becomes_ready() {
    let mut spec = ServiceSpec::new("users");
    spec.ready_after = Duration::from_millis(100);
    spec.delay = Some(Duration::from_millis(100));
    let sandbox = start(Sandbox::builder().service(spec)).await;
    assert_eq!(get(&sandbox, "/users/health").await.status, Some(200));
}

#[tokio::test]
async fn a_sandbox_that_refuses_takes_its_port_and_answers_nobody() {
    let builder = || Sandbox::builder().service(ServiceSpec::new("users"));
    let sandbox = start(builder().refuse_for(FOR_EVER)).await;
    let error = TcpStream::connect(("127.0.0.1", sandbox.port())).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);

    let sandbox = start(builder().refuse_for(Duration::from_millis(50))).await;
    let until = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(("127.0.0.1", sandbox.port())).await.is_err() {
        assert!(Instant::now() < until, "it never listened");
        tokio::task::yield_now().await;
    }
    assert_eq!(get(&sandbox, "/users/health").await.status, Some(200));
}

#[tokio::test]
async fn a_rate_limit_lets_a_burst_through_and_says_when_to_come_back() {
    let mut spec = ServiceSpec::new("users");
    spec.rate_limit = Some(RateLimit {
        per_second: 0.001,
        burst: 2,
    });
    let sandbox = start(Sandbox::builder().service(spec)).await;
    for status in [200, 200, 429] {
        assert_eq!(ask(&sandbox, "GET /users/accounts", &[], "").await.status, Some(status));
    }
    let heard = create(&sandbox, "a").await;
    assert_eq!(heard.status, Some(429));
    let seconds: u64 = heard.header("retry-after").unwrap().parse().unwrap();
    assert!((900..=1000).contains(&seconds), "{seconds}");
    assert!(left(&sandbox).is_empty());
}

#[tokio::test]
async fn a_limit_tells_what_it_is_told_to_tell() {
    for (retry_after, remaining) in [(true, false), (false, true), (true, true), (false, false)] {
        let mut spec = ServiceSpec::new("users");
        spec.rate_limit = Some(RateLimit {
            per_second: 0.001,
            burst: 2,
        });
        spec.tells = LimitHeaders { retry_after, remaining };
        let sandbox = start(Sandbox::builder().service(spec)).await;
        for (status, left) in [(200, "1"), (200, "0"), (429, "0")] {
            let heard = ask(&sandbox, "GET /users/accounts", &[], "").await;
            assert_eq!(heard.status, Some(status));
            assert_eq!(heard.header("retry-after").is_some(), status == 429 && retry_after);
            assert_eq!(heard.header("x-ratelimit-remaining"), remaining.then_some(left));
            assert_eq!(heard.header("x-ratelimit-limit"), remaining.then_some("2"));
            assert_eq!(heard.header("x-ratelimit-reset").is_some(), remaining);
        }
    }
}
