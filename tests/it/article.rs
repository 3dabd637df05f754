//! The article's own file in a workflow: accounts before the tests, ids in the outputs, and nothing left after the job,
//! whatever the job does in between.

use std::collections::BTreeMap;

use serde_json::Value;
use standin::domain::place::digest;
use standin::sandbox::{Sandbox, ServiceSpec};

use crate::runner::Runner;
use crate::runner::job::{Condition, Job, Outcome, Step};
use crate::runner::node::Node;
use crate::services::{
    NAMES, PASSWORD, article, errors, left, machine, made, outputs, put, read, setup, start, summary, three,
};

#[test]
fn the_articles_file_gives_an_account_in_each_service_and_post_leaves_none() {
    for node in [Node::TwentyFour, Node::Twenty] {
        let sandbox = start(three("pw"));
        let runner = Runner::new().on_node(node);
        put(&runner, "standin.json", &article(&sandbox, "pw"));
        let look = Step::script(
            "cp '${{ steps.accounts.outputs.accounts-file }}' accounts.json
            cp '${{ steps.accounts.outputs.credentials-file }}' credentials.json",
        );
        let result = Job::new().step(setup()).step(look).run(&runner);
        assert_eq!(result.conclusion, Outcome::Success, "{result:?}");

        let main = result.step("accounts");
        let outputs = outputs(main);
        let state: Value = serde_json::from_str(outputs["state"]).unwrap();
        let marker = state["marker"].as_str().unwrap();
        let username = format!("{marker}-test-user");
        let id = NAMES.map(|name| outputs[format!("{name}-test_user-id").as_str()]);
        let each = |line: &dyn Fn(&str, &str) -> String| {
            let lines: Vec<String> = NAMES.iter().zip(id).map(|(name, id)| line(name, id)).collect();
            lines.join(",")
        };
        let accounts = each(&|name, id| {
            format!(
                r#"{{"service":"{name}","account":"test_user","username":"{username}","email":"{username}@example.com","id":"{id}","outputs":{{}}}}"#
            )
        });
        let ids = each(&|name, id| format!(r#""{name}/test_user":"{id}""#));
        let stated = each(&|name, id| {
            format!(r#"{{"service":"{name}","account":"test_user","username":"{username}","id":"{id}","seen":true}}"#)
        });
        let mut places = NAMES.map(|name| {
            let (username, url) = (digest("qa"), digest(&sandbox.url(name)));
            format!(r#""{name}":{{"auth.basic.username":"{username}","url":"{url}"}}"#)
        });
        places.sort();
        let places = places.join(",");
        let folder = runner.temp().join("standin").join(marker).display().to_string();
        let expected = BTreeMap::from([
            ("accounts".to_owned(), format!("[{accounts}]")),
            ("ids".to_owned(), format!("{{{ids}}}")),
            ("count".to_owned(), "3".to_owned()),
            ("ready".to_owned(), "true".to_owned()),
            ("marker".to_owned(), marker.to_owned()),
            (
                "state".to_owned(),
                format!(
                    r#"{{"version":2,"repository":"octocat/shop","run":"17654321098","attempt":1,"marker":"{marker}","accounts":[{stated}],"places":{{{places}}}}}"#
                ),
            ),
            ("accounts-file".to_owned(), format!("{folder}/accounts.json")),
            ("credentials-file".to_owned(), format!("{folder}/credentials.json")),
            ("users-test_user-id".to_owned(), id[0].to_owned()),
            ("orders-test_user-id".to_owned(), id[1].to_owned()),
            ("billing-test_user-id".to_owned(), id[2].to_owned()),
        ]);
        let outputs: BTreeMap<String, String> = outputs
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        assert_eq!(outputs, expected);
        assert_eq!(read(&runner, "accounts.json"), outputs["accounts"]);
        credentials_are_complete(&read(&runner, "credentials.json"), &username, id);
        for (name, id) in NAMES.iter().zip(id) {
            let row = format!(
                "| {name}/test&#95;user | {username} | {} | verified |",
                id.replace('_', "&#95;")
            );
            assert!(
                summary(main).lines().any(|line| line == row),
                "{row}\n{}",
                summary(main)
            );
            let verified = sandbox.requests().iter().any(|seen| {
                seen.service == *name
                    && seen.method == "GET"
                    && seen.path == format!("/accounts/{id}")
                    && seen.status.is_some_and(|status| status == 200)
            });
            assert!(verified, "{:?}", sandbox.requests());
        }
        // A password that stands in the configuration is no mask, and there is nothing to complain of.
        assert!(main.annotations.is_empty(), "{:?}", main.annotations);

        let post = result.post("accounts");
        assert!(post.log.contains("3 deleted, 0 left"), "{}", post.log);
        assert!(errors(post).is_empty());
        assert_eq!((made(&sandbox), left(&sandbox)), ([1; 3], [0; 3]));
        assert!(result.orphans.is_empty());
    }
}

#[test]
fn a_literal_password_that_is_a_services_name_is_no_mask() {
    let sandbox = start(three("orders"));
    let runner = Runner::new();
    put(&runner, "standin.json", &article(&sandbox, "orders"));
    let result = Job::new().step(setup()).run(&runner);
    assert_eq!(result.conclusion, Outcome::Success, "{result:?}");
    let main = result.step("accounts");
    assert!(main.annotations.is_empty(), "{:?}", main.annotations);
    assert!(outputs(main)["ids"].contains("orders/test_user"), "{:?}", outputs(main));
    assert!(summary(main).contains("| orders/test"), "{}", summary(main));
    assert_eq!((made(&sandbox), left(&sandbox)), ([1; 3], [0; 3]));
}

/// The credentials file in its whole shape, with a password that all accounts of the persona share.
fn credentials_are_complete(text: &str, username: &str, id: [&str; 3]) {
    let credentials: Value = serde_json::from_str(text).unwrap();
    let password = credentials["accounts"]["users/test_user"]["password"].as_str().unwrap();
    assert_eq!(password.len(), 24);
    let accounts: serde_json::Map<String, Value> = NAMES
        .iter()
        .zip(id)
        .map(|(name, id)| {
            let account = serde_json::json!({
                "service": name, "account": "test_user", "username": username,
                "email": format!("{username}@example.com"), "password": password, "id": id, "secrets": {},
            });
            (format!("{name}/test_user"), account)
        })
        .collect();
    assert_eq!(credentials, serde_json::json!({"version": 1, "accounts": accounts}));
}

#[test]
fn nothing_that_later_steps_do_to_the_workspace_or_to_variables_keeps_post_from_deleting() {
    let table = [
        ("every file of the workspace is removed", "rm -rf ./* ./.[!.]*"),
        (
            "the workspace itself is removed",
            "rm -rf \"$GITHUB_WORKSPACE\"; mkdir \"$GITHUB_WORKSPACE\"",
        ),
        (
            "the file is no configuration any more",
            "echo '{\"services\": 7}' >standin.json",
        ),
        (
            "the file leads elsewhere",
            "sed -i 's/127.0.0.1/192.0.2.1/g; s/sesame/wrong/g' standin.json",
        ),
        ("a second default file appears", "echo '{}' >standin.yml"),
        (
            "variables that the configuration does not use are changed",
            "{ echo UNUSED=1; echo HOME=/nowhere; echo TMPDIR=/nowhere; echo HTTP_PROXY=http://192.0.2.1:9
            echo ALL_PROXY=http://192.0.2.1:9; echo XDG_STATE_HOME=/nowhere; } >>\"$GITHUB_ENV\"",
        ),
        (
            "settings are changed",
            "{ echo STANDIN_CLEANUP=manual; echo STANDIN_MODE=plan; echo STANDIN_ONLY=users
            echo STANDIN_CONFIG_FILE=other.yml; echo STANDIN_JOURNAL=/nowhere; echo STANDIN_ALLOW_HOSTS=none.invalid
            echo STANDIN_ON_LEFTOVER=warn; echo STANDIN_CLEANUP_DEADLINE=1ms; } >>\"$GITHUB_ENV\"",
        ),
        (
            "settings become nonsense",
            "{ echo STANDIN_WAIT=soon; echo STANDIN_CLEANUP=maybe; echo STANDIN_CONCURRENCY=-1; } >>\"$GITHUB_ENV\"",
        ),
        (
            "the state of another step is claimed",
            "{ echo STATE_entry=; echo STATE_mode=plan; echo STATE_cleanup=manual; echo STATE_outcome=ready; } >>\"$GITHUB_ENV\"",
        ),
    ];
    for (what, commands) in table {
        let sandbox = start(three(PASSWORD));
        let runner = machine(&sandbox);
        let result = Job::new()
            .step(setup())
            .step(Step::script(commands).id("break"))
            .run(&runner);
        assert_eq!(result.step("break").outcome, Outcome::Success, "{what}: {result:?}");
        let post = result.post("accounts");
        assert_eq!(post.exit_code, Some(0), "{what}: {}", post.log);
        assert!(post.log.contains("3 deleted, 0 left"), "{what}: {}", post.log);
        assert_eq!((made(&sandbox), left(&sandbox)), ([1; 3], [0; 3]), "{what}");
    }
}

#[test]
fn a_variable_that_the_configuration_uses_and_a_later_step_spoils_leaves_that_services_account_alone_and_says_so() {
    let sandbox = start(three(PASSWORD));
    let runner = Runner::new();
    let config = article(&sandbox, PASSWORD).replacen(PASSWORD, "{{ env.USERS_PASSWORD }}", 1);
    put(&runner, "standin.json", &config);
    let spoil = Step::script("echo USERS_PASSWORD= >>\"$GITHUB_ENV\"");
    let result = Job::new()
        .env("USERS_PASSWORD", PASSWORD)
        .step(setup())
        .step(spoil)
        .run(&runner);
    let post = result.post("accounts");
    assert_eq!((post.exit_code, left(&sandbox)), (Some(1), [1, 0, 0]), "{}", post.log);
    let [_, named] = errors(post)[..] else {
        panic!("{}", post.log)
    };
    for part in ["users/test_user", "`USERS_PASSWORD`", "hint: "] {
        assert!(named.contains(part), "{part}: {named}");
    }
}

#[test]
fn a_failing_job_is_cleaned_up_after() {
    let sandbox = start(three(PASSWORD));
    let result = Job::new()
        .step(setup())
        .step(Step::script("exit 3").id("tests"))
        .step(Step::script("true").id("never"))
        .run(&machine(&sandbox));
    assert_eq!(result.step("never").outcome, Outcome::Skipped);
    assert_eq!(result.conclusion, Outcome::Failure);
    assert_eq!(result.post("accounts").outcome, Outcome::Success);
    assert_eq!((made(&sandbox), left(&sandbox)), ([1; 3], [0; 3]));
}

#[test]
fn two_uses_in_one_job_have_accounts_of_their_own_and_each_post_deletes_its_own() {
    let sandbox = start(three(PASSWORD));
    let result = Job::new()
        .step(setup())
        .step(Step::action().id("more"))
        .run(&machine(&sandbox));
    assert_eq!(result.conclusion, Outcome::Success, "{result:?}");
    let order: Vec<&str> = result.posts.iter().map(|post| post.id.as_str()).collect();
    assert_eq!(order, ["more", "accounts"]);
    let ids = |step: &str| NAMES.map(|name| result.step(step).outputs.get(&format!("{name}-test_user-id")).unwrap());
    for (own, other) in [("accounts", "more"), ("more", "accounts")] {
        let post = result.post(own);
        assert!(post.log.contains("3 deleted, 0 left"), "{}", post.log);
        for id in ids(own) {
            assert!(post.log.contains(&format!("deleted `{id}`")), "{}", post.log);
        }
        for id in ids(other) {
            assert!(!post.log.contains(id), "{}", post.log);
        }
    }
    assert_eq!((made(&sandbox), left(&sandbox)), ([2; 3], [0; 3]));
}

#[test]
fn with_manual_cleanup_the_accounts_stay_until_a_step_deletes_them() {
    let sandbox = start(three(PASSWORD));
    let runner = machine(&sandbox);
    let keep = setup().with("cleanup", "manual");
    let result = Job::new().step(keep.clone()).run(&runner);
    assert_eq!(result.conclusion, Outcome::Success);
    assert!(result.post("accounts").log.contains("the accounts stay"));
    assert_eq!(left(&sandbox), [1; 3]);
    let delete = Step::action()
        .id("delete")
        .with("mode", "cleanup")
        .when(Condition::Always);
    let result = Job::new().step(delete).run(&runner);
    assert_eq!(result.conclusion, Outcome::Success);
    assert!(result.step("delete").log.contains("3 deleted, 0 left"));
    assert_eq!(left(&sandbox), [0; 3]);

    // It holds only for a setup that succeeded: nobody would think of deleting what a failed one has left.
    let sandbox = start(three(PASSWORD).fault("orders POST * status 403"));
    let kept = keep.with("on-failure", "keep");
    let result = Job::new().step(kept).run(&machine(&sandbox));
    assert_eq!(result.step("accounts").outcome, Outcome::Failure);
    assert_eq!((made(&sandbox), left(&sandbox)), ([1, 0, 1], [0; 3]));
}

/// The form in YAML, with all that this job needs of it.
const YAML: &str = r#"prefix: qa
ttl: 2h
services:
  - name: users
    url: '{{ env.USERS_URL }}'
    auth: { basic: { username: qa, password: '{{ env.USERS_PASSWORD }}' } }
    timeout: 5s
    limits: { concurrency: 2, rate: 200/s }
  - name: orders
    url: '{{ env.ORDERS_URL }}/'
    auth: { bearer: '{{ env.ORDERS_TOKEN }}' }
    ready: { request: GET /health }
    create:
      request: POST /accounts
      json: { username: '{{ account.username }}', role: '{{ account.role }}', plan: '{{ account.plan | default("free") }}', number: '{{ account.index }}' }
      expect: [201]
      duplicate: [409]
      id: body.id
      name: body.username
      outputs: { role: body.role }
    verify: { request: 'GET /accounts/{{ id }}', expect: [200], name: body.username }
    find: { request: 'GET /accounts?username={{ account.username }}', items: body.items, id: item.id, name: item.username }
    delete: { request: 'DELETE /accounts/{{ id }}', expect: [202, 204], gone: [404] }
    gone: { request: 'GET /accounts/{{ id }}', until: 'status == 404', within: 5s }
  - name: billing
    url: '{{ env.BILLING_URL }}'
    username: qa
    password: '{{ env.USERS_PASSWORD }}'
    find: { request: 'GET /accounts?username={{ account.username }}', items: body.items, id: item.id, name: item.username }
accounts:
  - { name: alice, services: [users, orders], role: admin, fields: { plan: gold } }
  - { name: buyer, count: '{{ env.WORKERS }}', services: [orders] }
  - { name: auditor, services: [billing], count: 1 }
"#;

#[test]
fn the_form_in_yaml_has_personas_counts_look_ups_tokens_and_variables() {
    let token = "bearer-of-good-news-17";
    let sandbox = start(
        Sandbox::builder()
            .service(ServiceSpec::new("users").basic("qa", PASSWORD))
            .service(ServiceSpec::new("orders").bearer(token))
            .service(ServiceSpec::new("billing").basic("qa", PASSWORD))
            .fault("billing POST 1 lost")
            .fault("orders DELETE * status-after 202"),
    );
    let runner = Runner::new();
    put(&runner, "standin.yml", YAML);
    let result = Job::new()
        .secret("TOKEN", token)
        .env("USERS_URL", &sandbox.url("users"))
        .env("ORDERS_URL", &sandbox.url("orders"))
        .env("BILLING_URL", &sandbox.url("billing"))
        .env("WORKERS", "3")
        .step(
            setup()
                .env("USERS_PASSWORD", PASSWORD)
                .env("ORDERS_TOKEN", "${{ secrets.TOKEN }}"),
        )
        .run(&runner);
    let main = result.step("accounts");
    assert_eq!(result.conclusion, Outcome::Success, "{}", main.log);
    let outputs = outputs(main);
    assert_eq!((outputs["count"], outputs["ready"]), ("6", "true"));
    let names: Vec<&str> = outputs.keys().filter(|name| name.ends_with("-id")).copied().collect();
    assert_eq!(
        names,
        [
            "billing-auditor-1-id",
            "orders-alice-id",
            "orders-buyer-1-id",
            "orders-buyer-2-id",
            "orders-buyer-3-id",
            "users-alice-id",
        ]
    );
    let accounts: Vec<Value> = serde_json::from_str(outputs["accounts"]).unwrap();
    let roles: Vec<(&str, &str, &str)> = accounts
        .iter()
        .filter_map(|one| {
            let role = one["outputs"]["role"].as_str()?;
            Some((one["service"].as_str()?, one["account"].as_str()?, role))
        })
        .collect();
    assert_eq!(
        roles,
        [
            ("orders", "alice", "admin"),
            ("orders", "buyer-1", "tester"),
            ("orders", "buyer-2", "tester"),
            ("orders", "buyer-3", "tester"),
        ]
    );
    assert!(
        accounts
            .iter()
            .all(|one| one["username"].as_str().unwrap().starts_with("qa-"))
    );
    assert!(main.log.contains("billing/auditor-1: found as `"), "{}", main.log);
    let waits = sandbox
        .requests()
        .iter()
        .filter(|seen| seen.path.starts_with("/health"))
        .count();
    assert_eq!(waits, 1, "a service is waited for once, not once for each account");
    assert!(
        result.post("accounts").log.contains("6 deleted, 0 left"),
        "{}",
        result.post("accounts").log
    );
    assert_eq!((made(&sandbox), left(&sandbox)), ([1, 4, 1], [0; 3]));
}
