//! The examples of `examples/shapes/`: each is run against a small service of its kind, then once with setup killed at each of
//! its requests, and once with cleanup killed at each of its own. Whatever happens, the books are empty at the end.

mod books;
mod services;

use std::fs;
use std::path::Path;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};

use crate::desk::{Desk, Ended, finish};
use crate::liar::{Asked, Liar, Reply};
use books::Books;

/// How many runs of an example go on at once.
const AT_ONCE: usize = 6;

/// A service of an example: what it answers, by its books.
type Service = fn(&mut Books, &Asked) -> Reply;

/// An example with its service.
struct Shape {
    name: &'static str,
    service: Service,
    /// Variables beside those that end in `_URL`.
    variables: &'static [(&'static str, &'static str)],
}

/// The same, while it runs.
struct Running {
    desk: Desk,
    liar: Liar,
    books: Arc<Mutex<Books>>,
    /// Says at which request from now on the process is killed.
    kill_at: Arc<Mutex<Option<usize>>>,
    /// A request has come at which the process is to be killed; it is answered when there is an answer here.
    killing: mpsc::Receiver<mpsc::Sender<()>>,
}

impl Shape {
    fn start(&self) -> Running {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("examples/shapes")
            .join(self.name);
        let text = fs::read_to_string(path).unwrap();
        let books = Arc::new(Mutex::new(Books::default()));
        let kill_at = Arc::new(Mutex::new(None::<usize>));
        let (killed, killing) = mpsc::channel();
        let (kept, at, service) = (Arc::clone(&books), Arc::clone(&kill_at), self.service);
        let liar = Liar::start(move |asked| {
            let reply = service(&mut kept.lock().unwrap(), asked);
            let mut at = at.lock().unwrap();
            match at.take() {
                Some(0) => {
                    let (dead, is_dead) = mpsc::channel();
                    killed.send(dead).ok();
                    is_dead.recv().ok();
                }
                Some(left) => *at = Some(left - 1),
                None => {}
            }
            reply
        });
        let mut desk = Desk::new().configured(&text);
        for (name, value) in self.variables {
            desk = desk.with(name, value);
        }
        for part in text.split("env.").skip(1) {
            let name: String = part
                .chars()
                .take_while(|c| c.is_ascii_uppercase() || *c == '_')
                .collect();
            if name.ends_with("_URL") {
                let path = if name == "MAIL_URL" { "/mail" } else { "" };
                desk = desk.with(&name, &format!("{}{path}", liar.url()));
            }
        }
        Running {
            desk,
            liar,
            books,
            kill_at,
            killing,
        }
    }

    /// Runs it as it is, then with each kill.
    fn holds(&self) {
        let whole = self.start();
        let ended = whole.desk.run(&["run", "--", "true"]);
        assert_eq!(ended.code, Some(0), "{}: {}", self.name, ended.stderr);
        whole.is_empty(&ended);
        let whole = self.start();
        let set_up = whole.desk.run(&["setup"]);
        assert_eq!(set_up.code, Some(0), "{}", set_up.stderr);
        let of_setup = whole.liar.asked().len();
        assert!(!whole.books.lock().unwrap().accounts.is_empty());
        let cleaned = whole.desk.run(&["cleanup"]);
        assert_eq!(cleaned.code, Some(0), "{}", cleaned.stderr);
        let of_cleanup = whole.liar.asked().len() - of_setup;
        // They mostly wait.
        let kills: Vec<usize> = (0..of_setup + of_cleanup).collect();
        thread::scope(|scope| {
            for some in kills.chunks(kills.len().div_ceil(AT_ONCE)) {
                scope.spawn(move || some.iter().for_each(|at| self.killed(*at, of_setup)));
            }
        });
    }

    /// One run with a kill at a request of setup, or else of cleanup.
    fn killed(&self, at: usize, of_setup: usize) {
        let running = self.start();
        let (command, at) = match at.checked_sub(of_setup) {
            None => ("setup", at),
            Some(at) => {
                let set_up = running.desk.run(&["setup"]);
                assert_eq!(set_up.code, Some(0), "{}", set_up.stderr);
                ("cleanup", at)
            }
        };
        running.killed_at(at, command);
        running.cleaned(&format!("{}: {command} killed at request {at}", self.name));
    }
}

impl Running {
    /// Runs a command and kills it at a request, which the service does all the same.
    fn killed_at(&self, at: usize, command: &str) {
        *self.kill_at.lock().unwrap() = Some(at);
        let child = self
            .desk
            .command(env!("CARGO_BIN_EXE_standin"), &[command])
            .spawn()
            .unwrap();
        let pid = Pid::from_child(&child);
        let ended = thread::spawn(move || finish(child));
        let dead = self.killing.recv().unwrap();
        kill_process(pid, Signal::KILL).unwrap();
        ended.join().unwrap();
        dead.send(()).unwrap();
    }

    /// Cleans up, and looks into the books.
    fn cleaned(&self, when: &str) {
        let ended = self.desk.run(&["cleanup"]);
        assert_eq!(ended.code, Some(0), "{when}: {}", ended.stderr);
        self.is_empty(&ended);
    }

    fn is_empty(&self, ended: &Ended) {
        let books = self.books.lock().unwrap();
        assert!(books.accounts.is_empty(), "{:?}\n{}", books.accounts, ended.stderr);
        assert_eq!(books.wrong, Vec::<String>::new());
    }
}

#[test]
fn a_form_with_a_token_and_a_cookie() {
    Shape {
        name: "form-token.yml",
        service: services::form,
        variables: &[("SHOP_ADMIN_TOKEN", services::ADMIN)],
    }
    .holds();
}

#[test]
fn a_code_that_comes_by_mail() {
    Shape {
        name: "mail-code.yml",
        service: services::mail,
        variables: &[("FORUM_ADMIN_TOKEN", services::ADMIN)],
    }
    .holds();
}

#[test]
fn the_accounts_own_token_for_the_job() {
    let shape = Shape {
        name: "own-token.yml",
        service: services::own_token,
        variables: &[("API_ADMIN_TOKEN", services::ADMIN)],
    };
    shape.holds();
    let running = shape.start();
    let ended = running.desk.run(&[
        "run",
        "--export-env",
        "--",
        "sh",
        "-c",
        "printenv | grep -c TOKEN=of-sd-",
    ]);
    assert_eq!((ended.code, ended.stdout.trim()), (Some(0), "1"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("of-sd-"), "{}", ended.stderr);
}

#[test]
fn an_account_that_is_known_only_after_a_while() {
    let shape = Shape {
        name: "slow-start.yml",
        service: services::slow_start,
        variables: &[("CRM_TOKEN", services::ADMIN)],
    };
    shape.holds();
    let running = shape.start();
    running.desk.run(&["run", "--", "true"]);
    let roles = running.liar.asked();
    let roles: Vec<&Asked> = roles.iter().filter(|asked| asked.method == "PUT").collect();
    assert_eq!(roles.len(), 2, "one role is given, at the second try");
}

#[test]
fn throttled_by_400_and_a_session_that_ends_by_403() {
    Shape {
        name: "throttled-by-400.yml",
        service: services::throttled,
        variables: &[("DIRECTORY_KEY", services::ADMIN)],
    }
    .holds();
}

#[test]
fn graphql_with_every_answer_a_200() {
    let shape = Shape {
        name: "graphql.yml",
        service: services::graphql,
        variables: &[("GRAPH_TOKEN", services::ADMIN)],
    };
    shape.holds();
    let running = shape.start();
    running.books.lock().unwrap().refuses = true;
    let ended = running.desk.run(&["setup"]);
    assert_eq!(ended.code, Some(1));
    for part in ["the quota is used up", "`refused` holds"] {
        assert!(ended.stderr.contains(part), "{part}\n{}", ended.stderr);
    }
    for part in ["leftover", "unclear"] {
        assert!(!ended.stderr.contains(part), "{part}\n{}", ended.stderr);
    }
}

#[test]
fn a_page_inside_of_a_parameter() {
    Shape {
        name: "structured-page.yml",
        service: services::structured,
        variables: &[("CHARTS_TOKEN", services::ADMIN)],
    }
    .holds();
}

#[test]
fn a_list_without_a_second_page_is_swept_to_its_end() {
    let shape = Shape {
        name: "first-page-only.yml",
        service: services::ordinary,
        variables: &[("CROWD_TOKEN", services::ADMIN)],
    };
    let running = shape.start();
    running.books.lock().unwrap().open("somebody", "").ok();
    let set_up = running.desk.run(&["setup"]);
    assert_eq!(set_up.code, Some(0), "{}", set_up.stderr);
    let swept = running.desk.run(&["sweep", "--run", "this"]);
    assert_eq!(swept.code, Some(0), "{}", swept.stderr);
    let left: Vec<String> = running
        .books
        .lock()
        .unwrap()
        .accounts
        .values()
        .map(|known| known.username.clone())
        .collect();
    assert_eq!(left, ["somebody"], "{}", swept.stderr);
}

#[test]
fn a_log_in_of_two_steps_with_cookies() {
    Shape {
        name: "two-step-login.yml",
        service: services::two_steps,
        variables: &[("PORTAL_PASSWORD", services::ADMIN)],
    }
    .holds();
}

#[test]
fn requests_that_are_signed_as_they_are_sent() {
    Shape {
        name: "signed-requests.yml",
        service: services::signed,
        variables: &[("GATEWAY_SECRET", services::ADMIN)],
    }
    .holds();
}

#[test]
fn an_assertion_of_a_service_account() {
    Shape {
        name: "service-account.yml",
        service: services::assertions,
        variables: &[("TENANT_KEY", crate::assertions::RSA)],
    }
    .holds();
}

#[test]
fn a_session_in_the_body_of_each_request() {
    Shape {
        name: "token-in-body.yml",
        service: services::rpc,
        variables: &[("MONITOR_PASSWORD", services::ADMIN)],
    }
    .holds();
}

#[test]
fn a_code_of_the_moment_beside_the_password() {
    Shape {
        name: "one-time-code.yml",
        service: services::codes,
        variables: &[("VAULT_ADMIN_TOKEN", services::ADMIN)],
    }
    .holds();
}

#[test]
fn groups_by_their_names() {
    Shape {
        name: "groups.yml",
        service: services::groups,
        variables: &[("SITE_TOKEN", services::ADMIN)],
    }
    .holds();
}

#[test]
fn accounts_that_the_tests_sign_up_themselves() {
    let shape = Shape {
        name: "signed-up-by-tests.yml",
        service: services::ordinary,
        variables: &[("CLUB_TOKEN", services::ADMIN)],
    };
    shape.holds();
    let running = shape.start();
    running.books.lock().unwrap().open("somebody", "").ok();
    let set_up = running.desk.run(&["setup"]);
    assert_eq!(set_up.code, Some(0), "{}", set_up.stderr);
    {
        let mut books = running.books.lock().unwrap();
        let ours = books
            .accounts
            .values()
            .find(|known| known.username != "somebody")
            .unwrap();
        let marker = ours.username.strip_suffix("-test-user").unwrap().to_owned();
        books.open(&format!("{marker}-visitor"), "").ok();
    }
    let cleaned = running.desk.run(&["cleanup"]);
    assert_eq!(cleaned.code, Some(0), "{}", cleaned.stderr);
    let books = running.books.lock().unwrap();
    let left: Vec<&str> = books.accounts.values().map(|known| known.username.as_str()).collect();
    assert_eq!(left, ["somebody"], "{}", cleaned.stderr);
}

#[test]
fn members_of_one_organisation() {
    let shape = Shape {
        name: "organisation.yml",
        service: services::organisations,
        variables: &[("HUB_TOKEN", services::ADMIN)],
    };
    shape.holds();
    let running = shape.start();
    let set_up = running.desk.run(&["setup"]);
    assert_eq!(set_up.code, Some(0), "{}", set_up.stderr);
    assert_eq!(running.books.lock().unwrap().accounts.len(), 4);
}

#[test]
fn every_example_is_run_here() {
    let source = include_str!("shapes.rs");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shapes");
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(source.contains(&format!("\"{name}\"")), "{name}");
    }
}
