//! The services of the examples: small ones, each of a kind that scripts in the wild were written for.

use ring::hmac;
use serde_json::{Value, json};

use super::books::{Books, body, empty, header, pairs, split};
use crate::liar::{Asked, Reply, answer, json as reply};
use crate::one_time::is_code;
use crate::signed::{hex, seconds};

/// What their administrators log in with.
pub(super) const ADMIN: &str = "canary-of-the-administrator";

fn is_admin(asked: &Asked) -> bool {
    header(asked, "authorization") == format!("Bearer {ADMIN}")
}

/// Notes who brings credentials where none are asked for.
fn no_credentials(books: &mut Books, asked: &Asked) {
    if asked.headers.iter().any(|field| field.contains(ADMIN)) {
        books.wrong.push(format!("credentials in {}", asked.line()));
    }
}

/// A form whose token and session are good once.
pub(super) fn form(books: &mut Books, asked: &Asked) -> Reply {
    if !asked.target.starts_with("/register") {
        return if is_admin(asked) {
            books.administer("/api/users", asked)
        } else {
            empty(401)
        };
    }
    no_credentials(books, asked);
    if asked.method == "GET" {
        books.session += 1;
        let page = format!(
            r#"<form><input type="hidden" name="_token" value="t{}"></form>"#,
            books.session
        );
        let cookie = format!("Set-Cookie: session=s{}; Path=/; HttpOnly", books.session);
        return answer(200, &["Content-Type: text/html", &cookie], page.as_bytes());
    }
    let form = pairs(&asked.body);
    let (token, cookie) = (format!("t{}", books.session), format!("session=s{}", books.session));
    if form.get("_token") != Some(&token) || header(asked, "cookie") != cookie {
        return empty(419);
    }
    books.session += 1;
    match books.open(&form["username"], &form["email"]) {
        Ok(id) => answer(303, &[&format!("Location: /welcome/{id}")], b""),
        Err(_) => empty(422),
    }
}

/// A sign-up that a code in a mail confirms. The mail takes until the second look.
pub(super) fn mail(books: &mut Books, asked: &Asked) -> Reply {
    let (path, query) = split(asked);
    match path {
        "/mail/messages" => {
            no_credentials(books, asked);
            let to = query.get("to").cloned().unwrap_or_default();
            let known = books.accounts.iter_mut().find(|(_, known)| known.email == to);
            let Some((id, known)) = known else {
                return reply(200, &json!({"messages": []}));
            };
            known.asked += 1;
            let text = format!("Hello!\nYour code is {:06}.", 123_000 + id);
            let messages = if known.asked < 2 {
                json!([])
            } else {
                json!([{"text": text}])
            };
            reply(200, &json!({"messages": messages}))
        }
        "/signup" => {
            no_credentials(books, asked);
            let given = body(asked);
            let text = |name: &str| given[name].as_str().unwrap_or_default().to_owned();
            match books.open(&text("username"), &text("email")) {
                Ok(id) => reply(202, &json!({"id": id})),
                Err(taken) => taken,
            }
        }
        "/confirm" => {
            let given = body(asked);
            let id: u64 = given["id"].as_str().and_then(|id| id.parse().ok()).unwrap_or_default();
            let is_right = given["code"].as_str() == Some(&format!("{:06}", 123_000 + id));
            match books.accounts.get_mut(&id).filter(|_| is_right) {
                Some(known) => {
                    known.confirmed = true;
                    empty(204)
                }
                None => empty(403),
            }
        }
        _ if is_admin(asked) => books.administer("/users", asked),
        _ => empty(401),
    }
}

/// An interface in which accounts log in themselves.
pub(super) fn own_token(books: &mut Books, asked: &Asked) -> Reply {
    let given = body(asked);
    let username = given["username"].as_str().unwrap_or_default();
    match (asked.method.as_str(), asked.target.as_str()) {
        ("POST", "/login") => {
            no_credentials(books, asked);
            let is_known = books.accounts.values().any(|known| known.username == username);
            if !is_known || given["password"].as_str().is_none_or(str::is_empty) {
                return empty(403);
            }
            reply(200, &json!({"token": format!("of-{username}")}))
        }
        ("GET", "/me") => {
            let whose = header(asked, "authorization")
                .strip_prefix("Bearer of-")
                .unwrap_or_default();
            match books.accounts.values().find(|known| known.username == whose) {
                Some(known) => reply(200, &json!({"username": known.username, "plan": "free"})),
                None => empty(401),
            }
        }
        ("POST", "/users") if is_admin(asked) => match books.open(username, "") {
            Ok(id) => reply(201, &json!({"id": id})),
            Err(taken) => taken,
        },
        _ if is_admin(asked) => books.administer("/users", asked),
        _ => empty(401),
    }
}

/// One half of it knows an account only after a while.
pub(super) fn slow_start(books: &mut Books, asked: &Asked) -> Reply {
    if !is_admin(asked) {
        return empty(401);
    }
    let given = body(asked);
    if asked.method == "POST" {
        return match books.open(given["username"].as_str().unwrap_or_default(), "") {
            Ok(id) => {
                // Only administrators have to wait for their role.
                if let Some(known) = books.accounts.get_mut(&id) {
                    known.confirmed = given["role"] != "admin";
                }
                reply(201, &json!({"id": id}))
            }
            Err(taken) => taken,
        };
    }
    if asked.method == "PUT" {
        let id = asked.target.split('/').nth(2).and_then(|id| id.parse().ok());
        let Some(known) = id.and_then(|id: u64| books.accounts.get_mut(&id)) else {
            return empty(404);
        };
        known.asked += 1;
        if known.asked < 2 {
            return empty(404);
        }
        known.confirmed = given["role"] == "admin";
        return empty(204);
    }
    books.administer("/users", asked)
}

/// Every sixth request is too many, and every fourth ends the session.
pub(super) fn throttled(books: &mut Books, asked: &Asked) -> Reply {
    let error = |status, name: &str| reply(status, &json!({"error": name}));
    if asked.target == "/session" {
        books.session += 1;
        return if body(asked)["key"] == ADMIN {
            reply(200, &json!({"session": format!("s{}", books.session)}))
        } else {
            empty(401)
        };
    }
    books.requests += 1;
    if header(asked, "x-session") != format!("s{}", books.session) {
        return error(403, "SessionExpired");
    }
    if books.requests.is_multiple_of(4) {
        books.session += 1;
        return error(403, "SessionExpired");
    }
    if books.requests.is_multiple_of(6) {
        return error(400, "TooManyRequests");
    }
    if asked.method == "POST" {
        return match books.open(&asked.username(), "") {
            Ok(id) => reply(201, &json!({"id": id})),
            Err(_) => error(400, "NameTaken"),
        };
    }
    books.administer("/users", asked)
}

/// One address, and every answer a 200.
pub(super) fn graphql(books: &mut Books, asked: &Asked) -> Reply {
    if !is_admin(asked) {
        return empty(401);
    }
    let given = body(asked);
    let query = given["query"].as_str().unwrap_or_default();
    let name = given["variables"]["name"].as_str().unwrap_or_default();
    let id = given["variables"]["id"].as_str().and_then(|id| id.parse::<u64>().ok());
    let failed = |code: &str, message: &str| {
        let errors = json!([{"message": message, "extensions": {"code": code}}]);
        reply(200, &json!({"errors": errors, "data": null}))
    };
    let shown = |id: u64, name: &str| json!({"id": id.to_string(), "name": name});
    if query.contains("createUser") {
        if books.refuses {
            return failed("QUOTA", "the quota is used up");
        }
        return match books.open(name, "") {
            Ok(id) => reply(200, &json!({"data": {"createUser": shown(id, name)}})),
            Err(_) => failed("NAME_TAKEN", "the name is taken"),
        };
    }
    if query.contains("deleteUser") {
        return match id.and_then(|id| books.accounts.remove(&id)) {
            Some(_) => reply(200, &json!({"data": {"deleteUser": true}})),
            None => failed("NOT_FOUND", "no such user"),
        };
    }
    if query.contains("users(") {
        let found = books.accounts.iter().filter(|(_, known)| known.username == name);
        let found: Vec<Value> = found.map(|(id, known)| shown(*id, &known.username)).collect();
        return reply(200, &json!({"data": {"users": found}}));
    }
    let known = id.and_then(|id| Some(shown(id, &books.accounts.get(&id)?.username)));
    reply(200, &json!({"data": {"user": known}}))
}

/// Its page stands inside of a parameter.
pub(super) fn structured(books: &mut Books, asked: &Asked) -> Reply {
    if !is_admin(asked) {
        return empty(401);
    }
    let (_, query) = split(asked);
    let Some(q) = query.get("q") else {
        return books.administer("/users", asked);
    };
    let numbers: Vec<usize> = q
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|part| part.parse().ok())
        .collect();
    let [page, size] = numbers.as_slice() else {
        books.wrong.push(asked.line());
        return empty(400);
    };
    let shown = books.accounts.iter().skip(page * size).take(*size);
    let shown: Vec<Value> = shown
        .map(|(id, known)| json!({"id": id, "username": known.username}))
        .collect();
    reply(200, &json!({"count": books.accounts.len(), "result": shown}))
}

/// An ordinary interface for an administrator with a token.
pub(super) fn ordinary(books: &mut Books, asked: &Asked) -> Reply {
    if is_admin(asked) {
        books.administer("/users", asked)
    } else {
        empty(401)
    }
}

/// A log-in of two steps, whose cookies and token go with every request.
pub(super) fn two_steps(books: &mut Books, asked: &Asked) -> Reply {
    let cookies = header(asked, "cookie");
    let has_token = header(asked, "x-xsrf-token") == "of=all" && cookies.contains("XSRF-TOKEN=of%3Dall");
    match asked.line().as_str() {
        "GET /csrf" => answer(204, &["Set-Cookie: XSRF-TOKEN=of%3Dall; Path=/"], b""),
        "POST /login" if has_token && body(asked)["password"] == ADMIN => {
            answer(204, &["Set-Cookie: session=s1; Path=/; HttpOnly"], b"")
        }
        "POST /login" => empty(422),
        _ if has_token && cookies.contains("session=s1") => books.administer("/users", asked),
        _ => empty(401),
    }
}

/// Requests that are signed within a minute.
pub(super) fn signed(books: &mut Books, asked: &Asked) -> Reply {
    let at = header(asked, "x-timestamp");
    let (path, _) = split(asked);
    let signed = format!("{at}{}{path}{}", asked.method, asked.body);
    let key = hmac::Key::new(hmac::HMAC_SHA256, ADMIN.as_bytes());
    let signature = hex(hmac::sign(&key, signed.as_bytes()).as_ref());
    let is_now = at.parse::<u64>().is_ok_and(|at| (at / 1000).abs_diff(seconds()) < 60);
    if is_now && header(asked, "x-signature") == signature {
        books.administer("/users", asked)
    } else {
        empty(401)
    }
}

/// Tokens for assertions that are signed with the right key.
pub(super) fn assertions(books: &mut Books, asked: &Asked) -> Reply {
    if asked.target != "/token" {
        return ordinary(books, asked);
    }
    let form = pairs(&asked.body);
    let claims = form
        .get("assertion")
        .and_then(|assertion| crate::assertions::opened(assertion));
    let is_meant = claims.is_some_and(|(_, claims)| claims["sub"] == "admin@qa.example.com");
    if is_meant
        && form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
        && form["scope"] == "users.manage"
    {
        reply(200, &json!({"access_token": ADMIN, "expires_in": 3600}))
    } else {
        reply(400, &json!({"error": "invalid_grant"}))
    }
}

/// JSON-RPC with the session in each body.
pub(super) fn rpc(books: &mut Books, asked: &Asked) -> Reply {
    let given = body(asked);
    let result = |result: Value| reply(200, &json!({"result": result, "id": 1}));
    let error = |code: i32, message: &str| reply(200, &json!({"error": {"code": code, "message": message}, "id": 1}));
    let params = &given["params"];
    if given["method"] == "user.login" {
        return if params["password"] == ADMIN {
            result(json!("session-of-the-administrator"))
        } else {
            error(-32602, "wrong password")
        };
    }
    if given["auth"] != "session-of-the-administrator" {
        return error(-32602, "session terminated");
    }
    let id = |value: &Value| value.as_str().and_then(|id| id.parse::<u64>().ok());
    match given["method"].as_str() {
        Some("user.create") => match books.open(params["username"].as_str().unwrap_or_default(), "") {
            Ok(id) => result(json!({"userids": [id.to_string()]})),
            Err(_) => error(-32500, "the name is taken"),
        },
        Some("user.get") => {
            let (wanted, name) = (id(&params["userids"]), params["filter"]["username"].as_str());
            let found = books.accounts.iter().filter(|(id, known)| {
                wanted.is_none_or(|wanted| wanted == **id) && name.is_none_or(|name| name == known.username)
            });
            result(
                found
                    .map(|(id, known)| json!({"userid": id.to_string(), "username": known.username}))
                    .collect(),
            )
        }
        Some("user.delete") => match id(&params[0]).and_then(|id| books.accounts.remove(&id)) {
            Some(_) => result(json!({"userids": [params[0]]})),
            None => error(-32000, "no such user"),
        },
        _ => error(-32601, "no such method"),
    }
}

/// Accounts that log in with a password and a code.
pub(super) fn codes(books: &mut Books, asked: &Asked) -> Reply {
    let given = body(asked);
    if asked.target == "/login" {
        no_credentials(books, asked);
        let known = books
            .accounts
            .values_mut()
            .find(|known| given["username"] == known.username.as_str());
        return match known {
            Some(known) if is_code(given["code"].as_str().unwrap_or_default(), &known.secret) => {
                known.confirmed = true;
                empty(204)
            }
            _ => empty(403),
        };
    }
    if asked.method == "PUT" && is_admin(asked) {
        let id = asked.target.split('/').nth(2).and_then(|id| id.parse::<u64>().ok());
        return match id.and_then(|id| books.accounts.get_mut(&id)) {
            Some(known) => {
                given["secret"]
                    .as_str()
                    .unwrap_or_default()
                    .clone_into(&mut known.secret);
                empty(204)
            }
            None => empty(404),
        };
    }
    ordinary(books, asked)
}

/// Users are in groups by a map of their names.
pub(super) fn groups(books: &mut Books, asked: &Asked) -> Reply {
    if asked.method == "PATCH" && is_admin(asked) {
        let id = asked.target.split('/').nth(2).and_then(|id| id.parse::<u64>().ok());
        return match id.and_then(|id| books.accounts.get_mut(&id)) {
            Some(known) => {
                known.confirmed = body(asked)["groups"]["Reviewers"] == true;
                empty(204)
            }
            None => empty(404),
        };
    }
    ordinary(books, asked)
}

/// Organisations and their members: none without one, and no organisation is deleted before its members.
pub(super) fn organisations(books: &mut Books, asked: &Asked) -> Reply {
    if !is_admin(asked) {
        return empty(401);
    }
    let (half, rest) = asked.target[1..].split_once('/').unwrap_or_default();
    let asked = Asked {
        target: format!("/{rest}"),
        ..asked.clone()
    };
    if asked.method == "POST" {
        let created = books.open(&asked.username(), half);
        let Ok(id) = created else { return empty(409) };
        if half == "people" {
            let org = body(&asked)["org"].as_str().and_then(|id| id.parse::<u64>().ok());
            if org
                .and_then(|org| books.accounts.get(&org))
                .is_none_or(|org| org.email != "orgs")
            {
                books.wrong.push(asked.line());
            }
        }
        return reply(201, &json!({"id": id}));
    }
    let has_members = books.accounts.values().any(|known| known.email == "people");
    if asked.method == "DELETE" && half == "orgs" && has_members {
        return empty(409);
    }
    books.administer("/users", &asked)
}
