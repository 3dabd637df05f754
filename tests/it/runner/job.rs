//! A job as a workflow file describes it, and what became of it.

use std::fmt::Write as _;

use super::caseless::Caseless;
use super::console::Annotation;
use super::file_command::Summary;
use super::interruption::Trigger;
use super::left_behind::LeftBehind;
use super::masker::Masker;

/// How a step or a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Success,
    Failure,
    Cancelled,
    Skipped,
}

/// An `if:`, of which these tests need only the status functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    Success,
    Always,
    Failure,
    Cancelled,
}

impl Condition {
    /// Reads an `if:`. Panics at one that the emulator doesn't have.
    pub(crate) fn parse(text: &str) -> Self {
        match text.trim() {
            "success()" => Self::Success,
            "always()" => Self::Always,
            "failure()" => Self::Failure,
            "cancelled()" => Self::Cancelled,
            other => panic!("the emulator has no condition `{other}`"),
        }
    }

    /// Whether a step runs in a job of this status.
    pub(crate) fn holds(self, status: Outcome) -> bool {
        match self {
            Self::Success => status == Outcome::Success,
            Self::Always => true,
            Self::Failure => status == Outcome::Failure,
            Self::Cancelled => status == Outcome::Cancelled,
        }
    }
}

/// What a step runs.
#[derive(Clone)]
pub(crate) enum Task {
    /// The product's own action.
    Product,
    /// The action in another folder.
    Action(std::path::PathBuf),
    /// A script for the shell.
    Script(String),
}

/// One entry of `steps:`.
#[derive(Clone)]
pub(crate) struct Step {
    pub(crate) id: String,
    pub(crate) task: Task,
    pub(crate) with: Vec<(String, String)>,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) condition: Condition,
    pub(crate) continue_on_error: bool,
}

impl Step {
    fn new(task: Task) -> Self {
        let (with, env) = (Vec::new(), Vec::new());
        // A step without an id of its own has one that starts so, and its outputs are dropped.
        Self {
            id: "__run".to_owned(),
            task,
            with,
            env,
            condition: Condition::Success,
            continue_on_error: false,
        }
    }

    /// `uses:` of the product.
    pub(crate) fn action() -> Self {
        Self::new(Task::Product)
    }

    /// `uses:` of the action in a folder.
    pub(crate) fn uses(folder: &std::path::Path) -> Self {
        Self::new(Task::Action(folder.to_owned()))
    }

    /// `run:`.
    pub(crate) fn script(commands: &str) -> Self {
        Self::new(Task::Script(commands.to_owned()))
    }

    /// `id:`.
    pub(crate) fn id(mut self, id: &str) -> Self {
        id.clone_into(&mut self.id);
        self
    }

    /// One line of `with:`. The value may hold expressions.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.with.push((name.to_owned(), value.to_owned()));
        self
    }

    /// One line of `env:`. The value may hold expressions.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// `if:`.
    pub(crate) fn when(mut self, condition: Condition) -> Self {
        self.condition = condition;
        self
    }

    /// `continue-on-error: true`.
    pub(crate) fn continue_on_error(mut self) -> Self {
        self.continue_on_error = true;
        self
    }
}

/// One job. Its `run` is beside the runner.
#[derive(Clone)]
pub(crate) struct Job {
    /// `strategy.job-index` and `strategy.job-total`.
    pub(crate) leg: (u32, u32),
    pub(crate) env: Vec<(String, String)>,
    pub(crate) runner_env: Vec<(String, String)>,
    pub(crate) secrets: Vec<(String, String)>,
    pub(crate) steps: Vec<Step>,
    pub(crate) outputs: Vec<(String, String)>,
    pub(crate) triggers: Vec<Trigger>,
}

impl Job {
    /// A job without steps.
    pub(crate) fn new() -> Self {
        Self {
            leg: (0, 1),
            env: Vec::new(),
            runner_env: Vec::new(),
            secrets: Vec::new(),
            steps: Vec::new(),
            outputs: Vec::new(),
            triggers: Vec::new(),
        }
    }

    /// One of the jobs that a matrix makes of it: its index, from 0, and how many there are.
    pub(crate) fn leg(mut self, index: u32, total: u32) -> Self {
        self.leg = (index, total);
        self
    }

    /// One line of the job's `env:`.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A variable that the runner itself sets, such as `GITHUB_RUN_ID`, in place of the usual one.
    pub(crate) fn runner_env(mut self, name: &str, value: &str) -> Self {
        self.runner_env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A secret of the repository: masked from the start, and read by `${{ secrets.NAME }}`.
    pub(crate) fn secret(mut self, name: &str, value: &str) -> Self {
        self.secrets.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The next step.
    pub(crate) fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// One line of the job's `outputs:`.
    pub(crate) fn output(mut self, name: &str, value: &str) -> Self {
        self.outputs.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Something that may interrupt it.
    pub(crate) fn interrupted_by(mut self, trigger: &Trigger) -> Self {
        self.triggers.push(trigger.clone());
        self
    }
}

/// What became of one phase of a step.
#[derive(Debug)]
pub(crate) struct StepResult {
    pub(crate) id: String,
    /// Before `continue-on-error`.
    pub(crate) outcome: Outcome,
    /// After it.
    pub(crate) conclusion: Outcome,
    /// 128 and the signal's number after a signal; none if it was skipped or runs on out of the runner's sight.
    pub(crate) exit_code: Option<i32>,
    /// As the step wrote it, secrets and commands included.
    pub(crate) stdout: String,
    /// The same of the other stream.
    pub(crate) stderr: String,
    /// As users see it: commands executed, secrets masked.
    pub(crate) log: String,
    pub(crate) outputs: Caseless,
    /// All that this step's phases have saved so far.
    pub(crate) state: Caseless,
    pub(crate) annotations: Vec<Annotation>,
    pub(crate) summary: Summary,
}

impl StepResult {
    /// Both streams as they were written, without the lines that register a mask: no secret may stand in it.
    pub(crate) fn printed(&self) -> String {
        let lines = self.stdout.lines().chain(self.stderr.lines());
        lines
            .filter(|line| !line.starts_with("::add-mask::"))
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// What became of a job.
#[derive(Debug)]
pub(crate) struct JobResult {
    pub(crate) conclusion: Outcome,
    /// The steps in order, skipped ones too.
    pub(crate) steps: Vec<StepResult>,
    /// The posts in the order in which they ran.
    pub(crate) posts: Vec<StepResult>,
    /// What later jobs can read.
    pub(crate) outputs: Caseless,
    /// The runner's own lines about job outputs.
    pub(crate) log: String,
    /// Command lines of the processes that were still there at the job's end, and were killed.
    pub(crate) orphans: Vec<String>,
    /// What still ran when the worker was killed.
    pub(crate) left_behind: Option<LeftBehind>,
}

impl JobResult {
    /// The main phase of a step.
    pub(crate) fn step(&self, id: &str) -> &StepResult {
        self.steps
            .iter()
            .find(|step| step.id == id)
            .unwrap_or_else(|| panic!("no step `{id}`"))
    }

    /// The post phase of a step.
    pub(crate) fn post(&self, id: &str) -> &StepResult {
        self.posts
            .iter()
            .find(|step| step.id == id)
            .unwrap_or_else(|| panic!("no post of step `{id}`"))
    }

    /// Decides a job output as `JobExtension.cs` does: one that a mask would change is left out, with a warning.
    pub(crate) fn set_output(&mut self, masker: &Masker, name: &str, value: &str) {
        if value.is_empty() {
            return;
        }
        if masker.mask(value) == value {
            self.outputs.insert(name, value);
            writeln!(self.log, "Set output '{name}'").unwrap();
        } else {
            writeln!(self.log, "##[warning]Skip output '{name}' since it may contain secret.").unwrap();
        }
    }
}
