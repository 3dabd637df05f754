//! Recorded commands: matched by ids, and no secret of theirs in the file or in a message.

use std::io::Write as _;
use std::process::Stdio;

use super::{lives, refused, sandbox, written};
use crate::desk::{Desk, finish};

/// Commands with every place where a secret may stand.
const COMMANDS: &str = r#"# create
$ curl -i -X POST 'https://id.shop.example/api/v1/users?notify=no&api_key=S3cretQuery' \
  -H "Authorization: Token S3cretToken" -H 'Content-Type: application/json' -H 'X-Tenant: qa' -H 'X-Opaque: S3cret0123456789abcdefXYZ' \
  -b 'session=S3cretCookie' \
  -d '{"user": {"login": "alice", "email": "alice@shop.example", "password": "S3cretPassword", "role": "admin", "client_secret": "S3cretClient", "plan": "free", "note": "as S3cretPassword", "pin": "S3cret", "active": true}}'
HTTP/1.1 201 Created
Location: /api/v1/users/4711

{"data": {"id": 4711, "login": "alice", "token": "S3cretAnswer"}}

curl -u admin:S3cretPair https://id.shop.example/api/v1/users/4711 -H 'Authorization: Token S3cretToken'
curl 'https://id.shop.example/api/v1/users?login=alice' -H 'Authorization: Token S3cretToken'
{"users": [{"id": 4711, "login": "alice"}]}
curl -X DELETE https://id.shop.example/api/v1/users/4711 -H 'Authorization: Token S3cretToken'
"#;

#[test]
fn commands_are_matched_by_their_ids_and_no_secret_is_written() {
    let desk = Desk::new();
    desk.write("commands.txt", COMMANDS);
    let (text, ended) = written(&desk, &["--curl", "commands.txt"]);
    for part in [
        "url: \"https://id.shop.example\"",
        "Authorization: \"Token {{ env.ID_TOKEN }}\"",
        "X-Tenant: qa",
        "login: \"{{ account.username }}\"",
        "email: \"{{ account.email }}\"",
        "password: \"{{ account.password }}\"",
        "plan: free",
        "active: true",
        "id: body.data.id",
        "name: body.data.login",
        "request: \"GET /api/v1/users/{{ id }}\"",
        "login: \"{{ account.username }}\"",
        "items: body.users",
        "id: item.id",
        "request: \"DELETE /api/v1/users/{{ id }}\"",
    ] {
        assert!(text.contains(part), "no `{part}`:\n{text}");
    }
    let all = format!("{text}{}{}", ended.stdout, ended.stderr);
    assert!(
        !all.contains("S3cret") && !all.contains("admin") && !all.contains("4711"),
        "{all}"
    );
}

#[test]
fn commands_on_standard_input_give_a_service_that_lives() {
    let sandbox = sandbox();
    let desk = Desk::new()
        .with("ACCOUNTS_USERNAME", "qa")
        .with("ACCOUNTS_PASSWORD", "sesame");
    let url = sandbox.url("users");
    let commands = format!(
        "curl -u qa:sesame --json '{{\"username\": \"bob\", \"email\": \"bob@x.example\"}}' {url}/accounts
{{\"id\": \"a1\", \"username\": \"bob\", \"email\": \"bob@x.example\"}}
curl -u qa:sesame {url}/accounts/a1
curl -u qa:sesame '{url}/accounts?username=bob'
{{\"items\": [{{\"id\": \"a1\", \"username\": \"bob\"}}], \"total\": 1}}
curl -u qa:sesame -XDELETE {url}/accounts/a1
"
    );
    let mut command = desk.command(env!("CARGO_BIN_EXE_standin"), &["init", "--curl", "-"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(commands.as_bytes()).unwrap();
    let ended = finish(child);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(!ended.stderr.contains("sesame"), "{}", ended.stderr);
    lives(&desk, &sandbox);
}

#[test]
fn a_create_alone_leaves_the_rest_open() {
    let desk = Desk::new();
    desk.write(
        "create.sh",
        "curl $HOST/users -d 'name=bob&pass=S3cret&email=bob@x.example' -H \"X-Api-Key: $KEY\"",
    );
    let (text, _) = written(&desk, &["--curl", "create.sh"]);
    assert!(
        text.contains("url: \"{{ env.USERS_URL }}\"") && text.contains("form:") && !text.contains("S3cret"),
        "{text}"
    );
    assert!(text.contains("X-Api-Key: \"{{ env.USERS_TOKEN }}\""), "{text}");
}

#[test]
fn a_path_can_name_the_account_and_no_delete_is_always_the_same() {
    let desk = Desk::new();
    let put = "curl -XPUT -u root:S3cret -d '{\"password\": \"S3cret\"}' http://localhost:15672/api/users/bob
curl -u root:S3cret localhost:15672/api/users/bob
curl -u root:S3cret -X DELETE localhost:15672/api/users/bob
";
    desk.write("put.txt", put);
    let (text, _) = written(&desk, &["--curl", "put.txt"]);
    assert!(
        text.contains("request: \"PUT /api/users/{{ account.username }}\"") && text.contains("id: account.username"),
        "{text}"
    );
    assert!(
        text.contains("request: \"DELETE /api/users/{{ id }}\"") && !text.contains("bob\n"),
        "{text}"
    );
    let desk = Desk::new();
    let post =
        "curl --json '{\"login\": \"bob\"}' https://a.example/users\ncurl -X DELETE https://a.example/people/77\n";
    desk.write("post.txt", post);
    let (text, ended) = written(&desk, &["--curl", "post.txt"]);
    assert!(
        !text.contains("request: DELETE /people/77") && ended.stderr.contains("names nothing that the create shows"),
        "{text}{}",
        ended.stderr
    );
}

#[test]
fn what_creates_nothing_is_refused() {
    let desk = Desk::new();
    for (text, expected) in [
        ("", "there is no `curl` command in it"),
        ("wget https://x", "there is no `curl` command in it"),
        ("curl https://x.example/users", "no command in it creates an account"),
        (
            "curl -d 'user=a&password=S3cret' https://x.example/login",
            "no command in it creates an account",
        ),
        ("curl 'never ends", "no command in it creates an account"),
    ] {
        desk.write("commands.txt", text);
        let stderr = refused(&desk, &["--curl", "commands.txt"]);
        assert!(
            stderr.contains(expected) && !stderr.contains("S3cret"),
            "{text}: {stderr}"
        );
    }
}
