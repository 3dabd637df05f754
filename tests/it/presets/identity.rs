//! The stand-ins for identity providers.

use serde_json::{Value, json};
use url::form_urlencoded;

use super::vendor::{Call, Reply, Store, Vendor, empty, reply};

pub(super) static AUTH0: Vendor = Vendor {
    preset: "auth0",
    with: "{}",
    auth: "{ oauth2: { client_id: standin, client_secret: \"SECRET\" } }",
    refusal: Some(401),
    human: || json!({"user_id": "auth0|1", "email": "taken@example.com"}),
    answer: auth0,
    undescribed: &[],
};

fn auth0(store: &mut Store, call: &Call) -> Reply {
    let absent = || reply(404, json!({"statusCode": 404, "errorCode": "inexistent_user"}));
    match call.parts() {
        ("POST", parts) if parts == ["api", "v2", "users"] => {
            store.mails += usize::from(call.body["verify_email"] != false);
            let mut user = call.body.clone();
            user["user_id"] = format!("auth0|{}", store.id()).into();
            if store.add(user.clone(), &["/email"]) {
                reply(201, user)
            } else {
                reply(409, json!({"statusCode": 409, "error": "Conflict"}))
            }
        }
        ("GET", parts) if parts == ["api", "v2", "users-by-email"] => {
            let found = store.by("/email", call.query("email").unwrap());
            reply(200, found.into_iter().cloned().collect())
        }
        ("GET", parts) if parts == ["api", "v2", "users"] => {
            let page = call.query("page").map_or(0, |page| page.parse().unwrap());
            let users = store.page(page * 2);
            // A query gives a thousand users at most, as ten pages of a hundred. These have two.
            if call.query("include_totals") == Some("true") {
                reply(200, json!({"start": page * 100, "length": users.len(), "users": users}))
            } else {
                reply(200, users.into())
            }
        }
        ("GET", parts) if parts.len() == 4 => {
            let found = store.by("/user_id", parts[3]);
            found.map_or_else(absent, |user| reply(200, user.clone()))
        }
        ("DELETE", parts) => {
            store.remove("/user_id", parts[3]);
            empty(204)
        }
        _ => absent(),
    }
}

pub(super) static OKTA: Vendor = Vendor {
    preset: "okta",
    with: "{ login_domain: qa.test }",
    auth: "{ header: { Authorization: \"SSWS SECRET\" } }",
    refusal: Some(401),
    human: || json!({"id": "00u1", "status": "ACTIVE", "profile": {"login": "taken@qa.test"}}),
    answer: okta,
    undescribed: &[],
};

fn okta(store: &mut Store, call: &Call) -> Reply {
    let absent = || reply(404, json!({"errorCode": "E0000007"}));
    match call.parts() {
        ("POST", _) => {
            let id = format!("00u{}", store.id());
            store.mails += usize::from(call.body["credentials"]["password"]["value"].is_null());
            let user =
                json!({"id": id, "status": "ACTIVE", "transitioningToStatus": null, "profile": call.body["profile"]});
            if store.add(user.clone(), &["/profile/login"]) {
                reply(200, user)
            } else {
                reply(
                    400,
                    json!({"errorCode": "E0000001", "errorSummary": "Api validation failed: login", "errorCauses": [
                        {"errorSummary": "login: An object with this field already exists in the current organization"}]}),
                )
            }
        }
        ("GET", parts) if parts.len() == 3 => {
            let skip = call.query("after").map_or(0, |after| after.parse().unwrap());
            let search = call.query("search").unwrap_or_default();
            let front = search
                .strip_prefix("profile.login sw \"")
                .and_then(|text| text.strip_suffix('"'));
            let page = |skip| store.page_of(skip, "/profile/login", front);
            let reply = reply(200, page(skip).into()).header("Link", "</api/v1/users>; rel=\"self\"".to_owned());
            let is_last = page(skip + 2).is_empty();
            if is_last {
                reply
            } else {
                // The link repeats what was asked.
                let search: String = form_urlencoded::byte_serialize(search.as_bytes()).collect();
                let link = format!(
                    "</api/v1/users?limit=200&search={search}&after={}>; rel=\"next\"",
                    skip + 2
                );
                reply.header("Link", link)
            }
        }
        ("GET", parts) => {
            let found = store
                .by("/id", parts[3])
                .or_else(|| store.by("/profile/login", parts[3]));
            found.map_or_else(absent, |user| reply(200, user.clone()))
        }
        ("DELETE", parts) => {
            let Some(user) = store.users.iter_mut().find(|user| user["id"] == parts[3]) else {
                return absent();
            };
            if user["status"] == "DEPROVISIONED" {
                store.remove("/id", parts[3]);
            } else {
                user["status"] = "DEPROVISIONED".into();
            }
            empty(204)
        }
        _ => absent(),
    }
}

pub(super) static KRATOS: Vendor = Vendor {
    preset: "kratos",
    with: "{}",
    auth: "none",
    refusal: None,
    human: || json!({"id": "k1", "traits": {"email": "taken@example.com"}, "metadata_admin": null}),
    answer: kratos,
    undescribed: &[],
};

fn kratos(store: &mut Store, call: &Call) -> Reply {
    let absent = || reply(404, json!({"error": {"code": 404}}));
    match call.parts() {
        ("POST", _) => {
            let known = [
                "schema_id",
                "traits",
                "credentials",
                "verifiable_addresses",
                "metadata_admin",
                "state",
            ];
            if call
                .body
                .as_object()
                .unwrap()
                .keys()
                .any(|key| !known.contains(&key.as_str()))
            {
                return reply(400, json!({"error": {"code": 400}}));
            }
            let mut user = call.body.clone();
            user["id"] = format!("k{}", store.id()).into();
            user["credentials"] = json!({"password": {"type": "password", "identifiers": [user["traits"]["email"]]}});
            if store.add(user.clone(), &["/traits/email"]) {
                reply(201, user)
            } else {
                reply(409, json!({"error": {"code": 409}}))
            }
        }
        ("GET", parts) if parts.len() == 2 => {
            if let Some(email) = call.query("credentials_identifier") {
                reply(200, store.by("/traits/email", email).into_iter().cloned().collect())
            } else {
                let skip = call.query("page_token").map_or(0, |token| token.parse().unwrap());
                let reply = reply(200, store.page(skip).into());
                let token = skip + 2;
                if token < store.users.len() {
                    reply.header("Link", format!("</admin/identities?page_token=0>; rel=\"first\",</admin/identities?page_token={token}>; rel=\"next\""))
                } else {
                    reply
                }
            }
        }
        ("GET", parts) => store
            .by("/id", parts[2])
            .map_or_else(absent, |user| reply(200, user.clone())),
        ("DELETE", parts) if store.remove("/id", parts[2]) => empty(204),
        _ => absent(),
    }
}

pub(super) static ZITADEL: Vendor = Vendor {
    preset: "zitadel",
    with: "{}",
    auth: "{ bearer: \"SECRET\" }",
    refusal: Some(401),
    human: || json!({"userId": "1", "username": "taken"}),
    answer: zitadel,
    undescribed: &[
        // google.api.http says no codes; the option of the gateway for a create is 201.
        "POST /v2/users/human: the answer 201 is not described",
        // AlreadyExists and NotFound of gRPC, as the gateway maps them.
        "POST /v2/users/human: the answer 409 is not described",
        "GET /v2/users/{user_id}: the answer 404 is not described",
    ],
};

fn zitadel(store: &mut Store, call: &Call) -> Reply {
    let absent = || reply(404, json!({"code": 5}));
    match call.parts() {
        ("POST", parts) if parts == ["v2", "users", "human"] => {
            store.mails += usize::from(call.body["email"]["isVerified"] != true);
            let id = store.id().to_string();
            let user = json!({"userId": id, "username": call.body["username"]});
            if store.add(user, &["/username"]) {
                reply(201, json!({"userId": id, "details": {}}))
            } else {
                reply(409, json!({"code": 6}))
            }
        }
        ("POST", _) => {
            let wanted = call.text("/queries/0/userNameQuery/userName");
            let offset = call.body.pointer("/query/offset").and_then(Value::as_u64).unwrap_or(0);
            let skip = usize::try_from(offset).unwrap();
            let found: Vec<Value> = match call.text("/queries/0/userNameQuery/method").as_str() {
                "TEXT_QUERY_METHOD_EQUALS" => store.by("/username", &wanted).into_iter().cloned().collect(),
                "TEXT_QUERY_METHOD_STARTS_WITH" => store.page_of(skip, "/username", Some(&wanted)),
                _ => store.page(skip),
            };
            let details = json!({"totalResult": found.len().to_string()});
            if found.is_empty() {
                reply(200, json!({"details": details}))
            } else {
                reply(200, json!({"details": details, "result": found}))
            }
        }
        ("GET", parts) => {
            let found = store.by("/userId", parts[2]);
            found.map_or_else(absent, |user| reply(200, json!({"user": user})))
        }
        ("DELETE", parts) if store.remove("/userId", parts[2]) => reply(200, json!({"details": {}})),
        _ => absent(),
    }
}

pub(super) static SUPABASE: Vendor = Vendor {
    preset: "supabase",
    with: "{}",
    auth: "{ header: { apikey: \"SECRET\", Authorization: \"Bearer SECRET\" } }",
    refusal: Some(403),
    human: || json!({"id": "00000000-0000-4000-8000-000000000001", "email": "taken@example.com", "app_metadata": {"provider": "email"}}),
    answer: supabase,
    undescribed: &[
        // internal/api/api.go has the route, the description does not.
        "POST /admin/users is not described",
        // internal/api/admin.go reads it.
        "GET /admin/users: the query parameter `filter` is not described",
        // internal/api/errors.go: newer than the description.
        "GET /admin/users/{userId}: answer 404: : Additional properties are not allowed ('error_code' was unexpected)",
    ],
};

fn supabase(store: &mut Store, call: &Call) -> Reply {
    let absent = || reply(404, json!({"code": 404, "error_code": "user_not_found"}));
    match call.parts() {
        ("POST", _) => {
            let id = format!("00000000-0000-4000-8000-{:012}", store.id());
            let user = json!({"id": id, "email": call.body["email"], "app_metadata": call.body["app_metadata"]});
            if store.add(user.clone(), &["/email"]) {
                reply(200, user)
            } else {
                reply(422, json!({"code": 422, "error_code": "email_exists"}))
            }
        }
        ("GET", parts) if parts.len() == 2 => {
            let users: Vec<Value> = match call.query("filter") {
                Some(part) => {
                    let found = store
                        .users
                        .iter()
                        .filter(|user| user["email"].as_str().unwrap().contains(part));
                    found.cloned().collect()
                }
                None => store.page(call.before("page", 1)),
            };
            reply(200, json!({"users": users, "aud": "authenticated"}))
        }
        ("GET", parts) => store
            .by("/id", parts[2])
            .map_or_else(absent, |user| reply(200, user.clone())),
        ("DELETE", parts) if store.remove("/id", parts[2]) => reply(200, json!({})),
        _ => absent(),
    }
}

pub(super) static FIREBASE: Vendor = Vendor {
    preset: "firebase",
    with: "{ project: demo }",
    auth: "{ bearer: \"SECRET\" }",
    refusal: Some(401),
    human: || json!({"localId": "taken", "email": "taken@example.com"}),
    answer: firebase,
    undescribed: &[
        // The discovery document has no errors; src/emulator/auth/errors.ts.
        "POST /v1/projects/{targetProjectId}/accounts: the answer 400 is not described",
    ],
};

fn firebase(store: &mut Store, call: &Call) -> Reply {
    let refused = |message: &str| reply(400, json!({"error": {"code": 400, "message": message}}));
    let listed = |users: Vec<Value>, next: Option<usize>| {
        let mut answer = json!({"kind": "k"});
        if !users.is_empty() {
            answer["users"] = users.into();
        }
        if let Some(next) = next {
            answer["nextPageToken"] = next.to_string().into();
        }
        reply(200, answer)
    };
    let (_, parts) = call.parts();
    match *parts.last().unwrap() {
        "accounts" => {
            if store.add(call.body.clone(), &["/localId", "/email"]) {
                reply(
                    200,
                    json!({"localId": call.body["localId"], "email": call.body["email"]}),
                )
            } else {
                refused("DUPLICATE_LOCAL_ID : taken")
            }
        }
        "accounts:lookup" => listed(
            store
                .by("/localId", &call.text("/localId/0"))
                .into_iter()
                .cloned()
                .collect(),
            None,
        ),
        "accounts:batchGet" => {
            let skip = call.query("nextPageToken").map_or(0, |token| token.parse().unwrap());
            let users = store.page(skip);
            // A full last page has a token too.
            let next = (users.len() == 2).then_some(skip + 2);
            listed(users, next)
        }
        "accounts:delete" => {
            if store.remove("/localId", &call.text("/localId")) {
                reply(200, json!({"kind": "k"}))
            } else {
                refused("USER_NOT_FOUND")
            }
        }
        _ => empty(404),
    }
}
