//! One description over another, as RFC 7396 says: maps deep, lists and scalars replaced, null removes.

use super::keys::{self, Key, list, service};
use super::tree::{Content, Node, Pair};

/// What a service without a preset is merged over: the convention of the article that this project grew from.
pub(super) const CONVENTION: &str = r#"create:
  request: POST /accounts
  json:
    username: "{{ account.username }}"
    email: "{{ account.email }}"
    role: "{{ account.role }}"
  id: body.id if body.id is defined and body.id is not none and body.id != "" else headers.location | last_segment
  name: body.username
verify:
  request: GET /accounts/{{ id }}
  name: body.username
delete:
  request: DELETE /accounts/{{ id }}
"#;

/// Keys whose value is a map that chooses: another choice is another thing, of which nothing below is left.
const CHOOSING: [Key; 2] = [service::AUTH, list::NEXT];

/// Is this a key of a request that says what it carries? They are one thing: whichever is given replaces all of them.
fn is_payload(key: &str) -> bool {
    keys::request::BLOCK.choice.iter().any(|payload| payload.name == key)
}

/// A service merged over what it starts from. What is given in its other spelling replaces what is below, too.
pub(super) fn merge_service(mut base: Node, mut over: Node) -> Node {
    let has = |key: Key| over.get(key).is_some_and(|node| !is_null(node));
    let is_url_new = has(service::ENDPOINT);
    let is_auth_new = has(service::USERNAME) || has(service::PASSWORD);
    let is_replaced = |key: &str| key == service::URL.name && is_url_new || key == service::AUTH.name && is_auth_new;
    let unfilters = asks_otherwise(&over);
    if let Content::Map(entries) = &mut base.kind {
        entries.retain(|entry| !is_replaced(&entry.key));
        for entry in entries
            .iter_mut()
            .filter(|entry| unfilters && entry.key == service::LIST.name)
        {
            if let Content::Map(list) = &mut entry.value.kind {
                list.retain(|entry| entry.key != list::FILTER.name);
            }
        }
    }
    // A parameter that is taken away has its default again.
    if let Content::Map(entries) = &mut over.kind {
        for entry in entries.iter_mut().filter(|entry| entry.key == service::WITH.name) {
            if let Content::Map(parameters) = &mut entry.value.kind {
                parameters.retain(|parameter| !is_null(&parameter.value));
            }
        }
    }
    merge(base, over)
}

/// Does a service ask for other accounts than the one below, or give their names another place? Then a filter that was written
/// for that one would pass over them.
fn asks_otherwise(over: &Node) -> bool {
    use keys::request::{BLOCK, QUERY, REQUEST};
    let gives = |part: Key, keys: &[Key]| {
        over.get(part)
            .is_some_and(|part| keys.iter().any(|key| part.get(*key).is_some()))
    };
    gives(service::LIST, &[REQUEST, QUERY, list::ITEMS, list::NAME])
        || [service::LIST, service::CREATE]
            .into_iter()
            .any(|part| gives(part, BLOCK.choice))
}

/// Lists of the document whose items have names: an item of a name that is there is merged over that one, another is added.
const NAMED: [Key; 2] = [keys::document::SERVICES, keys::document::ACCOUNTS];

/// A document merged over those before it. Null takes away what they say.
pub(super) fn merge_document(base: Node, mut over: Node) -> Node {
    let Content::Map(entries) = &mut over.kind else {
        return over;
    };
    for entry in entries {
        let Some(list) = NAMED.iter().find(|named| named.name == entry.key) else {
            continue;
        };
        let below = base.get(*list).and_then(Node::as_list);
        if let (Some(below), Content::List(above)) = (below, &mut entry.value.kind) {
            let is_service = list.name == keys::document::SERVICES.name;
            *above = merge_named(below.to_vec(), std::mem::take(above), is_service);
        }
    }
    merge(base, over)
}

/// The name of a service or an account, which both have under the same key.
fn name_of(item: &Node) -> Option<&str> {
    item.get(service::NAME).and_then(Node::as_text)
}

fn merge_named(mut items: Vec<Node>, above: Vec<Node>, is_service: bool) -> Vec<Node> {
    let below = items.len();
    for item in above {
        let name = name_of(&item);
        // Two of a name in one document are a mistake, which is told where the list is read.
        let known = items[..below]
            .iter()
            .position(|known| name.is_some() && name_of(known) == name);
        match known {
            Some(at) if is_service => items[at] = merge_service(items[at].clone(), item),
            Some(at) => items[at] = merge(items[at].clone(), item),
            None => items.push(item),
        }
    }
    items
}

fn is_null(node: &Node) -> bool {
    matches!(node.kind, Content::Null)
}

/// `over` merged over `base`.
fn merge(base: Node, over: Node) -> Node {
    merge_part(base, over, false)
}

/// The same; `is_filter` says that it is a part of a request.
fn merge_part(base: Node, over: Node, is_filter: bool) -> Node {
    match (base.kind, over.kind) {
        (Content::Map(base_entries), Content::Map(over_entries)) => Node {
            span: over.span,
            kind: Content::Map(merge_maps(base_entries, over_entries, is_filter)),
        },
        (_, kind) => Node { span: over.span, kind },
    }
}

fn merge_maps(base: Vec<Pair>, over: Vec<Pair>, is_filter: bool) -> Vec<Pair> {
    // Only requests have payloads. In a map of names, such as `capture`, `body` is a name like any other.
    let is_request = is_filter
        || base
            .iter()
            .chain(&over)
            .any(|entry| entry.key == keys::request::REQUEST.name);
    let is_payload = |key: &str| is_request && is_payload(key);
    let replaces_payload = over.iter().any(|entry| is_payload(&entry.key));
    let mut merged: Vec<Pair> = base
        .into_iter()
        .filter(|entry| !(replaces_payload && is_payload(&entry.key)))
        .collect();
    for entry in over {
        let known = merged.iter().position(|known| known.key == entry.key);
        match (known, &entry.value.kind) {
            (Some(at), Content::Null) => {
                merged.remove(at);
            }
            (None, Content::Null) => {}
            (Some(at), _) if is_another(&entry, &merged[at].value) => merged[at] = entry,
            (Some(at), _) => {
                let below = merged[at].value.clone();
                merged[at] = Pair {
                    value: merge_part(below, entry.value, is_request && entry.key == list::FILTER.name),
                    ..entry
                };
            }
            (None, _) => merged.push(entry),
        }
    }
    merged
}

/// Is it another choice than the one below?
fn is_another(entry: &Pair, below: &Node) -> bool {
    let choosing = CHOOSING.iter().find(|key| key.name == entry.key);
    choosing.is_some_and(|key| {
        let is_chosen = |key: &&Key| entry.value.get(**key).is_some_and(|node| !is_null(node));
        let choice = key.kind.choice().iter();
        choice.filter(is_chosen).any(|key| below.get(*key).is_none())
    })
}

#[cfg(test)]
mod tests {
    use super::super::source::Sources;
    use super::super::tree::parse;
    use super::*;

    fn tree(text: &str) -> Node {
        let mut sources = Sources::new();
        let source = sources.add("t", text);
        parse(&mut sources, source).0.unwrap()
    }

    fn show(node: &Node) -> String {
        match &node.kind {
            Content::Null => "null".to_owned(),
            Content::Bool(value) => value.to_string(),
            Content::Number(_, text) | Content::String(text) => text.clone(),
            Content::List(items) => {
                let items: Vec<String> = items.iter().map(show).collect();
                format!("[{}]", items.join(" "))
            }
            Content::Map(entries) => {
                let entries: Vec<String> = entries
                    .iter()
                    .map(|entry| format!("{}:{}", entry.key, show(&entry.value)))
                    .collect();
                format!("{{{}}}", entries.join(" "))
            }
        }
    }

    #[test]
    fn a_filter_holds_only_for_the_list_and_the_names_that_it_was_written_for() {
        let base = "{list: {request: R, name: N, filter: {query: {f: 1}}}}";
        for (over, is_kept) in [
            ("{list: {id: I}}", true),
            ("{create: {expect: 201}}", true),
            ("{list: {query: {f: 2}}}", false),
            ("{list: {name: M}}", false),
            ("{create: {json: {u: 1}}}", false),
            ("{list: {name: M, filter: {query: {f: 3}}}}", true),
        ] {
            let merged = merge_service(tree(base), tree(over));
            let filter = merged.get(service::LIST).and_then(|node| node.get(list::FILTER));
            assert_eq!(filter.is_some(), is_kept, "{over}");
        }
    }

    #[test]
    fn maps_are_merged_deep_and_payloads_whole() {
        for (base, over, expected) in [
            ("{a: 1, b: {c: 2}}", "{b: {d: 3}, a: 4}", "{a:4 b:{c:2 d:3}}"),
            ("{a: [1, 2]}", "{a: [3]}", "{a:[3]}"),
            ("{a: 1, b: 2}", "{a: null, x: null}", "{b:2}"),
            ("{a: {b: 1}}", "{a: text}", "{a:text}"),
            ("{a: text}", "{a: {b: 1}}", "{a:{b:1}}"),
            (
                "{request: R, json: {u: 1, v: 2}}",
                "{json: {u: 3}}",
                "{request:R json:{u:3}}",
            ),
            ("{request: R, json: {u: 1}}", "{form: {u: 3}}", "{request:R form:{u:3}}"),
            (
                "{request: R, json: {u: 1}}",
                "{expect: 1}",
                "{request:R json:{u:1} expect:1}",
            ),
            ("{request: R, json: {u: 1}}", "{json: null}", "{request:R}"),
            (
                "{request: R, filter: {query: {a: 1}, json: {u: 1}}}",
                "{filter: {query: {b: 2}, json: {v: 2}}}",
                "{request:R filter:{query:{a:1 b:2} json:{v:2}}}",
            ),
            (
                "{capture: {json: a}}",
                "{capture: {body: b}}",
                "{capture:{json:a body:b}}",
            ),
        ] {
            assert_eq!(show(&merge(tree(base), tree(over))), expected, "{base} < {over}");
        }
    }
}
