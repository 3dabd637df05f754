//! A kill of setup at each of its requests, done and not done.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use standin::sandbox::{Moment, Observed};

use super::stage::{Phase, Stage, assert_cleaned, each, nth, run, services};
use crate::runner::interruption::{Interruption, Trigger};
use crate::runner::job::Outcome;

/// What becomes of the request whose sender is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is never done.
    Dropped,
    /// It is done when its sender is dead already.
    DoneLater,
    /// It was done, and nobody is there to read the answer.
    AnswerLost,
}

pub(super) const FATES: [Fate; 3] = [Fate::Dropped, Fate::DoneLater, Fate::AnswerLost];

impl Fate {
    /// The fault that makes it so, for the `n`-th request to a service.
    pub(super) fn fault(self, service: &str, n: usize) -> Option<String> {
        (self == Self::Dropped).then(|| format!("{service} * any {n} drop"))
    }

    /// When the sender is killed.
    pub(super) fn moment(self) -> Moment {
        match self {
            Self::Dropped | Self::DoneLater => Moment::BeforeApply,
            Self::AnswerLost => Moment::AfterApply,
        }
    }
}

/// The requests of a phase that nobody disturbs, by service: `METHOD PATH`.
pub(super) fn undisturbed(of: Phase) -> BTreeMap<String, Vec<String>> {
    let seen = Arc::new(Mutex::new(BTreeMap::<String, Vec<String>>::new()));
    let watch = {
        let seen = Arc::clone(&seen);
        move |phase, observed: &Observed| {
            if phase == of && observed.moment == Moment::BeforeApply {
                let mut seen = seen.lock().unwrap();
                let requests = seen.entry(observed.service.clone()).or_default();
                requests.push(format!("{} {}", observed.method, observed.path));
            }
        }
    };
    let stage = Stage::new(services(), watch);
    let result = run(&stage, Stage::job(), &[]);
    assert_eq!(
        result.step("accounts").outcome,
        Outcome::Success,
        "{}",
        result.step("accounts").log
    );
    assert_cleaned(&result, "undisturbed");
    stage.assert_nothing_left("undisturbed");
    let seen = seen.lock().unwrap();
    seen.clone()
}

#[test]
fn a_kill_of_setup_at_any_request_leaves_no_account() {
    let requests = undisturbed(Phase::Main);
    let methods: Vec<&str> = requests["users"].iter().filter_map(|it| it.split(' ').next()).collect();
    // The first account is looked up while the others go their way. Both are read before they are changed, and after it.
    let count = |method| methods.iter().filter(|known| **known == method).count();
    assert_eq!(["GET", "POST", "PUT"].map(count), [6, 2, 2], "{requests:?}");
    for (service, requests) in &requests {
        let look_ups = requests.iter().filter(|request| request.contains("?username="));
        assert_eq!(look_ups.count(), 1, "{service}: {requests:?}");
    }
    let mut kills = Vec::new();
    for (service, requests) in &requests {
        for n in 1..=requests.len() {
            kills.extend(FATES.map(|fate| (service.clone(), n, fate)));
        }
    }
    assert_eq!(kills.len(), 3 * (10 + 6 + 6));
    each(&kills, |_, (service, n, fate)| kill_setup(service, *n, *fate));
}

fn kill_setup(service: &str, n: usize, fate: Fate) {
    let when = format!("killed at request {n} to {service}, {fate:?}");
    let trigger = Trigger::new(Interruption::Kill);
    let watch = {
        let (trigger, service, due) = (trigger.clone(), service.to_owned(), nth(n));
        move |phase, observed: &Observed| {
            let meant = phase == Phase::Main && observed.service == service && observed.moment == fate.moment();
            if due(meant) {
                trigger.fire();
            }
        }
    };
    let services = fate
        .fault(service, n)
        .iter()
        .fold(services(), |services, line| services.fault(line));
    let stage = Stage::new(services, watch);
    let result = run(&stage, Stage::job(), &[&trigger]);
    assert_eq!(result.step("accounts").exit_code, Some(137), "{when}");
    assert_cleaned(&result, &when);
    stage.assert_nothing_left(&when);
    stage.kept().expect("a journal").assert_whole(&when);
    assert!(stage.journal().is_settled(), "{when}");
}
