//! The list of accounts and the look-up by name: what is asked, where the accounts stand in the answer, and how each shows its
//! id and its name.

use serde_json::Value;

use super::answer::{self, is_wrapper, member};
use super::block::{Block, Item, OPEN};
use super::body::{Body, EMAIL, USER_NAME};
use super::document::Document;
use super::family::{By, Family, kind_of};
use super::operation::{Operation, Parameter, Place};
use super::paging::{self, Paging};
use super::request::Requests;
use super::shape::Shape;
use super::words::{Verb, is_email, is_user_name, singular};
use crate::domain::secret::plain;

/// A list, read.
pub(super) struct Listing<'o, 'd> {
    pub(super) operation: &'o Operation<'d>,
    shown: Items,
    paging: Paging,
}

/// Where accounts stand in an answer.
#[derive(Clone, Debug)]
struct Items {
    place: String,
    id: String,
    name: Option<(String, bool)>,
}

/// What is known when lists are read.
pub(super) struct Known<'a, 'd> {
    pub(super) document: &'d Document,
    pub(super) noun: &'a str,
    pub(super) body: &'a Body,
    /// The parameter that names an account in its path.
    pub(super) parameter: &'a str,
}

/// The list of a family, if it has one.
pub(super) fn read<'o, 'd>(known: &Known<'_, 'd>, family: &Family<'o, 'd>) -> Option<Listing<'o, 'd>> {
    let lists = family.lists();
    let is_open = |operation: &Operation<'_>| {
        operation
            .parameters_in(Place::Query)
            .iter()
            .any(|parameter| parameter.is_required)
    };
    let mut listings: Vec<Listing<'o, 'd>> = lists
        .into_iter()
        .map(|operation| {
            let schema = operation.success().and_then(|answer| answer.schema);
            let shape = schema
                .map(|schema| Shape::of(known.document, schema))
                .unwrap_or_default();
            let shown = schema.map_or_else(Items::open, |schema| shown(known, schema));
            let paging = paging::read(known.document, operation, &shape);
            Listing {
                operation,
                shown,
                paging,
            }
        })
        .collect();
    // An answer that is known and has no list is one account, as that of whoever asks; and where nothing is known of it, only
    // the plural says that there are several.
    listings.retain(|listing| {
        let schema = listing.operation.success().and_then(|answer| answer.schema);
        let is_map = schema.is_some_and(|schema| Shape::of(known.document, schema).is_map());
        let is_open = listing.shown.place.contains(OPEN);
        let (verb, nouns) = listing.operation.route.verb_and_nouns();
        let is_plural = nouns.last().is_some_and(|noun| singular(noun) != *noun) || verb == Some(Verb::List);
        !is_open || !is_map && is_plural
    });
    // A search that must be given a word lists nothing; among the others those that show their accounts come first.
    listings.sort_by_key(|listing| (is_open(listing.operation), listing.shown.place.contains(OPEN)));
    listings.into_iter().next()
}

impl Items {
    fn open() -> Self {
        Self {
            place: format!("body.{OPEN}"),
            id: format!("item.{OPEN}"),
            name: Some((format!("item.{OPEN}"), false)),
        }
    }
}

impl Listing<'_, '_> {
    /// `list` of the configuration.
    pub(super) fn block(&self, requests: &mut Requests) -> Block {
        let mut block = Block::default();
        block.put("request", requests.target(self.operation, None));
        let query = self.query(requests, &[]);
        if !query.is_empty() {
            block.put("query", query);
        }
        self.items(&mut block);
        if let Some(total) = &self.paging.total {
            block.put("total", total.clone());
        }
        match &self.paging.next {
            Some((next, note)) => {
                block.put("next", next.clone()).note(note.clone());
            }
            None => {
                block.comment(
                    "no paging is described: if the service gives pages, say how the next one is asked for with `next`",
                );
            }
        }
        block
    }

    /// A list with one item, which needs the right to see accounts.
    pub(super) fn probe(&self, requests: &mut Requests) -> Block {
        let mut block = Block::default();
        block.put("request", requests.target(self.operation, None));
        let mut query = requests.query(self.operation, &[]);
        if let Some((name, _)) = &self.paging.size {
            query.put(name, "1");
        }
        if !query.is_empty() {
            block.put("query", query);
        }
        block
    }

    fn query(&self, requests: &Requests, given: &[(&str, String)]) -> Block {
        let mut query = requests.query(self.operation, given);
        if let Some((name, size)) = &self.paging.size {
            query.put(name, size.to_string());
        }
        query
    }

    fn items(&self, block: &mut Block) {
        put_items(block, &self.shown);
    }
}

fn put_items(block: &mut Block, items: &Items) {
    block.put("items", items.place.clone());
    if items.place.contains(OPEN) {
        block.note("the document does not say where the accounts are in the answer");
    }
    block.put("id", items.id.clone());
    match &items.name {
        Some((name, is_address)) => {
            block.put("name", name.clone());
            if *is_address {
                block.note("the user name is the front of the e-mail address");
            }
        }
        None => {
            block
                .put("name", format!("item.{OPEN}"))
                .note("the document does not say where the user name is");
        }
    }
}

/// Where the accounts of an answer stand.
fn shown<'d>(known: &Known<'_, 'd>, schema: &'d Value) -> Items {
    let Some((items, item)) = place(known, schema) else {
        return Items::open();
    };
    let Some(item) = item else {
        return Items {
            place: items,
            ..Items::open()
        };
    };
    let shape = Shape::of(known.document, item);
    if !shape.is_map() && shape.kind == Some("string") && kind_of(known.parameter) != By::Id {
        // A list of names alone.
        return Items {
            place: items,
            id: "item".to_owned(),
            name: Some(("item".to_owned(), false)),
        };
    }
    let all = answer::shown(known.document, item, "item", known.noun);
    let id = answer::id(&all, known.parameter, known.noun);
    let name = answer::name(&all, known.body);
    let by_name = (kind_of(known.parameter) == By::Name)
        .then(|| name.clone().filter(|(_, is_address)| !is_address).map(|(name, _)| name))
        .flatten();
    Items {
        place: items,
        id: id.or(by_name).unwrap_or_else(|| format!("item.{OPEN}")),
        name,
    }
}

/// The list in an answer: the expression, and the schema of an item.
fn place<'d>(known: &Known<'_, 'd>, schema: &'d Value) -> Option<(String, Option<&'d Value>)> {
    const NAMES: [&str; 14] = [
        "items",
        "data",
        "results",
        "result",
        "content",
        "members",
        "resources",
        "records",
        "value",
        "values",
        "list",
        "rows",
        "entries",
        "elements",
    ];
    let document = known.document;
    let shape = Shape::of(document, schema);
    if shape.is_list() {
        return Some(("body".to_owned(), shape.items));
    }
    let mut level = vec![("body".to_owned(), shape)];
    for _ in 0..3 {
        let mut lists = Vec::new();
        let mut below = Vec::new();
        for (expression, shape) in &level {
            for (name, schema) in &shape.properties {
                let inner = Shape::of(document, schema);
                let expression = member(expression, name);
                if inner.is_list() {
                    let is_noun = singular(&plain(name)) == known.noun;
                    let is_named = NAMES.contains(&plain(name.trim_start_matches("hydra:")).as_str());
                    lists.push((!is_noun, !is_named, expression, inner.items));
                } else if inner.is_map()
                    && (is_wrapper(name, known.noun) || *name == "_embedded" || plain(name) == "results")
                {
                    below.push((expression, inner));
                }
            }
        }
        lists.sort_by_key(|(is_other, is_unnamed, _, _)| (*is_other, *is_unnamed));
        // An only list may be called anything.
        let is_only = lists.len() == 1;
        if let Some((_, _, expression, items)) = lists
            .into_iter()
            .find(|(is_other, is_unnamed, _, _)| is_only || !is_other || !is_unnamed)
        {
            return Some((expression, items));
        }
        level = below;
    }
    None
}

/// What a parameter filters by: `login` for `filter[login]`, as in JSON:API.
fn filtered(name: &str) -> &str {
    let inner = ["filter[", "filters[", "where["]
        .iter()
        .find_map(|front| name.strip_prefix(front));
    inner.and_then(|inner| inner.strip_suffix(']')).unwrap_or(name)
}

/// Parameters that search for a word.
const SEARCHES: [&str; 9] = [
    "search",
    "q",
    "query",
    "keyword",
    "term",
    "s",
    "searchterm",
    "searchtext",
    "text",
];

/// A parameter that a look-up can use: what it is, how it is recognised, and its value.
type Wanted<'w> = (&'w str, Box<dyn Fn(&Parameter<'_>) -> bool + 'w>, Option<String>);

/// `find` of the configuration, with what is said of it; and whether it asks by the name itself.
pub(super) fn find<'d>(
    known: &Known<'_, 'd>,
    family: &Family<'_, 'd>,
    listing: Option<&Listing<'_, 'd>>,
    requests: &mut Requests,
) -> Option<(Block, String)> {
    let mut listings: Vec<&Operation<'d>> = family.lists();
    if let Some(listing) = listing {
        listings.retain(|one| !std::ptr::eq(*one, listing.operation));
        listings.insert(0, listing.operation);
    }
    if let Some(found) = by_read(known, family, requests) {
        return Some(found);
    }
    let name = known.body.user_name.as_deref();
    let email = known.body.email.as_deref();
    let exactly =
        |names: Vec<String>| move |parameter: &Parameter<'_>| names.contains(&plain(filtered(parameter.name)));
    let filter = name.map(|name| format!("{name} eq \"{USER_NAME}\""));
    let odata = name.map(|name| format!("{name} eq '{USER_NAME}'"));
    let is_scim = listing.is_some_and(|listing| listing.paging.is_scim);
    let mut wanted: Vec<Wanted<'_>> = Vec::new();
    let own: Vec<String> = name.map(plain).into_iter().collect();
    wanted.push(("the parameter", Box::new(exactly(own)), Some(USER_NAME.to_owned())));
    if name.is_some() || email.is_none() {
        wanted.push((
            "the parameter",
            Box::new(|parameter| is_user_name(filtered(parameter.name))),
            Some(USER_NAME.to_owned()),
        ));
    } else {
        wanted.push((
            "the parameter",
            Box::new(|parameter| is_email(filtered(parameter.name))),
            Some(EMAIL.to_owned()),
        ));
    }
    if is_scim {
        wanted.push((
            "SCIM's",
            Box::new(|parameter| parameter.name == "filter"),
            filter.clone(),
        ));
    }
    wanted.push(("OData's", Box::new(|parameter| parameter.name == "$filter"), odata));
    // A name that only the address shows can be looked for by the address.
    wanted.push((
        "the parameter",
        Box::new(|parameter| is_email(filtered(parameter.name))),
        email.map(|_| EMAIL.to_owned()),
    ));
    let word = if name.is_some() || email.is_none() {
        USER_NAME
    } else {
        EMAIL
    };
    wanted.push((
        "the search",
        Box::new(|parameter| SEARCHES.contains(&plain(parameter.name).as_str())),
        Some(word.to_owned()),
    ));
    for (what, is_wanted, value) in &wanted {
        let Some(value) = value else {
            continue;
        };
        for operation in &listings {
            let parameters = operation.parameters_in(Place::Query);
            let Some(parameter) = parameters.iter().find(|parameter| is_wanted(parameter)) else {
                continue;
            };
            let mut given = vec![(parameter.name, value.clone())];
            if let Some(exact) = parameters.iter().find(|parameter| plain(parameter.name) == "exact") {
                given.push((exact.name, "true".to_owned()));
            }
            let searches = if *what == "the search" {
                ", which may find others too: each is compared by its name"
            } else {
                ""
            };
            let note = format!("{}: {what} `{}`{searches}", operation.told(), parameter.name);
            return Some((by_list(known, operation, &given, requests), note));
        }
    }
    let listing = listing?;
    let mut block = Block::default();
    block.put("request", requests.target(listing.operation, None));
    let query = listing.query(requests, &[]);
    if !query.is_empty() {
        block.put("query", query);
    }
    listing.items(&mut block);
    let note = format!(
        "{}: the document has no look-up by name, so this reads the first page of the list alone",
        listing.operation.told()
    );
    Some((block, note))
}

/// A read of one by its name, or by its address where the name is in it.
fn by_read<'d>(known: &Known<'_, 'd>, family: &Family<'_, 'd>, requests: &mut Requests) -> Option<(Block, String)> {
    let wanted = if known.body.user_name.is_none() && known.body.email.is_some() {
        By::Email
    } else {
        By::Name
    };
    let read = family
        .reads()
        .into_iter()
        .find(|one| one.route.last_parameter().is_some_and(|name| kind_of(name) == wanted))?;
    let value = if wanted == By::Email { EMAIL } else { USER_NAME };
    let mut block = Block::default();
    block.put("request", requests.target(read, Some(value)));
    let query = requests.query(read, &[]);
    if !query.is_empty() {
        block.put("query", query);
    }
    let schema = read.success().and_then(|answer| answer.schema);
    let shown = schema
        .map(|schema| answer::shown(known.document, schema, "item", known.noun))
        .unwrap_or_default();
    let id = answer::id(&shown, known.parameter, known.noun).unwrap_or_else(|| format!("item.{OPEN}"));
    let items = Items {
        place: "[body]".to_owned(),
        id,
        name: answer::name(&shown, known.body),
    };
    put_items(&mut block, &items);
    block.put("absent", Item::List(vec![Item::Plain(404.into())]));
    let is_said = read.answers().any(|(code, _)| code == "404");
    let note = if is_said {
        ""
    } else {
        "; that 404 means that there is none is guessed"
    };
    Some((block, format!("{}{note}", read.told())))
}

fn by_list<'d>(
    known: &Known<'_, 'd>,
    operation: &Operation<'d>,
    given: &[(&str, String)],
    requests: &mut Requests,
) -> Block {
    let mut block = Block::default();
    block.put("request", requests.target(operation, None));
    let query = requests.query(operation, given);
    block.put("query", query);
    let schema = operation.success().and_then(|answer| answer.schema);
    let items = match schema {
        Some(schema) => shown(known, schema),
        None => Items::open(),
    };
    put_items(&mut block, &items);
    block
}
