//! The stand-ins for services that others run, and for a cloud of one's own.

use serde_json::{Value, json};

use super::vendor::{Call, Reply, Store, Vendor, empty, reply};

pub(super) static CLERK: Vendor = Vendor {
    preset: "clerk",
    with: "{}",
    auth: "{ bearer: \"SECRET\" }",
    refusal: Some(401),
    human: || json!({"id": "user_1", "external_id": "taken"}),
    answer: clerk,
    undescribed: &[],
};

fn clerk(store: &mut Store, call: &Call) -> Reply {
    let absent = || reply(404, json!({"errors": [{"code": "resource_not_found"}]}));
    match call.parts() {
        ("POST", _) => {
            // A mail goes to whoever is no test address, when he logs in by a code.
            store.mails += usize::from(!call.text("/email_address/0").contains("+clerk_test@"));
            let id = format!("user_{}", store.id());
            let user = json!({"id": id, "external_id": call.body["external_id"],
                "email_addresses": [{"email_address": call.body["email_address"][0]}],
                "password_enabled": true, "banned": false, "locked": false});
            if store.add(user.clone(), &["/external_id", "/email_addresses/0/email_address"]) {
                reply(200, user)
            } else {
                reply(422, json!({"errors": [{"code": "form_identifier_exists"}]}))
            }
        }
        ("GET", parts) if parts.len() == 2 => {
            if let Some(name) = call.query("external_id") {
                return reply(200, store.by("/external_id", name).into_iter().cloned().collect());
            }
            reply(200, after(store, "/id", call.query("starting_after")).into())
        }
        ("GET", parts) => store
            .by("/id", parts[2])
            .map_or_else(absent, |user| reply(200, user.clone())),
        ("DELETE", parts) if store.remove("/id", parts[2]) => {
            reply(200, json!({"object": "user", "id": parts[2], "deleted": true}))
        }
        _ => absent(),
    }
}

/// The page behind the user who has this at a place.
fn after(store: &Store, place: &str, last: Option<&str>) -> Vec<Value> {
    let skip = last.map_or(0, |last| {
        let found = store.users.iter().position(|user| user.pointer(place).unwrap() == last);
        found.map_or(0, |place| place + 1)
    });
    store.page(skip)
}

pub(super) static WORKOS: Vendor = Vendor {
    preset: "workos",
    with: "{}",
    auth: "{ bearer: \"SECRET\" }",
    refusal: Some(401),
    human: || json!({"id": "user_1", "email": "taken@example.com", "external_id": "taken"}),
    answer: workos,
    undescribed: &[],
};

fn workos(store: &mut Store, call: &Call) -> Reply {
    let absent = || reply(404, json!({"code": "entity_not_found"}));
    match call.parts() {
        ("POST", _) => {
            let id = format!("user_{}", store.id());
            let user = json!({"id": id, "email": call.body["email"], "external_id": call.body["external_id"],
                "email_verified": call.body["email_verified"]});
            if store.add(user.clone(), &["/external_id", "/email"]) {
                reply(201, user)
            } else {
                reply(
                    422,
                    json!({"code": "user_creation_error", "errors": [{"code": "email_not_available"}]}),
                )
            }
        }
        ("GET", parts) if parts.len() == 2 => {
            let users = after(store, "/id", call.query("after"));
            let last = users.last().filter(|last| Some(*last) != store.users.last());
            let next = last.map_or(Value::Null, |last| last["id"].clone());
            reply(
                200,
                json!({"object": "list", "data": users, "list_metadata": {"before": null, "after": next}}),
            )
        }
        ("GET", parts) => {
            let found = match parts[2] {
                "external_id" => store.by("/external_id", parts[3]),
                id => store.by("/id", id),
            };
            found.map_or_else(absent, |user| reply(200, user.clone()))
        }
        ("DELETE", parts) if store.remove("/id", parts[2]) => empty(200),
        _ => absent(),
    }
}

pub(super) static FUSIONAUTH: Vendor = Vendor {
    preset: "fusionauth",
    with: "{}",
    auth: "{ header: { Authorization: \"SECRET\" } }",
    refusal: Some(401),
    human: || json!({"id": "00000000-0000-4000-8000-000000000001", "username": "taken", "active": true}),
    answer: fusionauth,
    undescribed: &[
        // The documentation of the search; the description leaves out what all its criteria have in common.
        "POST /api/user/search: body: /search: Additional properties are not allowed ('numberOfResults', 'startRow' were unexpected)",
    ],
};

fn fusionauth(store: &mut Store, call: &Call) -> Reply {
    let absent = || empty(404);
    match call.parts() {
        ("POST", parts) if parts == ["api", "user", "search"] => {
            let skip = call.body.pointer("/search/startRow").and_then(Value::as_u64).unwrap();
            let users = store.page(usize::try_from(skip).unwrap());
            reply(200, json!({"total": store.users.len(), "users": users}))
        }
        ("POST", parts) => {
            store.mails +=
                usize::from(call.body["skipVerification"] != true || call.body["sendSetPasswordEmail"] != false);
            let mut user = call.body["user"].clone();
            user["id"] = parts[2].into();
            user["verified"] = call.body["skipVerification"].clone();
            user["active"] = true.into();
            if store.add(user.clone(), &["/username", "/email", "/id"]) {
                let fields = user.as_object_mut().unwrap();
                fields.remove("password");
                reply(200, json!({"user": user}))
            } else {
                reply(
                    400,
                    json!({"fieldErrors": {"user.username": [{"code": "[duplicate]user.username"}]}}),
                )
            }
        }
        ("GET", parts) => {
            let found = match call.query("username") {
                Some(name) => store.by("/username", name),
                None => store.by("/id", parts[2]),
            };
            found.map_or_else(absent, |user| reply(200, json!({"user": user})))
        }
        // Without this it would be deactivated alone.
        ("DELETE", _) if call.query("hardDelete") != Some("true") => empty(500),
        ("DELETE", parts) if store.remove("/id", parts[2]) => empty(200),
        _ => absent(),
    }
}

pub(super) static SALESFORCE: Vendor = Vendor {
    preset: "salesforce",
    with: "{ profile: 00e000000000001, login_domain: qa.test }",
    auth: "{ oauth2: { client_id: standin, client_secret: \"SECRET\" } }",
    refusal: Some(401),
    human: || json!({"Id": "005000000000001", "Username": "taken@qa.test", "IsActive": true}),
    answer: salesforce,
    undescribed: &[],
};

fn salesforce(store: &mut Store, call: &Call) -> Reply {
    let absent = || reply(404, json!([{"errorCode": "NOT_FOUND"}]));
    match call.parts() {
        ("POST", parts) if parts.len() == 7 => empty(204),
        ("POST", _) => {
            let id = format!("005{:012}", store.id());
            let mut user = call.body.clone();
            user["Id"] = id.clone().into();
            if store.add(user, &["/Username"]) {
                reply(201, json!({"id": id, "success": true, "errors": []}))
            } else {
                reply(
                    400,
                    json!([{"errorCode": "DUPLICATE_USERNAME", "message": "Duplicate Username."}]),
                )
            }
        }
        // Each organisation has users of the system's own.
        ("GET", _) if call.query("q").is_some_and(|query| query.ends_with("LIMIT 2")) => {
            let two = json!([{"Id": "005000000000001"}, {"Id": "005000000000002"}]);
            reply(200, json!({"totalSize": 2, "done": true, "records": two}))
        }
        ("GET", parts) if parts[3] == "query" => {
            // The rest of a list is an address of its own.
            let (query, skip) = match parts.get(4).map(|rest| rest.split_once('-').unwrap()) {
                Some((query, skip)) => (unhex(query), skip.parse().unwrap()),
                None => (call.query("q").unwrap().to_owned(), 0),
            };
            let found = store.users.iter().filter(|user| is_asked_for(user, &query));
            let found: Vec<Value> = found.cloned().collect();
            let page: Vec<&Value> = found.iter().skip(skip).take(2).collect();
            let mut answer = json!({"totalSize": found.len(), "done": true, "records": page});
            if skip + 2 < found.len() {
                let query = crate::signed::hex(query.as_bytes());
                answer["done"] = false.into();
                answer["nextRecordsUrl"] = format!("/services/data/v62.0/query/{query}-{}", skip + 2).into();
            }
            reply(200, answer)
        }
        ("GET", parts) => {
            let found = store.by("/Id", parts[5]);
            let found = found.or_else(|| store.bin.iter().find(|user| user["Id"] == parts[5]));
            found.map_or_else(absent, |user| reply(200, user.clone()))
        }
        ("PATCH", parts) => {
            let Some(mut user) = store.by("/Id", parts[5]).cloned() else {
                return empty(if store.bin.iter().any(|user| user["Id"] == parts[5]) {
                    204
                } else {
                    404
                });
            };
            store.remove("/Id", parts[5]);
            user["IsActive"] = false.into();
            store.bin.push(user);
            empty(204)
        }
        _ => absent(),
    }
}

fn unhex(text: &str) -> String {
    let bytes = (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap());
    String::from_utf8(bytes.collect()).unwrap()
}

fn is_asked_for(user: &Value, query: &str) -> bool {
    let name = user["Username"].as_str().unwrap();
    let told = |before: &str| {
        let rest = query.split_once(before)?.1;
        rest.split('\'').next()
    };
    match (told("Username = '"), told("LIKE '")) {
        (Some(whole), _) => name == whole,
        (None, Some(front)) => name.starts_with(front.trim_end_matches('%')),
        (None, None) => true,
    }
}

pub(super) static NEXTCLOUD: Vendor = Vendor {
    preset: "nextcloud",
    with: "{}",
    auth: "{ basic: { username: admin, password: \"SECRET\" } }",
    refusal: Some(401),
    human: || json!({"id": "taken", "enabled": true}),
    answer: nextcloud,
    undescribed: &[],
};

fn nextcloud(store: &mut Store, call: &Call) -> Reply {
    let said = |status: u16, code: u16, data: Value| {
        let meta = json!({"status": if status == 200 { "ok" } else { "failure" }, "statuscode": code});
        reply(status, json!({"ocs": {"meta": meta, "data": data}}))
    };
    match call.parts() {
        ("POST", _) => {
            store.mails += usize::from(!call.text("/email").is_empty());
            if store.add(json!({"id": call.text("/userid"), "enabled": true}), &["/id"]) {
                said(200, 200, json!({"id": call.text("/userid")}))
            } else {
                said(400, 102, json!([]))
            }
        }
        ("PUT", _) => said(200, 200, json!([])),
        ("GET", parts) if parts.len() == 4 => {
            let skip = call.query("offset").map_or(0, |skip| skip.parse().unwrap());
            let users = store.page_of(skip, "/id", call.query("search"));
            let names: Vec<Value> = users.iter().map(|user| user["id"].clone()).collect();
            said(200, 200, json!({"users": names}))
        }
        ("GET", parts) => store
            .by("/id", parts[4])
            .map_or_else(|| said(404, 404, json!([])), |user| said(200, 200, user.clone())),
        ("DELETE", parts) if store.remove("/id", parts[4]) => said(200, 200, json!([])),
        _ => said(400, 101, json!([])),
    }
}
