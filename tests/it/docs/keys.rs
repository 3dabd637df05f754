//! docs/configuration.md against the decoder: its keys, its defaults and the words of the language.
//!
//! The decoder's own hints say what it knows, so that there is no second list to keep.

use std::collections::BTreeSet;

use standin::config::Config;
use standin::language::Environment;

use super::{read, rows, section};

const PAGE: &str = "docs/configuration.md";
/// Near to no key, so that the hint names all of them.
const STRANGE: &str = "qqqqqqqqqqqq";

type Names = BTreeSet<String>;

/// The list that a hint gives behind these words.
fn hinted(document: &str, words: &str) -> Names {
    let found = Config::parse("standin.yml", document, &Environment::default()).unwrap_err();
    let hint = found
        .iter()
        .filter_map(|diagnostic| diagnostic.hint.as_deref())
        .find_map(|hint| hint.strip_prefix(words))
        .unwrap_or_else(|| panic!("no hint `{words}` for\n{document}\n{found:?}"));
    hint.split(", ").map(|name| name.trim().to_owned()).collect()
}

fn known(document: &str) -> Names {
    hinted(&document.replace('?', &format!("{STRANGE}: 1")), "the keys here are ")
}

/// The first column of the tables below a heading.
fn documented(heading: &str) -> Names {
    rows(&section(&read(PAGE), heading))
        .into_iter()
        .map(|row| row[0].trim_matches('`').to_owned())
        .collect()
}

/// A service with one key more.
fn service(key: &str) -> String {
    format!("services: [{{name: a, url: http://x, {key}}}]")
}

#[test]
fn the_keys_are_those_that_are_read() {
    let request = documented("### Every request");
    let of_request = |heading: &str| -> Names { &documented(heading) | &request };
    let nested = |key: &str| known(&service(&format!("{key}: {{?}}")));
    assert_eq!(
        documented("## The document"),
        known("{services: [], ?}"),
        "the document"
    );
    assert_eq!(documented("## A service"), known(&service("?")), "a service");
    assert_eq!(documented("### auth"), nested("auth"), "auth");
    let of_auth = |kind: &str| known(&service(&format!("auth: {{{kind}: {{?}}}}")));
    assert_eq!(documented("### auth.oauth2"), of_auth("oauth2"), "oauth2");
    assert_eq!(of_request("### auth.login"), of_auth("login"), "login");
    let of_use = known(&service("auth: {login: {request: POST /l, use: {?}}}"));
    assert_eq!(documented("#### auth.login.use"), of_use, "login.use");
    for kind in ["jwt", "google", "aws", "sign"] {
        assert_eq!(documented(&format!("### auth.{kind}")), of_auth(kind), "{kind}");
    }
    assert_eq!(
        documented("### auth.github_oidc"),
        of_auth("github_oidc"),
        "github_oidc"
    );
    assert_eq!(documented("### tls"), nested("tls"), "tls");
    assert_eq!(documented("### limits"), nested("limits"), "limits");
    assert_eq!(request, nested("ready"), "ready");
    assert_eq!(of_request("### probe"), nested("probe"), "probe");
    // What a section says that it lacks, behind "except".
    let lacking = |heading: &str, keys: &Names, of: &str| -> Names {
        let text = section(&read(PAGE), heading);
        let (_, lacks) = text.split_once(of).unwrap_or_else(|| panic!("no `{of}` in {heading}"));
        let lacks = lacks.split(['.', ';']).next().unwrap_or_default().split(", and these");
        let lacks: Names = lacks
            .take(1)
            .flat_map(|names| names.split('`').skip(1).step_by(2))
            .map(str::to_owned)
            .collect();
        keys - &lacks
    };
    let every = "every request, except";
    for (heading, block) in [
        ("### create", "create"),
        ("### verify", "verify"),
        ("### find", "find"),
        ("### list", "list"),
    ] {
        assert_eq!(lacking(heading, &of_request(heading), every), nested(block), "{block}");
    }
    let of_verify = lacking("### verify", &of_request("### verify"), every);
    assert_eq!(
        lacking("### verify", &of_verify, "has these keys too, except"),
        nested("gone"),
        "gone"
    );
    let telling: Names = ["outputs", "secrets"].map(str::to_owned).into();
    for block in ["before_create", "after_create"] {
        assert_eq!(&request | &telling, nested(block), "{block}");
    }
    let of_list = known(&service(
        "list: {request: GET /x, items: body, id: item.id, name: item.name, filter: {?}}",
    ));
    assert_eq!(documented("### list.filter"), of_list, "list.filter");
    assert_eq!(of_request("### delete"), nested("delete"), "delete");
    let account = known("{services: [{name: a, url: http://x}], accounts: [{name: b, ?}]}");
    assert_eq!(documented("## An account"), account, "an account");
}

#[test]
fn the_defaults_are_those_that_hold() {
    let page = read(PAGE);
    let default = |heading: &str, key: &str| -> String {
        let rows = rows(&section(&page, heading));
        let row = rows.into_iter().find(|row| row[0] == format!("`{key}`"));
        row.unwrap_or_else(|| panic!("no `{key}`"))[2]
            .trim_matches('`')
            .to_owned()
    };
    let text = "services: [{name: a, url: http://x, verify: {until: status == 200}, \
        find: {request: GET /x, items: body, id: item.id, name: item.name}}]";
    let config = Config::parse("standin.yml", text, &Environment::default()).unwrap();
    let service = &config.services[0];
    let find = service.find.as_ref().unwrap();
    let seconds = |duration: std::time::Duration| format!("{}s", duration.as_secs());
    assert_eq!(default("## The document", "prefix"), config.prefix);
    assert_eq!(
        default("## The document", "ttl"),
        format!("{}h", config.ttl.as_secs() / 3600)
    );
    assert_eq!(default("## A service", "timeout"), seconds(service.timeout));
    assert_eq!(
        default("### limits", "concurrency"),
        service.limits.concurrency.to_string()
    );
    assert_eq!(
        default("### Every request", "within"),
        seconds(service.verify.as_ref().unwrap().within)
    );
    assert_eq!(default("### find", "settle"), seconds(find.settle));
    let codes = |key: &str, heading: &str| default(heading, key).replace(['[', ']'], "");
    let shown =
        |condition: &standin::config::Condition| format!("{condition:?}").replace("Codes([", "").replace("])", "");
    assert_eq!(codes("absent", "### find"), shown(&find.absent));
    assert_eq!(codes("duplicate", "### create"), shown(&service.create.duplicate));
    assert_eq!(codes("gone", "### delete"), shown(&service.delete[0].gone));
}

#[test]
fn the_convention_is_the_one_that_is_merged_over() {
    let page = read(PAGE);
    let shown = super::blocks(&page, "yaml").swap_remove(0);
    let source = read("src/config/merge.rs");
    let (_, rest) = source.split_once("r#\"").unwrap();
    let (convention, _) = rest.split_once("\"#").unwrap();
    assert_eq!(shown.trim(), convention.trim());
}

#[test]
fn the_names_of_expressions_are_those_that_can_be_seen() {
    let page = read(PAGE);
    let first = |row: &Vec<String>| -> Vec<String> {
        let cells = row[0].split(", ");
        cells
            .map(|name| name.trim_matches('`').split('.').next().unwrap_or_default().to_owned())
            .collect()
    };
    let documented: Names = rows(&section(&page, "## Expressions")).iter().flat_map(first).collect();
    let seen = |document: &str| hinted(document, "the names here are ");
    let request = |key: &str, rest: &str| service(&format!("{key}: {{request: GET /x, {rest}}}"));
    let in_answers = seen(&request("verify", &format!("until: {STRANGE}")));
    let of_items = seen(&request(
        "find",
        &format!("items: body, name: item.name, id: {STRANGE}"),
    ));
    assert_eq!(documented, &in_answers | &of_items);
    let before = seen(&request(
        "find",
        &format!("items: {STRANGE}, name: item.name, id: item.id"),
    ));
    assert!(!before.contains("id") && !before.contains("item"), "{before:?}");
    let count = "{services: [{name: a, url: http://x}], accounts: [{name: b, count: '{{ qqqqqqqqqqqq }}'}]}";
    assert_eq!(seen(count), Names::from(["env".to_owned()]));
}

/// A sentence that names the words of a kind, as the page should have it.
pub(super) fn words(kind: &str) -> String {
    let (expression, hint) = match kind {
        "Filters" => (format!("body | {STRANGE}"), "the filters are "),
        "Tests after `is`" => (format!("body is {STRANGE}"), "the tests are "),
        "Functions" => (format!("{STRANGE}()"), "the functions are "),
        other => panic!("{other}"),
    };
    let known = hinted(&service(&format!("create: {{id: '{expression}'}}")), hint);
    let quoted: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    format!("{kind}: {}.", quoted.join(", "))
}
