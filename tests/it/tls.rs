//! A service behind certificates of its own: its CA, and the client's certificate that it asks for.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

use crate::servers::machine::Machine;

const CONFIG: &str = "
services:
  - name: users
    url: '{{ env.URL }}'
    tls: { ca: pki/ca.pem, cert: pki/client.pem, key: pki/client.key }
accounts: [{ name: alice, count: 3 }]
";

type Accounts = Arc<Mutex<BTreeMap<String, Value>>>;

/// The article's service behind TLS, for clients with a certificate of its CA. It stops when it is dropped.
struct Fortress {
    port: u16,
    accounts: Accounts,
    stopped: Arc<AtomicBool>,
    listening: Option<JoinHandle<()>>,
}

impl Fortress {
    /// Starts it, and puts what a client needs into this folder.
    fn start(pki: &Path) -> Self {
        let ca = issuer("the tests' own CA");
        let (certificate, key) = issued(&ca, "127.0.0.1");
        let (client, client_key) = issued(&ca, "standin");
        fs::create_dir(pki).unwrap();
        fs::write(pki.join("ca.pem"), ca.pem()).unwrap();
        fs::write(pki.join("client.pem"), client.pem()).unwrap();
        fs::write(pki.join("client.key"), client_key.serialize_pem()).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(ca.der().clone()).unwrap();
        let provider = Arc::new(ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier.build().unwrap())
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            );
        Self::listen(Arc::new(config.unwrap()))
    }

    fn listen(config: Arc<ServerConfig>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let accounts = Accounts::default();
        let stopped = Arc::new(AtomicBool::new(false));
        let (kept, stop) = (Arc::clone(&accounts), Arc::clone(&stopped));
        let listening = thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let (config, kept) = (Arc::clone(&config), Arc::clone(&kept));
                thread::spawn(move || {
                    // A client without a certificate, or one that does not trust ours, ends the connection.
                    serve(stream.unwrap(), config, &kept).ok();
                });
            }
        });
        Self {
            port,
            accounts,
            stopped,
            listening: Some(listening),
        }
    }

    fn count(&self) -> usize {
        self.accounts.lock().unwrap().len()
    }
}

impl Drop for Fortress {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // It waits for a connection; this is one.
        TcpStream::connect(("127.0.0.1", self.port)).ok();
        if let Some(listening) = self.listening.take() {
            listening.join().ok();
        }
    }
}

fn issuer(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn issued(ca: &CertifiedIssuer<'static, KeyPair>, name: &str) -> (rcgen::Certificate, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    (params.signed_by(&key, ca).unwrap(), key)
}

/// One connection with one request.
fn serve(stream: TcpStream, config: Arc<ServerConfig>, accounts: &Accounts) -> std::io::Result<()> {
    let connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let mut reader = BufReader::new(StreamOwned::new(connection, stream));
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    let length = head.lines().find_map(|line| {
        let line = line.to_ascii_lowercase();
        line.strip_prefix("content-length:")?.trim().parse().ok()
    });
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body)?;
    let mut words = head.split_whitespace();
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (status, said) = answer(method, path, &body, &mut accounts.lock().unwrap());
    let mut stream = reader.into_inner();
    let length = said.len();
    let head = format!(
        "HTTP/1.1 {status} Said\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all((head + &said).as_bytes())?;
    stream.conn.send_close_notify();
    stream.flush()
}

fn answer(method: &str, path: &str, body: &[u8], accounts: &mut BTreeMap<String, Value>) -> (u16, String) {
    let id = path.rsplit('/').next().unwrap_or_default();
    let found = match method {
        "POST" => {
            let mut account: Value = serde_json::from_slice(body).unwrap_or_default();
            let id = format!("id-{}", accounts.len());
            account["id"] = json!(id);
            accounts.insert(id, account.clone());
            return (201, account.to_string());
        }
        "DELETE" => accounts.remove(id).map(|_| (200, "{}".to_owned())),
        _ => accounts.get(id).map(|account| (200, account.to_string())),
    };
    found.unwrap_or((404, "{}".to_owned()))
}

/// A machine with the service's certificates beside its configuration.
fn scene(config: &str) -> (Fortress, Machine) {
    let mut machine = Machine::new(config);
    let fortress = Fortress::start(&machine.path("work/pki"));
    machine.set("URL", &format!("https://127.0.0.1:{}", fortress.port));
    (fortress, machine)
}

#[test]
fn a_service_with_its_own_ca_is_entered_with_the_clients_certificate() {
    let (fortress, machine) = scene(CONFIG);
    let setup = machine.run(&["setup"]);
    assert_eq!(setup.code(), Some(0), "{}", setup.log);
    assert_eq!(fortress.count(), 3);
    let cleanup = machine.run(&["cleanup"]);
    assert_eq!(cleanup.code(), Some(0), "{}", cleanup.log);
    assert_eq!(fortress.count(), 0);
    for text in [&setup.log, &setup.data, &cleanup.log, &cleanup.data] {
        assert!(!text.contains("PRIVATE KEY"), "{text}");
    }
}

#[test]
fn without_the_ca_or_the_clients_certificate_nothing_is_made() {
    for tls in ["{ cert: pki/client.pem, key: pki/client.key }", "{ ca: pki/ca.pem }"] {
        let config = CONFIG.replace("{ ca: pki/ca.pem, cert: pki/client.pem, key: pki/client.key }", tls);
        let (fortress, machine) = scene(&config);
        let setup = machine.run(&["setup", "--wait", "1s", "--deadline", "20s"]);
        assert_eq!(setup.code(), Some(1), "{tls}: {}", setup.log);
        assert!(setup.log.contains("users/alice-"), "{tls}: {}", setup.log);
        assert_eq!(fortress.count(), 0, "{tls}");
    }
}

#[test]
fn when_the_key_file_is_gone_cleanup_uses_the_one_that_was_sealed() {
    let (fortress, machine) = scene(CONFIG);
    let setup = machine.run(&["setup"]);
    assert_eq!(setup.code(), Some(0), "{}", setup.log);
    fs::remove_dir_all(machine.path("work/pki")).unwrap();
    fs::remove_file(machine.path("work/standin.yml")).unwrap();
    assert!(machine.holds("PRIVATE KEY"), "it is kept for cleanup");
    let cleanup = machine.run(&["cleanup"]);
    assert_eq!(cleanup.code(), Some(0), "{}", cleanup.log);
    assert_eq!(fortress.count(), 0);
    assert!(!machine.holds("PRIVATE KEY"), "it is kept for no longer");
}

#[test]
fn a_certificate_that_is_not_there_is_told_before_any_request() {
    let (fortress, machine) = scene(CONFIG);
    fs::remove_file(machine.path("work/pki/client.key")).unwrap();
    let setup = machine.run(&["setup"]);
    assert_eq!(setup.code(), Some(2), "{}", setup.log);
    assert!(
        setup
            .log
            .contains("`tls.key` of `users` can't be read: `pki/client.key`"),
        "{}",
        setup.log
    );
    assert_eq!(fortress.count(), 0);
}

#[test]
fn a_key_that_stands_where_its_path_is_meant_is_not_printed() {
    let config = CONFIG.replace("key: pki/client.key", "key: '{{ env.KEY }}'");
    for (form, told) in [
        (
            "the key",
            "`{{ env.KEY }}`: it is no path, but the certificate or key itself",
        ),
        (
            "with spaces",
            "`{{ env.KEY }}`: it is no path, but the certificate or key itself",
        ),
        // Nothing tells its words from a path, so that they are not told.
        ("its words alone", "`{{ env.KEY }}`: "),
    ] {
        let (fortress, mut machine) = scene(&config);
        let key = fs::read_to_string(machine.path("work/pki/client.key")).unwrap();
        let words: Vec<&str> = key.lines().filter(|line| !line.starts_with("---")).collect();
        let value = match form {
            "the key" => key.clone(),
            "with spaces" => key.replace('\n', " "),
            _ => words.concat(),
        };
        machine.set("KEY", &value);
        let setup = machine.run(&["setup"]);
        assert_eq!(setup.code(), Some(2), "{form}: {}", setup.log);
        assert!(!setup.log.contains(words[0]), "{form}: {}", setup.log);
        assert!(
            setup
                .log
                .contains(&format!("`tls.key` of `users` can't be read: {told}")),
            "{form}: {}",
            setup.log
        );
        assert_eq!(fortress.count(), 0, "{form}");
    }
}
