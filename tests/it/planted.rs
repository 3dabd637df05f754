//! Symbolic links that somebody has planted where a file will be written: they are replaced or refused, never followed.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use standin::sandbox::{Sandbox, SandboxHandle, ServiceSpec};

use crate::desk::Desk;

const KEPT: &str = "somebody's own";

fn scene() -> (SandboxHandle, Desk) {
    let sandbox = Sandbox::spawn_thread(Sandbox::builder().service(ServiceSpec::new("users"))).unwrap();
    let desk = Desk::new().configured(&format!(
        "services:
  - name: users
    url: {}
    timeout: 1s
    find: {{ request: 'GET /accounts?username={{{{ account.username }}}}', items: body.items, id: item.id, name: item.username }}
",
        sandbox.url("users")
    ));
    desk.write("victim", KEPT);
    (sandbox, desk)
}

/// A link of this name to the victim; what stood there is gone.
fn plant(desk: &Desk, link: &Path) {
    let _was_not_there = fs::remove_file(link);
    symlink(desk.work().join("victim"), link).unwrap();
}

fn is_untouched(desk: &Desk, when: &str) {
    let victim = desk.work().join("victim");
    assert_eq!(fs::read_to_string(&victim).unwrap(), KEPT, "{when}");
    assert_eq!(
        fs::metadata(victim).unwrap().permissions().mode() & 0o777,
        0o644,
        "{when}"
    );
}

#[test]
fn a_link_where_the_user_wants_a_file_is_replaced() {
    for (flag, secret) in [
        ("--report", false),
        ("--credentials-file", true),
        ("--dotenv", false),
        ("--properties", false),
    ] {
        let (sandbox, desk) = scene();
        fs::set_permissions(desk.work().join("victim"), fs::Permissions::from_mode(0o644)).unwrap();
        let path = desk.work().join("told");
        plant(&desk, &path);
        let ended = desk.run(&["setup", flag, "told"]);
        assert_eq!(ended.code, Some(0), "{flag}: {}", ended.stderr);
        is_untouched(&desk, flag);
        let told = fs::symlink_metadata(&path).unwrap();
        assert!(
            told.is_file() && told.permissions().mode() & 0o777 == 0o600,
            "{flag}: {told:?}"
        );
        assert!(
            fs::read_to_string(&path).unwrap().contains("test_user") || !secret,
            "{flag}"
        );
        plant(&desk, &path);
        let ended = desk.run(&["cleanup"]);
        assert_eq!(ended.code, Some(0), "{flag}: {}", ended.stderr);
        is_untouched(&desk, flag);
        assert_eq!(sandbox.books("users").unwrap().left().count(), 0, "{flag}");
    }
}

/// In the journals' own directory only the user himself can plant anything; even so it is not followed, and deleting goes on.
#[test]
fn a_link_in_place_of_any_file_of_an_entry_is_not_followed() {
    for name in [
        "journal.jsonl",
        "sealed.json",
        "credentials.json",
        "accounts.json",
        "elsewhere",
        "stop",
        "lock",
    ] {
        let (sandbox, desk) = scene();
        fs::set_permissions(desk.work().join("victim"), fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(desk.run(&["setup"]).code, Some(0));
        let entry = fs::read_dir(desk.journals()).unwrap().next().unwrap().unwrap();
        plant(&desk, &entry.path().join(name));
        let ended = desk.run(&["cleanup"]);
        assert_eq!(ended.code, Some(0), "{name}: {}", ended.stderr);
        is_untouched(&desk, name);
        assert_eq!(
            sandbox.books("users").unwrap().left().count(),
            0,
            "{name}: {}",
            ended.stderr
        );
        assert!(!ended.stderr.contains(KEPT), "{name}: {}", ended.stderr);
    }
}
