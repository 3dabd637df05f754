//! A sample of these lives on the real binary: over sockets, with processes that are killed, and a journal on the disk.
#![expect(clippy::disallowed_methods, reason = "it plays a whole machine, in real time")]

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::future::pending;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::sync::Notify;
use tokio::task::LocalSet;

use super::super::http;
use super::description::Description;
use super::history::{Between, History, Mishap};
use super::life::{Went, happen};
use super::nature::Lie;
use super::service::{HOSTS, Service};
use super::slip::Slip;
use super::stage::{Stage, Variables};
use super::world::{Fate, Kill};
use crate::domain::answer::{Answer, Body};
use crate::ports::{HttpMessage, Identity, Message, Outgoing};

/// Can this life be lived in real time, and its credentials be told from a request?
pub(super) fn is_real(stage: &Stage, history: &History) -> bool {
    let takes_long = matches!(history.lie, Lie::Lags(_) | Lie::DeletesLater(_)) || history.setup == Mishap::Late;
    let endpoint = stage.outfit(Variables::Own).endpoints[0].as_ref();
    let credential = endpoint.and_then(|endpoint| endpoint.credential.as_deref());
    let is_known = |credential: &str| {
        ["Basic ", "Bearer "]
            .iter()
            .any(|scheme| credential.starts_with(scheme))
    };
    !takes_long && history.lines_lost == 0 && credential.is_none_or(is_known)
}

/// Lives a history with the binary.
pub(super) fn live(binary: &Path, description: &Description, slip: Option<&Slip>, history: &History) -> Went {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().build().expect("a runtime");
    let life = live_on(binary, description, slip, history);
    runtime.block_on(LocalSet::new().run_until(life))
}

async fn live_on(binary: &Path, description: &Description, slip: Option<&Slip>, history: &History) -> Went {
    let home = tempfile::tempdir().expect("a directory");
    let mut document = description.document(slip);
    document["services"][0]["timeout"] = json!("1s");
    std::fs::write(home.path().join("standin.json"), document.to_string()).expect("a file");
    let host = Host::open(description.services(history.lie)).await;
    let machine = Machine {
        binary: binary.to_owned(),
        home: home.path().to_owned(),
        host: Rc::clone(&host),
    };
    let mut went = Went::default();
    let kill = if let Mishap::Killed(kill) = history.setup {
        Some(kill)
    } else {
        None
    };
    host.mishap.set(history.setup);
    let setup = machine.run("setup", Variables::Own, kill).await;
    went.ready = setup.code == Some(0);
    went.trace.push(setup.told);
    host.mishap.set(Mishap::None);
    happen(
        description,
        &mut host.services.borrow_mut(),
        history.between,
        went.ready,
    );
    let variables = if let Between::Elsewhere(variables) = history.between {
        variables
    } else {
        Variables::Own
    };
    if history.cleanup.is_some() {
        let killed = machine.run("cleanup", variables, history.cleanup).await;
        went.trace.push(killed.told);
    }
    let cleanup = machine.run("cleanup", variables, None).await;
    went.silent = cleanup.code == Some(0);
    went.leftovers = cleanup
        .told
        .lines()
        .filter(|line| line.starts_with("error: "))
        .map(str::to_owned)
        .collect();
    went.panicked = (cleanup.code.is_none() || cleanup.told.contains("panicked")).then(|| cleanup.told.clone());
    went.trace.push(cleanup.told);
    let now = host.time();
    for service in &mut *host.services.borrow_mut() {
        went.left.extend(service.left(now));
        for book in &service.books {
            went.hurt.extend(book.hurt().into_iter().map(str::to_owned));
            went.twins.extend(book.twins.iter().cloned());
        }
    }
    went
}

/// How a process ended.
struct Ended {
    /// Nothing where it was killed.
    code: Option<i32>,
    /// What it wrote.
    told: String,
}

/// Where the binary runs.
struct Machine {
    binary: PathBuf,
    home: PathBuf,
    host: Rc<Host>,
}

impl Machine {
    /// Runs a command; with `kill`, until the services have got that request.
    async fn run(&self, command: &str, variables: Variables, kill: Option<Kill>) -> Ended {
        self.host.begin(kill);
        let url = match variables {
            Variables::OtherAddress => format!("http://127.0.0.1:{}", self.host.ports[1]),
            Variables::OtherPath => format!("http://127.0.0.1:{}/other", self.host.ports[0]),
            Variables::Own | Variables::OtherTenant | Variables::OtherKey => {
                format!("http://127.0.0.1:{}", self.host.ports[0])
            }
        };
        let tenant = if variables == Variables::OtherTenant {
            "t2"
        } else {
            "t1"
        };
        let token = if variables == Variables::OtherKey {
            "token-2"
        } else {
            "token-1"
        };
        let mut process = Command::new(&self.binary);
        process
            .args([command, "--config", "standin.json"])
            .current_dir(&self.home)
            .env_clear()
            .envs([("URL", url.as_str()), ("TENANT", tenant), ("TOKEN", token)])
            .envs([("STANDIN_WAIT", "2s"), ("STANDIN_CLEANUP_DEADLINE", "20s")])
            .env("HOME", &self.home)
            .kill_on_drop(true)
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        let ending = process.output();
        tokio::select! {
            output = ending => {
                let output = output.expect("the binary runs");
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                Ended { code: output.status.code(), told: text(&output.stderr) + &text(&output.stdout) }
            }
            () = self.host.bell.notified() => Ended { code: None, told: "it dies".to_owned() },
        }
    }
}

/// Services behind real sockets, one for each address.
struct Host {
    services: RefCell<Vec<Service>>,
    ports: [u16; 2],
    begun: std::time::Instant,
    mishap: Cell<Mishap>,
    kill: Cell<Option<Kill>>,
    bell: Notify,
    sent: Cell<usize>,
    creates: Cell<usize>,
}

impl Host {
    async fn open(services: Vec<Service>) -> Rc<Self> {
        let listen = async || TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let listeners = [listen().await, listen().await];
        let port = |listener: &TcpListener| listener.local_addr().expect("an address").port();
        let host = Rc::new(Self {
            services: RefCell::new(services),
            ports: [port(&listeners[0]), port(&listeners[1])],
            begun: std::time::Instant::now(),
            mishap: Cell::new(Mishap::None),
            kill: Cell::new(None),
            bell: Notify::new(),
            sent: Cell::new(0),
            creates: Cell::new(0),
        });
        for (listener, name) in listeners.into_iter().zip(HOSTS) {
            let host = Rc::clone(&host);
            tokio::task::spawn_local(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let host = Rc::clone(&host);
                    let answer = service_fn(move |request| Rc::clone(&host).answer(name, request));
                    let connection = hyper::server::conn::http1::Builder::new();
                    let connection = connection.serve_connection(TokioIo::new(stream), answer);
                    // One whose answer is lost ends with an error.
                    tokio::task::spawn_local(async move { connection.await.ok() });
                }
            });
        }
        host
    }

    fn begin(&self, kill: Option<Kill>) {
        self.kill.set(kill);
        self.sent.set(0);
        self.creates.set(0);
    }

    fn time(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Never returns where the process is to die.
    async fn die(&self) -> ! {
        self.bell.notify_one();
        pending::<Infallible>().await;
        unreachable!("it is pending")
    }

    async fn answer(
        self: Rc<Self>,
        name: &'static str,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, &'static str> {
        let (outgoing, credential) = understood(request).await?;
        self.sent.set(self.sent.get() + 1);
        let kill = self.kill.get().filter(|kill| kill.at == self.sent.get());
        if kill.is_some_and(|kill| !kill.arrives) {
            self.die().await;
        }
        let target = http(&outgoing).target.clone();
        let creates = self.services.borrow()[0].creates(&outgoing, &target);
        self.creates.set(self.creates.get() + usize::from(creates));
        let fate = self.mishap.get().befalls(creates, self.creates.get());
        let answer = match fate {
            Fate::LostBefore => return Err("lost on the way"),
            Fate::Refused(status) => self.services.borrow()[0].error(status, "not now"),
            Fate::Answers | Fate::LostAfter | Fate::Late => {
                let mut services = self.services.borrow_mut();
                services[0].apply(self.time(), name, credential.as_deref(), &outgoing, &target)
            }
        };
        if kill.is_some() {
            self.die().await;
        }
        if fate == Fate::LostAfter {
            return Err("its answer is lost");
        }
        Ok(written(answer))
    }
}

/// A request and its credential, as the models see them.
async fn understood(request: Request<Incoming>) -> Result<(Outgoing, Option<String>), &'static str> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| "it breaks off")?.to_bytes();
    let text = |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers: Vec<(String, String)> = head
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), text(value)))
        .collect();
    let header = |name: &str| {
        headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.clone())
    };
    let credential = header("authorization").map(|value| match value.strip_prefix("Basic ") {
        Some(encoded) => {
            let decoded = STANDARD.decode(encoded).unwrap_or_default();
            format!("Basic {}", String::from_utf8_lossy(&decoded))
        }
        None => value,
    });
    let target = head
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str())
        .to_owned();
    let message = HttpMessage {
        target,
        payload: header("content-type").map(|kind| (kind, body.to_vec())),
        headers,
        ..HttpMessage::new(head.method.as_str())
    };
    let outgoing = Outgoing::new(Message::Http(message), Identity::Own);
    Ok((outgoing, credential))
}

fn written(answer: Answer) -> Response<Full<Bytes>> {
    let mut response = Response::builder().status(answer.code());
    for (name, value) in answer.headers() {
        response = response.header(name, value);
    }
    let body = match answer.body {
        Body::Json(value) => {
            response = response.header("content-type", "application/json");
            value.to_string()
        }
        Body::Text(text) => text,
    };
    response.body(Full::new(Bytes::from(body))).expect("an answer")
}
