//! Starting, watching and stopping a sandbox, on this runtime, on a thread of its own, and as a command.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::mpsc::channel;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc::unbounded_channel;
use tokio::sync::oneshot;

use super::client::{create, start, users_with};
use crate::domain::why::Why;
use crate::sandbox::{
    Moment, Observed, Sandbox, SandboxBuilder, SandboxOptions, ServiceSpec, Unready, View, serve_until,
};

#[tokio::test]
async fn a_mistake_is_told_before_anything_is_served() {
    let users = || Sandbox::builder().service(ServiceSpec::new("users"));
    for (builder, problem) in [
        (users().fault("users POST 1 explode"), "`explode` is no kind"),
        (
            users().fault("orders POST 1 lost"),
            "a fault is for `orders`, which is no service; hint: use one of `users`",
        ),
        (
            users().service(ServiceSpec::new("users")),
            "two services are named `users`",
        ),
        (
            users().service(ServiceSpec::new("a/b")),
            "`a/b` can't be a service's name",
        ),
    ] {
        let error = builder.start().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let told = Why::of(&error).in_line();
        assert!(told.contains(problem), "{told}");
    }
}

#[tokio::test]
async fn a_port_that_is_taken_is_an_error() {
    let sandbox = users_with(&[]).await;
    let error = Sandbox::builder().port(sandbox.port()).start().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
}

#[tokio::test]
async fn after_a_shutdown_the_port_is_free_and_connections_are_closed() {
    let sandbox = users_with(&[]).await;
    let port = sandbox.port();
    let mut idle = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    create(&sandbox, "a").await;
    sandbox.shutdown().await;
    assert_eq!(idle.read(&mut [0]).await.unwrap_or(0), 0);
    let again = start(Sandbox::builder().port(port).service(ServiceSpec::new("users"))).await;
    assert_eq!((again.port(), create(&again, "a").await.status), (port, Some(201)));
}

#[tokio::test]
async fn the_observer_sees_each_moment_with_the_books_as_they_are_then() {
    let view: Arc<OnceLock<View>> = Arc::default();
    let (world, (moments, heard)) = (Arc::clone(&view), channel());
    let builder = Sandbox::builder()
        .service(ServiceSpec::new("users"))
        .fault("users POST 2 drop");
    let sandbox = start(builder.observer(Arc::new(move |seen: &Observed| {
        assert_eq!((seen.service.as_str(), seen.username.as_deref()), ("users", Some("a")));
        let alive = world.get().unwrap().shared.books("users").unwrap().alive.len();
        moments
            .send((seen.n, seen.moment, alive, seen.status.map(|status| status.as_u16())))
            .unwrap();
    })))
    .await;
    view.set(sandbox.view.clone()).unwrap();
    create(&sandbox, "a").await;
    create(&sandbox, "a").await;
    let expected = [
        (1, Moment::BeforeApply, 0, None),
        (1, Moment::AfterApply, 1, None),
        (1, Moment::Answered, 1, Some(201)),
        (2, Moment::BeforeApply, 1, None),
        (2, Moment::Answered, 1, None),
    ];
    assert_eq!(heard.try_iter().collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn one_connection_carries_many_requests() {
    let sandbox = users_with(&[]).await;
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", sandbox.port()))
        .await
        .unwrap();
    let requests = "GET /users/health HTTP/1.1\r\nhost: x\r\n\r\n".repeat(99)
        + "GET /users/health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    stream.write_all(requests.as_bytes()).await.unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).await.unwrap();
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 100);
    assert_eq!(
        sandbox.requests().iter().map(|seen| seen.n).collect::<Vec<_>>(),
        (1..=100).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn only_so_many_requests_are_remembered() {
    let sandbox = start(Sandbox::builder().service(ServiceSpec::new("users")).keep_requests(2)).await;
    for name in ["a", "b", "c"] {
        create(&sandbox, name).await;
    }
    assert_eq!(sandbox.requests().len(), 2);
}

#[test]
fn a_sandbox_on_its_own_thread_serves_while_its_owner_blocks() {
    let handle = Sandbox::spawn_thread(Sandbox::builder().service(ServiceSpec::new("users"))).unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", handle.port())).unwrap();
    let body = r#"{"username": "a"}"#;
    write!(
        stream,
        "POST /users/accounts HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 17\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 Created"), "{answer}");
    assert_eq!(handle.url("users"), format!("http://127.0.0.1:{}/users", handle.port()));
    assert_eq!(handle.books("users").unwrap().created_ever, 1);
    assert_eq!(handle.requests().len(), 1);
    let port = handle.port();
    handle.shutdown();
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn a_thread_that_cannot_start_says_why() {
    let builder: SandboxBuilder = Sandbox::builder().fault("nonsense");
    assert_eq!(
        Sandbox::spawn_thread(builder).unwrap_err().kind(),
        ErrorKind::InvalidInput
    );
}

/// Serves `options` until one request was made to the first service, and gives the lines.
async fn lines_of(options: SandboxOptions) -> Vec<String> {
    let (lines, mut heard) = unbounded_channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let served = serve_until(
        options,
        async {
            stopped.await.unwrap();
        },
        move |line| {
            lines.send(line).unwrap();
        },
    );
    let visit = async {
        let mut all = vec![heard.recv().await.unwrap()];
        let address = all[0].split(['/', ' ']).nth(3).unwrap().to_owned();
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream
            .write_all(b"GET /users/accounts?username=a HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            .await
            .unwrap();
        stream.read_to_end(&mut Vec::new()).await.ok();
        stop.send(()).unwrap();
        while let Some(line) = heard.recv().await {
            all.push(line);
        }
        all
    };
    let (served, lines) = tokio::join!(served, visit);
    served.unwrap();
    lines
}

#[tokio::test]
async fn the_command_shows_its_services_and_each_request() {
    let lines = lines_of(SandboxOptions {
        services: vec![ServiceSpec::new("users").basic("qa", "pw")],
        faults: vec!["users GET find 1 lost".parse().unwrap()],
        log: true,
        ..SandboxOptions::default()
    })
    .await;
    assert!(lines[0].starts_with("users http://127.0.0.1:") && lines[0].ends_with("/users (basic auth as qa)"));
    let (front, rest) = lines[1].split_once(" --- ").unwrap();
    assert_eq!(front, "users GET /accounts?username=a");
    assert!(rest.ends_with(" ms fault: answer lost"), "{rest}");
    assert_eq!(lines.len(), 2);
}

#[tokio::test]
async fn the_command_is_ready_when_it_is_told_to_be() {
    let lines = lines_of(SandboxOptions {
        services: vec![ServiceSpec::new("users")],
        ready_after: Duration::from_hours(1),
        unready: Some(Unready::Unavailable),
        log: true,
        ..SandboxOptions::default()
    })
    .await;
    assert!(lines[1].contains(" 503 "), "{}", lines[1]);
}
