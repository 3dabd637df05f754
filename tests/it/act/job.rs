//! One job: the accounts are there for it and gone after it, however it ends.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::{Pid, Signal, kill_process};
use standin::sandbox::{Moment, Observed};

use super::{Act, PASSWORD};
use crate::services::{article, left, made, start, three};

#[test]
fn under_act_too_the_accounts_are_there_for_the_job_and_gone_after_it_fails() {
    let sandbox = start(three(PASSWORD));
    let act = Act::new();
    act.write("standin.json", &article(&sandbox, PASSWORD));
    let log = act.run(
        "      - { id: accounts, uses: ./standin }
      - { id: use, run: 'echo id=${{ steps.accounts.outputs.users-test_user-id }} >>$GITHUB_OUTPUT; rm standin.json; exit 3' }
      - { id: never, run: 'echo never' }\n",
    );
    assert_eq!(
        log.result("Main", "accounts"),
        "success",
        "{}",
        log.printed("Main", "accounts")
    );
    let id = log.output("accounts", "users-test_user-id").unwrap();
    assert!(!id.is_empty());
    // act loses what a step prints that ends at once, now and then.
    assert_eq!(log.output("use", "id"), Some(id));
    assert_eq!(
        (log.output("accounts", "count"), log.output("accounts", "ready")),
        (Some("3"), Some("true"))
    );
    let ids: BTreeMap<String, String> = serde_json::from_str(log.output("accounts", "ids").unwrap()).unwrap();
    assert_eq!(
        ids.keys().collect::<Vec<_>>(),
        ["billing/test_user", "orders/test_user", "users/test_user"]
    );
    assert!(
        log.summary("accounts").contains("3 of 3 accounts ready"),
        "{}",
        log.summary("accounts")
    );
    assert_eq!(
        (log.result("Main", "use"), log.result("Main", "never")),
        ("failure", "")
    );

    assert_eq!(log.result("Post", "accounts"), "success");
    assert!(
        log.printed("Post", "accounts").contains("3 deleted, 0 left"),
        "{}",
        log.printed("Post", "accounts")
    );
    assert_eq!(log.job_result(), "failure");
    assert_eq!((made(&sandbox), left(&sandbox)), ([1; 3], [0; 3]));
}

#[test]
fn under_act_too_a_setup_that_fails_leaves_nothing_and_says_who_failed_it() {
    let sandbox = start(three(PASSWORD).fault("orders POST * status 403"));
    let act = Act::new();
    act.write("standin.json", &article(&sandbox, PASSWORD));
    let log = act.run("      - { id: accounts, uses: ./standin }\n");
    assert_eq!(log.result("Main", "accounts"), "failure");
    assert_eq!(log.output("accounts", "ready"), Some("false"));
    assert!(
        log.summary("accounts").contains("setup failed and left nothing"),
        "{}",
        log.summary("accounts")
    );
    assert_eq!(log.result("Post", "accounts"), "success");
    assert!(log.printed("Post", "accounts").contains("nothing is left to delete"));
    assert_eq!((made(&sandbox), left(&sandbox)), ([1, 0, 1], [0; 3]));
}

#[test]
fn under_act_too_a_job_that_succeeds_has_its_accounts_and_two_uses_have_each_their_own() {
    let sandbox = start(three(PASSWORD));
    let act = Act::new();
    act.write("standin.json", &article(&sandbox, PASSWORD));
    let log = act.run(
        "      - { id: first, uses: ./standin, with: { only: users } }
      - { id: second, uses: ./standin }
      - { id: use, run: 'test ${{ steps.first.outputs.users-test_user-id }} != ${{ steps.second.outputs.users-test_user-id }}' }\n",
    );
    for id in ["first", "second"] {
        assert_eq!(log.result("Main", id), "success", "{}", log.printed("Main", id));
        assert_eq!(log.result("Post", id), "success", "{}", log.printed("Post", id));
    }
    assert_eq!(log.result("Main", "use"), "success");
    let deleted = |id, text| log.printed("Post", id).contains(text);
    assert!(deleted("first", "1 deleted, 0 left") && deleted("second", "3 deleted, 0 left"));
    assert_eq!(log.job_result(), "success");
    assert_eq!((made(&sandbox), left(&sandbox)), ([2, 1, 1], [0; 3]));
}

#[test]
fn under_act_too_post_deletes_what_a_killed_setup_has_made() {
    let act = Act::new();
    let home = act.home.path().to_owned();
    // Once, when the second account is made, before its answer is on its way.
    let killed = AtomicBool::new(false);
    let kill = move |seen: &Observed| {
        let is_due = seen.moment == Moment::AfterApply && seen.method == "POST" && seen.n > 1;
        if is_due && !killed.swap(true, Ordering::Relaxed) {
            kill_setup(&home);
        }
    };
    let sandbox = start(three(PASSWORD).observer(Arc::new(kill)));
    act.write("standin.json", &with_look_up(&article(&sandbox, PASSWORD)));
    let log = act.run("      - { id: accounts, uses: ./standin }\n");
    assert_eq!(
        log.result("Main", "accounts"),
        "failure",
        "{}",
        log.printed("Main", "accounts")
    );
    assert!(made(&sandbox).iter().sum::<u64>() >= 2);
    assert_eq!(
        log.result("Post", "accounts"),
        "success",
        "{}",
        log.printed("Post", "accounts")
    );
    assert_eq!(left(&sandbox), [0; 3], "{}", log.printed("Post", "accounts"));
}

/// The article's file with a look-up, without which an account whose create was not answered can only be named.
fn with_look_up(article: &str) -> String {
    let mut config: serde_json::Value = serde_json::from_str(article).unwrap();
    for service in config["services"].as_array_mut().unwrap() {
        service["timeout"] = "1s".into();
        service["find"] = serde_json::json!({
            "request": "GET /accounts?username={{ account.username }}",
            "items": "body.items", "id": "item.id", "name": "item.username",
        });
    }
    config.to_string()
}

/// Kills the main phase of the action that act has started: the process of ours with act's home.
fn kill_setup(home: &Path) {
    let binary = fs::canonicalize(env!("CARGO_BIN_EXE_standin")).unwrap();
    let mark = home.as_os_str().as_encoded_bytes();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let is_ours = fs::read_link(entry.path().join("exe")).is_ok_and(|program| program == binary)
            && fs::read(entry.path().join("environ")).is_ok_and(|it| it.windows(mark.len()).any(|part| part == mark));
        let pid = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
            .and_then(Pid::from_raw);
        if let (true, Some(pid)) = (is_ours, pid) {
            kill_process(pid, Signal::KILL).unwrap();
        }
    }
}
