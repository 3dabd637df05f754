//! Steps that go elsewhere, wait, and are left out: what is sent, and what is said where a wait is in vain.

use std::sync::{Arc, Mutex};

use serde_json::json;

use crate::desk::Desk;
use crate::liar::{Asked, Liar, Reply, answer, json as reply};

/// What the service's administrator logs in with.
const ADMIN: &str = "canary-of-the-administrator";

/// One account, which is gone once it is deleted.
fn service() -> Liar {
    let mut username = None;
    Liar::start(move |asked| one(&mut username, asked))
}

fn one(username: &mut Option<String>, asked: &Asked) -> Reply {
    match asked.method.as_str() {
        "POST" if asked.target == "/accounts" => {
            *username = Some(asked.username());
            reply(201, &json!({"id": 7}))
        }
        "GET" if asked.target == "/accounts/7" => match &username {
            Some(name) => reply(200, &json!({"username": name})),
            None => answer(404, &[], b""),
        },
        "DELETE" => {
            *username = None;
            answer(204, &[], b"")
        }
        _ => answer(404, &[], b""),
    }
}

/// A mail catcher without any mail.
fn no_mail() -> Liar {
    Liar::start(|_| reply(200, &json!({"messages": []})))
}

fn desk(service: &Liar, more: &str) -> Desk {
    Desk::new().with("ADMIN", ADMIN).configured(&format!(
        "services:
  - name: forum
    url: {}
    timeout: 1s
    headers: {{ X-Api-Key: '{{{{ env.ADMIN }}}}', X-Stage: qa }}
    auth: {{ bearer: '{{{{ env.ADMIN }}}}' }}
{more}",
        service.url()
    ))
}

fn fields(asked: &Asked) -> String {
    asked.headers.join("\n").to_lowercase()
}

#[test]
fn a_mail_that_never_comes_is_named_with_what_was_waited_for() {
    let (forum, mail) = (service(), no_mail());
    let desk = desk(
        &forum,
        &format!(
            "    after_create: {{ url: {}, request: 'GET /messages?to={{{{ account.email }}}}', until: body.messages, within: 300ms }}",
            mail.url()
        ),
    );
    let ended = desk.run(&["setup"]);
    assert_eq!(ended.code, Some(1));
    for part in [
        "`after_create` (GET /messages?to={{ account.email }}) ",
        "was answered with status 200",
        "within 300ms, `until: body.messages` did not hold: `body.messages` was an empty list",
    ] {
        assert!(ended.stderr.contains(part), "{part}\n{}", ended.stderr);
    }
    assert!(mail.lines().len() >= 2);
    assert_eq!(forum.lines().last().unwrap(), "GET /accounts/7", "it is rolled back");
}

#[test]
fn nothing_of_the_service_goes_to_another_address() {
    let (forum, mail) = (service(), no_mail());
    let desk = desk(
        &forum,
        &format!(
            "    after_create:\n      - {{ url: '{}/catcher', request: GET /messages, headers: {{ X-Own: 'yes' }} }}\n      - {{ auth: none, request: GET /accounts/7 }}",
            mail.url()
        ),
    );
    let ended = desk.run(&["run", "--", "true"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let [asked] = mail.asked().try_into().unwrap();
    assert_eq!(asked.target, "/catcher/messages");
    let elsewhere = fields(&asked);
    assert!(elsewhere.contains("x-own: yes"), "{elsewhere}");
    for field in ["x-stage", "x-api-key", "authorization", ADMIN] {
        assert!(!elsewhere.contains(field), "{elsewhere}");
    }
    // Without credentials, but with what is none.
    let asked = forum.asked();
    let unsigned: Vec<&Asked> = asked
        .iter()
        .filter(|asked| !fields(asked).contains("authorization"))
        .collect();
    let [unsigned] = unsigned.as_slice() else {
        panic!("{} requests without credentials", unsigned.len());
    };
    assert!(fields(unsigned).contains("x-stage: qa") && !fields(unsigned).contains(ADMIN));
}

#[test]
fn a_step_to_a_host_that_is_not_allowed_is_refused_before_any_request() {
    let forum = service();
    let step = "    after_create: { url: 'http://mail.example.com', request: GET /messages }";
    let ended = desk(&forum, step).run(&["setup", "--allow-hosts", "127.0.0.1"]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    let expected = "`services[0].after_create.url`: the host `mail.example.com` is not among `allow-hosts`";
    assert!(ended.stderr.contains(expected), "{}", ended.stderr);
    assert_eq!(forum.lines(), Vec::<String>::new());
    // One that hangs on an answer is found out when it is to be asked.
    let step = "    create: { request: POST /accounts, json: { username: '{{ account.username }}' }, id: body.id, capture: { host: \"'mail.example.com'\" } }
    after_create: { url: 'http://{{ capture.host }}', request: GET /messages }";
    let ended = desk(&forum, step).run(&["setup", "--allow-hosts", "127.0.0.1"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let expected =
        "`services[0].after_create` can't be sent: `url`: the host `mail.example.com` is not among `allow-hosts`";
    assert!(ended.stderr.contains(expected), "{}", ended.stderr);
    assert_eq!(forum.lines().last().unwrap(), "GET /accounts/7", "it is rolled back");
}

#[test]
fn a_delete_of_which_every_step_is_left_out_is_no_delete() {
    let forum = service();
    let delete = "    delete: { request: 'DELETE /accounts/{{ id }}', when: run.attempt == 'never' }";
    let ended = desk(&forum, delete).run(&["run", "--", "true"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let expected = "no step of `delete` that deletes was sent: its `when` left it out";
    assert!(ended.stderr.contains(expected), "{}", ended.stderr);
}

#[test]
fn a_failure_that_does_not_pass_is_told_by_expect() {
    let forum = service();
    let step = "    after_create: { request: PUT /roles/7, json: {}, retry: [404], within: 300ms }";
    let ended = desk(&forum, step).run(&["setup"]);
    assert_eq!(ended.code, Some(1));
    let expected = "`after_create` (PUT /roles/7) was answered with status 404 (not found)";
    assert!(ended.stderr.contains(expected), "{}", ended.stderr);
    let tries = forum.lines().iter().filter(|line| line.starts_with("PUT")).count();
    assert!((2..6).contains(&tries), "{tries}");
}

/// Accounts by their ids, and how many requests came.
type Accounts = std::collections::BTreeMap<u64, String>;

/// A service of which `special` answers what it wants to, and which is an ordinary one else.
fn ordinary(
    mut special: impl FnMut(&Accounts, &Asked) -> Option<Reply> + Send + 'static,
) -> (Liar, Arc<Mutex<Accounts>>) {
    let accounts = Arc::new(Mutex::new(Accounts::new()));
    let kept = Arc::clone(&accounts);
    let liar = Liar::start(move |asked| {
        let mut accounts = kept.lock().unwrap();
        if let Some(reply) = special(&accounts, asked) {
            return reply;
        }
        let id = asked.target.rsplit('/').next().and_then(|id| id.parse().ok());
        match (asked.method.as_str(), id) {
            ("POST", _) => {
                let id = accounts.len() as u64 + 1;
                accounts.insert(id, asked.username());
                reply(201, &json!({"id": id}))
            }
            ("GET", Some(id)) => match accounts.get(&id) {
                Some(name) => reply(200, &json!({"username": name, "status": "ok"})),
                None => answer(404, &[], b""),
            },
            ("DELETE", Some(id)) if accounts.remove(&id).is_some() => reply(200, &json!({"status": "ok"})),
            _ => answer(404, &[], b""),
        }
    });
    (liar, accounts)
}

const TWO: &str = "accounts: [ { name: a }, { name: b } ]\n";

#[test]
fn a_dead_session_answers_no_other_condition() {
    // It ends after the first delete, and says so under 200.
    let mut deletes = 0;
    let (forum, accounts) = ordinary(move |_, asked| {
        deletes += usize::from(asked.method == "DELETE");
        (deletes > 1).then(|| reply(200, &json!({"status": "SessionExpired"})))
    });
    let desk = desk(
        &forum,
        &format!(
            "    limits: {{ concurrency: 1 }}
    dead: body.status == \"SessionExpired\"
    probe: {{ request: GET /me, expect: [200] }}
    delete: {{ request: 'DELETE /accounts/{{{{ id }}}}', expect: [200] }}\n{TWO}"
        ),
    );
    let set_up = desk.run(&["setup"]);
    assert_eq!(set_up.code, Some(0), "{}", set_up.stderr);
    let cleaned = desk.run(&["cleanup"]);
    assert_eq!(cleaned.code, Some(1), "{}", cleaned.stderr);
    assert_eq!(accounts.lock().unwrap().len(), 1);
}

#[test]
fn a_chain_whose_delete_is_left_out_deletes_nothing() {
    let (forum, accounts) = ordinary(|_, _| None);
    let desk = desk(
        &forum,
        "    limits: { concurrency: 1 }
    delete:
      - { request: 'GET /accounts/{{ id }}', capture: { status: body.status } }
      - { request: 'DELETE /accounts/{{ id }}', when: account.role == 'admin' }
accounts: [ { name: a, role: reader }, { name: b, role: admin } ]
",
    );
    let ended = desk.run(&["run", "--", "true"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let expected = "no step of `delete` that deletes was sent: its `when` left it out";
    assert!(ended.stderr.contains(expected), "{}", ended.stderr);
    assert_eq!(accounts.lock().unwrap().len(), 1);
}

#[test]
fn a_refusal_that_gives_an_id_has_made_an_account() {
    let accounts = Arc::new(Mutex::new(Accounts::new()));
    let behind = Arc::clone(&accounts);
    let liar = Liar::start(move |asked| {
        let mut accounts = behind.lock().unwrap();
        match asked.method.as_str() {
            "POST" => {
                accounts.insert(1, asked.username());
                reply(200, &json!({"id": 1, "errors": [{"message": "mail not sent"}]}))
            }
            "DELETE" => answer(if accounts.remove(&1).is_some() { 204 } else { 404 }, &[], b""),
            _ => match accounts.get(&1) {
                Some(name) => reply(200, &json!({"username": name})),
                None => answer(404, &[], b""),
            },
        }
    });
    let desk = desk(&liar, "    refused: status == 200 and body.errors is defined\n");
    let ended = desk.run(&["setup"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(accounts.lock().unwrap().is_empty(), "{}", ended.stderr);
}

#[test]
fn another_address_that_throttles_is_not_asked_in_a_circle() {
    let forum = service();
    let mail = Liar::start(|_| answer(429, &["Retry-After: 600"], b""));
    let desk = desk(
        &forum,
        &format!(
            "    after_create: {{ url: {}, request: GET /messages, until: body.messages, within: 1s }}",
            mail.url()
        ),
    );
    let ended = desk.run(&["setup", "--deadline", "20s"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(mail.lines().len() < 30, "{}", mail.lines().len());
}

#[test]
fn a_list_waits_too() {
    let mut lists = 0;
    let (forum, accounts) = ordinary(move |accounts, asked| {
        if asked.target != "/accounts?all" {
            return None;
        }
        if !fields(asked).contains("authorization") {
            return Some(answer(401, &[], b""));
        }
        lists += 1;
        let items: Vec<_> = accounts
            .iter()
            .map(|(id, name)| json!({"id": id, "username": name}))
            .collect();
        let is_ready = lists > 1;
        Some(reply(
            200,
            &json!({"ready": is_ready, "items": if is_ready { items } else { Vec::new() }}),
        ))
    });
    let desk = desk(
        &forum,
        &format!(
            "    list: {{ request: 'GET /accounts?all', until: body.ready, within: 20s, items: body.items, id: item.id, name: item.username }}\n{TWO}"
        ),
    );
    let set_up = desk.run(&["setup"]);
    assert_eq!(set_up.code, Some(0), "{}", set_up.stderr);
    let swept = desk.run(&["sweep", "--run", "this"]);
    assert_eq!(swept.code, Some(0), "{}", swept.stderr);
    assert!(accounts.lock().unwrap().is_empty(), "{}", swept.stderr);
}
