//! How requests authenticate: the create's own security, or that of the others, as `auth` of the configuration
//! (OpenAPI 3.1, "Security Scheme Object").

use serde_json::Value;

use super::block::{Block, Item};
use super::document::Document;
use super::foreign::{is_plain_value, shown_up_to};
use super::operation::{Operation, Place};
use super::words::words;

/// What was made of the security of a document.
#[derive(Clone, Debug, Default)]
pub(super) struct Security {
    /// `auth`, none where nothing is said.
    pub(super) auth: Option<Item>,
    /// What is said beside it.
    pub(super) notes: Vec<String>,
    /// A parameter of every query that carries the credential.
    pub(super) query: Option<(String, String)>,
    /// Header fields that carry credentials.
    pub(super) headers: Vec<String>,
}

/// Words that services want in front of a token.
const FRONTS: [&str; 14] = [
    "Bearer", "bearer", "Token", "token", "SSWS", "JWT", "jwt", "ApiKey", "Apikey", "apikey", "Api-Key", "Key",
    "Basic", "GenieKey",
];

/// Reads how a create and its family authenticate. `variable` is the front of the names of variables.
pub(super) fn read(document: &Document, create: &Operation<'_>, family: &[&Operation<'_>], variable: &str) -> Security {
    let default = document.top("security");
    let of = |one: &Operation<'_>| one.security().cloned().unwrap_or_else(|| default.clone());
    let own = of(create);
    let mut notes = Vec::new();
    let mut best = choose(document, &own);
    if best.is_none() {
        let other = family
            .iter()
            .find_map(|one| choose(document, &of(one)).map(|found| (one.told(), found)));
        let declared = || {
            let all: Vec<&str> = document.schemes().map(|(name, _)| name).collect();
            rank_all(
                document,
                &all.iter().map(|name| vec![(*name).to_owned()]).collect::<Vec<_>>(),
            )
        };
        if let Some((from, found)) = other {
            notes.push(format!("the create names no credentials; these are of {from}"));
            best = Some(found);
        } else if let Some(found) = declared() {
            notes.push("no operation of accounts names credentials; this is what the document declares".to_owned());
            best = Some(found);
        }
    }
    let Some(names) = best else {
        return of_headers(create, family, variable);
    };
    let mut security = Security {
        notes,
        ..Security::default()
    };
    let mut headers = Block::default();
    for (at, name) in names.iter().enumerate() {
        let Some(scheme) = document.scheme(name) else {
            continue;
        };
        let suffix = if at == 0 {
            "TOKEN".to_owned()
        } else {
            words(name).join("_").to_uppercase()
        };
        let token = format!("{{{{ env.{variable}_{suffix} }}}}");
        security
            .notes
            .push(format!("security scheme `{}`", shown_up_to(name, 60)));
        one(&mut security, &mut headers, scheme, &token, variable);
    }
    if !headers.is_empty() {
        if security.auth.is_none() {
            let mut auth = Block::default();
            auth.put("header", headers);
            security.auth = Some(auth.into());
        } else {
            security
                .notes
                .push("the document asks for a second credential, which is not written here".to_owned());
        }
    }
    security
}

/// The schemes of the best alternative of a `security`; none where it asks for nothing or for what can't be given.
fn choose(document: &Document, security: &Value) -> Option<Vec<String>> {
    let alternatives: Vec<Vec<String>> = security
        .as_array()?
        .iter()
        .filter_map(Value::as_object)
        .map(|names| names.keys().cloned().collect::<Vec<String>>())
        .filter(|names| !names.is_empty())
        .collect();
    // One that can do without a person: where the create's own can't, but another that the document has can, it is that one.
    let chosen = rank_all(document, &alternatives)?;
    let is_of_a_person = chosen
        .iter()
        .all(|name| document.scheme(name).is_some_and(|scheme| rank(scheme) >= 6));
    if is_of_a_person {
        let default: Vec<Vec<String>> = document
            .top("security")
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_object)
            .map(|names| names.keys().cloned().collect())
            .filter(|names: &Vec<String>| !names.is_empty())
            .collect();
        if let Some(better) = rank_all(document, &default)
            && better
                .iter()
                .all(|name| document.scheme(name).is_some_and(|scheme| rank(scheme) < 6))
        {
            return Some(better);
        }
    }
    Some(chosen)
}

fn rank_all(document: &Document, alternatives: &[Vec<String>]) -> Option<Vec<String>> {
    let ranked = alternatives.iter().filter_map(|names| {
        let ranks: Option<Vec<u8>> = names.iter().map(|name| document.scheme(name).map(rank)).collect();
        let worst = ranks?.into_iter().max()?;
        (worst < 9).then_some((worst, names.len(), names))
    });
    ranked
        .min_by_key(|(worst, count, _)| (*worst, *count))
        .map(|(_, _, names)| names.clone())
}

/// How well a scheme serves a job: the lower, the better.
fn rank(scheme: &Value) -> u8 {
    let text = |key: &str| {
        scheme
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or("")
            .to_ascii_lowercase()
    };
    let said = text("description");
    // A header that says on whose behalf, or a second factor, proves nothing alone.
    let name = text("name");
    if ["sudo", "otp", "csrf", "impersonat"]
        .iter()
        .any(|word| name.contains(word))
    {
        return 9;
    }
    let worse = u8::from(said.contains("deprecated"));
    let rank = match (text("type").as_str(), text("scheme").as_str(), text("in").as_str()) {
        ("http", "basic", _) | ("basic", _, _) => 2,
        ("http", "digest" | "mutual" | "hoba" | "negotiate", _) => 8,
        ("http", _, _) => 0,
        ("apikey", _, "header") => 1,
        ("oauth2", _, _) if token_url(scheme, &["clientCredentials"], &["application"]).is_some() => 3,
        ("apikey", _, "query") => 4,
        ("apikey", _, _) => 5,
        ("oauth2", _, _) => 6,
        ("openidconnect", _, _) => 7,
        _ => 8,
    };
    rank + worse
}

/// Writes one scheme.
fn one(security: &mut Security, headers: &mut Block, scheme: &Value, token: &str, variable: &str) {
    let text = |key: &str| scheme.get(key).and_then(Value::as_str).unwrap_or("");
    let description = text("description");
    let mut auth = Block::default();
    match (
        text("type").to_ascii_lowercase().as_str(),
        text("scheme").to_ascii_lowercase().as_str(),
    ) {
        ("http", "basic") | ("basic", _) => {
            auth.put("basic", basic(variable));
        }
        ("http", "bearer" | "") => {
            auth.put("bearer", token);
        }
        ("http", _) => {
            let front = Some(text("scheme")).filter(|front| is_plain_value(front) && !front.contains(' '));
            headers.put(
                "Authorization",
                front.map_or(token.to_owned(), |front| format!("{front} {token}")),
            );
        }
        ("apikey", _) => {
            let name = text("name");
            let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
            if !is_name {
                security.notes.push("the name of its parameter is unusable".to_owned());
                return;
            }
            match text("in") {
                "query" => security.query = Some((name.to_owned(), token.to_owned())),
                "cookie" => {
                    headers.put("Cookie", format!("{name}={token}"));
                }
                _ => header(security, headers, name, description, token),
            }
        }
        ("oauth2", _) => oauth2(security, &mut auth, scheme, token, variable),
        _ => {
            auth.put("bearer", token);
            security
                .notes
                .push("an access token; how it is got is not described here".to_owned());
        }
    }
    if !auth.is_empty() && security.auth.is_none() {
        security.auth = Some(auth.into());
    }
}

fn basic(variable: &str) -> Block {
    let mut basic = Block::default();
    basic
        .put("username", format!("{{{{ env.{variable}_USERNAME }}}}"))
        .put("password", format!("{{{{ env.{variable}_PASSWORD }}}}"));
    basic
}

fn header(security: &mut Security, headers: &mut Block, name: &str, description: &str, token: &str) {
    security.headers.push(name.to_owned());
    if !name.eq_ignore_ascii_case("authorization") {
        headers.put(name, token);
        return;
    }
    if let Some(front) = front(description) {
        headers.put(name, format!("{front} {token}"));
        security.notes.push(format!(
            "`{front}` stands in front of the token by the scheme's description"
        ));
    } else {
        headers.put(name, token);
        security.notes.push(
            "the whole value of the header: with `Bearer` or another word in front, if the service wants one"
                .to_owned(),
        );
    }
}

/// The word that a description puts in front of a token.
fn front(description: &str) -> Option<&'static str> {
    let bare = |word: &str| {
        word.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '-')
            .to_owned()
    };
    let words: Vec<&str> = description.split_whitespace().collect();
    let is_quoted = |word: &str| word.starts_with(['"', '\'', '`']);
    let is_example = |next: &str| {
        next.starts_with(['<', '{', '[', '$', '('])
            || next.contains("xx")
            || next.contains('.') && next.len() > 8
            || next.to_uppercase() == next && next.len() > 3
            || next.chars().filter(char::is_ascii_digit).count() > 2
    };
    for (at, word) in words.iter().enumerate() {
        let Some(front) = FRONTS.iter().find(|front| **front == bare(word)) else {
            continue;
        };
        let next = words.get(at + 1).copied().unwrap_or("");
        if is_quoted(word) || is_example(next) {
            return Some(front);
        }
    }
    // "prefix the token with Bearer".
    let lower = description.to_lowercase();
    let is_prefix = ["prefix", "prepend", "preceded", "followed by a space", "format"]
        .iter()
        .any(|word| lower.contains(word));
    let named = words.iter().find_map(|word| {
        FRONTS
            .iter()
            .find(|front| **front == bare(word) && front.starts_with(char::is_uppercase))
    });
    is_prefix.then_some(named.copied()).flatten()
}

fn oauth2(security: &mut Security, auth: &mut Block, scheme: &Value, token: &str, variable: &str) {
    if let Some(address) = token_url(scheme, &["clientCredentials"], &["application"]) {
        let address = if address.starts_with("http://") || address.starts_with("https://") {
            address.to_owned()
        } else {
            format!("{{{{ service.url }}}}/{}", address.trim_start_matches('/'))
        };
        let mut oauth2 = Block::default();
        oauth2
            .put("token_url", address)
            .put("client_id", format!("{{{{ env.{variable}_USERNAME }}}}"))
            .put("client_secret", format!("{{{{ env.{variable}_PASSWORD }}}}"));
        auth.put("oauth2", oauth2);
        security
            .notes
            .push("the variables hold the client's id and secret".to_owned());
    } else {
        auth.put("bearer", token);
        security.notes.push(
            "the document describes a log-in by a person, so this is an access token that was got elsewhere".to_owned(),
        );
    }
}

/// The token endpoint of a flow, if it is one that can be written.
fn token_url<'d>(scheme: &'d Value, flows: &[&str], swagger: &[&str]) -> Option<&'d str> {
    let of_flow = flows
        .iter()
        .find_map(|flow| scheme.get("flows")?.get(flow)?.get("tokenUrl")?.as_str());
    let is_flow = scheme
        .get("flow")
        .and_then(Value::as_str)
        .is_some_and(|flow| swagger.contains(&flow));
    let address = of_flow.or_else(|| scheme.get("tokenUrl").filter(|_| is_flow)?.as_str())?;
    (is_plain_value(address) && !address.is_empty() && !address.contains(['{', ' '])).then_some(address)
}

/// Header parameters that carry credentials, where no scheme is declared.
fn of_headers(create: &Operation<'_>, family: &[&Operation<'_>], variable: &str) -> Security {
    const NAMES: [&str; 5] = ["authorization", "token", "apikey", "api-key", "secret"];
    let all = std::iter::once(create).chain(family.iter().copied());
    let mut security = Security::default();
    let found = all.flat_map(|one| one.parameters_in(Place::Header)).find(|parameter| {
        let lower = parameter.name.to_ascii_lowercase();
        let is_token = lower.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        is_token && !lower.contains("csrf") && NAMES.iter().any(|name| lower.contains(name))
    });
    match found {
        Some(parameter) => {
            let mut headers = Block::default();
            header(
                &mut security,
                &mut headers,
                parameter.name,
                parameter.description,
                &format!("{{{{ env.{variable}_TOKEN }}}}"),
            );
            let mut auth = Block::default();
            auth.put("header", headers);
            security.auth = Some(auth.into());
            security.notes.insert(
                0,
                format!(
                    "no security scheme is declared; the operations have the header parameter `{}`",
                    parameter.name
                ),
            );
        }
        None => security
            .notes
            .push("the document says nothing of credentials: if the service wants some, add `auth`".to_owned()),
    }
    security
}

#[cfg(test)]
mod tests {
    use super::super::operation::operations;
    use super::*;

    fn auth(rest: &str) -> (String, Security) {
        let text = format!("openapi: 3.0.0\npaths:\n  /users:\n    post: {{OWN}}\n    get: {{}}\n{rest}");
        let (text, own) = match text.split_once("OWN=") {
            Some((front, own)) => (front.to_owned(), own.to_owned()),
            None => (text, String::new()),
        };
        let document = Document::read(&text.replace("OWN", own.trim()), &|_| None).unwrap();
        let operations = operations(&document);
        let family: Vec<&Operation<'_>> = operations.iter().collect();
        let create = operations.iter().find(|one| one.method.as_str() == "POST").unwrap();
        let security = read(&document, create, &family, "X");
        let mut block = Block::default();
        if let Some(auth) = security.auth.clone() {
            block.put("auth", auth);
        }
        (
            block.written().split_whitespace().collect::<Vec<_>>().join(" "),
            security,
        )
    }

    #[test]
    fn schemes_become_auth() {
        let schemes =
            |scheme: &str| format!("security: [{{s: []}}]\ncomponents: {{securitySchemes: {{s: {scheme}}}}}\n");
        for (scheme, expected) in [
            ("{type: http, scheme: bearer}", "auth: bearer: \"{{ env.X_TOKEN }}\""),
            (
                "{type: http, scheme: basic}",
                "auth: basic: username: \"{{ env.X_USERNAME }}\" password: \"{{ env.X_PASSWORD }}\"",
            ),
            (
                "{type: apiKey, in: header, name: X-API-Key}",
                "auth: header: X-API-Key: \"{{ env.X_TOKEN }}\"",
            ),
            (
                "{type: apiKey, in: header, name: Authorization, description: 'SSWS {API Token}'}",
                "auth: header: Authorization: \"SSWS {{ env.X_TOKEN }}\"",
            ),
            (
                "{type: apiKey, in: header, name: Authorization, description: 'must be prepended with \"token\" followed by a space'}",
                "auth: header: Authorization: \"token {{ env.X_TOKEN }}\"",
            ),
            (
                "{type: apiKey, in: header, name: Authorization}",
                "auth: header: Authorization: \"{{ env.X_TOKEN }}\"",
            ),
            (
                "{type: oauth2, flows: {clientCredentials: {tokenUrl: /oauth/token}}}",
                "auth: oauth2: token_url: \"{{ service.url }}/oauth/token\" client_id: \"{{ env.X_USERNAME }}\" client_secret: \"{{ env.X_PASSWORD }}\"",
            ),
            (
                "{type: oauth2, flows: {implicit: {authorizationUrl: /x}}}",
                "auth: bearer: \"{{ env.X_TOKEN }}\"",
            ),
            ("{type: apiKey, in: query, name: key}", ""),
        ] {
            assert_eq!(auth(&schemes(scheme)).0, expected, "{scheme}");
        }
        assert_eq!(
            auth(&schemes("{type: apiKey, in: query, name: key}")).1.query,
            Some(("key".to_owned(), "{{ env.X_TOKEN }}".to_owned()))
        );
    }

    #[test]
    fn no_security_is_not_believed_and_headers_count() {
        let declared = "components: {securitySchemes: {s: {type: http, scheme: bearer}}}\nOWN=security: []";
        let (written, security) = auth(declared);
        assert_eq!(written, "auth: bearer: \"{{ env.X_TOKEN }}\"");
        assert!(
            security.notes[0].contains("this is what the document declares"),
            "{:?}",
            security.notes
        );
        let (written, _) = auth("OWN=parameters: [{name: X-Auth-Token, in: header}]");
        assert_eq!(written, "auth: header: X-Auth-Token: \"{{ env.X_TOKEN }}\"");
        assert_eq!(auth("").0, "");
    }
}
