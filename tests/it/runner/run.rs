//! Runs a job: its steps, then the posts of those that started, then what the runner does at a job's end.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

use indexmap::IndexMap;

use super::Runner;
use super::action::Manifest;
use super::caseless::Caseless;
use super::console::{Console, Level};
use super::environment::{self, Variables};
use super::expression::evaluate;
use super::file_command::{FileCommands, Summary};
use super::interruption::Interruption;
use super::job::{Condition, Job, JobResult, Outcome, Step, StepResult, Task};
use super::left_behind::LeftBehind;
use super::masker::Masker;
use super::orphans::Tracking;
use super::process::{self, Ended};

/// What a job has gathered so far.
struct World<'a> {
    runner: &'a Runner,
    job: &'a Job,
    tracking: Tracking,
    masker: Masker,
    /// The job's `env:` and what steps have added by `GITHUB_ENV`.
    env: IndexMap<String, String>,
    path: Vec<String>,
    status: Outcome,
    phases: usize,
    steps: Vec<StepResult>,
    /// What still ran when the worker was killed, with which the job is over for it.
    left_behind: Option<process::Unseen>,
}

/// Which phase of a step is run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Main,
    Post,
}

impl Job {
    /// Runs the job on a machine, from its first step to the sweep of orphans.
    pub(crate) fn run(&self, runner: &Runner) -> JobResult {
        static JOBS: AtomicU64 = AtomicU64::new(0);
        let number = JOBS.fetch_add(1, Ordering::Relaxed);
        let mut world = World {
            runner,
            job: self,
            tracking: Tracking::new(format!("github_{}_{number}", std::process::id())),
            masker: Masker::default(),
            env: IndexMap::new(),
            path: Vec::new(),
            status: Outcome::Success,
            phases: 0,
            steps: Vec::new(),
            left_behind: None,
        };
        for (_, value) in &self.secrets {
            world.masker.add_secret(value);
        }
        for (name, value) in &self.env {
            let value = world.evaluate(value, &IndexMap::new());
            world.env.insert(name.clone(), value);
        }
        world.run()
    }
}

impl World<'_> {
    fn run(mut self) -> JobResult {
        let mut posts: Vec<(&Step, Condition, Caseless)> = Vec::new();
        for step in &self.job.steps {
            self.notice_interruptions();
            if self.is_over() || !step.condition.holds(self.status) {
                self.steps.push(skipped(step));
                continue;
            }
            let result = self.phase(step, Part::Main, step.condition, Caseless::default());
            // Registered before the process starts, so however that ends, post runs.
            if let Some(manifest) = self.manifest(step).filter(|manifest| manifest.runs.post.is_some()) {
                posts.push((step, manifest.post_condition(), result.state.clone()));
            }
            self.steps.push(result);
        }
        let mut finished = Vec::new();
        for (step, condition, state) in posts.into_iter().rev() {
            self.notice_interruptions();
            let runs = !self.is_over() && condition.holds(self.status);
            let result = if runs {
                self.phase(step, Part::Post, condition, state)
            } else {
                skipped(step)
            };
            finished.push(result);
        }
        self.notice_interruptions();
        let mut result = JobResult {
            conclusion: self.status,
            steps: Vec::new(),
            posts: finished,
            outputs: Caseless::default(),
            log: String::new(),
            orphans: Vec::new(),
            left_behind: None,
        };
        if let Some(unseen) = self.left_behind {
            // Nobody evaluates outputs or ends orphans any more.
            result.steps = self.steps;
            result.left_behind = Some(LeftBehind::new(unseen, self.tracking));
            return result;
        }
        for (name, template) in &self.job.outputs {
            let value = self.evaluate(template, &self.env);
            result.set_output(&self.masker, name, &value);
        }
        result.orphans = self.tracking.sweep();
        result.steps = self.steps;
        result
    }

    /// A cancel counts from the moment it comes, also between two steps.
    fn notice_interruptions(&mut self) {
        for trigger in self.job.triggers.iter().filter(|trigger| trigger.fired()) {
            match trigger.interruption() {
                Interruption::Cancel => self.status = Outcome::Cancelled,
                Interruption::Shutdown => self.status = Outcome::Failure,
                Interruption::Timeout | Interruption::Kill | Interruption::WorkerKilled => {}
            }
        }
    }

    /// Does no further step or post run, whatever its condition?
    fn is_over(&self) -> bool {
        let mut triggers = self.job.triggers.iter();
        let is_shut_down = triggers.any(|trigger| trigger.fired() && trigger.interruption() == Interruption::Shutdown);
        is_shut_down || self.left_behind.is_some()
    }

    fn manifest(&self, step: &Step) -> Option<Manifest> {
        match &step.task {
            Task::Product => Some(Manifest::read(&self.runner.action())),
            Task::Action(folder) => Some(Manifest::read(folder)),
            Task::Script(_) => None,
        }
    }

    fn evaluate(&self, template: &str, env: &IndexMap<String, String>) -> String {
        let step = |id: &str| self.steps.iter().find(|step| step.id.eq_ignore_ascii_case(id));
        evaluate(template, |path| match path {
            ["steps", id, "outputs", name] => step(id)?.outputs.get(name).map(str::to_owned),
            ["steps", id, "outcome"] => Some(format!("{:?}", step(id)?.outcome).to_lowercase()),
            ["env", name] => env.get(*name).cloned(),
            ["secrets", name] => self
                .job
                .secrets
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.clone()),
            ["strategy", "job-index"] => Some(self.job.leg.0.to_string()),
            ["strategy", "job-total"] => Some(self.job.leg.1.to_string()),
            ["runner", "temp"] => Some(self.runner.temp().display().to_string()),
            other => panic!("the emulator has no `{}`", other.join(".")),
        })
    }

    /// Runs one phase of a step and takes what it wrote, however it ended.
    fn phase(&mut self, step: &Step, part: Part, condition: Condition, state: Caseless) -> StepResult {
        // Evaluated anew in post: what has become of outputs and variables by then is what counts.
        let mut env = self.env.clone();
        for (name, value) in &step.env {
            env.insert(name.clone(), self.evaluate(value, &self.env));
        }
        let with: Vec<_> = step
            .with
            .iter()
            .map(|(name, value)| (name.clone(), self.evaluate(value, &env)))
            .collect();
        let unsecure = env
            .get("ACTIONS_ALLOW_UNSECURE_COMMANDS")
            .is_some_and(|value| value == "true");
        self.phases += 1;
        let files = FileCommands::create(&self.runner.temp(), self.phases);
        let mut console = Console::new(self.masker.clone(), state, unsecure);
        let command = match &step.task {
            Task::Script(text) => self.script(&self.evaluate(text, &env)),
            Task::Product => self.action(&self.runner.action(), step, part, &env, &with, &mut console),
            Task::Action(folder) => self.action(folder, step, part, &env, &with, &mut console),
        };
        let (command, own) = command;
        let machine = match self.runner.container {
            Some(_) => environment::of_container(self.runner),
            None => environment::of_host(self.runner),
        };
        let of_runner = environment::of_runner(self.runner, &self.tracking, step, &files);
        let mut variables = [
            machine,
            env.into_iter().collect(),
            own,
            of_runner,
            self.job.runner_env.clone(),
        ]
        .concat();
        if !self.path.is_empty() {
            let path = format!("{}:{}", self.path.join(":"), environment::SEARCH_PATH);
            variables.push(("PATH".to_owned(), path));
        }
        let command = self.start(command, variables);
        let deaf = condition.holds(Outcome::Cancelled);
        let mut ended = process::run(command, &mut console, &self.job.triggers, deaf, self.runner.patience);
        self.left_behind = ended.unseen.take();
        let summary = match self.left_behind {
            // Who would have read the files is gone.
            Some(_) => Summary::Absent,
            None => console.take(&files),
        };
        self.finish(step, part, console, &ended, summary)
    }

    /// Where the job's steps are run: on the machine, or in its container.
    fn start(&self, mut command: Command, variables: Variables) -> Command {
        if let Some(container) = &self.runner.container {
            return container.exec(&command, variables);
        }
        command.env_clear().current_dir(self.runner.workspace());
        command.envs(variables);
        command
    }

    /// A `run:` step as the runner starts it.
    fn script(&self, text: &str) -> (Command, Variables) {
        let file = self.runner.temp().join(format!("script-{}.sh", self.phases));
        fs::write(&file, text).unwrap();
        let mut command = Command::new("/bin/sh");
        command.arg("-e").arg(file);
        (command, Vec::new())
    }

    /// A JavaScript action's phase with the variables that only it gets: its state, and over that its inputs.
    fn action(
        &self,
        folder: &Path,
        step: &Step,
        part: Part,
        env: &IndexMap<String, String>,
        with: &[(String, String)],
        console: &mut Console,
    ) -> (Command, Variables) {
        let manifest = Manifest::read(folder);
        let script = match part {
            Part::Main => manifest.runs.main.as_str(),
            Part::Post => manifest.runs.post.as_deref().unwrap(),
        };
        let mut command = Command::new(self.runner.node.unwrap_or_else(|| manifest.node()).program());
        command.arg(folder.join(script));
        match part {
            Part::Main => print_head(step, env, with, console),
            Part::Post => console.print("Post job cleanup."),
        }
        for warning in manifest.warnings(with) {
            console.annotate(Level::Warning, &warning, HashMap::new());
        }
        let mut variables: Vec<_> = console
            .state
            .iter()
            .map(|(key, value)| (format!("STATE_{key}"), value.to_owned()))
            .collect();
        variables.extend(manifest.variables(with, |default| self.evaluate(default, env)));
        (command, variables)
    }

    fn finish(&mut self, step: &Step, part: Part, mut console: Console, ended: &Ended, summary: Summary) -> StepResult {
        let failed = console.failed || ended.code() != Some(0);
        let outcome = match ended.interruption {
            Some(Interruption::Cancel) => {
                console.annotate(Level::Error, "The operation was canceled.", HashMap::new());
                Outcome::Cancelled
            }
            Some(Interruption::Timeout) => {
                let message = format!("The action '{}' has timed out.", step.id);
                console.annotate(Level::Error, &message, HashMap::new());
                Outcome::Failure
            }
            Some(Interruption::WorkerKilled) => Outcome::Cancelled,
            Some(Interruption::Shutdown | Interruption::Kill) => Outcome::Failure,
            None if failed => Outcome::Failure,
            None => Outcome::Success,
        };
        let forgiven = step.continue_on_error && outcome == Outcome::Failure;
        let conclusion = if forgiven { Outcome::Success } else { outcome };
        if conclusion == Outcome::Failure && self.status == Outcome::Success {
            self.status = Outcome::Failure;
        }
        self.masker = console.masker;
        self.env.extend(console.env);
        self.path.splice(0..0, console.path);
        // Post has no place to put outputs, and neither has a step without an id.
        let outputs = if part == Part::Post || step.id.starts_with("__") {
            Caseless::default()
        } else {
            console.outputs
        };
        StepResult {
            id: step.id.clone(),
            outcome,
            conclusion,
            exit_code: ended.code(),
            stdout: String::from_utf8_lossy(&ended.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&ended.stderr).into_owned(),
            log: console.log,
            outputs,
            state: console.state,
            annotations: console.annotations,
            summary,
        }
    }
}

/// What the log shows of a step before its own lines: its inputs and variables, secrets masked.
fn print_head(step: &Step, env: &IndexMap<String, String>, with: &[(String, String)], console: &mut Console) {
    console.print(&format!("##[group]Run {}", step.id));
    for (title, pairs) in [("with:", with.to_vec()), ("env:", env.clone().into_iter().collect())] {
        if !pairs.is_empty() {
            console.print(title);
        }
        for (name, value) in pairs {
            console.print(&format!("  {name}: {value}"));
        }
    }
    console.print("##[endgroup]");
}

fn skipped(step: &Step) -> StepResult {
    StepResult {
        id: step.id.clone(),
        outcome: Outcome::Skipped,
        conclusion: Outcome::Skipped,
        exit_code: None,
        stdout: String::new(),
        stderr: String::new(),
        log: String::new(),
        outputs: Caseless::default(),
        state: Caseless::default(),
        annotations: Vec::new(),
        summary: Summary::Absent,
    }
}
