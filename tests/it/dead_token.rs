//! Credentials that die in the midst of a cleanup or a sweep, at a service that shows strangers nothing: 404 to a read and a delete, an
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
            let named = format!("`{}`", account.username);
            let mut lines = ended.stderr.lines();
            let is_named = lines
                .any(|line| line.contains(&named) && (line.contains("may still exist") || line.contains("left are")));
            assert!(is_named, "{} is alive; {when}", account.username);
        }
        *clean.lock().unwrap() += usize::from(ended.code == Some(0));
    });
    assert!(
        hidden.into_inner().unwrap() > 20,
        "the tokens died too late to hide anything"
    );
    assert!(clean.into_inner().unwrap() > 0, "nothing ever was clean");
}

const LIST: &str = "list: { request: GET /accounts?limit=1, items: body.items, id: item.id, name: item.username, next: { offset: offset } }";

/// Sets up, and sweeps without the journal.
fn swept(good_for: Option<usize>, more: &str) -> (SandboxHandle, usize, Ended) {
    let (sandbox, desk) = scene(good_for, more);
    let setup = desk.with("CIRCLECI", "true").with("CIRCLE_WORKFLOW_ID", "7");
    let ended = setup.run(&["setup"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let before = sandbox.requests().len();
    let sweep = setup.run(&["sweep", "--run", "this"]);
    (sandbox, before, sweep)
}

#[test]
fn a_token_that_dies_after_any_request_of_a_sweep_makes_it_no_clean_one() {
    let mut cases = Vec::new();
    for more in [LIST.to_owned(), format!("{LIST}\n    {PROBE}")] {
        let (sandbox, before, ended) = swept(None, &more);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert_eq!(sandbox.books("users").unwrap().left().count(), 0, "{}", ended.stderr);
        let in_all = sandbox.requests().len() - before;
        assert!(
            in_all >= 8,
            "two pages and an empty one, twice, and two deletes: {in_all}"
        );
        cases.extend((0..in_all).map(|k| (more.clone(), before + k)));
    }
    let hidden = Mutex::new(0);
    each(&cases, |_, (more, good_for)| {
        let (sandbox, before, ended) = swept(Some(*good_for), more);
        let left = sandbox.books("users").unwrap().left().count();
        let when = format!(
            "good for {}, {left} left, `{more}`: {}",
            good_for - before,
            ended.stderr
        );
        assert!(left == 0 || ended.code == Some(1), "{when}");
        *hidden.lock().unwrap() += usize::from(ended.stderr.contains("nothing proves that the credentials"));
    });
    assert!(
        hidden.into_inner().unwrap() >= 4,
        "the tokens died too late to hide anybody"
    );
}

#[test]
fn nobody_to_list_is_believed_of_good_credentials_alone() {
    for (more, key, code) in [
        (LIST.to_owned(), "token-of-the-tests", 1),
        (format!("{LIST}\n    {PROBE}"), "token-of-the-tests", 0),
        (format!("{LIST}\n    {PROBE}"), "another-one", 1),
    ] {
        let (_sandbox, desk) = scene(None, &more);
        let text = fs::read_to_string(desk.work().join("standin.yml")).unwrap();
        desk.write("standin.yml", &text.replace("token-of-the-tests", key));
        let ended = desk.run(&["sweep"]);
        assert_eq!(ended.code, Some(code), "{}", ended.stderr);
        let is_told = ended.stderr.contains("nothing proves that the credentials still work");
        assert_eq!(is_told, code == 1, "{}", ended.stderr);
    }
}
