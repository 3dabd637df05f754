//! A text where a request may stand is short for a map with that text as its `request`.
//!
//! It is written out before anything is merged, so that it is merged as what it is short for.

use super::keys::{auth, document, login, request, service};
use super::tree::{Content, Node, Pair};

/// Writes out what is short in the services of a document.
pub(super) fn write_out(document: &mut Node) {
    let services = document.get_mut(document::SERVICES);
    let Some(Content::List(services)) = services.map(|node| &mut node.kind) else {
        return;
    };
    for one in services {
        for part in [
            service::READY,
            service::PROBE,
            service::BEFORE_CREATE,
            service::CREATE,
            service::AFTER_CREATE,
            service::VERIFY,
            service::FIND,
            service::LIST,
            service::DELETE,
            service::GONE,
        ] {
            one.get_mut(part).into_iter().for_each(request_or_list);
        }
        if let Some(log_in) = one.get_mut(service::AUTH).and_then(|auth| auth.get_mut(auth::LOGIN)) {
            request(log_in);
            log_in.get_mut(login::STEPS).into_iter().for_each(request_or_list);
        }
    }
}

fn request_or_list(node: &mut Node) {
    match &mut node.kind {
        Content::List(items) => items.iter_mut().for_each(request),
        Content::Null | Content::Bool(_) | Content::Number(..) | Content::String(_) | Content::Map(_) => request(node),
    }
}

fn request(node: &mut Node) {
    if matches!(node.kind, Content::String(_)) && !node.is_todo() {
        let text = node.clone();
        node.kind = Content::Map(vec![Pair {
            key: request::REQUEST.name.to_owned(),
            key_span: node.span,
            value: text,
        }]);
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, render};
    use crate::language::Environment;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse("standin.yml", text, &Environment::default()).map_err(|found| render(&found).in_full())
    }

    #[test]
    fn a_text_is_short_for_a_request_wherever_one_may_stand() {
        let short = "services:
  - name: users
    url: http://localhost:1
    ready: GET /health
    probe: GET /me
    create: POST /users
    after_create: ['PUT /users/{{ id }}/a', { request: 'PUT /users/{{ id }}/b' }]
    verify: GET /users/{{ id }}
    delete: DELETE /users/{{ id }}
    gone: GET /users/{{ id }}
";
        let long = "services:
  - name: users
    url: http://localhost:1
    ready: { request: GET /health }
    probe: { request: GET /me }
    create: { request: POST /users }
    after_create: [{ request: 'PUT /users/{{ id }}/a' }, { request: 'PUT /users/{{ id }}/b' }]
    verify: { request: 'GET /users/{{ id }}' }
    delete: { request: 'DELETE /users/{{ id }}' }
    gone: { request: 'GET /users/{{ id }}' }
";
        let [short, long] = [short, long].map(|text| format!("{:?}", parse(text).unwrap().services));
        assert_eq!(short, long);
    }

    #[test]
    fn what_is_short_is_merged_as_what_it_is_short_for() {
        let text = "services: [{ name: users, preset: jupyterhub, url: 'http://localhost:1', auth: { bearer: t }, delete: 'DELETE /people/{{ id }}' }]";
        let config = parse(text).unwrap();
        let delete = config.services[0].delete.last().unwrap();
        assert!(delete.action.source().contains("/people/"));
        // The preset's own `expect` is still there.
        assert!(format!("{:?}", delete.expect).contains("204"), "{:?}", delete.expect);
    }

    #[test]
    fn a_mistake_in_a_short_request_is_told_where_it_stands() {
        let text = "services:\n  - name: users\n    url: http://localhost:1\n    verify: FETCH /x\n";
        let said = parse(text).unwrap_err();
        assert!(said.contains("standin.yml:4:13") && said.contains("FETCH"), "{said}");
    }
}
