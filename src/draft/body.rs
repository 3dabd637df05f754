//! The body of a create: which of its properties take the user name, the e-mail address and the password, and what the others
//! that are required hold. What is not known is open, and power always is.

use serde_json::{Value, json};

use super::block::{Block, Item, open, text};
use super::document::Document;
use super::field::{Meaning, is_elsewhere, is_writable, meaning};
use super::operation::Carries;
use super::shape::Shape;
use super::value::{is_boolean, rest, told};
use super::words::{DOUBTFUL, user_name_rank};
use crate::domain::secret::plain;

/// How deep below the top a property may lie.
const DEPTH_MAX: usize = 3;
/// The most properties of a body that are written.
const WRITTEN_MAX: usize = 60;

pub(super) const USER_NAME: &str = "{{ account.username }}";
pub(super) const EMAIL: &str = "{{ account.email }}";
pub(super) const PASSWORD: &str = "{{ account.password }}";
const FULL_NAME: &str = "{{ account.first_name }} {{ account.last_name }}";

/// A body, written.
#[derive(Clone, Debug, Default)]
pub(super) struct Body {
    pub(super) block: Block,
    /// The property that takes the user name.
    pub(super) user_name: Option<String>,
    /// The property that takes the e-mail address.
    pub(super) email: Option<String>,
    pub(super) has_password: bool,
    /// The longest user name that its schema allows.
    pub(super) name_max: Option<u64>,
}

/// A property that was found, at a path from the top.
#[derive(Clone, Debug)]
struct Found<'d> {
    path: Vec<&'d str>,
    meaning: Meaning,
    schema: &'d Value,
    is_required: bool,
    /// Why it is only likely to mean that.
    guess: Option<&'static str>,
}

/// Which fields of an account a body takes, at any depth.
pub(super) fn takes(document: &Document, shape: &Shape<'_>) -> Vec<Meaning> {
    let mut found = Vec::new();
    locate(document, shape, &mut Vec::new(), &mut found);
    found.into_iter().map(|found| found.meaning).collect()
}

/// Writes a body. `is_named` says that accounts are addressed by a parameter called `name`.
pub(super) fn write(document: &Document, shape: &Shape<'_>, carries: Carries, is_named: bool) -> Body {
    let mut found = Vec::new();
    locate(document, shape, &mut Vec::new(), &mut found);
    settle_names(&mut found, is_named);
    let mut body = Body::default();
    let chosen = chosen(&found);
    for found in &chosen {
        let last = found.path.last().map(|name| (*name).to_owned());
        match found.meaning {
            Meaning::UserName if body.user_name.is_none() => {
                body.user_name = last;
                body.name_max = found.schema.get("maxLength").and_then(Value::as_u64);
            }
            Meaning::Email if body.email.is_none() => body.email = last,
            Meaning::Password => body.has_password = true,
            Meaning::UserName
            | Meaning::Email
            | Meaning::FirstName
            | Meaning::LastName
            | Meaning::FullName
            | Meaning::Name
            | Meaning::Power
            | Meaning::Confirmed
            | Meaning::Bothers
            | Meaning::Active
            | Meaning::Barred => {}
        }
    }
    let mut writer = Writer {
        document,
        chosen: &chosen,
        carries,
        written: 0,
    };
    body.block = writer.map(shape, &mut Vec::new());
    if !body.has_password
        && let Some((name, item)) = credentials(document, shape)
    {
        body.block.put(name, item).note("a list of credentials");
        body.has_password = true;
    }
    body
}

/// Notes every property that has a meaning, nearest to the top first.
fn locate<'d>(document: &'d Document, shape: &Shape<'d>, path: &mut Vec<&'d str>, found: &mut Vec<Found<'d>>) {
    let mut below = Vec::new();
    for (name, schema) in &shape.properties {
        let schema = document.follow(schema);
        if !is_writable(schema) || found.len() > 200 {
            continue;
        }
        let inner = Shape::of(document, schema);
        if inner.is_map() {
            if !is_elsewhere(name) && path.len() < DEPTH_MAX {
                below.push((*name, inner));
            }
            continue;
        }
        if let Some(meaning) = meaning(name) {
            let mut at = path.clone();
            at.push(name);
            let is_address =
                meaning == Meaning::UserName && schema.get("format").and_then(Value::as_str) == Some("email");
            let meaning = if is_address { Meaning::Email } else { meaning };
            let is_required = shape.is_required(name);
            let is_doubtful = meaning == Meaning::UserName && user_name_rank(name).is_some_and(|rank| rank >= DOUBTFUL);
            let guess = is_doubtful.then_some("guessed: no other property is called a user name");
            found.push(Found {
                path: at,
                meaning,
                schema,
                is_required,
                guess,
            });
        }
    }
    for (name, inner) in below {
        path.push(name);
        locate(document, &inner, path, found);
        path.pop();
    }
    let rank = |found: &Found<'_>| found.path.last().and_then(|name| user_name_rank(name));
    found.sort_by_key(|found| (found.path.len(), rank(found)));
}

/// Decides what each `name` is: the user name where there is no other and a display name stands beside it, or accounts go by
/// it, or nothing else could tell one from another.
fn settle_names(found: &mut [Found<'_>], is_named: bool) {
    let has = |found: &[Found<'_>], wanted: Meaning| found.iter().any(|one| one.meaning == wanted);
    let lacks_name = !has(found, Meaning::UserName);
    let is_display = has(found, Meaning::FullName) || is_named || !has(found, Meaning::Email);
    let mut is_user_name = lacks_name && is_display;
    for one in found.iter_mut().filter(|one| one.meaning == Meaning::Name) {
        one.guess = is_user_name.then_some("guessed: nothing else takes a user name");
        one.meaning = if is_user_name {
            Meaning::UserName
        } else {
            Meaning::FullName
        };
        is_user_name = false;
    }
}

/// The properties that are written for what they mean: of user names and addresses the first and those that are required.
fn chosen<'f, 'd>(found: &'f [Found<'d>]) -> Vec<&'f Found<'d>> {
    let mut chosen: Vec<&Found<'d>> = Vec::new();
    for one in found {
        let is_there = chosen.iter().any(|known| known.meaning == one.meaning);
        // A password may be asked for twice, at the same level.
        let is_level = chosen
            .iter()
            .find(|known| known.meaning == one.meaning)
            .is_none_or(|known| known.path.len() == one.path.len());
        let is_wanted = match one.meaning {
            // Some services make accounts that are switched off.
            Meaning::Active => is_boolean(one.schema) && one.schema.get("default") != Some(&json!(true)),
            Meaning::Barred => false,
            Meaning::Confirmed | Meaning::Bothers => is_boolean(one.schema),
            Meaning::Power => true,
            Meaning::Password => is_level,
            Meaning::UserName
            | Meaning::Email
            | Meaning::FirstName
            | Meaning::LastName
            | Meaning::FullName
            | Meaning::Name => !is_there || one.is_required,
        };
        if is_wanted {
            chosen.push(one);
        }
    }
    chosen
}

struct Writer<'f, 'd> {
    document: &'d Document,
    chosen: &'f [&'f Found<'d>],
    carries: Carries,
    written: usize,
}

impl<'d> Writer<'_, 'd> {
    fn map(&mut self, shape: &Shape<'d>, path: &mut Vec<&'d str>) -> Block {
        let mut block = Block::default();
        for (name, schema) in &shape.properties {
            let schema = self.document.follow(schema);
            if !is_writable(schema) || self.written > WRITTEN_MAX {
                continue;
            }
            path.push(name);
            if let Some((item, note)) = self.property(name, schema, shape.is_required(name), path) {
                self.written += 1;
                block.put(name, item).note_if(note);
            }
            path.pop();
        }
        if shape.unusable > 0 {
            block.comment("the document requires properties here whose names are unusable");
        }
        block
    }

    fn property(
        &mut self,
        name: &'d str,
        schema: &'d Value,
        is_required: bool,
        path: &mut Vec<&'d str>,
    ) -> Option<(Item, Option<String>)> {
        if let Some(found) = self.chosen.iter().find(|found| found.path == *path) {
            return Some(self.known(found));
        }
        let inner = Shape::of(self.document, schema);
        let leads_on = self
            .chosen
            .iter()
            .any(|found| found.path.starts_with(path) && found.path.len() > path.len());
        let only_power = self
            .chosen
            .iter()
            .filter(|found| found.path.starts_with(path))
            .all(|found| found.meaning == Meaning::Power);
        if inner.is_map()
            && self.carries == Carries::Json
            && path.len() <= DEPTH_MAX
            && (leads_on && !only_power || is_required && !is_elsewhere(name))
        {
            let block = self.map(&inner, path);
            if !block.is_empty() {
                let note = inner
                    .is_a_branch
                    .then(|| "one of several forms that the document allows".to_owned());
                return Some((block.into(), note));
            }
        }
        is_required.then(|| rest(name, schema, &inner))
    }

    /// A property whose meaning is known.
    fn known(&self, found: &Found<'d>) -> (Item, Option<String>) {
        let value = match found.meaning {
            Meaning::UserName => USER_NAME,
            Meaning::Email => EMAIL,
            Meaning::Password => PASSWORD,
            Meaning::FirstName => "{{ account.first_name }}",
            Meaning::LastName => "{{ account.last_name }}",
            Meaning::FullName | Meaning::Name => FULL_NAME,
            Meaning::Power => {
                let optional = if found.is_required {
                    "required"
                } else {
                    "optional: remove the line to leave it out"
                };
                return (
                    open(),
                    Some(format!(
                        "gives power, so it is not guessed; {optional}{}",
                        told(found.schema)
                    )),
                );
            }
            Meaning::Confirmed | Meaning::Active => return (self.flag(true), None),
            Meaning::Bothers | Meaning::Barred => return (self.flag(false), None),
        };
        let shape = Shape::of(self.document, found.schema);
        if !shape.is_list() || self.carries == Carries::Form {
            return (text(value), found.guess.map(str::to_owned));
        }
        let items = shape
            .items
            .map(|items| Shape::of(self.document, items))
            .unwrap_or_default();
        if !items.is_map() {
            return (Item::List(vec![text(value)]), None);
        }
        let mut entry = Block::default();
        for (name, schema) in &items.properties {
            let schema = self.document.follow(schema);
            let short = plain(name);
            if ["value", "email", "address", "emailaddress", "mail"].contains(&short.as_str()) {
                entry.put(name, value);
            } else if short == "primary" || short == "isprimary" {
                entry.put(name, Item::Plain(true.into()));
            } else if items.is_required(name) {
                let (item, note) = rest(name, schema, &Shape::of(self.document, schema));
                entry.put(name, item).note_if(note);
            }
        }
        if entry.is_empty() {
            (open(), Some("a list whose items have no address".to_owned()))
        } else {
            (Item::List(vec![entry.into()]), None)
        }
    }

    fn flag(&self, value: bool) -> Item {
        match self.carries {
            Carries::Json => Item::Plain(value.into()),
            Carries::Form => text(value.to_string()),
        }
    }
}

/// A list of credentials, each with a type and a value: it takes the password.
fn credentials<'d>(document: &'d Document, shape: &Shape<'d>) -> Option<(&'d str, Item)> {
    let (name, schema) = shape.properties.iter().find(|(name, _)| plain(name) == "credentials")?;
    let list = Shape::of(document, schema);
    let items = Shape::of(document, list.items.filter(|_| list.is_list())?);
    items.property("type").and(items.property("value"))?;
    let mut entry = Block::default();
    entry.put("type", "password").put("value", PASSWORD);
    if items.property("temporary").is_some() {
        entry.put("temporary", Item::Plain(false.into()));
    }
    Some((name, Item::List(vec![entry.into()])))
}

#[cfg(test)]
mod tests {
    use super::super::block::OPEN;
    use super::super::reader;
    use super::*;

    fn body(schema: &str) -> (Value, Body) {
        let text = format!("openapi: 3.0.0\npaths: {{/a: {{}}}}\nS: {schema}");
        let document = Document::read(&text, &|_| None).unwrap();
        let shape = Shape::of(&document, document.top("S"));
        let body = write(&document, &shape, Carries::Json, false);
        (reader::read(&body.block.written()).unwrap_or_default(), body)
    }

    #[test]
    fn names_addresses_and_passwords_are_recognised_and_wrappers_are_entered() {
        let (written, body) = body(
            "{required: [user], properties: {user: {properties: {login: {type: string, maxLength: 40}, mail: {}, pwd: {}, passwordConfirmation: {}, id: {readOnly: true}, name: {properties: {givenName: {}, familyName: {}}}}}}}",
        );
        assert_eq!(
            written,
            json!({"user": {"login": USER_NAME, "mail": EMAIL, "pwd": PASSWORD, "passwordConfirmation": PASSWORD,
                "name": {"givenName": "{{ account.first_name }}", "familyName": "{{ account.last_name }}"}}})
        );
        assert_eq!(
            (
                body.user_name.as_deref(),
                body.email.as_deref(),
                body.has_password,
                body.name_max
            ),
            (Some("login"), Some("mail"), true, Some(40))
        );
    }

    #[test]
    fn a_name_is_what_the_others_leave_it() {
        for (schema, expected) in [
            ("{properties: {name: {}, email: {}}}", FULL_NAME),
            ("{properties: {name: {}, display_name: {}, email: {}}}", USER_NAME),
            ("{properties: {name: {}, username: {}}}", FULL_NAME),
            ("{properties: {name: {}, password: {}}}", USER_NAME),
        ] {
            assert_eq!(body(schema).0["name"], expected, "{schema}");
        }
    }

    #[test]
    fn what_is_required_is_known_or_open_and_power_is_always_open() {
        let (written, _) = body(
            "{required: [email, kind, plan, status, region, role, age, terms], properties: {email: {}, kind: {enum: [human]}, plan: {default: free}, status: {enum: [locked, active]}, region: {enum: [eu, us]}, role: {enum: [admin], default: admin}, age: {type: integer}, terms: {type: boolean}, isAdmin: {type: boolean}, send_welcome_mail: {type: boolean}, nick: {}, evil: {default: '{{ env.X }}'}}}",
        );
        assert_eq!(
            written,
            json!({"email": EMAIL, "kind": "human", "plan": "free", "status": "active", "region": OPEN, "role": OPEN, "age": OPEN, "terms": true, "isAdmin": OPEN, "send_welcome_mail": false})
        );
    }

    #[test]
    fn lists_take_one_item_and_nothing_below_an_address_is_the_accounts() {
        let (written, _) = body(
            "{properties: {userName: {}, emails: {type: array, items: {properties: {value: {}, primary: {type: boolean}, type: {}}}}, address: {properties: {name: {}, email: {}}}, credentials: {type: array, items: {properties: {type: {}, value: {}, temporary: {}}}}}}",
        );
        assert_eq!(
            written,
            json!({"userName": USER_NAME, "emails": [{"value": EMAIL, "primary": true}], "credentials": [{"type": "password", "value": PASSWORD, "temporary": false}]})
        );
    }

    #[test]
    fn a_template_of_the_document_is_no_value() {
        let (written, _) = body(
            "{required: [email, evil, kind], properties: {email: {}, evil: {default: '{{ env.X }}'}, kind: {enum: ['${{ secrets.X }}']}}}",
        );
        assert_eq!(written, json!({"email": EMAIL, "evil": OPEN, "kind": OPEN}));
    }
}
