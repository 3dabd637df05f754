//! Each preset that is untried, and those whose servers not every machine can get: whole life cycles over real sockets, against a
//! stand-in that knows what the preset's sources say. That shows that names, ids, paging and the rules of what is gone hold together.
//! What is sent and answered there is checked against the vendor's own API description, where one is to be had. It does not show that
//! the vendor is so.

mod description;
mod directory;
mod hosted;
mod identity;
mod product;
mod vendor;

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use standin::config::{preset, preset_names};

use crate::desk::{Desk, Ended, finish};
use description::{Description, described};
use directory::{AUTHENTIK, KANIDM, KEYCLOAK};
use hosted::{CLERK, FUSIONAUTH, NEXTCLOUD, SALESFORCE, WORKOS};
use identity::{AUTH0, FIREBASE, KRATOS, OKTA, SUPABASE, ZITADEL};
use product::{DIRECTUS, GITEA, GITLAB, GRAFANA, MATTERMOST};
use vendor::{SECRET, Stand, Vendor};

const VENDORS: [&Vendor; 19] = [
    &AUTH0,
    &AUTHENTIK,
    &CLERK,
    &DIRECTUS,
    &FIREBASE,
    &FUSIONAUTH,
    &GITEA,
    &GITLAB,
    &GRAFANA,
    &KANIDM,
    &KEYCLOAK,
    &KRATOS,
    &MATTERMOST,
    &NEXTCLOUD,
    &OKTA,
    &SALESFORCE,
    &SUPABASE,
    &WORKOS,
    &ZITADEL,
];

/// Those whose lists have a filter.
const FILTERED: [&str; 8] = [
    "gitea",
    "directus",
    "grafana",
    "keycloak",
    "nextcloud",
    "okta",
    "salesforce",
    "zitadel",
];

/// The configuration of a user of this preset.
fn config(vendor: &Vendor, port: u16, accounts: &str) -> String {
    let auth = vendor.auth.replace("SECRET", "{{ env.API_SECRET }}");
    format!(
        "ttl: 0s
services:
  - name: it
    preset: {}
    url: http://127.0.0.1:{port}
    with: {}
    auth: {auth}
    find: {{ settle: 0s }}
    limits: {{ rate: null }}
    timeout: 2s
accounts: {accounts}
",
        vendor.preset, vendor.with
    )
}

const BUYERS: &str = "[{ name: buyer, count: 3 }]";

fn desk(vendor: &Vendor, stand: &Stand, accounts: &str) -> Desk {
    Desk::new()
        .with("API_SECRET", SECRET)
        .with("CIRCLECI", "true")
        .with("CIRCLE_WORKFLOW_ID", "7")
        .configured(&config(vendor, stand.port, accounts))
}

fn ends(vendor: &Vendor, ended: &Ended, code: i32, part: &str) {
    let told = format!("{}: {}\n{}", vendor.preset, ended.stdout, ended.stderr);
    assert_eq!(ended.code, Some(code), "{told}");
    assert!(told.contains(part), "`{part}` is missing in {told}");
}

#[test]
fn every_preset_that_is_untried_has_a_stand_in() {
    let untried: BTreeSet<&str> = preset_names()
        .filter(|name| !preset(name).unwrap().known.is_tried())
        .collect();
    let known: BTreeSet<&str> = VENDORS.iter().map(|vendor| vendor.preset).collect();
    let missing: Vec<_> = untried.difference(&known).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_description_is_of_a_vendor_that_has_a_stand_in() {
    let known: BTreeSet<String> = VENDORS.iter().map(|vendor| vendor.preset.to_owned()).collect();
    let described: BTreeSet<String> = described().into_iter().collect();
    assert!(described.is_subset(&known), "{described:?}");
    let without: Vec<&String> = known.difference(&described).collect();
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/presets.md")).unwrap();
    let names: Vec<String> = without.iter().map(|name| format!("`{name}`")).collect();
    let told = format!("No description was available for {}:", listed(&names));
    assert!(page.contains(&told), "docs/presets.md does not say `{told}`");
}

/// `a`, `b` and `c`.
fn listed(names: &[String]) -> String {
    let (last, others) = names.split_last().unwrap();
    if others.is_empty() {
        return last.clone();
    }
    format!("{} and {last}", others.join(", "))
}

#[test]
fn what_is_sent_and_answered_is_what_the_vendors_describe() {
    let mut differences: Vec<String> = Vec::new();
    for vendor in VENDORS
        .into_iter()
        .filter(|vendor| Description::of(vendor.preset).is_some())
    {
        let stand = Stand::start(vendor, true);
        let person = "[{ name: fixed, username: taken, email: taken@example.com, unmarked: true }]";
        ends(vendor, &desk(vendor, &stand, person).run(&["setup"]), 1, "taken");
        let desk = desk(vendor, &stand, BUYERS);
        ends(vendor, &desk.run(&["setup"]), 0, "");
        ends(vendor, &desk.run(&["cleanup"]), 0, "3 deleted, 0 left");
        ends(vendor, &desk.run(&["setup"]), 0, "");
        std::fs::remove_dir_all(desk.journals()).unwrap();
        let swept = desk.run(&["sweep", "--older-than", "0s"]);
        ends(vendor, &swept, 0, "3 deleted, 0 left");
        let known: BTreeSet<String> = vendor.undescribed.iter().map(|&text| text.to_owned()).collect();
        let told = stand.complaints();
        let new = told
            .difference(&known)
            .map(|text| format!("{}: new: {text}", vendor.preset));
        let gone = known
            .difference(&told)
            .map(|text| format!("{}: no more: {text}", vendor.preset));
        differences.extend(new.chain(gone));
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn every_preset_can_be_planned_without_a_variable() {
    for vendor in VENDORS {
        let desk = Desk::new().configured(&config(vendor, 1, BUYERS));
        let ended = desk.run(&["plan"]);
        ends(vendor, &ended, 0, "buyer-3");
        for step in ["create", "verify", "find", "list", "delete", "gone", "probe"] {
            ends(vendor, &ended, 0, step);
        }
    }
}

#[test]
fn accounts_are_made_and_deleted_and_the_one_whose_answer_was_lost_is_found() {
    for vendor in VENDORS {
        let stand = Stand::start(vendor, true);
        let desk = desk(vendor, &stand, BUYERS);
        ends(vendor, &desk.run(&["setup"]), 0, "");
        assert_eq!(stand.ours(), 3, "{}", vendor.preset);
        assert_eq!(stand.look(|store| store.mails), 0, "{} sends mails", vendor.preset);
        ends(vendor, &desk.run(&["cleanup"]), 0, "3 deleted, 0 left");
        assert_eq!(stand.ours(), 0, "{}", vendor.preset);
    }
}

#[test]
fn a_name_that_a_person_has_is_refused_and_the_person_stays() {
    for vendor in VENDORS {
        let stand = Stand::start(vendor, false);
        let person = "[{ name: fixed, username: taken, email: taken@example.com, unmarked: true }]";
        let desk = desk(vendor, &stand, person);
        ends(vendor, &desk.run(&["setup"]), 1, "taken");
        ends(vendor, &desk.run(&["cleanup"]), 0, "");
        assert_eq!(stand.ours(), 0, "{}", vendor.preset);
        assert_eq!(
            stand.look(|store| store.users[0].clone()),
            (vendor.human)(),
            "{}",
            vendor.preset
        );
    }
}

/// Of Salesforce only active users are shown, and no account may be made to see whether its eyes see.
#[test]
fn an_account_that_somebody_else_deleted_is_seen_to_be_gone() {
    for vendor in VENDORS.into_iter().filter(|vendor| vendor.preset != SALESFORCE.preset) {
        let stand = Stand::start(vendor, false);
        let desk = desk(vendor, &stand, BUYERS);
        ends(vendor, &desk.run(&["setup"]), 0, "");
        stand.look(|store| store.users.truncate(2));
        ends(vendor, &desk.run(&["cleanup"]), 0, "0 left");
        assert_eq!(stand.ours(), 0, "{}", vendor.preset);
    }
}

/// Where the name stands in a field beside the log-in, the job can empty it. Without the journal's lines only the address leads
/// to the account then, and it may be ours.
#[test]
fn an_account_whose_name_the_job_emptied_is_never_called_absent() {
    for (vendor, field) in [
        (&AUTH0, "/app_metadata"),
        (&DIRECTUS, "/external_identifier"),
        (&KRATOS, "/metadata_admin"),
        (&SUPABASE, "/app_metadata"),
    ] {
        for extra in ["", "    list: null\n"] {
            let stand = Stand::start(vendor, false);
            let text =
                config(vendor, stand.port, BUYERS).replace("    timeout: 2s\n", &format!("    timeout: 2s\n{extra}"));
            let desk = desk(vendor, &stand, BUYERS).configured(&text);
            ends(vendor, &desk.run(&["setup"]), 0, "");
            for entry in std::fs::read_dir(desk.journals()).unwrap() {
                std::fs::remove_file(entry.unwrap().path().join("journal.jsonl")).ok();
            }
            stand.look(|store| {
                for user in &mut store.users[1..] {
                    let field = user.pointer_mut(field).unwrap();
                    *field = if field.is_object() {
                        serde_json::json!({})
                    } else {
                        serde_json::Value::Null
                    };
                }
            });
            let ended = desk.run(&["cleanup"]);
            ends(vendor, &ended, 1, "3 accounts may still exist");
            ends(vendor, &ended, 1, "check in the service whose account it is");
            assert_eq!(stand.ours(), 3, "{}", vendor.preset);
        }
    }
}

/// The row may be there, and nobody can log in.
#[test]
fn an_account_that_was_locked_marked_as_deleted_or_emptied_is_not_ready() {
    let yes = serde_json::json!(true);
    for (vendor, field, value) in [
        (&AUTH0, "blocked", yes.clone()),
        (&AUTH0, "app_metadata", serde_json::json!({})),
        (&FIREBASE, "disabled", yes.clone()),
        (&GITEA, "prohibit_login", yes.clone()),
        (&GITEA, "active", serde_json::json!(false)),
        (&GITLAB, "state", "deactivated".into()),
        (&GRAFANA, "isDisabled", yes),
        (&KRATOS, "metadata_admin", serde_json::Value::Null),
        (&MATTERMOST, "delete_at", serde_json::json!(1_800_000_000_000_u64)),
        (&SUPABASE, "deleted_at", "2026-11-30T00:00:00Z".into()),
        (&SUPABASE, "app_metadata", serde_json::json!({})),
        (&ZITADEL, "state", "USER_STATE_LOCKED".into()),
    ] {
        let stand = Stand::start(vendor, false);
        let desk = desk(vendor, &stand, "[{ name: buyer }]");
        ends(vendor, &desk.run(&["setup"]), 0, "");
        ends(vendor, &desk.run(&["status"]), 0, "ready");
        stand.look(|store| store.users[1][field] = value);
        ends(vendor, &desk.run(&["status"]), 1, "changed");
        ends(vendor, &desk.run(&["cleanup"]), 0, "1 deleted, 0 left");
    }
}

#[test]
fn orphans_are_found_page_by_page_and_persons_are_left_alone() {
    for vendor in VENDORS {
        let stand = Stand::start(vendor, false);
        let desk = desk(vendor, &stand, "[{ name: buyer, count: 5 }]");
        ends(vendor, &desk.run(&["setup"]), 0, "");
        std::fs::remove_dir_all(desk.journals()).unwrap();
        // The person is listed unless the service is asked for accounts of our prefix alone.
        let has_filter = FILTERED.contains(&vendor.preset);
        let all = ["sweep", "--older-than", "0s", "--dry-run", "--all-owners"];
        ends(vendor, &desk.run(&all), 0, "6 accounts listed in 1 service, 5 to sweep");
        let ended = desk.run(&["sweep", "--older-than", "0s"]);
        ends(vendor, &ended, 0, "5 deleted, 0 left");
        let listed = format!("{} accounts listed", if has_filter { 5 } else { 6 });
        ends(vendor, &ended, 0, &listed);
        assert_eq!(
            stand.look(|store| store.users.clone()),
            [(vendor.human)()],
            "{}",
            vendor.preset
        );
    }
}

/// Where the name stands in a field of ours, people have none.
#[test]
fn a_sweep_among_people_alone_is_complete() {
    for vendor in VENDORS {
        let stand = Stand::start(vendor, false);
        let desk = desk(vendor, &stand, BUYERS);
        ends(vendor, &desk.run(&["sweep", "--all-owners"]), 0, "none to sweep");
        assert_eq!(stand.look(|store| store.users.len()), 1, "{}", vendor.preset);
    }
}

#[test]
fn a_list_that_the_vendor_cuts_short_is_incomplete() {
    let stand = Stand::start(&AUTH0, false);
    let desk = desk(&AUTH0, &stand, "[{ name: buyer, count: 21 }]");
    ends(&AUTH0, &desk.run(&["setup"]), 0, "");
    std::fs::remove_dir_all(desk.journals()).unwrap();
    let ended = desk.run(&["sweep", "--older-than", "0s"]);
    ends(&AUTH0, &ended, 1, "the list is incomplete");
    ends(&AUTH0, &ended, 1, "19 deleted, 0 left");
    ends(
        &AUTH0,
        &desk.run(&["sweep", "--older-than", "0s"]),
        0,
        "2 deleted, 0 left",
    );
}

#[test]
fn what_can_expire_is_given_its_time_to_live_and_a_day_where_that_is_nothing() {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    for (ttl, life) in [("0s", 24 * 3600), ("90m", 90 * 60)] {
        for vendor in [&AUTHENTIK, &KANIDM] {
            let stand = Stand::start(vendor, false);
            let text = config(vendor, stand.port, BUYERS).replace("ttl: 0s", &format!("ttl: {ttl}"));
            let before = now();
            let desk = desk(vendor, &stand, BUYERS).configured(&text);
            ends(vendor, &desk.run(&["setup"]), 0, "");
            // A marker tells whole minutes.
            let (first, last) = (before / 60 * 60 + life, now() / 60 * 60 + life);
            let users = stand.look(|store| store.users.clone());
            assert_eq!(users.len(), 4);
            for user in &users[1..] {
                let expires = if vendor.preset == KANIDM.preset {
                    let text = user["attrs"]["account_expire"][0].as_str().unwrap();
                    let time = humantime::parse_rfc3339(text).unwrap();
                    time.duration_since(UNIX_EPOCH).unwrap().as_secs()
                } else {
                    let attributes = &user["attributes"];
                    assert_eq!(attributes["goauthentik.io/user/generated"], true);
                    attributes["goauthentik.io/user/expires"].as_u64().expect("a number")
                };
                assert!((first..=last).contains(&expires), "{ttl}: {expires}: {user}");
            }
            ends(vendor, &desk.run(&["cleanup"]), 0, "3 deleted, 0 left");
        }
    }
}

#[test]
fn wrong_credentials_make_nothing_and_prove_no_absence() {
    for vendor in VENDORS.into_iter().filter(|vendor| vendor.refusal.is_some()) {
        let stand = Stand::start(vendor, false);
        let desk = desk(vendor, &stand, BUYERS);
        let run = |command: &str| {
            let mut process = desk.command(env!("CARGO_BIN_EXE_standin"), &[command]);
            finish(process.env("API_SECRET", "another-one").spawn().unwrap())
        };
        ends(vendor, &run("setup"), 1, "");
        assert_eq!(stand.ours(), 0, "{}", vendor.preset);
        ends(vendor, &desk.run(&["setup"]), 0, "");
        ends(vendor, &run("cleanup"), 1, "3 left");
        assert_eq!(stand.ours(), 3, "{}", vendor.preset);
        ends(vendor, &desk.run(&["cleanup"]), 0, "3 deleted, 0 left");
    }
}
