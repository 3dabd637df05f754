//! "It is not there" is believed only where it is proved.

use super::book::{Book, Nature, PLAIN, Strangers};
use super::process::Crash;
use super::stage::Stage;
use super::world::Fake;
use crate::domain::leftover::Reason;
use crate::ports::{Notice, Progress, Proof};

/// A service that asks for credentials, without and with a `probe`.
fn stage(probe: &str) -> Stage {
    Stage::new(&format!(
        r#"
services:
  - name: users
    url: http://users.test
    auth: {{ bearer: "{{{{ env.TOKEN }}}}" }}
    {probe}
    create: {{ json: {{ username: "{{{{ account.username }}}}" }}, duplicate: [409] }}
    find:
      request: GET /accounts?username={{{{ account.username }}}}
      items: body
      id: item.id
      name: item.username
accounts:
  - {{ name: buyer, count: 5 }}
"#
    ))
}

fn world(seed: u64, strangers: Strangers) -> Fake {
    let nature = Nature { strangers, ..PLAIN };
    let fake = Fake::new(seed, vec![Book::new(nature, &["alice"])]);
    fake.slow.set(3);
    fake
}

#[tokio::test(start_paused = true)]
async fn a_token_that_dies_on_the_way_never_hides_an_account() {
    let mut hidden = 0;
    for probe in ["", "probe: { request: GET /me }"] {
        let stage = stage(probe);
        for strangers in [Strangers::SeeNothing, Strangers::SeeEmptyLists, Strangers::NotFound] {
            for seed in 0..4 {
                let crash = [
                    None,
                    Some(Crash::Sent(5)),
                    Some(Crash::After(8)),
                    Some(Crash::After(12)),
                ];
                for good_for in 0..20 {
                    let fake = world(seed, strangers);
                    fake.be_born(crash[usize::try_from(seed).unwrap_or(0)]);
                    stage.setup(&fake, true).await;
                    fake.be_born(None);
                    fake.book(0, |book| book.good_for = Some(good_for));
                    let settled = stage.cleanup(&fake).await.expect("it does not die");
                    for held in fake.book(0, |book| book.ours()) {
                        hidden += 1;
                        assert!(
                            settled
                                .leftovers
                                .iter()
                                .any(|leftover| leftover.username == held.username),
                            "{held:?} is alive and not named: {strangers:?}, seed {seed}, good for {good_for}, `{probe}`: {settled:?}"
                        );
                    }
                }
            }
        }
    }
    assert!(hidden > 100, "the token died too late to hide anything");
}

/// What a cleanup makes of a create that never arrived.
async fn of_nothing(probe: &str, strangers: Strangers) -> (Vec<Reason>, Vec<Proof>) {
    let stage = stage(probe);
    let fake = world(0, strangers);
    fake.be_born(Some(Crash::After(1)));
    assert!(stage.setup(&fake, false).await.is_none(), "it dies with its first line");
    fake.be_born(None);
    let settled = stage.cleanup(&fake).await.expect("it does not die");
    let notices = fake.notices.borrow();
    let proofs = notices.iter().filter_map(|notice| {
        if let Notice::Account {
            progress: Progress::Absent { proof },
            ..
        } = notice
        {
            Some(*proof)
        } else {
            None
        }
    });
    (
        settled.leftovers.iter().map(|leftover| leftover.reason).collect(),
        proofs.collect(),
    )
}

#[tokio::test(start_paused = true)]
async fn an_absence_is_proved_by_a_probe_or_by_a_stranger_who_is_refused() {
    let probe = "probe: { request: GET /me }";
    assert_eq!(
        of_nothing("", Strangers::Refused).await,
        (vec![], vec![Proof::StrangersRefused])
    );
    for strangers in [Strangers::SeeNothing, Strangers::NotFound, Strangers::Refused] {
        assert_eq!(
            of_nothing(probe, strangers).await,
            (vec![], vec![Proof::Credentials]),
            "{strangers:?}"
        );
    }
    for strangers in [Strangers::SeeNothing, Strangers::NotFound] {
        assert_eq!(
            of_nothing("", strangers).await,
            (vec![Reason::Unproved], vec![]),
            "{strangers:?}"
        );
    }
}

#[test]
fn what_the_account_asks_for_itself_says_nothing_of_our_credentials() {
    let basic = "headers: { Authorization: \"Basic {{ (account.username ~ ':' ~ account.password) | b64encode }}\" }";
    for (verify, itself, log_in) in [
        (format!("{{ request: GET /me, {basic} }}"), true, false),
        (
            "{ request: POST /login, json: { password: \"{{ account.password }}\" } }".to_owned(),
            false,
            true,
        ),
        (
            "{ request: POST /login, form: { password: \"{{ account.password }}\" } }".to_owned(),
            false,
            true,
        ),
        (
            "{ request: \"GET /accounts/{{ id }}\", headers: { X-Api-Key: \"{{ env.TOKEN }}\" } }".to_owned(),
            false,
            false,
        ),
        (
            "{ request: \"GET /accounts/{{ id }}\", headers: { X-Trace: \"{{ account.username }}\" } }".to_owned(),
            false,
            false,
        ),
    ] {
        let stage = stage(&format!("verify: {verify}"));
        let request = &stage.sites[0].service.verify.as_ref().unwrap().request;
        assert_eq!(
            (request.is_sent_by_the_account(), request.logs_in()),
            (itself, log_in),
            "{verify}"
        );
    }
}
