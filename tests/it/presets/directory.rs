//! The stand-ins for directories that one runs oneself.

use serde_json::{Value, json};

use super::vendor::{Call, Reply, Store, Vendor, empty, reply};

pub(super) static KEYCLOAK: Vendor = Vendor {
    preset: "keycloak",
    with: "{ realm: qa }",
    auth: "{ oauth2: { client_id: standin, client_secret: \"SECRET\" } }",
    refusal: Some(401),
    human: || json!({"id": "c-1", "username": "taken"}),
    answer: keycloak,
    undescribed: &[
        // UserResource.java: NotFoundException. The description has 404 nowhere.
        "GET /admin/realms/{realm}/users/{user-id}: the answer 404 is not described",
    ],
};

fn keycloak(store: &mut Store, call: &Call) -> Reply {
    let absent = || reply(404, json!({"error": "User not found"}));
    match call.parts() {
        ("POST", _) => {
            let id = format!("c-{}", store.id());
            let user = json!({"id": id, "username": call.body["username"]});
            if store.add(user, &["/username"]) {
                empty(201).header("Location", format!("http://inside/admin/realms/qa/users/{id}"))
            } else {
                reply(409, json!({"errorMessage": "User exists with same username"}))
            }
        }
        ("GET", parts) if parts[3] == "attack-detection" => reply(200, json!({"numFailures": 0, "disabled": false})),
        ("GET", parts) if parts.len() == 4 => {
            let name = call.query("username");
            if call.query("exact") == Some("true") {
                reply(200, store.by("/username", name.unwrap()).into_iter().cloned().collect())
            } else {
                let skip = call.query("first").map_or(0, |first| first.parse().unwrap());
                reply(200, store.page_of(skip, "/username", name).into())
            }
        }
        ("GET", parts) => store
            .by("/id", parts[4])
            .map_or_else(absent, |user| reply(200, user.clone())),
        ("DELETE", parts) if store.remove("/id", parts[4]) => empty(204),
        _ => absent(),
    }
}

pub(super) static KANIDM: Vendor = Vendor {
    preset: "kanidm",
    with: "{}",
    auth: "{ bearer: \"SECRET\" }",
    refusal: Some(401),
    human: || json!({"attrs": {"name": ["taken"]}}),
    answer: kanidm,
    undescribed: &[],
};

fn kanidm(store: &mut Store, call: &Call) -> Reply {
    match call.parts() {
        ("POST", _) => {
            if store.add(call.body.clone(), &["/attrs/name/0"]) {
                reply(200, Value::Null)
            } else {
                reply(
                    409,
                    json!({"error": "Attribute uniqueness error", "conflicting_attributes": ["name"]}),
                )
            }
        }
        ("GET", parts) if parts == ["v1", "auth", "valid"] => reply(200, Value::Null),
        ("GET", parts) if parts.len() == 2 => reply(200, store.users.clone().into()),
        ("GET", parts) => reply(200, store.by("/attrs/name/0", parts[2]).cloned().unwrap_or_default()),
        ("DELETE", parts) if store.remove("/attrs/name/0", parts[2]) => reply(200, Value::Null),
        _ => reply(404, json!("nomatchingentries")),
    }
}

pub(super) static AUTHENTIK: Vendor = Vendor {
    preset: "authentik",
    with: "{}",
    auth: "{ bearer: \"SECRET\" }",
    refusal: Some(403),
    human: || json!({"pk": 1, "username": "taken"}),
    answer: authentik,
    undescribed: &[
        // Django REST framework answers so where a queryset has no such object.
        "GET /api/v3/core/users/{id}/: the answer 404 is not described",
    ],
};

fn authentik(store: &mut Store, call: &Call) -> Reply {
    let absent = || reply(404, json!({"detail": "No User matches the given query."}));
    match call.parts() {
        ("POST", parts) if parts.len() == 7 => empty(if parts[5] == "set_password" { 204 } else { 404 }),
        ("POST", _) => {
            let body = &call.body;
            let user = json!({"pk": store.id(), "username": body["username"], "attributes": body["attributes"]});
            if store.add(user.clone(), &["/username"]) {
                reply(201, user)
            } else {
                reply(400, json!({"username": ["This field must be unique."]}))
            }
        }
        ("GET", parts) if parts[4] == "me" => reply(200, json!({"user": {"pk": 0}})),
        ("GET", parts) if parts[4].is_empty() => {
            let (users, next): (Vec<Value>, usize) = if let Some(name) = call.query("username") {
                (store.by("/username", name).into_iter().cloned().collect(), 0)
            } else {
                let skip = call.before("page", 1);
                let more = skip + 2 < store.users.len();
                (store.page(skip), if more { skip / 2 + 2 } else { 0 })
            };
            if users.is_empty() && call.query("page").is_some() {
                return reply(404, json!({"detail": "Invalid page."}));
            }
            reply(200, json!({"pagination": {"next": next}, "results": users}))
        }
        ("GET", parts) => store
            .by("/pk", parts[4])
            .map_or_else(absent, |user| reply(200, user.clone())),
        ("DELETE", parts) if store.remove("/pk", parts[4]) => empty(204),
        _ => absent(),
    }
}
