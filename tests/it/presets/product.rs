//! The stand-ins for products with users of their own.

use serde_json::{Value, json};

use super::vendor::{Call, Reply, Store, Vendor, empty, reply};

pub(super) static GITLAB: Vendor = Vendor {
    preset: "gitlab",
    with: "{}",
    auth: "{ header: { PRIVATE-TOKEN: \"SECRET\" } }",
    refusal: Some(401),
    human: || json!({"id": 1, "username": "taken", "email": "taken@x.test"}),
    answer: gitlab,
    undescribed: &["GET /api/v4/user is not described"],
};

fn gitlab(store: &mut Store, call: &Call) -> Reply {
    let absent = || reply(404, json!({"message": "404 User Not Found"}));
    match call.parts() {
        ("POST", _) => {
            store.mails += usize::from(call.body["skip_confirmation"] != true);
            let user = json!({"id": store.id(), "username": call.body["username"], "email": call.body["email"]});
            if store.add(user.clone(), &["/username", "/email"]) {
                reply(201, user)
            } else {
                reply(409, json!({"message": "Username has already been taken"}))
            }
        }
        ("GET", parts) if parts[2] == "user" => reply(200, json!({"id": 0, "is_admin": true})),
        ("GET", parts) if parts.len() == 3 => match call.query("username") {
            Some(name) => reply(200, store.by("/username", name).into_iter().cloned().collect()),
            None => reply(200, store.page(call.before("page", 1)).into()),
        },
        // The work goes to the background: a user that is deleted is read once more.
        ("GET", parts) => {
            let Some(user) = store.by("/id", parts[3]).cloned() else {
                return absent();
            };
            if user["state"] == "blocked" {
                store.remove("/id", parts[3]);
            }
            reply(200, user)
        }
        ("DELETE", parts) => {
            let id: u64 = parts[3].parse().unwrap();
            let found = store.users.iter_mut().find(|user| user["id"] == id);
            found.map_or_else(absent, |user| {
                user["state"] = "blocked".into();
                empty(204)
            })
        }
        _ => absent(),
    }
}

pub(super) static GITEA: Vendor = Vendor {
    preset: "gitea",
    with: "{}",
    auth: "{ header: { Authorization: \"token SECRET\" } }",
    refusal: Some(401),
    human: || json!({"id": 1, "login": "taken"}),
    answer: gitea,
    undescribed: &[
        // Gitea 1.26 has it; the description is Forgejo's.
        "GET /api/v1/admin/users: the query parameter `q` is not described",
    ],
};

fn gitea(store: &mut Store, call: &Call) -> Reply {
    let absent = || reply(404, json!({"message": "user redirect does not exist"}));
    match call.parts() {
        ("POST", _) => {
            store.mails += usize::from(call.body["send_notify"] == true);
            let user = json!({"id": store.id(), "login": call.body["username"]});
            if store.add(user.clone(), &["/login"]) {
                reply(201, user)
            } else {
                reply(422, json!({"message": "user already exists [name: taken]"}))
            }
        }
        ("GET", parts) if parts[2] == "admin" => {
            let users = store.page_of(call.before("page", 1), "/login", call.query("q"));
            reply(200, users.into())
        }
        ("GET", parts) => store
            .by("/login", parts[3])
            .map_or_else(absent, |user| reply(200, user.clone())),
        ("DELETE", parts) if store.remove("/login", parts[4]) => empty(204),
        _ => absent(),
    }
}

pub(super) static GRAFANA: Vendor = Vendor {
    preset: "grafana",
    with: "{}",
    auth: "{ basic: { username: admin, password: \"SECRET\" } }",
    refusal: Some(401),
    human: || json!({"id": 1, "login": "taken"}),
    answer: grafana,
    undescribed: &[
        "GET /api/admin/stats is not described",
        "GET /api/users/lookup: the answer 404 is not described",
        // The description was not read as far as its errors; pkg/api/user.go: ErrUserNotFound.
        "GET /api/users/{user_id}: the answer 404 is not described",
    ],
};

fn grafana(store: &mut Store, call: &Call) -> Reply {
    let absent = || reply(404, json!({"message": "user not found"}));
    match call.parts() {
        ("POST", _) => {
            let id = store.id();
            let user = json!({"id": id, "login": call.body["login"]});
            if store.add(user, &["/login"]) {
                reply(200, json!({"id": id, "message": "User created"}))
            } else {
                reply(412, json!({"message": "already exists"}))
            }
        }
        ("GET", parts) if parts[1] == "admin" => reply(200, json!({"users": 1})),
        ("GET", parts) if parts[2] == "search" => {
            // It looks at names and addresses too, and at any part of them.
            let users = store.page_of(call.before("page", 1), "/login", call.query("query"));
            reply(200, json!({"users": users}))
        }
        ("GET", parts) => {
            let found = match call.query("loginOrEmail") {
                Some(name) => store.by("/login", name),
                None => store.by("/id", parts[2]),
            };
            found.map_or_else(absent, |user| reply(200, user.clone()))
        }
        ("DELETE", parts) if store.remove("/id", parts[3]) => reply(200, json!({"message": "User deleted"})),
        _ => absent(),
    }
}

pub(super) static DIRECTUS: Vendor = Vendor {
    preset: "directus",
    with: "{}",
    auth: "{ bearer: \"SECRET\" }",
    refusal: Some(403),
    human: || json!({"id": "d1", "email": "taken@example.com", "external_identifier": null}),
    answer: directus,
    undescribed: &[
        "GET /users/{id}: the answer 403 is not described",
        // services/users.ts and the table of users have it, the description of a user does not.
        "POST /users: body: : Additional properties are not allowed ('external_identifier' was unexpected)",
        "POST /users: answer 200: /data: Additional properties are not allowed ('external_identifier' was unexpected)",
        "GET /users: answer 200: /data/0: Additional properties are not allowed ('external_identifier' was unexpected)",
        "GET /users: answer 200: /data/1: Additional properties are not allowed ('external_identifier' was unexpected)",
        "GET /users/{id}: answer 200: /data: Additional properties are not allowed ('external_identifier' was unexpected)",
        // The column can be null: a user without a role. The description knows a role alone.
        "POST /users: body: /role: null is not valid under any of the schemas listed in the 'oneOf' keyword",
        "POST /users: answer 200: /data/role: null is not valid under any of the schemas listed in the 'oneOf' keyword",
        "GET /users: answer 200: /data/0/role: null is not valid under any of the schemas listed in the 'oneOf' keyword",
        "GET /users: answer 200: /data/1/role: null is not valid under any of the schemas listed in the 'oneOf' keyword",
        "GET /users/{id}: answer 200: /data/role: null is not valid under any of the schemas listed in the 'oneOf' keyword",
        // The page of errors: RECORD_NOT_UNIQUE.
        "POST /users: the answer 400 is not described",
    ],
};

fn directus(store: &mut Store, call: &Call) -> Reply {
    let refused = |status: u16, code: &str| {
        reply(
            status,
            json!({"errors": [{"message": "", "extensions": {"code": code}}]}),
        )
    };
    match call.parts() {
        ("POST", _) => {
            let mut user = call.body.clone();
            user["id"] = format!("d{}", store.id()).into();
            if store.add(user.clone(), &["/email", "/external_identifier"]) {
                reply(200, json!({"data": user}))
            } else {
                refused(400, "RECORD_NOT_UNIQUE")
            }
        }
        ("GET", parts) if parts.len() == 1 => {
            let users: Vec<Value> = if let Some(id) = call.query("filter[id][_eq]") {
                store.by("/id", id).into_iter().cloned().collect()
            } else if let Some(filter) = call.query("filter") {
                let filter: Value = serde_json::from_str(filter).unwrap();
                let name = &filter["_or"][0]["external_identifier"]["_eq"];
                let emails = filter["_or"][1]["email"]["_in"].as_array().unwrap();
                let is_asked = |user: &&Value| user["external_identifier"] == *name || emails.contains(&user["email"]);
                store.users.iter().filter(is_asked).cloned().collect()
            } else {
                let front = call.query("filter[external_identifier][_starts_with]");
                store.page_of(call.before("page", 1), "/external_identifier", front)
            };
            reply(200, json!({"data": users}))
        }
        ("GET", parts) if parts[1] == "me" => reply(200, json!({"data": {"id": "d0"}})),
        ("GET", parts) => store
            .by("/id", parts[1])
            .map_or_else(|| refused(403, "FORBIDDEN"), |user| reply(200, json!({"data": user}))),
        ("DELETE", parts) => {
            store.remove("/id", parts[1]);
            empty(204)
        }
        _ => empty(404),
    }
}

pub(super) static MATTERMOST: Vendor = Vendor {
    preset: "mattermost",
    with: "{}",
    auth: "{ bearer: \"SECRET\" }",
    refusal: Some(401),
    human: || json!({"id": "m1", "username": "taken"}),
    answer: mattermost,
    undescribed: &[
        // server/public/model/user.go; the description does not have it.
        "POST /api/v4/users: body: : Additional properties are not allowed ('disable_welcome_email' was unexpected)",
    ],
};

fn mattermost(store: &mut Store, call: &Call) -> Reply {
    let absent = || reply(404, json!({"id": "app.user.missing_account.const"}));
    match call.parts() {
        ("POST", _) => {
            store.mails += usize::from(call.body["disable_welcome_email"] != true);
            let user = json!({"id": format!("m{}", store.id()), "username": call.body["username"], "delete_at": 0});
            if store.add(user.clone(), &["/username"]) {
                reply(201, user)
            } else {
                reply(400, json!({"id": "app.user.save.username_exists.app_error"}))
            }
        }
        ("GET", parts) if parts.len() == 3 => reply(200, store.page(call.before("page", 0)).into()),
        ("GET", parts) if parts[3] == "me" => reply(200, json!({"id": "m0"})),
        ("GET", parts) => {
            let found = match parts[3] {
                "username" => store.by("/username", parts[4]),
                id => store.by("/id", id),
            };
            found.map_or_else(absent, |user| reply(200, user.clone()))
        }
        ("DELETE", _) if call.query("permanent") != Some("true") => empty(500),
        ("DELETE", parts) if store.remove("/id", parts[3]) => reply(200, json!({"status": "OK"})),
        _ => absent(),
    }
}
