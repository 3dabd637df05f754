//! The whole job against a real SCIM 2.0 server (`scim2-server`), which is described in YAML and judged by its own list.

use std::env;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;

use crate::runner::Runner;
use crate::runner::interruption::{Interruption, Trigger};
use crate::runner::job::{Job, Outcome, Step, StepResult};
use crate::servers::server::free_port;
use crate::services::{errors, outputs, put};

pub(crate) const TOKEN: &str = "scim-token-of-the-tests";

/// The server as a service of ours: a schema in each body, names found by a filter, absence seen by a read.
pub(crate) const CONFIG: &str = r#"
services:
  - name: identity
    url: "{{ env.SCIM_URL }}/v2"
    auth: { bearer: "{{ env.SCIM_TOKEN }}" }
    ready: { request: GET /ServiceProviderConfig }
    probe: { request: GET /ServiceProviderConfig }
    create:
      request: POST /Users
      headers: { Content-Type: application/scim+json }
      json:
        schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"]
        userName: "{{ account.username }}"
        name: { givenName: "{{ account.first_name }}", familyName: "{{ account.last_name }}" }
        emails: [{ value: "{{ account.email }}", primary: true }]
        userType: "{{ account.role }}"
      expect: [201]
      duplicate: [409]
      id: body.id
      name: body.userName
      outputs: { location: body.meta.location }
    verify: { request: "GET /Users/{{ id }}", name: body.userName, until: "body.userName == account.username" }
    find:
      request: GET /Users
      query: { filter: 'userName eq "{{ account.username }}"' }
      items: body.Resources
      id: item.id
      name: item.userName
    delete: { request: "DELETE /Users/{{ id }}", expect: [204], gone: [404] }
    gone: { request: "GET /Users/{{ id }}", until: "status == 404" }
accounts:
  - { name: alice, role: admin }
  - { name: buyer, count: 19 }
"#;

/// The server, which ends when this is dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) door: Door,
}

/// Where it answers.
#[derive(Clone, Copy)]
pub(crate) struct Door {
    pub(crate) port: u16,
}

impl Server {
    /// Starts one and waits until it answers. Panics where its script is not named: a test that skips itself proves nothing.
    pub(crate) fn start() -> Self {
        let script = env::var_os("STANDIN_TEST_SCIM2").unwrap_or_else(|| {
            panic!("`STANDIN_TEST_SCIM2` is not set\nhint: run `scripts/test`, or set it to `tests/servers/scim2.sh`")
        });
        // A port that was free a moment ago may be taken by another test: then the server ends, and another is tried.
        for _ in 0..20 {
            let port = free_port();
            let mut command = Command::new(&script);
            command.env("PORT", port.to_string()).env("TOKEN", TOKEN);
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            // A group of its own, so that whatever it starts ends with it.
            let child = command.process_group(0).spawn().unwrap();
            let door = Door { port };
            let mut server = Self { child, door };
            if server.answers() {
                return server;
            }
        }
        panic!("scim2-server does not start\nhint: run `tests/servers/scim2.sh install`");
    }

    /// Waits for its first answer; false if it ends before.
    fn answers(&mut self) -> bool {
        let patience = Instant::now() + Duration::from_mins(1);
        while self.child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < patience, "scim2-server does not answer");
            if self
                .door
                .get("/v2/ServiceProviderConfig")
                .is_some_and(|answer| answer.starts_with("HTTP/1.0 200"))
            {
                return true;
            }
            // There is nothing to wait on but its port.
            thread::park_timeout(Duration::from_millis(20));
        }
        false
    }
}

impl Door {
    fn url(self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The whole answer as text; none if nobody is there. The server closes each connection.
    fn ask(self, method: &str, path: &str, body: &str) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/scim+json\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all((head + body).as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }

    fn get(self, path: &str) -> Option<String> {
        self.ask("GET", path, "")
    }

    /// How many users it has, as it says itself.
    pub(crate) fn users(self) -> u64 {
        let answer = self.get("/v2/Users").unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        serde_json::from_str::<Value>(body).unwrap()["totalResults"]
            .as_u64()
            .unwrap()
    }

    /// Makes a user that is none of ours.
    pub(crate) fn add(self, name: &str) {
        let body = format!(r#"{{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "{name}"}}"#);
        let answer = self.ask("POST", "/v2/Users", &body).unwrap();
        assert!(answer.starts_with("HTTP/1.0 201"), "{answer}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        self.child.wait().unwrap();
    }
}

fn machine(config: &str) -> Runner {
    let runner = Runner::new();
    put(&runner, "standin.yml", config);
    runner
}

fn job(server: &Server, token: &str) -> Job {
    Job::new().secret("SCIM", token).env("SCIM_URL", &server.door.url())
}

fn setup() -> Step {
    Step::action().id("accounts").env("SCIM_TOKEN", "${{ secrets.SCIM }}")
}

#[test]
fn twenty_accounts_of_a_scim_server_are_there_for_the_job_and_gone_after_it() {
    let server = Server::start();
    server.door.add("somebody");
    let runner = machine(CONFIG);
    let count = Step::script(
        "printf 'header = \"Authorization: Bearer %s\"' \"$SCIM_TOKEN\" | curl -sK- \"$SCIM_URL/v2/Users?count=1\"",
    );
    let count = count.id("count").env("SCIM_TOKEN", "${{ secrets.SCIM }}");
    let result = job(&server, TOKEN).step(setup()).step(count).run(&runner);
    let main = result.step("accounts");
    assert_eq!(result.conclusion, Outcome::Success, "{}", main.log);
    let outputs = outputs(main);
    assert_eq!((outputs["count"], outputs["ready"]), ("20", "true"));
    assert!(outputs.contains_key("identity-alice-id") && outputs.contains_key("identity-buyer-19-id"));
    let accounts: Vec<Value> = serde_json::from_str(outputs["accounts"]).unwrap();
    for account in &accounts {
        let location = account["outputs"]["location"].as_str().unwrap();
        assert!(location.ends_with(account["id"].as_str().unwrap()), "{account}");
    }
    let listed: Value = serde_json::from_str(&result.step("count").stdout).unwrap();
    assert_eq!(listed["totalResults"], 21);
    let post = result.post("accounts");
    assert!(post.log.contains("20 deleted, 0 left"), "{}", post.log);
    assert_eq!(server.door.users(), 1);
}

#[test]
fn a_user_name_that_a_person_has_is_refused_and_the_person_stays() {
    let server = Server::start();
    server.door.add("Taken");
    let config = format!("{CONFIG}  - {{ name: fixed, username: taken, unmarked: true }}\n");
    let result = job(&server, TOKEN).step(setup()).run(&machine(&config));
    let main = result.step("accounts");
    assert_eq!(main.exit_code, Some(1), "{}", main.log);
    let messages = errors(main).join("\n");
    for part in ["identity/fixed", "409", "`taken`"] {
        assert!(messages.contains(part), "{part}: {messages}");
    }
    assert!(main.log.contains("20 deleted, 0 left"), "{}", main.log);
    assert_eq!(result.post("accounts").exit_code, Some(0));
    assert_eq!(server.door.users(), 1);
}

#[test]
fn a_wrong_token_fails_setup_before_any_account_is_made() {
    let server = Server::start();
    let wrong = "scim-token-of-another-server";
    let result = job(&server, wrong).step(setup()).run(&machine(CONFIG));
    let failed = |phase: &StepResult| {
        assert!(
            !phase.log.contains(wrong) && !phase.printed().contains(wrong),
            "{}",
            phase.log
        );
    };
    let main = result.step("accounts");
    assert_eq!(main.exit_code, Some(1), "{}", main.log);
    let messages = errors(main).join("\n");
    assert!(
        messages.contains("identity") && messages.contains("401") && main.log.contains("identity/alice"),
        "{messages}: {}",
        main.log
    );
    failed(main);
    failed(result.post("accounts"));
    assert_eq!(
        result.post("accounts").exit_code,
        Some(0),
        "{}",
        result.post("accounts").log
    );
    assert_eq!(server.door.users(), 0);
}

#[test]
fn a_setup_that_was_killed_is_settled_by_post() {
    let server = Server::start();
    let config = CONFIG.replace("count: 19", "count: 199").replace(
        "GET /ServiceProviderConfig }\n    create",
        "GET /ServiceProviderConfig }\n    limits: { concurrency: 2 }\n    create",
    );
    let runner = machine(&config);
    let trigger = Trigger::new(Interruption::Kill);
    let ready = kill_when_users_exist(&server, &trigger);
    let result = job(&server, TOKEN).step(setup()).interrupted_by(&trigger).run(&runner);
    ready.join().unwrap();
    let (main, post) = (result.step("accounts"), result.post("accounts"));
    assert_eq!(main.exit_code, Some(137), "{}", main.log);
    assert_eq!(post.exit_code, Some(0), "{}", post.log);
    assert!(post.log.contains(", 0 left"), "{}", post.log);
    assert_eq!(server.door.users(), 0);
}

/// Kills setup as soon as the server says that it has some users.
fn kill_when_users_exist(server: &Server, trigger: &Trigger) -> thread::JoinHandle<()> {
    let (door, trigger) = (server.door, trigger.clone());
    thread::spawn(move || {
        let patience = Instant::now() + Duration::from_mins(1);
        while door.users() < 5 {
            assert!(Instant::now() < patience, "setup makes no users");
            thread::park_timeout(Duration::from_millis(2));
        }
        trigger.fire();
    })
}
