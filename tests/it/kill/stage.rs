//! A machine with a runner, three services that keep books, and a look at every request while it waits.

use std::fs;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use standin::sandbox::{Filter, Observed, Sandbox, SandboxBuilder, SandboxHandle, ServiceSpec};

use super::diary::Diary;
use crate::runner::Runner;
use crate::runner::interruption::Trigger;
use crate::runner::job::{Condition, Job, JobResult, Outcome, Step, StepResult};
use crate::runner::node::Node;

/// The services, each of another kind: the first refuses equal names, the second does too and finds more than it is
/// asked for, the third takes equal names and finds everybody.
pub(crate) const SERVICES: [&str; 3] = ["users", "orders", "billing"];
/// A person's account in each of them, which nobody may touch.
const HUMAN: &str = "alice";
/// What the services' administrator logs in with.
const PASSWORD: &str = "canary-of-the-administrator";
/// How many jobs run at once: they mostly wait.
const AT_ONCE: usize = 4;
/// The file that the step after main makes, so that the services know whose requests they see.
const MAIN_IS_OVER: &str = "main-is-over";

/// Which of the action's processes asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Main,
    Post,
}

/// A machine with its services.
pub(crate) struct Stage {
    pub(crate) runner: Runner,
    pub(crate) services: SandboxHandle,
}

/// The three services, without faults.
pub(crate) fn services() -> SandboxBuilder {
    let spec = |name: &str, filter| {
        let mut spec = ServiceSpec::new(name).basic("qa", PASSWORD);
        spec.unique_names = filter != Filter::Ignored;
        spec.filter = filter;
        spec.humans = vec![HUMAN.to_owned()];
        spec
    };
    let [users, orders, billing] = SERVICES;
    Sandbox::builder()
        .service(spec(users, Filter::Exact))
        .service(spec(orders, Filter::Substring))
        .service(spec(billing, Filter::Ignored))
}

impl Stage {
    /// A machine whose services show each moment of each request, which waits until `watch` returns.
    pub(crate) fn new(services: SandboxBuilder, watch: impl Fn(Phase, &Observed) + Send + Sync + 'static) -> Self {
        let runner = Runner::new();
        let main_is_over = runner.temp().join(MAIN_IS_OVER);
        let observer = move |observed: &Observed| {
            let phase = if main_is_over.exists() {
                Phase::Post
            } else {
                Phase::Main
            };
            watch(phase, observed);
        };
        let services = Sandbox::spawn_thread(services.observer(Arc::new(observer))).unwrap();
        let stage = Self { runner, services };
        stage.configure_copies(1);
        stage
    }

    /// Scales the runner's own waits.
    pub(crate) fn at_pace(mut self, pace: f64) -> Self {
        self.runner = self.runner.at_pace(pace);
        self
    }

    /// Runs the action on this Node.
    pub(crate) fn on_node(mut self, node: Node) -> Self {
        self.runner = self.runner.on_node(node);
        self
    }

    /// Runs the job's steps in a container, as its root.
    pub(crate) fn in_container(mut self) -> Self {
        self.runner = self.runner.in_container(0);
        self
    }

    /// Writes the configuration into the workspace.
    pub(crate) fn configure(&self, text: &str) {
        fs::write(self.runner.workspace().join("standin.yml"), text).unwrap();
    }

    /// Writes a configuration with all that a service can have: alice and so many copies of bob in each, with one copy
    /// six in all. A request may take a second, so that the window of late arrivals is short.
    pub(crate) fn configure_copies(&self, copies: usize) {
        let [users, orders, billing] = SERVICES.map(|name| {
            format!(
                "  - name: {name}
    url: {url}
    auth: {{ basic: {{ username: qa, password: '{{{{ env.QA_PASSWORD }}}}' }} }}
    timeout: 1s
    limits: {{ concurrency: 2 }}
    ready: {{ request: GET /health }}
    probe: {{ request: GET /me }}
    find: {{ request: 'GET /accounts?username={{{{ account.username }}}}', items: body.items, id: item.id, name: item.username }}
",
                url = self.services.url(name)
            )
        });
        self.configure(&format!(
            "services:
{users}    create: {{ duplicate: [409] }}
    after_create: [ {{ request: 'PUT /accounts/{{{{ id }}}}', json: {{ status: ready }} }} ]
    verify: {{ request: 'GET /accounts/{{{{ id }}}}', name: body.username, until: \"body.status == 'ready'\" }}
    gone: {{ request: 'GET /accounts/{{{{ id }}}}', within: 3s }}
{orders}    needs: [users]
    create: {{ duplicate: [409] }}
{billing}accounts: [ {{ name: alice, role: admin }}, {{ name: bob, role: tester, count: {copies} }} ]
"
        ));
    }

    /// The job: the action, and a step after it that keeps what the journal says by then.
    pub(crate) fn job() -> Job {
        Self::job_of(Step::action())
    }

    /// The same for a `uses:` with inputs.
    pub(crate) fn job_of(action: Step) -> Job {
        let keep = format!("cp -R \"$RUNNER_TEMP/standin\" \"$RUNNER_TEMP/kept\"; : > \"$RUNNER_TEMP/{MAIN_IS_OVER}\"");
        Job::new()
            .env("QA_PASSWORD", PASSWORD)
            .step(action.id("accounts"))
            .step(Step::script(&keep).id("keep").when(Condition::Always))
    }

    /// The journal as it was when main was over. None if main was not over before all was.
    pub(crate) fn kept(&self) -> Option<Diary> {
        Diary::in_directory(&self.runner.temp().join("kept"))
    }

    /// The journal as it is.
    pub(crate) fn journal(&self) -> Diary {
        Diary::in_directory(&self.runner.temp().join("standin"))
            .expect("setup writes its journal before its first request")
    }

    /// The binary outside of the action, in the workspace and with nothing but the variables of a person's shell.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_standin"));
        command.args(arguments);
        self.at_home(&mut command);
        command
    }

    /// Gives a command the workspace and the variables of a person's shell.
    pub(crate) fn at_home(&self, command: &mut Command) {
        command
            .current_dir(self.runner.workspace())
            .env_clear()
            .envs(crate::runner::environment::of_host(&self.runner))
            .env("QA_PASSWORD", PASSWORD);
    }

    /// `standin cleanup` by hand on the runner's machine, for the same run.
    pub(crate) fn cleanup_of_job(&self) -> Output {
        self.command(&["cleanup"])
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_REPOSITORY", "octocat/shop")
            .env("GITHUB_RUN_ID", "17654321098")
            .env("RUNNER_TEMP", self.runner.temp())
            .output()
            .unwrap()
    }

    /// By the services' own books: none is left, never were there two for one name, and no person lost an account.
    pub(crate) fn assert_nothing_left(&self, when: &str) {
        for name in SERVICES {
            let Some(books) = self.services.books(name) else {
                continue;
            };
            let left: Vec<_> = books.left().collect();
            assert!(left.is_empty(), "{when}: left in {name}: {left:?}");
            for (username, made) in &books.made_by_username {
                assert_eq!(*made, 1, "{when}: {made} were made of `{username}` in {name}");
            }
            assert_eq!(books.humans().count(), 1, "{when}: a person lost an account in {name}");
        }
    }

    /// How many accounts the services have ever made.
    pub(crate) fn created_ever(&self) -> u64 {
        let books = SERVICES.iter().filter_map(|name| self.services.books(name));
        books.map(|books| books.created_ever).sum()
    }
}

/// Post has done its work: it succeeded and named nothing as left.
pub(crate) fn assert_cleaned(result: &JobResult, when: &str) {
    let post = result.post("accounts");
    assert_eq!(
        (post.outcome, post.exit_code),
        (Outcome::Success, Some(0)),
        "{when}: {}",
        post.log
    );
    assert!(errors(post).is_empty(), "{when}: {:?}", post.annotations);
    assert!(!post.stderr.contains("panicked"), "{when}: {}", post.stderr);
}

/// What a phase put beside the log as errors.
pub(crate) fn errors(phase: &StepResult) -> Vec<&str> {
    let errors = phase
        .annotations
        .iter()
        .filter(|it| it.level == crate::runner::console::Level::Error);
    errors.map(|annotation| annotation.message.as_str()).collect()
}

/// Does each of these, some at once.
pub(crate) fn each<T: Sync>(items: &[T], work: impl Fn(usize, &T) + Sync) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(items.len()) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { return };
                    work(index, item);
                }
            });
        }
    });
}

/// Says yes to the `n`-th of those that it is asked about, from 1.
pub(crate) fn nth(n: usize) -> impl Fn(bool) -> bool + Send + Sync {
    let seen = AtomicUsize::new(0);
    move |matches| matches && seen.fetch_add(1, Ordering::Relaxed) + 1 == n
}

/// A job that a trigger may cut short.
pub(crate) fn run(stage: &Stage, job: Job, triggers: &[&Trigger]) -> JobResult {
    let job = triggers.iter().fold(job, |job, trigger| job.interrupted_by(trigger));
    job.run(&stage.runner)
}
