//! A kill of post itself: `standin cleanup` by hand ends what it began.

use standin::sandbox::{Moment, Observed};

use super::every_request::{FATES, Fate, undisturbed};
use super::stage::{Phase, Stage, each, nth, run, services};
use crate::runner::interruption::{Interruption, Trigger};
use crate::runner::job::Outcome;

#[test]
fn a_kill_of_post_at_any_request_leaves_nothing_to_a_cleanup_by_hand() {
    let before = undisturbed(Phase::Main);
    let requests = undisturbed(Phase::Post);
    let mut kills = Vec::new();
    for (service, requests) in &requests {
        for n in 1..=requests.len() {
            kills.extend(FATES.map(|fate| (service.clone(), n, fate)));
        }
    }
    // Two deletes a service, and a look before and two after the first of them; one look more in the one that has `gone`.
    assert_eq!(kills.len(), 3 * (6 + 5 + 5), "{requests:?}");
    for (service, requests) in &requests {
        let deletes = requests.iter().filter(|request| request.starts_with("DELETE "));
        let look_ups = requests.iter().filter(|request| request.contains("?username="));
        assert_eq!((deletes.count(), look_ups.count()), (2, 1), "{service}: {requests:?}");
    }
    each(&kills, |_, (service, n, fate)| {
        kill_post(service, before[service].len(), *n, *fate, false);
    });
}

#[test]
fn a_kill_of_post_after_a_kill_of_setup_leaves_nothing_to_a_cleanup_by_hand() {
    let mut kills = Vec::new();
    for service in ["users", "billing"] {
        for n in 1..=3 {
            // How many requests setup has sent by then is not certain, so none can be dropped by its number.
            kills.extend([Fate::DoneLater, Fate::AnswerLost].map(|fate| (service.to_owned(), n, fate)));
        }
    }
    each(&kills, |_, (service, n, fate)| {
        kill_post(service, 0, *n, *fate, true);
    });
}

/// Kills post at its `n`-th request to a service, to which setup sends so many before, and setup too at its second create
/// there if it says so.
fn kill_post(service: &str, before: usize, n: usize, fate: Fate, setup_too: bool) {
    let when = format!("post killed at request {n} to {service}, {fate:?}, setup killed too: {setup_too}");
    let (first, second) = (Trigger::new(Interruption::Kill), Trigger::new(Interruption::Kill));
    let watch = {
        let (first, second, service) = (first.clone(), second.clone(), service.to_owned());
        let (setup_too, second_create, due) = (setup_too, nth(2), nth(n));
        move |phase, observed: &Observed| {
            let here = observed.service == service;
            let creates = phase == Phase::Main && observed.method == "POST" && observed.moment == Moment::AfterApply;
            if second_create(setup_too && here && creates) {
                first.fire();
            }
            if due(phase == Phase::Post && here && observed.moment == fate.moment()) {
                second.fire();
            }
        }
    };
    let fault = fate.fault(service, before + n);
    let services = fault.iter().fold(services(), |services, line| services.fault(line));
    let stage = Stage::new(services, watch);
    let result = run(&stage, Stage::job(), &[&first, &second]);
    let main = if setup_too { Outcome::Failure } else { Outcome::Success };
    assert_eq!(result.step("accounts").outcome, main, "{when}");
    assert_eq!(
        result.post("accounts").exit_code,
        Some(137),
        "{when}: {}",
        result.post("accounts").log
    );
    stage.journal().assert_whole(&when);
    // Passwords are gone before anything is deleted: nobody may come to it any more.
    let entry = std::fs::read_dir(stage.runner.temp().join("standin")).unwrap().next();
    assert!(
        !entry.unwrap().unwrap().path().join("credentials.json").exists(),
        "{when}"
    );
    for again in ["cleanup", "cleanup again"] {
        let cleanup = stage.cleanup_of_job();
        assert_eq!(cleanup.status.code(), Some(0), "{when}, {again}: {cleanup:?}");
        stage.assert_nothing_left(&format!("{when}, {again}"));
        assert!(stage.journal().is_settled(), "{when}, {again}");
    }
}
