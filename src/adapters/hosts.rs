//! The CI hosts: which one this is, which run this is, and how data is handed to it.
//!
//! A host is one file of the folder: its variables, as a struct that `envy` fills, and its answers to what [`Host`] asks.
//! Where it has none of its own, it is as a shell. docs/how-to-add.md says how one is added.

mod azure;
mod buildkite;
mod circleci;
pub mod github;
pub mod gitlab;
pub mod jenkins;
mod plain;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::environment::{Misfit, ProcessEnv};
use crate::domain::leg::Leg;
use github::FileCommands;

/// The hosts that are known. The first that is here is the host.
const HOSTS: [fn(&ProcessEnv) -> Option<Detected>; 6] = [
    recognise::<github::GitHub>,
    recognise::<gitlab::GitLab>,
    recognise::<jenkins::Jenkins>,
    recognise::<azure::Azure>,
    recognise::<circleci::CircleCi>,
    recognise::<buildkite::Buildkite>,
];

/// What a run without secrets is called after "this is".
const FORK: &str = "a pull request from a fork";

/// The system that runs the job, as its variables tell of it.
pub trait Host: Send + Sync {
    /// Which run of which repository this is.
    fn run(&self) -> HostRun;

    /// Which job of a matrix this is, where variables tell. GitHub's tell nothing: there the action's input `leg` does.
    fn leg(&self) -> Option<Leg> {
        None
    }

    /// May a person be watching? Then a live progress line is of use, if there is a terminal too.
    fn may_have_a_watcher(&self) -> bool {
        false
    }

    /// The directory for journals: not in a workspace, and one that outlives what the host takes away when it cancels a job.
    fn journals(&self) -> Option<PathBuf> {
        None
    }

    /// Are journals still there when the job has ended?
    fn keeps_journals(&self) -> bool {
        true
    }

    /// Where the job's checkout is.
    fn workspace(&self) -> Option<&Path> {
        None
    }

    /// Why this run is given no secrets, if it is such a run, to be read after "this is".
    fn why_secretless(&self) -> Option<&'static str> {
        None
    }

    /// The event that started this run, if anybody could, and the run has secrets all the same.
    fn guarded_event(&self) -> Option<&str> {
        None
    }

    /// Where outputs, state, variables of later steps and the job summary are written.
    fn files(&self) -> Option<FileCommands> {
        None
    }

    /// Is there a step after the job that deletes?
    fn has_post(&self) -> bool {
        false
    }

    /// Is standard output read for commands?
    fn reads_data(&self) -> bool {
        false
    }

    /// The line that has a value masked in what later steps print. Anywhere else such a line *is* the leak.
    fn mask(&self, _value: &str) -> Option<String> {
        None
    }

    /// A message as a mark on the run's page, if it can be one after so many of its level.
    fn annotation(&self, _level: &str, _before: usize, _title: Option<&str>, _text: &str) -> Option<String> {
        None
    }

    /// The line that opens a group of lines, at so many seconds since the epoch.
    fn group(&self, title: &str, _at: u64) -> String {
        format!("{title}\n")
    }

    /// The line that ends it.
    fn group_end(&self, _title: &str, _at: u64) -> Option<String> {
        None
    }
}

/// How a host is found in the environment.
trait Recognised: Host + DeserializeOwned + Default + 'static {
    /// What stands before the names of its fields.
    const PREFIX: &'static str = "";

    /// Is this it?
    fn is_here(environment: &ProcessEnv) -> bool;
}

/// The host that was found.
pub struct Detected {
    /// Itself.
    pub host: Arc<dyn Host>,
    /// Variables of it that make no sense.
    pub misfits: Vec<Misfit>,
}

/// The host that this environment is of.
pub fn detect(environment: &ProcessEnv) -> Detected {
    let known = HOSTS.iter().find_map(|recognise| recognise(environment));
    known.unwrap_or_else(|| fill::<plain::Plain>(environment))
}

/// Does the environment say that this is a job of some CI, known or not?
pub fn is_ci(environment: &ProcessEnv) -> bool {
    environment.fill::<plain::Plain>("").0.is_ci()
}

/// A shell that nobody watches.
pub fn plain() -> Arc<dyn Host> {
    Arc::new(plain::Plain::default())
}

fn recognise<H: Recognised>(environment: &ProcessEnv) -> Option<Detected> {
    H::is_here(environment).then(|| fill::<H>(environment))
}

fn fill<H: Recognised>(environment: &ProcessEnv) -> Detected {
    let (host, misfits) = environment.fill::<H>(H::PREFIX);
    Detected {
        host: Arc::new(host),
        misfits,
    }
}

/// The leg of this number among so many, where the first has the number `first`.
fn leg(first: u32, number: Option<u32>, total: Option<u32>) -> Option<Leg> {
    Leg::new(number?.checked_sub(first)?, total?)
}

/// A directory that does not depend on where we are.
fn absolute(path: Option<&Path>) -> Option<PathBuf> {
    path.filter(|path| path.is_absolute()).map(Path::to_owned)
}

/// The neighbour of a directory, by the end of its name.
fn beside(path: Option<&str>, suffix: &str) -> Option<PathBuf> {
    path.map(|path| PathBuf::from(format!("{}{suffix}", path.trim_end_matches('/'))))
}

/// What a host's variables say of the run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostRun {
    /// The repository or project.
    pub repository: Option<String>,
    /// The run's id within it.
    pub id: Option<String>,
    /// The attempt at that run, from 1.
    pub attempt: Option<u32>,
    /// Where a person can look at the run.
    pub url: Option<String>,
}

/// Which run of which repository this is: what the marker is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunIdentity {
    /// The repository or project, such as `octo-org/shop`; `local:` and the working directory outside of CI.
    pub repository: String,
    /// The run's id within it; `local` outside of CI.
    pub run_id: String,
    /// The attempt at that run, from 1.
    pub attempt: u32,
    /// Where a person can look at the run.
    pub url: Option<String>,
}

/// What stands before the working directory that a repository is outside of CI.
const LOCAL: &str = "local:";
/// What stands where no variable tells it.
const NOBODYS: &str = "local";

impl RunIdentity {
    /// The working directory of its setup, if a journal's repository is that.
    pub fn directory_of(repository: &str) -> Option<&str> {
        repository.strip_prefix(LOCAL)
    }

    /// The same with what the user says of it.
    #[must_use]
    pub fn over(self, repository: Option<String>, run_id: Option<String>, attempt: Option<u32>) -> Self {
        Self {
            repository: repository.unwrap_or(self.repository),
            run_id: run_id.unwrap_or(self.run_id),
            attempt: attempt.unwrap_or(self.attempt),
            url: self.url,
        }
    }

    /// Does anybody say which repository this is?
    pub fn knows_repository(&self) -> bool {
        self.repository != NOBODYS && Self::directory_of(&self.repository).is_none()
    }

    /// Does anybody say which run of it this is?
    pub fn knows_run(&self) -> bool {
        self.run_id != NOBODYS
    }

    /// The identity that the host's variables tell; what is missing is `local` and 1.
    pub fn of(run: HostRun) -> Self {
        Self {
            repository: run.repository.unwrap_or_else(|| NOBODYS.to_owned()),
            run_id: run.id.unwrap_or_else(|| NOBODYS.to_owned()),
            attempt: run.attempt.filter(|attempt| *attempt > 0).unwrap_or(1),
            url: run.url,
        }
    }
}

#[cfg(test)]
mod tests;
