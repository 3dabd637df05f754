//! One description over another, as RFC 7396 says: maps deep, lists and scalars replaced, null removes.

use super::auth::KINDS;
use super::list::STYLES;
use super::tree::{Entry, Kind, Node};

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

/// The keys of a request that say what it carries. They are one thing: whichever is given replaces all of them.
const PAYLOAD: [&str; 3] = ["json", "form", "body"];

/// Keys whose value is a map with one of these: another one given is another thing, of which nothing below is left.
const CHOICES: [(&str, &[&str]); 2] = [("auth", &KINDS), ("next", &STYLES)];

/// A service merged over what it starts from. What is given in its other spelling replaces what is below, too.
pub(super) fn merge_service(mut base: Node, mut over: Node) -> Node {
    let has = |key: &str| over.get(key).is_some_and(|node| !is_null(node));
    let replaced = |key: &str| match key {
        "url" => has("endpoint"),
        "auth" => has("username") || has("password"),
        _ => false,
    };
    let unfilters = asks_otherwise(&over);
    if let Kind::Map(entries) = &mut base.kind {
        entries.retain(|entry| !replaced(&entry.key));
        for entry in entries.iter_mut().filter(|entry| unfilters && entry.key == "list") {
            if let Kind::Map(list) = &mut entry.value.kind {
                list.retain(|entry| entry.key != "filter");
            }
        }
    }
    // A parameter that is taken away has its default again.
    if let Kind::Map(entries) = &mut over.kind {
        for entry in entries.iter_mut().filter(|entry| entry.key == "with") {
            if let Kind::Map(parameters) = &mut entry.value.kind {
                parameters.retain(|parameter| !is_null(&parameter.value));
            }
        }
    }
    merge(base, over)
}

/// Does a service ask for other accounts than the one below, or give their names another place? Then a filter that was written
/// for that one would pass over them.
fn asks_otherwise(over: &Node) -> bool {
    let gives = |part: &str, keys: &[&str]| {
        over.get(part)
            .is_some_and(|part| keys.iter().any(|key| part.get(key).is_some()))
    };
    gives("list", &["request", "query", "json", "form", "body", "items", "name"]) || gives("create", &PAYLOAD)
}

/// Lists of the document whose items have names: an item of a name that is there is merged over that one, another is added.
const NAMED: [&str; 2] = ["services", "accounts"];

/// A document merged over those before it. Null takes away what they say.
pub(super) fn merge_document(base: Node, mut over: Node) -> Node {
    let Kind::Map(entries) = &mut over.kind else {
        return over;
    };
    for entry in entries.iter_mut().filter(|entry| NAMED.contains(&entry.key.as_str())) {
        let below = base.get(&entry.key).and_then(Node::as_list);
        if let (Some(below), Kind::List(above)) = (below, &mut entry.value.kind) {
            let is_service = entry.key == "services";
            *above = merge_named(below.to_vec(), std::mem::take(above), is_service);
        }
    }
    merge(base, over)
}

fn merge_named(mut items: Vec<Node>, above: Vec<Node>, is_service: bool) -> Vec<Node> {
    let below = items.len();
    for item in above {
        let name = item.get("name").and_then(Node::as_text);
        // Two of a name in one document are a mistake, which is told where the list is read.
        let known = items[..below]
            .iter()
            .position(|known| name.is_some() && known.get("name").and_then(Node::as_text) == name);
        match known {
            Some(at) if is_service => items[at] = merge_service(items[at].clone(), item),
            Some(at) => items[at] = merge(items[at].clone(), item),
            None => items.push(item),
        }
    }
    items
}

fn is_null(node: &Node) -> bool {
    matches!(node.kind, Kind::Null)
}

/// `over` merged over `base`.
fn merge(base: Node, over: Node) -> Node {
    merge_part(base, over, false)
}

/// The same; `is_filter` says that it is a part of a request.
fn merge_part(base: Node, over: Node, is_filter: bool) -> Node {
    match (base.kind, over.kind) {
        (Kind::Map(base_entries), Kind::Map(over_entries)) => Node {
            span: over.span,
            kind: Kind::Map(merge_maps(base_entries, over_entries, is_filter)),
        },
        (_, kind) => Node { span: over.span, kind },
    }
}

fn merge_maps(base: Vec<Entry>, over: Vec<Entry>, is_filter: bool) -> Vec<Entry> {
    // Only requests have payloads. In a map of names, such as `capture`, `body` is a name like any other.
    let is_request = is_filter || base.iter().chain(&over).any(|entry| entry.key == "request");
    let is_payload = |key: &str| is_request && PAYLOAD.contains(&key);
    let replaces_payload = over.iter().any(|entry| is_payload(&entry.key));
    let mut merged: Vec<Entry> = base
        .into_iter()
        .filter(|entry| !(replaces_payload && is_payload(&entry.key)))
        .collect();
    for entry in over {
        let known = merged.iter().position(|known| known.key == entry.key);
        match (known, &entry.value.kind) {
            (Some(at), Kind::Null) => {
                merged.remove(at);
            }
            (None, Kind::Null) => {}
            (Some(at), _) if is_another(&entry, &merged[at].value) => merged[at] = entry,
            (Some(at), _) => {
                let below = merged[at].value.clone();
                merged[at] = Entry {
                    value: merge_part(below, entry.value, is_request && entry.key == "filter"),
                    ..entry
                };
            }
            (None, _) => merged.push(entry),
        }
    }
    merged
}

/// Is it another choice than the one below?
fn is_another(entry: &Entry, below: &Node) -> bool {
    let choice = CHOICES.iter().find(|(key, _)| *key == entry.key);
    choice.is_some_and(|(_, kinds)| {
        let chosen = |key: &&&str| entry.value.get(key).is_some_and(|node| !is_null(node));
        kinds.iter().filter(chosen).any(|key| below.get(key).is_none())
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
            Kind::Null => "null".to_owned(),
            Kind::Bool(value) => value.to_string(),
            Kind::Number(_, text) | Kind::String(text) => text.clone(),
            Kind::List(items) => {
                let items: Vec<String> = items.iter().map(show).collect();
                format!("[{}]", items.join(" "))
            }
            Kind::Map(entries) => {
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
            let filter = merged.get("list").and_then(|list| list.get("filter"));
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
