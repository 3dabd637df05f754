//! Mistakes of the user's: what is said of each, word for word, and that nothing was asked of any service before.
//!
//! The snapshots are the messages as a user reads them; whoever changes one reads it in the difference.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::time::{Duration, Instant};

use standin::sandbox::{Sandbox, SandboxBuilder, SandboxHandle, ServiceSpec};

use crate::desk::Desk;
use crate::liar::{Liar, answer, json};
use crate::snapshot::assert_snapshot;

/// A service that must never be asked, behind basic auth.
fn sandbox() -> SandboxHandle {
    started(Sandbox::builder().service(ServiceSpec::new("users").basic("qa", "correct-horse")))
}

fn started(builder: SandboxBuilder) -> SandboxHandle {
    Sandbox::spawn_thread(builder).unwrap()
}

/// What `setup` says of a configuration whose `ADDRESS` is the sandbox's.
fn refused(name: &str, config: &str) {
    refused_with(name, config, &["setup"]);
}

/// What a command says of a mistake that is found before any request.
fn refused_with(name: &str, config: &str, arguments: &[&str]) {
    let sandbox = sandbox();
    let desk = Desk::new().configured(&config.replace("ADDRESS", &sandbox.url("users")));
    refused_at(name, &desk, arguments);
    assert!(sandbox.requests().is_empty(), "{name}: {:?}", sandbox.requests());
}

fn refused_at(name: &str, desk: &Desk, arguments: &[&str]) {
    let ended = desk.run(arguments);
    assert_eq!(ended.code, Some(2), "{name}: {}", ended.stderr);
    assert_eq!(ended.stdout, "", "{name}");
    assert_no_journal(desk);
    assert_snapshot(&format!("bad_input/{name}"), &ended.told(desk));
}

fn assert_no_journal(desk: &Desk) {
    let entries: Vec<_> = fs::read_dir(desk.journals()).unwrap().collect();
    assert!(entries.is_empty(), "{entries:?}");
}

#[test]
fn no_configuration() {
    refused_at("missing", &Desk::new(), &["setup"]);
    refused_at("missing_named", &Desk::new(), &["setup", "--config", "qa/accounts.yml"]);
    let folder = Desk::new();
    fs::create_dir(folder.work().join("standin.yml")).unwrap();
    refused_at("folder", &folder, &["setup"]);
    refused_at("empty", &Desk::new().configured(""), &["setup"]);
}

#[test]
fn more_than_one_configuration() {
    let two = Desk::new().configured("services: []");
    two.write("standin.json", "{}");
    refused_at("two_default_files", &two, &["setup"]);
    let both = Desk::new().with("STANDIN_CONFIG", "services: []");
    refused_at("config_and_config_file", &both, &["setup", "--config-file", "a.yml"]);
}

#[test]
fn a_text_that_stands_where_its_path_is_meant_is_not_printed() {
    for (name, variable, arguments) in [
        ("config_for_its_path", "STANDIN_CONFIG_FILE", &["setup"][..]),
        ("state_for_its_path", "STANDIN_STATE_FILE", &["credentials"][..]),
    ] {
        let desk = Desk::new().with(variable, "password: correct-horse\nusername: qa\n");
        refused_at(name, &desk, arguments);
    }
}

#[test]
fn a_value_that_fits_in_no_request_is_told_at_once() {
    let config = "services:\n  - { name: users, url: ADDRESS, auth: { bearer: \"{{ env.TOKEN }}\" }, ready: { request: GET /health } }\n";
    let of_one_request =
        "services:\n  - { name: users, url: ADDRESS, create: { headers: { X-Team: \"{{ env.TOKEN }}\" } } }\n";
    let of_ready = "services:\n  - { name: users, url: ADDRESS, ready: { request: GET /health, headers: { X-Team: \"{{ env.TOKEN }}\" } } }\n";
    let of_log_in = "services:\n  - name: users\n    url: ADDRESS\n    auth: { login: { request: POST /login, headers: { X-Team: \"{{ env.TOKEN }}\" }, capture: { t: body.t }, use: { headers: { X-T: \"{{ capture.t }}\" } } } }\n";
    for (name, config, value, code) in [
        ("token_with_line_break", config, "hunter-2222\n", 2),
        ("header_with_line_break", of_one_request, "hunter-2222\r\n", 1),
        ("header_with_control_character", of_one_request, "hunter-\u{7f}2222", 1),
        ("ready_with_line_break", of_ready, "hunter-2222\n", 1),
        ("log_in_with_line_break", of_log_in, "hunter-2222\n", 1),
    ] {
        let sandbox = started(Sandbox::builder().service(ServiceSpec::new("users")));
        let desk = Desk::new()
            .configured(&config.replace("ADDRESS", &sandbox.url("users")))
            .with("TOKEN", value);
        let begun = Instant::now();
        // With a `wait` that would go on for long, if it were waited for.
        let ended = desk.run(&["setup", "--wait", "60s"]);
        assert!(begun.elapsed() < Duration::from_secs(20), "{name}: {}", ended.stderr);
        assert_eq!(ended.code, Some(code), "{name}: {}", ended.stderr);
        assert!(!ended.stderr.contains("hunter-2222"), "{name}: {}", ended.stderr);
        assert!(sandbox.requests().is_empty(), "{name}: {:?}", sandbox.requests());
        assert_snapshot(&format!("bad_input/{name}"), &ended.told(&desk));
    }
}

#[test]
fn text_that_is_no_document() {
    refused("not_yaml", "services:\n  - name: users\n   url: ADDRESS\n");
    refused(
        "not_json",
        "{\"services\": [{\"name\": \"users\", \"url\": \"ADDRESS\",]\n",
    );
    let desk = Desk::new();
    fs::write(desk.work().join("standin.yml"), b"services: [\xff\xfe]\n").unwrap();
    refused_at("not_utf8", &desk, &["setup"]);
}

#[test]
fn variables_that_are_not_set_are_named_all_at_once() {
    refused(
        "one_variable",
        "services:\n  - { name: users, url: ADDRESS, username: qa, password: \"{{ env.QA_PASSWORD }}\" }\n",
    );
    let config = "services:
  - name: users
    url: \"{{ env.USERS_URL }}\"
    auth: { basic: { username: \"{{ env.QA_USER }}\", password: \"{{ env.QA_PASSWORD }}\" } }
  - name: orders
    url: \"{{ env.ORDERS_URL | default('ADDRESS') }}\"
    auth: { bearer: \"{{ env.QA_PASSWORD }}\" }
accounts:
  - { name: alice, count: \"{{ env.WORKERS }}\" }
";
    let sandbox = sandbox();
    let desk = Desk::new()
        .configured(&config.replace("ADDRESS", &sandbox.url("users")))
        .with("QA_USER", "");
    refused_at("several_variables", &desk, &["setup"]);
    assert!(sandbox.requests().is_empty());
}

#[test]
fn a_count_that_is_no_number() {
    let config = "services:\n  - { name: users, url: \"http://localhost:1\" }\naccounts:\n  - { name: alice, count: \"{{ env.WORKERS }}\" }\n";
    for (name, value) in [
        ("count_word", "four"),
        ("count_negative", "-1"),
        ("count_huge", "99999999999"),
    ] {
        refused_at(name, &Desk::new().configured(config).with("WORKERS", value), &["setup"]);
    }
}

#[test]
fn keys_and_types() {
    refused("unknown_key", "services:\n  - name: users\n    ulr: ADDRESS\n");
    refused(
        "duplicate_key",
        "services:\n  - name: users\n    url: ADDRESS\n    url: ADDRESS\n",
    );
    refused(
        "wrong_type",
        "services:\n  - name: users\n    url: ADDRESS\n    limits: { concurrency: many }\n",
    );
    refused("no_services", "accounts:\n  - name: alice\n");
    refused("bad_service_name", "services:\n  - { name: My Users, url: ADDRESS }\n");
    refused(
        "bad_duration",
        "services:\n  - { name: users, url: ADDRESS, timeout: 10 seconds long }\n",
    );
    refused(
        "bad_rate",
        "services:\n  - { name: users, url: ADDRESS, limits: { rate: 50 } }\n",
    );
    refused(
        "several_mistakes",
        "prefix: standin\nservices:\n  - name: users\n    url: ADDRESS\n    timeout: ten\n    creat: { request: POST /users }\n  - name: users\n    url: 8080\naccounts:\n  - { name: alice, services: [user], role: [admin] }\n",
    );
}

#[test]
fn every_kind_of_mistake_is_told_at_once() {
    refused(
        "every_kind",
        "ttl: 40d
servces: []
services:
  - name: users
    url: ADDRESS
    needs: [billing]
    limits: { concurrency: many }
    create:
      json: { plan: \"{{ account.plan }}\", mail: \"{{ acount.email }}\", by: \"{{ account.usrname }}\" }
      id: body.data.id | frist
      expect: status = 200
    verify: { request: \"GET /users/{{ id }\" }
  - name: orders
    url: \"${{ vars.ORDERS_URL }}\"
  - name: shop
    url: ADDRESS
    needs: [billing, user]
    headers: { X-Run: \"{% if env.CI %}ci{% endif %}\", X-Of: \"{{ run.markr }}\" }
    create: { json: { of: \"{{ needs.billing.tenent }}\", token: \"{{ capture.token }}\" } }
  - name: billing
    url: ADDRESS
    needs: [shop]
    create: { outputs: { tenant: body.tenant } }
    auth: { oauth: { token_url: ADDRESS } }
accounts:
  - { name: alice, fields: { plan: gold }, locale: dee }
  - { name: bob, servces: [users], count: 0 }
",
    );
    refused(
        "whole_services_with_mistakes_between_them",
        "services:
  - { name: users, url: ADDRESS, timeout: soon }
  - { name: orders, url: ADDRESS, needs: [billing] }
  - name: billing
    url: ADDRESS
    needs: [orders, users]
    create: { json: { plan: \"{{ account.plan }}\", of: \"{{ needs.users.tenant }}\", who: \"{{ needs.order.id }}\" } }
accounts:
  - { name: alice, fields: { plan: gold } }
  - { name: bob }
  - { name: eve, services: [order] }
",
    );
}

#[test]
fn templates() {
    refused(
        "github_syntax",
        "services:\n  - name: users\n    url: \"${{ vars.USERS_URL }}\"\n",
    );
    refused(
        "statement",
        "services:\n  - name: users\n    url: \"{% if env.CI %}ADDRESS{% endif %}\"\n",
    );
    refused(
        "unclosed",
        "services:\n  - { name: users, url: ADDRESS, password: \"{{ env.PW\", username: qa }\n",
    );
    refused(
        "unknown_names",
        "services:\n  - name: users\n    url: ADDRESS\n    create:\n      json: { name: \"{{ acount.username }}\", mail: \"{{ account.mail }}\", x: \"{{ account.email | b64 }}\" }\n",
    );
    refused(
        "id_too_early",
        "services:\n  - name: users\n    url: ADDRESS\n    create: { json: { id: \"{{ id }}\" } }\n",
    );
    refused(
        "template_for_expression",
        "services:\n  - name: users\n    url: ADDRESS\n    create: { id: \"{{ body.id }}\" }\n",
    );
}

#[test]
fn an_unmarked_account_that_a_create_would_overwrite() {
    refused(
        "unmarked_overwrites",
        "services:\n  - { name: users, url: ADDRESS, create: { request: 'PUT /users/{{ account.username }}' } }\n  - { name: orders, url: ADDRESS }\naccounts:\n  - { name: maria, username: maria, unmarked: true }\n",
    );
}

#[test]
fn a_look_up_that_makes_or_deletes_accounts() {
    refused(
        "verify_deletes",
        "services:\n  - { name: users, url: ADDRESS, verify: { request: 'DELETE /accounts/{{ id }}' } }\n",
    );
    refused(
        "find_creates",
        "services:\n  - { name: users, url: ADDRESS, create: { request: 'PUT /users/{{ account.username }}' }, find: { request: 'PUT /users/{{ account.username }}', items: '[body]', id: item.id, name: item.name } }\n",
    );
}

#[test]
fn a_persona_whose_name_is_that_of_a_witness() {
    refused(
        "witness",
        "services:\n  - { name: users, url: ADDRESS }\naccounts:\n  - { name: witness }\n  - { name: witnessed }\n",
    );
}

#[test]
fn conditions_that_hold_of_every_answer() {
    for (name, condition) in [
        ("code", "expect: '204'"),
        ("codes", "gone: '[404, 410]'"),
        ("status", "expect: status"),
        ("either", "expect: 200 or 201"),
    ] {
        refused(
            &format!("condition_{name}"),
            &format!(
                "services:\n  - {{ name: users, url: ADDRESS, delete: {{ request: 'DELETE /accounts/1', {condition} }} }}\n"
            ),
        );
    }
    refused(
        "condition_until",
        "services:\n  - name: users\n    url: ADDRESS\n    gone: { request: 'GET /accounts/1', until: '404' }\n    find: { request: GET /accounts, items: body, id: item.id, name: item.name, absent: '404' }\n",
    );
}

#[test]
fn needs() {
    refused(
        "needs_cycle",
        "services:\n  - { name: users, url: ADDRESS, needs: [billing] }\n  - { name: orders, url: ADDRESS, needs: [users] }\n  - { name: billing, url: ADDRESS, needs: [orders] }\n",
    );
    refused(
        "needs_unknown",
        "services:\n  - { name: users, url: ADDRESS }\n  - { name: orders, url: ADDRESS, needs: [user] }\n",
    );
    refused(
        "needs_absent",
        "services:\n  - { name: users, url: ADDRESS }\n  - { name: orders, url: ADDRESS, needs: [users] }\naccounts:\n  - { name: alice, services: [orders] }\n",
    );
}

#[test]
fn arguments() {
    let good = "services:\n  - { name: users, url: ADDRESS }\n";
    for (name, arguments) in [
        ("no_command", &[] as &[&str]),
        ("unknown_command", &["setpu"]),
        ("unknown_flag", &["setup", "--deadlin", "3m"]),
        ("foreign_flag", &["plan", "--deadline", "3m"]),
        ("flag_without_value", &["setup", "--deadline"]),
        ("flag_twice", &["setup", "--deadline", "1m", "--deadline", "2m"]),
        ("flag_bad_duration", &["setup", "--deadline", "soon"]),
        ("flag_bad_choice", &["setup", "--on-failure", "rolback"]),
        ("flag_of_a_secret", &["setup", "--seed", "0123456789"]),
        ("extra_argument", &["setup", "users"]),
        ("run_nothing", &["run", "--"]),
        ("only_unknown", &["setup", "--only", "user"]),
        ("persona_unknown", &["setup", "--persona", "alice"]),
    ] {
        refused_with(&format!("arguments/{name}"), good, arguments);
    }
    let desk = Desk::new()
        .configured("services: [{ name: users, url: \"http://localhost:1\" }]")
        .with("STANDIN_DEADLINE", "soon")
        .with("STANDIN_CONCURRENCY", "0");
    refused_at("arguments/variables", &desk, &["setup"]);
}

#[test]
fn urls() {
    for (name, url) in [
        ("url_no_scheme", "localhost:8080"),
        ("url_scheme", "ftp://files.example.com"),
        ("url_nonsense", "http://[::1"),
        ("url_with_credentials", "http://qa:correct-horse@localhost:8080"),
        ("url_with_query", "http://localhost:8080/?a=b"),
    ] {
        refused(name, &format!("services:\n  - {{ name: users, url: \"{url}\" }}\n"));
    }
    let desk = Desk::new()
        .configured("services:\n  - { name: users, url: \"{{ env.USERS_URL }}\" }\n  - { name: orders, url: \"{{ env.ORDERS_URL }}\" }\n")
        .with("USERS_URL", "http://qa:correct-horse@localhost:8080")
        .with("ORDERS_URL", "localhost");
    refused_at("url_of_a_variable", &desk, &["setup"]);
}

#[test]
fn a_timeout_that_cleanup_could_not_outlast() {
    refused(
        "timeout_over_half",
        "services:\n  - { name: users, url: ADDRESS, timeout: 3m }\n",
    );
    refused_with(
        "timeout_over_half_by_flag",
        "services:\n  - { name: users, url: ADDRESS }\n",
        &["setup", "--timeout", "1m", "--cleanup-deadline", "90s"],
    );
}

/// It is not the configuration's mistake, so that the code is 1; but nothing was asked.
#[test]
fn a_journal_directory_that_is_not_ours_alone() {
    let sandbox = sandbox();
    let config = format!("services:\n  - {{ name: users, url: \"{}\" }}\n", sandbox.url("users"));
    let open = Desk::new().configured(&config);
    fs::set_permissions(open.journals(), fs::Permissions::from_mode(0o755)).unwrap();
    let linked = Desk::new().configured(&config);
    fs::rename(linked.journals(), linked.root().join("elsewhere")).unwrap();
    symlink(linked.root().join("elsewhere"), linked.journals()).unwrap();
    let file = Desk::new().configured(&config);
    fs::remove_dir(file.journals()).unwrap();
    fs::write(file.journals(), "").unwrap();
    for (name, desk) in [
        ("journal_0755", open),
        ("journal_symlink", linked),
        ("journal_file", file),
    ] {
        let ended = desk.run(&["setup"]);
        assert_eq!(ended.code, Some(1), "{name}: {}", ended.stderr);
        assert_snapshot(&format!("bad_input/{name}"), &ended.told(&desk));
    }
    assert!(sandbox.requests().is_empty());
}

/// What setup, which has to ask to know, says where one service fails; and that nothing is left.
fn failed(name: &str, desk: &Desk) {
    let ended = desk.run(&["setup", "--wait", "0s"]);
    assert_eq!(ended.code, Some(1), "{name}: {}", ended.stderr);
    assert_snapshot(&format!("bad_input/{name}"), &ended.told(desk));
    assert!(!ended.stderr.contains("correct-horse"), "{name}: {}", ended.stderr);
}

/// A configuration of one service at this address.
fn of_one(url: &str) -> Desk {
    Desk::new().configured(&format!(
        "services:\n  - {{ name: users, url: \"{url}\", username: qa, password: correct-horse, timeout: 2s }}\n"
    ))
}

#[test]
fn a_host_that_is_not_there() {
    // The port was free a moment ago, and is given to nobody else so soon.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    failed("refused_connection", &of_one(&format!("http://127.0.0.1:{port}")));
}

#[test]
fn credentials_that_are_wrong() {
    let sandbox = started(Sandbox::builder().service(ServiceSpec::new("users").basic("qa", "another")));
    failed("wrong_credentials", &of_one(&sandbox.url("users")));
    assert_eq!(sandbox.books("users").unwrap().created_ever, 0);
}

#[test]
fn html_where_json_was_meant() {
    let page = "<!doctype html>\n<title>Sign in</title>\n<form action=\"/login\">...</form>\n";
    let login = move |status| Liar::start(move |_| answer(status, &["Content-Type: text/html"], page.as_bytes()));
    failed("html_200", &of_one(&login(200).url()));
    failed("html_403", &of_one(&login(403).url()));
    let sign_in = Liar::start(|_| answer(302, &["Location: http://sso.example.com/login"], b""));
    failed("redirect_to_login", &of_one(&sign_in.url()));
}

#[test]
fn a_service_that_knows_no_such_address() {
    let liar = Liar::start(|_| json(404, &serde_json::json!({"error": "not found"})));
    failed("all_404", &of_one(&liar.url()));
    assert_eq!(liar.lines(), ["POST /accounts"]);
}

#[test]
fn a_service_that_refuses_what_it_is_sent_rolls_the_others_back() {
    let sandbox = started(
        Sandbox::builder()
            .service(ServiceSpec::new("users"))
            .service(ServiceSpec::new("orders"))
            .fault("orders POST * status 422"),
    );
    let desk = Desk::new().configured(&format!(
        "services:\n  - {{ name: users, url: \"{}\" }}\n  - {{ name: orders, url: \"{}\", needs: [users] }}\n",
        sandbox.url("users"),
        sandbox.url("orders")
    ));
    failed("one_of_two_refuses", &desk);
    assert_eq!(sandbox.books("users").unwrap().left().count(), 0);
    assert_eq!(sandbox.books("users").unwrap().created_ever, 1);
}

#[test]
fn a_part_needs_its_own_variables_alone() {
    let service = Sandbox::spawn_thread(Sandbox::builder().service(ServiceSpec::new("users"))).unwrap();
    let url = service.url("users");
    let text = format!(
        "services:\n  - {{ name: users, url: {url} }}\n  - {{ name: orders, url: \"{{{{ env.ORDERS_URL }}}}\" }}\n"
    );
    let desk = Desk::new().configured(&text);
    let whole = desk.run(&["setup"]);
    assert_eq!(whole.code, Some(2), "{}", whole.stderr);
    assert!(whole.stderr.contains("`ORDERS_URL`"), "{}", whole.stderr);
    let part = desk.run(&["setup", "--only", "users"]);
    assert_eq!(part.code, Some(0), "{}", part.stderr);
    assert_eq!(desk.run(&["cleanup"]).code, Some(0));
    assert_eq!(service.books("users").unwrap().left().count(), 0);
}
