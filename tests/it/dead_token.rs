//! Credentials that die in the midst of a cleanup, at a service that shows strangers nothing: 404 to a read and a delete, an
//! empty list to a look-up. What is alive is never taken for gone.

use std::fs;
use std::sync::Mutex;

use standin::sandbox::{Sandbox, SandboxHandle, ServiceSpec};

use crate::desk::{Desk, Ended};
use crate::kill::stage::each;

/// More than a cleanup of two accounts sends, whatever it has to look for.
const LAST: usize = 13;
const PROBE: &str = "probe: { request: GET /me }";
const GONE: &str = "gone: { request: 'GET /accounts/{{ id }}' }";

/// How a cleanup begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Knows {
    /// The journal.
    All,
    /// The names alone, so that every account is looked up.
    Names,
}

/// A service whose credentials end with that request.
fn scene(good_for: Option<usize>, more: &str) -> (SandboxHandle, Desk) {
    let mut users = ServiceSpec::new("users").bearer("token-of-the-tests");
    users.lenient_anonymous = true;
    let builder = Sandbox::builder().service(users);
    let dies = good_for.map(|requests| format!("users * * token-dies {requests}"));
    let builder = dies.iter().fold(builder, |builder, fault| builder.fault(fault));
    let sandbox = Sandbox::spawn_thread(builder).unwrap();
    let desk = Desk::new().configured(&format!(
        "services:
  - name: users
    url: {}
    timeout: 1s
    auth: {{ bearer: token-of-the-tests }}
    limits: {{ concurrency: 1 }}
    find: {{ request: 'GET /accounts?username={{{{ account.username }}}}', items: body.items, id: item.id, name: item.username }}
    {more}
accounts: [ {{ name: alice }}, {{ name: bob }} ]
",
        sandbox.url("users")
    ));
    (sandbox, desk)
}

/// Sets up, and cleans up with what is known. The names of the accounts that are left, and what was said.
fn cleaned(good_for: Option<usize>, knows: Knows, more: &str) -> (SandboxHandle, usize, Ended) {
    let (sandbox, desk) = scene(good_for, more);
    let setup = desk.run(&["setup"]);
    assert_eq!(setup.code, Some(0), "{}", setup.stderr);
    let before = sandbox.requests().len();
    if knows == Knows::Names {
        let entry = fs::read_dir(desk.journals()).unwrap().next().unwrap().unwrap();
        fs::remove_file(entry.path().join("journal.jsonl")).unwrap();
    }
    let cleanup = desk.run(&["cleanup"]);
    (sandbox, before, cleanup)
}

#[test]
fn a_token_that_dies_after_any_request_of_a_cleanup_hides_no_account() {
    let mut cases = Vec::new();
    for knows in [Knows::All, Knows::Names] {
        for more in ["", PROBE, GONE] {
            let (sandbox, before, ended) = cleaned(None, knows, more);
            let in_all = sandbox.requests().len() - before;
            assert!(in_all <= LAST, "{in_all} requests: {}", ended.stderr);
            // What a service without `probe` never proves is a leftover even with good credentials.
            assert_eq!(sandbox.books("users").unwrap().left().count(), 0, "{}", ended.stderr);
            cases.extend((0..=in_all).map(|k| (knows, more, before + k)));
        }
    }
    let (hidden, clean) = (Mutex::new(0), Mutex::new(0));
    each(&cases, |_, (knows, more, good_for)| {
        let (sandbox, before, ended) = cleaned(Some(*good_for), *knows, more);
        let when = format!(
            "good for {} of cleanup, {knows:?}, `{more}`: {}",
            good_for - before,
            ended.stderr
        );
        let books = sandbox.books("users").unwrap();
        for account in books.left() {
            *hidden.lock().unwrap() += 1;
            assert_eq!(ended.code, Some(1), "{} is alive; {when}", account.username);
            let named = format!("may still exist, under the user name `{}`", account.username);
            assert!(ended.stderr.contains(&named), "{} is alive; {when}", account.username);
        }
        *clean.lock().unwrap() += usize::from(ended.code == Some(0));
    });
    assert!(
        hidden.into_inner().unwrap() > 20,
        "the tokens died too late to hide anything"
    );
    assert!(clean.into_inner().unwrap() > 0, "nothing ever was clean");
}
