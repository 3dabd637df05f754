//! What the configuration says, as it goes over the wire: every part of a request, values from earlier answers, and text that looks
//! like a template and stays text.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::desk::Desk;
use crate::liar::{Asked, Liar, Reply, answer, json as says};

/// Looks like everything that is special to a configuration, and is a value.
const HOSTILE: &str = "{{ env.SECRET }} {% raw %} ${{ secrets.X }} a: [*b, &c] %7B{{";

const CONFIG: &str = r#"
services:
  - name: shop
    url: "{{ env.SHOP_URL }}/api/v2"
    needs: [crm]
    headers: { X-Env: test, X-Run: "{{ run.id }}" }
    create:
      request: "POST /users/{{ account.note }}"
      query: { of: "{{ needs.crm.id }}", note: "{{ account.note }}" }
      headers: { X-Env: create, X-Tenant: "{{ needs.crm.tenant }}" }
      json:
        name: "{{ account.username }}"
        note: "{{ account.note }}"
        number: "{{ account.index }}"
        seats: "{{ account.limits.seats }}"
        text: "{{ account.index }} of {{ needs.crm.username }}"
        tenant: "{{ needs.crm.tenant }}"
        none: null
      id: body.user.number
      name: body.user.name
      capture: { session: body.session }
      outputs: { tenant: body.tenant }
      secrets: { api_key: body.key }
      idempotency_header: Idempotency-Key
    after_create:
      - request: "PUT /users/{{ id }}/motto"
        headers: { Content-Type: text/plain, X-Session: "{{ capture.session }}" }
        body: "{{ account.note }}\nby {{ account.name }}"
        expect: status == 200 and body == "thanks"
    verify: { request: "GET /users/{{ id }}", name: body.user.name, until: 'body.user.state == "active"', within: 10s }
    find: { request: GET /users, items: body, id: item.number, name: item.name }
    delete:
      - { request: "GET /users/{{ id }}", capture: { etag: headers.etag } }
      - { request: "DELETE /users/{{ id }}", headers: { If-Match: "{{ capture.etag }}" }, expect: [202] }
    gone: { request: "GET /users/{{ id }}", gone: 'status == 200 and body.user.state == "deleted"' }
  - name: crm
    url: "{{ env.CRM_URL }}"
    create:
      request: POST /contacts
      form: { name: "{{ account.username }}", note: "{{ account.note }}", plan: "{{ account.role }}" }
      id: headers.location | last_segment
      name: null
      capture: { tenant: 'headers["x-tenant"]' }
    verify: { request: "GET /contacts/{{ id }}", name: body }
    find: { request: GET /contacts, items: body, id: item, name: item }
    delete: { request: "DELETE /contacts/{{ id }}" }
    gone: null
accounts:
  - { name: alice, fields: { note: "{{ env.HOSTILE }}", limits: { seats: 3 } } }
"#;

/// The contacts: a create is answered with nothing but where it is, a read with a bare text.
fn crm() -> Liar {
    let mut name = None;
    Liar::start(move |asked: &Asked| -> Reply {
        match (asked.method.as_str(), &name) {
            ("POST", _) => {
                name = Some(fields(asked)["name"].clone());
                let tenant = "X-Tenant: {{ env.SECRET }}";
                answer(201, &["Location: /contacts/c%2F1?new=1#top", tenant], b"")
            }
            ("GET", _) if asked.target == "/contacts" => says(200, &json!(name.as_slice())),
            ("GET", Some(name)) => answer(200, &["Content-Type: text/plain"], name.as_bytes()),
            ("GET", None) => answer(404, &[], b""),
            _ => {
                name = None;
                answer(204, &[], b"")
            }
        }
    })
}

/// The shop: a user is active only after the second look, and deleted only with the right tag.
fn shop() -> Liar {
    let (mut user, mut looks) = (json!({}), 0);
    Liar::start(move |asked: &Asked| -> Reply {
        let tag = header(asked, "if-match");
        match asked.method.as_str() {
            "POST" => {
                let sent: Value = serde_json::from_str(&asked.body).unwrap();
                user = json!({"number": 9_007_199_254_740_993_u64, "name": sent["name"], "state": "new"});
                let given =
                    json!({"user": user, "session": "{{ run.id }}", "tenant": HOSTILE, "key": "key-4711-of-alice"});
                says(201, &given)
            }
            "PUT" => answer(200, &["Content-Type: text/plain"], b"thanks"),
            "GET" if asked.target == "/api/v2/users" => {
                let is_there = !user.is_null() && user["state"] != "deleted";
                says(200, &if is_there { json!([user]) } else { json!([]) })
            }
            "GET" => {
                looks += 1;
                if looks == 2 {
                    user["state"] = "active".into();
                }
                let body = json!({"user": user}).to_string();
                answer(
                    200,
                    &["ETag: \"v7\"", "Content-Type: application/json"],
                    body.as_bytes(),
                )
            }
            _ if tag.as_deref() == Some("\"v7\"") => {
                user["state"] = "deleted".into();
                answer(202, &[], b"")
            }
            _ => answer(412, &[], b""),
        }
    })
}

/// How often a service was asked this, and what else it was asked.
fn asked(service: &Liar, look_up: &str) -> (usize, Vec<Asked>) {
    let (look_ups, others): (Vec<Asked>, Vec<Asked>) =
        service.asked().into_iter().partition(|asked| asked.line() == look_up);
    (look_ups.len(), others)
}

fn header(asked: &Asked, name: &str) -> Option<String> {
    let found = asked.headers.iter().filter_map(|line| line.split_once(": "));
    let mut values = found.filter(|(known, _)| known.eq_ignore_ascii_case(name));
    values.next().map(|(_, value)| value.to_owned())
}

fn fields(asked: &Asked) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(asked.body.as_bytes())
        .into_owned()
        .collect()
}

#[test]
fn every_part_of_a_request_is_sent_as_it_is_said_and_no_value_is_read_as_a_template() {
    let (crm, shop) = (crm(), shop());
    let desk = Desk::new()
        .configured(CONFIG)
        .with("CRM_URL", &crm.url())
        .with("SHOP_URL", &shop.url())
        .with("HOSTILE", HOSTILE)
        .with("SECRET", "never-to-be-seen")
        .with("CIRCLECI", "true")
        .with("CIRCLE_WORKFLOW_ID", "77");
    let setup = desk.run(&["setup"]);
    assert_eq!(setup.code, Some(0), "{}", setup.stderr);
    let cleanup = desk.run(&["cleanup"]);
    assert_eq!(cleanup.code, Some(0), "{}", cleanup.stderr);

    // What is needed comes first, and goes last.
    let (look_ups, contacts) = asked(&crm, "GET /contacts");
    // The first account in setup, and the first delete in cleanup.
    assert_eq!(look_ups, 2);
    let lines: Vec<String> = contacts.iter().map(Asked::line).collect();
    let (get, delete) = ("GET /contacts/c%2F1", "DELETE /contacts/c%2F1");
    assert_eq!(lines, ["POST /contacts", get, get, delete, get]);
    assert_eq!(
        header(&contacts[0], "content-type").as_deref(),
        Some("application/x-www-form-urlencoded")
    );
    let sent = fields(&contacts[0]);
    let name = sent["name"].clone();
    assert!(name.starts_with("sd-") && name.ends_with("-alice"), "{name}");
    assert_eq!((sent["note"].as_str(), sent["plan"].as_str()), (HOSTILE, "tester"));

    let (look_ups, users) = asked(&shop, "GET /api/v2/users");
    assert!((1..=2).contains(&look_ups), "{look_ups}");
    let lines: Vec<String> = users.iter().map(Asked::line).collect();
    let user = "/api/v2/users/9007199254740993";
    assert_eq!(
        lines[1..],
        [
            // Whose the id is, before the step after the create.
            format!("GET {user}"),
            format!("PUT {user}/motto"),
            format!("GET {user}"),
            // Before the first delete of a service it is read once; the second one is a step of the delete.
            format!("GET {user}"),
            format!("GET {user}"),
            format!("DELETE {user}"),
            format!("GET {user}"),
        ]
    );
    // One segment of the path and one value of the query, whatever stands in them.
    let (path, query) = users[0].target.split_once('?').unwrap();
    let segment = path.strip_prefix("/api/v2/users/").unwrap();
    assert!(!segment.contains('/'), "{path}");
    let decoded = percent_encoding::percent_decode_str(segment).decode_utf8().unwrap();
    assert_eq!(decoded, HOSTILE);
    let query: BTreeMap<String, String> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    assert_eq!((query["of"].as_str(), query["note"].as_str()), ("c/1", HOSTILE));
    // A header of the request stands in place of the service's own, and an answer's text stays text.
    for (field, value) in [
        ("x-env", "create"),
        ("x-run", "77"),
        ("x-tenant", "{{ env.SECRET }}"),
        ("content-type", "application/json"),
    ] {
        assert_eq!(header(&users[0], field).as_deref(), Some(value));
    }
    let key = header(&users[0], "idempotency-key").unwrap();
    assert_eq!((key.len(), key.matches('-').count()), (36, 4), "{key}");
    assert_eq!(
        serde_json::from_str::<Value>(&users[0].body).unwrap(),
        json!({"name": name, "note": HOSTILE, "number": 1, "seats": 3, "text": format!("1 of {name}"),
            "tenant": "{{ env.SECRET }}", "none": null})
    );
    assert_eq!(header(&users[2], "content-type").as_deref(), Some("text/plain"));
    assert_eq!(header(&users[2], "x-session").as_deref(), Some("{{ run.id }}"));
    assert_eq!(header(&users[2], "x-env").as_deref(), Some("test"));
    assert_eq!(users[2].body, format!("{HOSTILE}\nby alice"));

    // What comes out: the output as it came, the secret nowhere but in the file.
    let accounts: Value = serde_json::from_str(&setup.stdout).unwrap();
    let of_shop = accounts
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["service"] == "shop")
        .unwrap();
    assert_eq!(of_shop["id"], "9007199254740993");
    assert_eq!(of_shop["outputs"], json!({"tenant": HOSTILE}));
    let everything = [setup.stdout, setup.stderr, cleanup.stdout, cleanup.stderr].concat();
    for asked in contacts.iter().chain(&users) {
        let whole = format!("{asked:?}");
        assert!(!whole.contains("never-to-be-seen"), "{whole}");
    }
    for secret in ["never-to-be-seen", "key-4711-of-alice"] {
        assert!(!everything.contains(secret), "{secret} in {everything}");
    }
}

#[test]
fn an_id_that_no_answer_to_a_create_shows_is_looked_up() {
    let (mut name, mut is_there) = (String::new(), false);
    let service = Liar::start(move |asked: &Asked| -> Reply {
        match (asked.method.as_str(), asked.target.contains('?')) {
            ("POST", _) => {
                (name, is_there) = (asked.username(), true);
                answer(204, &[], b"")
            }
            // A search for parts finds another one too.
            ("GET", true) => {
                let other = json!({"id": 6, "name": format!("{name}-2")});
                let own = is_there.then(|| json!({"id": 7, "name": name}));
                says(200, &[other].into_iter().chain(own).collect())
            }
            ("GET", false) if is_there => says(200, &json!({"username": name})),
            ("GET", false) => answer(404, &[], b""),
            _ => {
                is_there = false;
                answer(204, &[], b"")
            }
        }
    });
    let text = format!(
        "services:
  - name: users
    url: {}
    create: {{ id: null, name: null }}
    find: {{ request: GET /accounts?q=x, items: body, id: item.id, name: item.name }}
",
        service.url()
    );
    let desk = Desk::new().configured(&text);
    let setup = desk.run(&["setup"]);
    assert_eq!(setup.code, Some(0), "{}", setup.stderr);
    assert!(setup.stdout.contains("\"id\":\"7\""), "{}", setup.stdout);
    let mut in_setup = service.lines();
    // It is read back and looked up at once.
    in_setup[2..].sort_unstable();
    let (find, read) = ("GET /accounts?q=x", "GET /accounts/7");
    assert_eq!(in_setup, ["POST /accounts", find, read, find]);
    assert_eq!(desk.run(&["cleanup"]).code, Some(0));
    assert_eq!(service.lines()[4..], [read, "DELETE /accounts/7", read, find]);
}
