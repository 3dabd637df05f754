//! Other people's accounts, and ours that look as if they were gone.

use serde_json::json;
use standin::sandbox::{Sandbox, ServiceSpec};

use crate::desk::Desk;
use crate::liar::{Liar, answer, json as says};

/// Every create is answered with the id of a person who was there before.
#[test]
fn a_humans_id_deletes_no_human() {
    for find in [
        "",
        "find: { request: \"GET /accounts?username={{ account.username }}\", items: body.items, id: item.id, name: item.username }",
    ] {
        let mut users = ServiceSpec::new("users");
        users.humans = vec!["maria.keller".to_owned(), "jo".to_owned()];
        let sandbox = Sandbox::spawn_thread(Sandbox::builder().service(users).fault("users POST * stranger")).unwrap();
        let desk = Desk::new().configured(&format!(
            "services:\n  - name: users\n    url: {}\n    timeout: 1s\n    {find}\naccounts: [{{ name: alice, count: 3 }}]\n",
            sandbox.url("users")
        ));
        for arguments in [
            &["setup", "--on-failure", "keep"] as &[&str],
            &["cleanup"],
            &["setup"],
            &["cleanup"],
        ] {
            let ended = desk.run(arguments);
            assert!(ended.is_orderly(), "{}", ended.stderr);
            let books = sandbox.books("users").unwrap();
            assert_eq!(
                (books.humans().count(), books.deleted),
                (2, 0),
                "{arguments:?}: {}",
                ended.stderr
            );
        }
        let deletes = sandbox
            .requests()
            .into_iter()
            .filter(|seen| seen.method == "DELETE")
            .count();
        assert_eq!(deletes, 0, "{:?}", sandbox.requests());
    }
}

/// "Not found" to a delete is no proof where the account can still be read: the address may be wrong.
#[test]
fn an_account_that_can_still_be_read_is_not_gone() {
    let sandbox = Sandbox::spawn_thread(Sandbox::builder().service(ServiceSpec::new("users"))).unwrap();
    let desk = Desk::new().configured(&format!(
        "services:\n  - name: users\n    url: {}\n    delete: {{ request: \"DELETE /customers/{{{{ id }}}}\" }}\n",
        sandbox.url("users")
    ));
    let ended = desk.run(&["run", "--", "true"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(
        ended
            .stderr
            .contains("the delete says that it is not there, but reading it still shows it"),
        "{}",
        ended.stderr
    );
    assert_eq!(sandbox.books("users").unwrap().left().count(), 1);
}

/// A service's own filter may find more than it was asked for. Ours is who bears our whole name, in whatever case, form and
/// punctuation, or cut so that no other name of the plan begins so; a name that goes on, or is another word, is somebody else's.
#[test]
fn names_that_are_near_to_ours_are_not_ours() {
    let mut ours = String::new();
    let mut gone: Vec<String> = Vec::new();
    let liar = Liar::start(move |asked| match asked.method.as_str() {
        "POST" => {
            ours = asked.username();
            answer(500, &[], b"")
        }
        "GET" => {
            let near = [
                ours.clone() + "x",
                ours.clone() + "-2",
                ours.replace("alice", "malice"),
                ours.replace("alice", "al\u{131}ce"),
                format!("x{ours}"),
                ours.to_uppercase(),
                format!(" {ours}"),
                format!("{ours}\0"),
                ours.replace("alice", "al\u{ed}ce"),
                ours[..ours.len() - 1].to_owned(),
                String::new(),
            ];
            let items = near
                .iter()
                .enumerate()
                .map(|(id, name)| (id.to_string(), json!({"id": id, "username": name})));
            let items: Vec<_> = items
                .chain([
                    ("mine".to_owned(), json!({"id": "mine", "username": ours})),
                    ("99".to_owned(), json!({"id": 99})),
                ])
                .filter(|(id, _)| !gone.contains(id))
                .map(|(_, item)| item)
                .collect();
            says(200, &json!(items))
        }
        _ => {
            gone.extend(asked.target.rsplit('/').next().map(str::to_owned));
            answer(204, &[], b"")
        }
    });
    let desk = Desk::new().configured(&format!(
        "services:
  - name: users
    url: {}
    timeout: 1s
    verify: null
    create: {{ duplicate: [409] }}
    find: {{ request: 'GET /accounts?username={{{{ account.username }}}}', items: body, id: item.id, name: item.username }}
accounts: [{{ name: alice }}]
",
        liar.url()
    ));
    let ended = desk.run(&["run", "--", "true"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for part in [
        "6 accounts have exactly its user name: `5`, `6`, `7`, `8`, `9`, `mine`; all of them are ours",
        "6 deleted, 0 left",
    ] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
    let told = ended.stderr.matches("keeps its user name as `SD-").count();
    assert!(
        (1..=2).contains(&told),
        "once in setup, once in cleanup: {}",
        ended.stderr
    );
    let mut deletes: Vec<String> = liar
        .lines()
        .into_iter()
        .filter(|line| line.starts_with("DELETE"))
        .collect();
    deletes.sort_unstable();
    assert_eq!(
        deletes,
        ["5", "6", "7", "8", "9", "mine"].map(|id| format!("DELETE /accounts/{id}")),
        "{}",
        ended.stderr
    );
}
