//! The services that a job talks to in these tests, and the configurations that describe them.

use std::collections::BTreeMap;
use std::fs;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};

use standin::sandbox::{Moment, Observed, Sandbox, SandboxBuilder, SandboxHandle, ServiceSpec};

use crate::runner::Runner;
use crate::runner::file_command::Summary;
use crate::runner::job::{Step, StepResult};

/// Three services, in the order of the configuration.
pub(crate) const NAMES: [&str; 3] = ["users", "orders", "billing"];

/// Three services behind basic auth as `qa`.
pub(crate) fn three(password: &str) -> SandboxBuilder {
    let specs = NAMES.map(|name| ServiceSpec::new(name).basic("qa", password));
    specs.into_iter().fold(Sandbox::builder(), SandboxBuilder::service)
}

/// Starts a sandbox.
pub(crate) fn start(builder: SandboxBuilder) -> SandboxHandle {
    Sandbox::spawn_thread(builder).unwrap()
}

/// Services of which the first that has made an account says so, and goes on with its answer when it was answered itself.
pub(crate) fn at_the_first_create(services: SandboxBuilder) -> (SandboxBuilder, Receiver<()>, Sender<()>) {
    let ((made, seen), (go, on)) = (mpsc::channel(), mpsc::channel());
    let once = Mutex::new(Some((made, on)));
    let services = services.observer(Arc::new(move |seen: &Observed| {
        if seen.method == "POST"
            && seen.moment == Moment::AfterApply
            && let Some((made, on)) = once.lock().unwrap().take()
        {
            made.send(()).unwrap();
            on.recv().unwrap();
        }
    }));
    (services, seen, go)
}

/// The article's file: name, endpoint, user name and password of each service, and nothing else.
pub(crate) fn article(sandbox: &SandboxHandle, password: &str) -> String {
    let services = NAMES.map(|name| {
        let url = sandbox.url(name);
        format!(r#"{{"name": "{name}", "endpoint": "{url}", "username": "qa", "password": "{password}"}}"#)
    });
    format!(r#"{{"services": [{}]}}"#, services.join(", "))
}

/// What the article's services are behind.
pub(crate) const PASSWORD: &str = "sesame-open-9";

/// A machine with the article's file in its workspace, for these services.
pub(crate) fn machine(sandbox: &SandboxHandle) -> Runner {
    let runner = Runner::new();
    put(&runner, "standin.json", &article(sandbox, PASSWORD));
    runner
}

/// The step that makes the accounts.
pub(crate) fn setup() -> Step {
    Step::action().id("accounts")
}

/// Puts a file into the workspace.
pub(crate) fn put(runner: &Runner, name: &str, text: &str) {
    fs::write(runner.workspace().join(name), text).unwrap();
}

/// A file of the workspace.
pub(crate) fn read(runner: &Runner, name: &str) -> String {
    fs::read_to_string(runner.workspace().join(name)).unwrap()
}

/// How many accounts each of the three services holds that are not a human's.
pub(crate) fn left(sandbox: &SandboxHandle) -> [usize; 3] {
    NAMES.map(|name| sandbox.books(name).unwrap().left().count())
}

/// How many accounts each of the three services has ever made.
pub(crate) fn made(sandbox: &SandboxHandle) -> [u64; 3] {
    NAMES.map(|name| sandbox.books(name).unwrap().created_ever)
}

/// The outputs of a step, by name.
pub(crate) fn outputs(step: &StepResult) -> BTreeMap<&str, &str> {
    step.outputs.iter().collect()
}

/// The Markdown that a step added to the job's summary.
pub(crate) fn summary(step: &StepResult) -> &str {
    match &step.summary {
        Summary::Shown(text) => text,
        Summary::Absent => "",
        Summary::TooLarge(size) => panic!("a summary of {size} bytes is not shown"),
    }
}

/// The messages of a step's errors, without those of the runner.
pub(crate) fn errors(step: &StepResult) -> Vec<&str> {
    let level = crate::runner::console::Level::Error;
    let messages = step.annotations.iter().filter(|known| known.level == level);
    messages.map(|known| known.message.as_str()).collect()
}
