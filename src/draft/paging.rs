//! How a list goes on: from its parameters, the fields of its answer and its header fields.

use serde_json::Value;

use super::answer::member;
use super::block::{Block, Item, text};
use super::document::Document;
use super::operation::{Operation, Parameter, Place};
use super::shape::Shape;
use crate::domain::secret::plain;

/// How many accounts a page is asked for, where the document says nothing.
const PAGE: u64 = 100;

/// How a list is asked for page by page.
#[derive(Clone, Debug, Default)]
pub(super) struct Paging {
    /// `next`, with what is said of it.
    pub(super) next: Option<(Item, String)>,
    /// The parameter that says how many a page has, and how many are asked for.
    pub(super) size: Option<(String, u64)>,
    /// The expression that gives how many there are.
    pub(super) total: Option<String>,
    /// The parameter that says where a page begins, and its first value where it has to be sent.
    pub(super) is_scim: bool,
}

/// Reads how a list goes on.
pub(super) fn read<'d>(document: &'d Document, list: &Operation<'d>, answer: &Shape<'d>) -> Paging {
    let parameters = list.parameters_in(Place::Query);
    let find = |names: &[&str]| {
        let usable = |name: &&str| {
            let named = parameters.iter().find(|parameter| bare(parameter.name) == **name);
            named.filter(|parameter| !is_retired(parameter))
        };
        names.iter().find_map(usable)
    };
    let size = find(&[
        "perpage",
        "limit",
        "pagesize",
        "size",
        "max",
        "maxresults",
        "count",
        "top",
        "first",
        "take",
        "itemsperpage",
        "rows",
        "rpp",
    ]);
    let is_scim = find(&["startindex"]).is_some();
    let mut paging = Paging {
        size: size.map(|parameter| (parameter.name.to_owned(), page_size(parameter))),
        total: total(document, answer),
        is_scim,
        ..Paging::default()
    };
    let headers = list.success().map(|answer| answer.headers).unwrap_or_default();
    let has_link = headers.iter().any(|name| name.eq_ignore_ascii_case("link"));
    let cursor = find(&[
        "cursor",
        "pagetoken",
        "nexttoken",
        "after",
        "startingafter",
        "marker",
        "continuation",
        "continuationtoken",
        "nextpagetoken",
        "startkey",
        "next",
        "since",
        "nextcursor",
    ]);
    let offset = find(&["offset", "skip", "start", "first", "from", "startat"])
        .filter(|found| size.is_none_or(|size| size.name != found.name));
    let page = find(&[
        "page",
        "pagenumber",
        "pageindex",
        "pageno",
        "currentpage",
        "p",
        "pagenum",
    ]);
    paging.next = if is_scim {
        // RFC 7644, section 3.4.2.4: the index of the first result is 1.
        Some(scim())
    } else if let Some((expression, name)) = next_address(document, answer) {
        let mut next = Block::default();
        next.put("url", expression);
        Some((next.into(), format!("the property `{name}` of the answer")))
    } else if let (Some(cursor), Some(expression)) = (cursor, next_cursor(document, answer)) {
        let mut next = Block::default();
        next.put("cursor", expression).put("param", cursor.name);
        Some((next.into(), format!("the parameter `{}`", cursor.name)))
    } else if has_link {
        Some((text("link"), "the header field `Link` of the answer".to_owned()))
    } else if let Some(offset) = offset {
        let mut next = Block::default();
        next.put("offset", offset.name);
        Some((next.into(), format!("the parameter `{}`", offset.name)))
    } else if let Some(page) = page {
        Some(pages(page))
    } else {
        cursor.map(|cursor| {
            (
                text("link"),
                format!(
                    "guessed: the list has the parameter `{}`, and its answer shows no next one",
                    cursor.name
                ),
            )
        })
    };
    paging
}

fn pages(page: &Parameter<'_>) -> (Item, String) {
    let said = page.description.to_lowercase();
    let least = page
        .schema
        .get("minimum")
        .or(page.schema.get("default"))
        .and_then(Value::as_u64);
    let from_zero = [
        "zero-based",
        "0-based",
        "zero based",
        "0 based",
        "starts at 0",
        "starting at 0",
        "starting from 0",
        "0..n",
    ]
    .iter()
    .any(|word| said.contains(word));
    let first = u64::from(!(from_zero || least == Some(0)));
    let mut next = Block::default();
    next.put("page", page.name);
    if first == 0 {
        next.put("first", Item::Plain(0.into()));
    }
    let is_said = from_zero || least.is_some() || said.contains("1-based") || said.contains("starts at 1");
    let guess = if is_said { "" } else { ", whose first value is guessed" };
    (next.into(), format!("the parameter `{}`{guess}", page.name))
}

fn scim() -> (Item, String) {
    let resources = "body.Resources is defined and body.Resources";
    let after = "body.startIndex + (body.Resources | length)";
    let mut next = Block::default();
    next.put(
        "cursor",
        format!("{after} if {resources} and {after} <= body.totalResults else none"),
    )
    .put("param", "startIndex");
    (
        next.into(),
        "SCIM's `startIndex` (RFC 7644, section 3.4.2.4)".to_owned(),
    )
}

/// The most that a page may have, up to a hundred.
fn page_size(parameter: &Parameter<'_>) -> u64 {
    let bound = |key: &str| parameter.schema.get(key).and_then(Value::as_u64);
    bound("maximum")
        .filter(|most| *most > 0)
        .map_or(PAGE, |most| most.min(PAGE))
}

fn is_retired(parameter: &Parameter<'_>) -> bool {
    parameter.description.to_lowercase().contains("deprecated")
        || parameter.schema.get("deprecated").and_then(Value::as_bool) == Some(true)
}

/// A parameter's name without what only marks it: `$top`, `page[size]`.
fn bare(name: &str) -> String {
    plain(&name.replace(['$', '[', ']', '.'], ""))
}

/// Properties of an answer that describe the page, with their expressions: at the top, and in `meta`, `paging` and the like.
fn about_pages<'d>(document: &'d Document, answer: &Shape<'d>) -> Vec<(String, &'d str, &'d Value)> {
    const HOLDERS: [&str; 10] = [
        "meta",
        "paging",
        "pagination",
        "links",
        "page",
        "pageinfo",
        "metadata",
        "cursor",
        "pager",
        "responsemetadata",
    ];
    let mut all = Vec::new();
    for (name, schema) in &answer.properties {
        all.push((member("body", name), *name, document.follow(schema)));
    }
    for (name, schema) in &answer.properties {
        let short = plain(name.trim_start_matches('_'));
        if !HOLDERS.contains(&short.as_str()) && short != "data" {
            continue;
        }
        let holder = Shape::of(document, schema);
        for (inner, schema) in &holder.properties {
            all.push((member(&member("body", name), inner), *inner, document.follow(schema)));
        }
    }
    all
}

/// The address of the next page.
fn next_address<'d>(document: &'d Document, answer: &Shape<'d>) -> Option<(String, String)> {
    about_pages(document, answer)
        .into_iter()
        .find_map(|(expression, name, schema)| {
            let short = bare(name).replace('@', "");
            let is_next = [
                "next",
                "nextlink",
                "nextpageurl",
                "nexturl",
                "odatanextlink",
                "nextpagelink",
                "nexthref",
            ]
            .contains(&short.as_str());
            if !is_next {
                return None;
            }
            let inner = Shape::of(document, schema);
            if inner.property("href").is_some() {
                return Some((member(&expression, "href"), name.to_owned()));
            }
            let said = schema
                .get("description")
                .and_then(Value::as_str)
                .unwrap_or("")
                .to_lowercase();
            let is_uri = schema
                .get("format")
                .and_then(Value::as_str)
                .is_some_and(|format| format.starts_with("ur"));
            let in_links = expression.contains("links");
            let is_address = is_uri
                || in_links
                || short != "next"
                || ["url", "link", "uri", "href"].iter().any(|word| said.contains(word));
            is_address.then(|| {
                (
                    format!("{expression} if {expression} is defined else none"),
                    name.to_owned(),
                )
            })
        })
}

/// The cursor of the next page.
fn next_cursor<'d>(document: &'d Document, answer: &Shape<'d>) -> Option<String> {
    const NAMES: [&str; 12] = [
        "nextcursor",
        "nextpagetoken",
        "nexttoken",
        "next",
        "cursor",
        "continuation",
        "continuationtoken",
        "endcursor",
        "pagetoken",
        "nextpage",
        "marker",
        "nextmarker",
    ];
    about_pages(document, answer)
        .into_iter()
        .find_map(|(expression, name, schema)| {
            let is_scalar = !matches!(schema.get("type").and_then(Value::as_str), Some("object" | "array"));
            (is_scalar && NAMES.contains(&bare(name).as_str()))
                .then(|| format!("{expression} if {expression} is defined else none"))
        })
}

/// How many accounts there are, where the answer says so.
fn total<'d>(document: &'d Document, answer: &Shape<'d>) -> Option<String> {
    const NAMES: [&str; 8] = [
        "total",
        "totalcount",
        "totalresults",
        "totalelements",
        "totalitems",
        "totalrecords",
        "totalusers",
        "totalentries",
    ];
    let found = about_pages(document, answer).into_iter().find(|(_, name, schema)| {
        let is_number = matches!(
            schema.get("type").and_then(Value::as_str),
            Some("integer" | "number") | None
        );
        is_number && NAMES.contains(&plain(name).as_str())
    });
    found.map(|(expression, _, _)| expression)
}

#[cfg(test)]
mod tests {
    use super::super::operation::operations;
    use super::*;

    fn next(parameters: &str, answer: &str, headers: &str) -> String {
        let names: Vec<String> = parameters
            .split_whitespace()
            .map(|name| format!("{{name: '{name}', in: query, schema: {{type: integer}}}}"))
            .collect();
        let text = format!(
            "openapi: 3.0.0\npaths:\n  /users:\n    get:\n      parameters: [{}]\n      responses: {{'200': {{headers: {{{headers}}}, content: {{application/json: {{schema: {answer}}}}}}}}}\n",
            names.join(", ")
        );
        let document = Document::read(&text, &|_| None).unwrap();
        let operations = operations(&document);
        let schema = operations[0].success().unwrap().schema.unwrap();
        let paging = read(&document, &operations[0], &Shape::of(&document, schema));
        let mut block = Block::default();
        if let Some((next, _)) = paging.next {
            block.put("next", next);
        }
        let size = paging
            .size
            .map(|(name, size)| format!("{name}={size} "))
            .unwrap_or_default();
        format!("{size}{}", block.written())
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn pages_go_on_as_the_document_says() {
        let list = "{type: array, items: {}}";
        for (parameters, answer, headers, expected) in [
            ("page per_page", list, "", "per_page=100 next: page: page"),
            ("offset limit", list, "", "limit=100 next: offset: offset"),
            ("first max", list, "", "max=100 next: offset: first"),
            ("page", list, "Link: {}", "next: link"),
            ("cursor", list, "", "next: link"),
            (
                "pageToken",
                "{properties: {nextPageToken: {type: string}}}",
                "",
                "next: cursor: \"body.nextPageToken if body.nextPageToken is defined else none\" param: pageToken",
            ),
            (
                "$top $skip",
                "{properties: {'@odata.nextLink': {type: string}}}",
                "",
                "$top=100 next: url: \"body[\\\"@odata.nextLink\\\"] if body[\\\"@odata.nextLink\\\"] is defined else none\"",
            ),
            (
                "page",
                "{properties: {_links: {properties: {next: {properties: {href: {}}}}}}}",
                "",
                "next: url: body._links.next.href",
            ),
            ("", list, "", ""),
        ] {
            assert_eq!(next(parameters, answer, headers), expected, "{parameters}");
        }
        assert!(next("startIndex count", "{properties: {Resources: {}}}", "").contains("param: startIndex"));
    }
}
