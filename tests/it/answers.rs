//! What an answer is to the requests that follow: its cookies, and all header fields of one name.

use serde_json::json as value;

use crate::desk::Desk;
use crate::liar::{Asked, Liar, answer, json};

/// A create that opens a session. Only its cookie may read and delete, and the id stands in the second of two fields.
#[test]
fn a_cookie_and_a_second_field_of_a_name_lead_to_the_account() {
    const COOKIE: &str = "c-9f86d081884c7d65";
    let mut made = None;
    let users = Liar::start(move |asked: &Asked| {
        let is_let_in = asked
            .headers
            .iter()
            .any(|field| field.trim().eq_ignore_ascii_case(&format!("X-Session: {COOKIE}")));
        match (asked.line().as_str(), is_let_in) {
            ("POST /users", _) => {
                made = Some(asked.username());
                let cookie = format!("Set-Cookie: sid={COOKIE}; Path=/; HttpOnly");
                answer(201, &["X-Made: /groups/3", "X-Made: /users/7", &cookie], b"")
            }
            (_, false) => answer(401, &[], b""),
            ("GET /users/7", _) if made.is_some() => json(200, &value!({ "id": 7, "username": made })),
            ("DELETE /users/7", _) => {
                made = None;
                answer(204, &[], b"")
            }
            _ => answer(404, &[], b""),
        }
    });
    let desk = Desk::new().configured(&format!(
        "services:
  - name: users
    url: {}
    create:
      request: POST /users
      json: {{ username: '{{{{ account.username }}}}' }}
      id: headers_all['x-made'][1] | last_segment
      capture: {{ of_the_session: cookies.sid }}
    verify: {{ request: 'GET /users/{{{{ id }}}}', headers: {{ X-Session: '{{{{ capture.of_the_session }}}}' }} }}
    delete: {{ request: 'DELETE /users/{{{{ id }}}}', headers: {{ X-Session: '{{{{ capture.of_the_session }}}}' }} }}
",
        users.url()
    ));
    let setup = desk.run(&["setup", "--verbose"]);
    assert_eq!(setup.code, Some(0), "{}", setup.stderr);
    let cleanup = desk.run(&["cleanup", "--verbose"]);
    assert_eq!(cleanup.code, Some(0), "{}", cleanup.stderr);
    assert_eq!(
        users.lines().last().map(String::as_str),
        Some("GET /users/7"),
        "it was seen to be gone"
    );
    for ended in [&setup, &cleanup] {
        assert!(
            !ended.stderr.contains(COOKIE) && !ended.stdout.contains(COOKIE),
            "{}",
            ended.stderr
        );
    }
}
