//! The journal is lost, and something else with it.

use standin::sandbox::SandboxHandle;

use super::{NAMES, PASSWORD, configuration, job, left, services, settled};
use crate::desk::Desk;
use crate::runner::Runner;
use crate::services::put;

const GONE: &str = "looking for its accounts by their user names";
const LIST: &str = "list: { request: GET /accounts?limit=100, items: body.items, id: item.id, name: item.username }";

/// Both services with something more or something else in their description.
fn changed(services: &SandboxHandle, from: &str, to: &str) -> String {
    let text = configuration(services);
    assert!(text.contains(from), "{text}");
    text.replace(from, to)
}

#[test]
fn without_its_journal_the_configuration_that_setup_put_aside_counts() {
    let (runner, services, others) = (Runner::new(), services(), services());
    let elsewhere = configuration(&others).replace(", { name: bob }", "");
    put(&runner, "other.yml", &elsewhere);
    let spoil = "rm \"$RUNNER_TEMP\"/standin/*/journal.jsonl && mv other.yml standin.yml";
    let result = job(&runner, &configuration(&services), spoil);
    settled(&result, &services, &[GONE]);
    assert!(others.requests().is_empty(), "{:?}", others.requests());
}

#[test]
fn what_the_configuration_no_longer_explains_is_found_under_the_marker_by_the_list() {
    let (runner, services) = (Runner::new(), services());
    let text = changed(&services, "probe:", &format!("{LIST}\n    probe:"));
    put(&runner, "fewer.yml", &text.replace(", { name: bob }", ""));
    let spoil = "rm -r \"$RUNNER_TEMP\"/standin && mv fewer.yml standin.yml";
    settled(&job(&runner, &text, spoil), &services, &[GONE]);
}

#[test]
fn who_is_found_by_the_list_is_told_by_the_user_name_alone() {
    let (runner, services) = (Runner::new(), services());
    let text = changed(&services, "probe:", &format!("{LIST}\n    probe:"));
    put(&runner, "fewer.yml", &text.replace(", { name: bob }", ""));
    let spoil = "rm -r \"$RUNNER_TEMP\"/standin && mv fewer.yml standin.yml";
    let result = job(&runner, &text, spoil);
    let post = &result.post("accounts").log;
    assert!(post.contains("-bob: deleted"), "{post}");
    assert!(!post.contains("-bob#"), "{post}");
}

#[test]
fn a_service_without_a_look_up_is_asked_by_its_list() {
    let (runner, services) = (Runner::new(), services());
    let text = changed(&services, "    find:", &format!("    {LIST}\n    # find:"));
    let result = job(&runner, &text, "rm -r \"$RUNNER_TEMP\"/standin");
    settled(&result, &services, &[GONE]);
}

#[test]
fn a_certificate_that_is_gone_too_leaves_only_its_services_accounts() {
    let services = services();
    let text = configuration(&services).replace(
        &format!("url: {}", services.url("orders")),
        &format!("url: {}\n    tls: {{ ca: ca.pem }}", services.url("orders")),
    );
    let desk = Desk::new().configured(&text);
    let authority = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    desk.write("ca.pem", &authority.cert.pem());
    let desk = NAMES.iter().fold(desk, |desk, name| {
        desk.with(&format!("{}_PASSWORD", name.to_uppercase()), PASSWORD)
    });
    let ended = desk.run(&["setup"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let entry = std::fs::read_dir(desk.journals()).unwrap().next().unwrap().unwrap();
    for name in ["journal.jsonl", "sealed.json"] {
        std::fs::remove_file(entry.path().join(name)).unwrap();
    }
    std::fs::remove_file(desk.work().join("ca.pem")).unwrap();
    let ended = desk.run(&["cleanup"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert_eq!(left(&services), [0, 2], "{}", ended.stderr);
    for part in [
        "`tls.ca` of `orders` can't be read",
        "orders/alice (",
        "2 deleted, 2 left",
    ] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
}

/// The copy may hold secrets, so that it goes once nothing is owed, with a journal or without.
#[test]
fn without_its_journal_too_nothing_that_was_put_aside_stays() {
    let services = services();
    let desk = Desk::new().configured(&configuration(&services));
    let desk = NAMES.iter().fold(desk, |desk, name| {
        desk.with(&format!("{}_PASSWORD", name.to_uppercase()), PASSWORD)
    });
    assert_eq!(desk.run(&["setup"]).code, Some(0));
    let entry = std::fs::read_dir(desk.journals()).unwrap().next().unwrap().unwrap();
    std::fs::write(entry.path().join("journal.jsonl"), "torn").unwrap();
    assert!(entry.path().join("sealed.json").exists());
    let ended = desk.run(&["cleanup"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(left(&services), [0, 0]);
    assert!(!entry.path().join("sealed.json").exists());
}
