//! What a cleanup's requests read of an account: its password, what its create captured, what an account shows that it needs.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::desk::Desk;
use crate::liar::{Liar, answer, json as says};

/// A service that deletes who is named by the token of its create, or with any such token, or with its own password.
fn service() -> Liar {
    let mut there: BTreeMap<String, (String, String)> = BTreeMap::new();
    Liar::start(move |asked| {
        let last = asked.target.rsplit('/').next().unwrap_or_default();
        let shown = |id: &str, name: &str| json!({"id": id, "username": name, "token": format!("token-of-{id}-0815")});
        match asked.method.as_str() {
            "POST" => {
                let body: Value = serde_json::from_str(&asked.body).unwrap();
                let id = format!("u{}", there.len() + 1);
                let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
                there.insert(id.clone(), (text("username"), text("password")));
                says(201, &shown(&id, &text("username")))
            }
            "GET" => match there.get(last) {
                Some((name, _)) => says(200, &shown(last, name)),
                None => answer(404, &[], b""),
            },
            _ => {
                let given = asked.headers.iter().find_map(|line| line.strip_prefix("x-password: "));
                let by_token = last.strip_prefix("token-of-").and_then(|rest| rest.split('-').next());
                let id = by_token.unwrap_or(last).to_owned();
                let is_let = by_token.is_some()
                    || asked.headers.iter().any(|line| line.starts_with("x-token: token-of-"))
                    || there.get(&id).is_some_and(|(_, password)| given == Some(password));
                match there.remove(&id).filter(|_| is_let) {
                    Some(_) => answer(204, &[], b""),
                    None => answer(404, &[], b""),
                }
            }
        }
    })
}

fn kept(desk: &Desk) -> Vec<PathBuf> {
    let entries = fs::read_dir(desk.journals()).unwrap();
    let files = entries.map(|entry| entry.unwrap().path().join("kept.jsonl"));
    files.filter(|file| file.exists()).collect()
}

#[test]
fn a_cleanup_of_another_process_has_what_its_requests_read() {
    let own = |more: &str| format!("  - {{ name: users, url: URL, list: null, {more} }}\n");
    let create =
        "create: { json: { username: '{{ account.username }}', password: '{{ account.password }}' }, id: body.id";
    let wide = format!("{create}, capture: {{ tok: body.token }} }}");
    let needing = format!(
        "  - {{ name: orgs, url: URL, {wide}, delete: {{ request: 'DELETE /accounts/{{{{ capture.tok }}}}' }} }}\n  - {{ name: users, url: URL, needs: [orgs], list: null, {create} }}, delete: {{ request: 'DELETE /accounts/{{{{ id }}}}', headers: {{ x-token: '{{{{ needs.orgs.tok }}}}' }} }} }}\n"
    );
    for (services, is_kept) in [
        (
            own(&format!(
                "{create} }}, delete: {{ request: 'DELETE /accounts/{{{{ id }}}}', headers: {{ x-password: '{{{{ account.password }}}}' }} }}"
            )),
            true,
        ),
        (
            own(&format!(
                "{wide}, delete: {{ request: 'DELETE /accounts/{{{{ capture.tok }}}}' }}"
            )),
            true,
        ),
        (
            own(&format!(
                "{create} }}, delete: {{ request: 'DELETE /accounts/token-of-{{{{ id }}}}-' }}"
            )),
            false,
        ),
    ] {
        let users = service();
        let desk = Desk::new().configured(&format!("services:\n{services}").replace("URL", &users.url()));
        let ended = desk.run(&["setup"]);
        assert_eq!(ended.code, Some(0), "{services}: {}", ended.stderr);
        assert_eq!(kept(&desk).len(), usize::from(is_kept), "{services}");
        let ended = desk.run(&["cleanup"]);
        assert_eq!(ended.code, Some(0), "{services}: {}", ended.stderr);
        assert!(
            ended.stderr.contains("1 deleted, 0 left"),
            "{services}: {}",
            ended.stderr
        );
        assert!(
            !ended.stderr.contains("token-of-u1-0815"),
            "{services}: {}",
            ended.stderr
        );
        assert!(kept(&desk).is_empty(), "what was kept is gone with the accounts");
    }
    let users = service();
    let desk = Desk::new().configured(&format!("services:\n{needing}").replace("URL", &users.url()));
    let ended = desk.run(&["setup"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let ended = desk.run(&["cleanup"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("2 deleted, 0 left"), "{}", ended.stderr);
}
