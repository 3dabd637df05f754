//! What is masked in every command, and what must stay readable.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use standin::sandbox::{Sandbox, ServiceSpec};

use crate::desk::Desk;
use crate::liar::{Liar, answer, json as reply};

/// A name of an account has to be read in order to find what is left; a secret that is part of one can't be masked.
#[test]
fn a_name_that_a_secret_stands_in_stays_readable_in_cleanup_too() {
    let users = ServiceSpec::new("users").basic("qa", "tester-one");
    let builder = Sandbox::builder().service(users).fault("users DELETE * status 403");
    let sandbox = Sandbox::spawn_thread(builder).unwrap();
    let desk = Desk::new().with("QA_PASSWORD", "tester-one").configured(&format!(
        "services:
  - {{ name: users, url: {}, timeout: 1s, username: qa, password: '{{{{ env.QA_PASSWORD }}}}' }}
accounts: [ {{ name: tester-one }} ]
",
        sandbox.url("users")
    ));
    let setup = desk.run(&["setup"]);
    assert_eq!(setup.code, Some(0), "{}", setup.stderr);
    assert!(setup.stderr.contains("a secret stands in a name"), "{}", setup.stderr);
    for spoil in [false, true] {
        if spoil {
            let entry = std::fs::read_dir(desk.journals()).unwrap().next().unwrap().unwrap();
            std::fs::remove_file(entry.path().join("journal.jsonl")).unwrap();
        }
        let ended = desk.run(&["cleanup"]);
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        assert!(
            ended.stderr.contains("users/tester-one may still exist"),
            "{}",
            ended.stderr
        );
        assert!(!ended.stderr.contains("***"), "{}", ended.stderr);
    }
}

/// What stands in a header, a query or a body of the configuration's own lets us in as `auth` does.
#[test]
fn credentials_beside_auth_are_masked_before_anything_is_sent() {
    let users = Sandbox::spawn_thread(Sandbox::builder().service(ServiceSpec::new("users"))).unwrap();
    for keys in [
        "headers: { X-Api-Key: '{{ env.KEY }}' }",
        "headers: { Authorization: 'Bearer {{ env.KEY }}' }",
        "verify: { request: 'GET /accounts/{{ id }}?access_token={{ env.KEY }}' }",
        "verify: { request: 'GET /accounts/{{ id }}', query: { token: '{{ env.KEY }}' } }",
        "gone: { request: 'GET /accounts/{{ id }}', headers: { Cookie: '{{ env.KEY }}' } }",
        "with: { api_key: '{{ env.KEY }}' }\n    headers: { X-Api-Key: '{{ with.api_key }}' }",
    ] {
        let desk = Desk::new().configured(&format!(
            "services:\n  - name: users\n    url: {}\n    {keys}\n",
            users.url("users")
        ));
        let desk = desk.with("KEY", "key-of-the-service");
        let desk = desk.with("GITHUB_ACTIONS", "true").with("STANDIN_SUMMARY", "false");
        let output = desk.root().join("output");
        std::fs::write(&output, "").unwrap();
        let desk = desk.with("GITHUB_OUTPUT", output.to_str().unwrap());
        for command in ["setup", "cleanup"] {
            let ended = desk.run(&[command]);
            assert_eq!(ended.code, Some(0), "{keys}: {}", ended.stderr);
            let told = |part: &str| ended.stderr.lines().position(|line| line.contains(part));
            let (mask, used) = (told("::add-mask::key-of-the-service"), told("users/"));
            assert!(
                mask.is_some_and(|mask| Some(mask) < used),
                "{command} {keys}: {}",
                ended.stderr
            );
        }
    }
}

/// What the configuration says in its own words is known to whoever reads it, and the runner would star it out of the whole
/// job's log. A password among these words is not told by us all the same.
#[test]
fn a_literal_word_of_the_configuration_is_no_mask() {
    let users = Liar::start(|asked| match (asked.method.as_str(), asked.target.as_str()) {
        ("POST", "/log-in") => reply(200, &json!({"token": "token-of-the-log-in"})),
        ("POST", _) => reply(409, &json!({"error": "default says correct-horse"})),
        _ => answer(404, &[], b""),
    });
    let log_in = "{ login: { request: POST /log-in, json: { password: { user: { name: admin, id: '1', domain: { id: default }, password: '{{ env.QA_PASSWORD }}' } }, secret: correct-horse }, capture: { token: body.token }, use: { headers: { X-Token: '{{ capture.token }}' } } } }";
    let basic = "{ basic: { username: qa, password: correct-horse } }";
    for (auth, masked) in [(log_in, true), (basic, false)] {
        let desk = Desk::on_github("octo/shop", "1")
            .with("QA_PASSWORD", "hunter2-hunter2")
            .configured(&format!(
                "services: [{{ name: users, url: '{}', auth: {auth}, timeout: 1s }}]\naccounts: [{{ name: default }}]\n",
                users.url()
            ));
        let ended = desk.run(&["setup"]);
        for word in ["default", "admin", "1", "correct-horse"] {
            let mask = format!("::add-mask::{word}");
            assert!(
                !ended.stderr.lines().any(|line| line == mask),
                "{word}: {}",
                ended.stderr
            );
        }
        assert_eq!(
            ended.stderr.contains("::add-mask::hunter2-hunter2"),
            masked,
            "{}",
            ended.stderr
        );
        assert!(
            ended.stderr.contains("users/default") && !ended.stderr.contains("correct-horse"),
            "{}",
            ended.stderr
        );
        assert!(!ended.stderr.contains("shorter than 6"), "{}", ended.stderr);
    }
}

/// A service of one account, `7`, that tells this too when it is made.
fn of_one(more: &serde_json::Value) -> Liar {
    let more = more.clone();
    let mut there: Option<String> = None;
    Liar::start(move |asked| match (asked.method.as_str(), &there) {
        ("POST", _) => {
            let mut made = more.clone();
            made["id"] = json!(7);
            made["username"] = json!(asked.username());
            there = Some(asked.username());
            reply(201, &made)
        }
        ("GET", Some(name)) => reply(200, &json!({ "id": 7, "username": name })),
        ("PUT", Some(_)) => answer(204, &[], b""),
        ("DELETE", Some(_)) => {
            there = None;
            answer(204, &[], b"")
        }
        _ => answer(404, &[], b""),
    })
}

/// A token that an answer gave may stand in the path of a later request, and `verbose` shows paths.
#[test]
fn a_captured_token_is_not_told() {
    let users = of_one(&json!({"activation_token": "tok/en-of+the account"}));
    let desk = Desk::new().configured(&format!(
        "services:
  - name: users
    url: {}
    timeout: 1s
    create: {{ capture: {{ token: body.activation_token }} }}
    after_create: [ {{ request: 'PUT /accounts/{{{{ id }}}}/activate/{{{{ capture.token }}}}' }} ]
",
        users.url()
    ));
    let ended = desk.run(&["run", "--verbose", "--", "true"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(
        users.lines().iter().any(|line| line.contains("tok%2Fen")),
        "{:?}",
        users.lines()
    );
    assert!(ended.stderr.contains("PUT /accounts/7/activate/"), "{}", ended.stderr);
    assert!(
        !ended.stderr.contains("tok%2Fen") && !ended.stderr.contains("tok/en"),
        "{}",
        ended.stderr
    );
}

/// A desk whose one account is activated by a request with a variable and a capture in its path, and how its `run` with
/// these arguments ends. Both are secrets, and sent.
fn activated(users: &Liar, arguments: &[&str]) -> String {
    let desk = Desk::new().with("BOT", "b07-t0k").configured(&format!(
        "services:
  - name: users
    url: {}
    timeout: 1s
    create: {{ capture: {{ sid: body.sid }} }}
    after_create:
      - {{ request: 'PUT /bot{{{{ env.BOT }}}}/{{{{ account.username }}}}/{{{{ id }}}}/activate/{{{{ capture.sid | upper }}}}?s={{{{ env.BOT }}}}' }}
",
        users.url()
    ));
    let ended = desk.run(&[&["run", "--verbose"], arguments, &["--", "true"]].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let sent = users.lines();
    assert!(
        sent.iter()
            .any(|line| line.contains("/botb07-t0k/") && line.contains("/activate/5E55-10N")),
        "{sent:?}"
    );
    for secret in ["b07-t0k", "5e55-10n", "5E55-10N"] {
        assert!(!ended.stderr.contains(secret), "{secret}: {}", ended.stderr);
    }
    ended.stderr
}

/// A capture may be a secret whatever it is called, and so may a variable: in a log their names stand for them.
#[test]
fn the_paths_of_a_verbose_log_show_ids_by_value_and_variables_and_captures_by_name() {
    let told = activated(&of_one(&json!({"sid": "5e55-10n"})), &[]);
    for part in [
        "PUT /bot{{ env.BOT }}/sd-",
        "-test-user/7/activate/{{ capture.sid | upper }}: status 204",
        "DELETE /accounts/7: status 204",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn a_log_in_json_tells_of_each_request_with_its_account_phase_and_command_in_fields() {
    let told = activated(&of_one(&json!({"sid": "5e55-10n"})), &["--log-format", "json"]);
    let records: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let known = ["time", "level", "message", "hint", "title", "fields", "spans"];
    for record in &records {
        let mut keys = record.as_object().unwrap().keys();
        assert!(keys.all(|key| known.contains(&key.as_str())), "{record}");
    }
    for (method, phase, status) in [
        ("POST", "setup", 201),
        ("PUT", "setup", 204),
        ("DELETE", "cleanup", 204),
    ] {
        let record = records
            .iter()
            .find(|record| record["spans"]["request"]["method"] == method)
            .unwrap();
        assert_eq!(record["fields"]["status"], status, "{record}");
        assert!(record["fields"]["took_ms"].is_u64(), "{record}");
        let spans = &record["spans"];
        assert_eq!(spans["command"], json!({"name": "run"}), "{record}");
        assert_eq!(spans["phase"], json!({"name": phase}), "{record}");
        assert_eq!(
            spans["account"],
            json!({"service": "users", "account": "test_user"}),
            "{record}"
        );
    }
    let ready = records.iter().find(|record| {
        record["message"]
            .as_str()
            .unwrap()
            .starts_with("users/test_user: ready")
    });
    assert_eq!(ready.unwrap()["spans"]["account"]["account"], "test_user");
}

/// A service may show what let us in where its id was meant, and ids stand in journals, outputs and reports.
#[test]
fn an_id_that_is_a_secret_is_told_nobody_and_the_account_fails() {
    let users = Liar::start(|asked| match asked.method.as_str() {
        "POST" => reply(201, &json!({"id": "key-of-the-Service", "username": asked.username()})),
        "GET" => reply(
            200,
            &json!({"items": [{"id": "key-of-the-Service", "username": asked.target.split('=').next_back()}]}),
        ),
        _ => answer(204, &[], b""),
    });
    for find in [
        "",
        ", find: { request: 'GET /accounts?username={{ account.username }}', items: body.items, id: item.id, name: item.username }",
    ] {
        let desk = Desk::on_github("octo/shop", "1").with("KEY", "key-of-the-Service").configured(&format!(
            "services: [{{ name: users, url: '{}', auth: {{ bearer: '{{{{ env.KEY }}}}' }}, timeout: 1s{find} }}]\n",
            users.url()
        ));
        let report = desk.root().join("report.json");
        let ended = desk.run(&["setup", "--report", report.to_str().unwrap()]);
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        for part in [
            "status 201, but the answer has no id: its value is a secret, which can't be an id",
            if find.is_empty() {
                "the service has no look-up"
            } else {
                "what `item.id` gives is a secret, which can't be an id"
            },
            "users/test_user may still exist",
        ] {
            assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
        }
        let without_mask = ended.stderr.replace("::add-mask::key-of-the-Service", "");
        for told in [
            without_mask,
            ended.stdout,
            std::fs::read_to_string(desk.root().join("output")).unwrap(),
        ] {
            assert!(!told.contains("key-of-the-Service"), "{told}");
        }
        let mut folders = vec![desk.journals(), report.parent().unwrap().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
                    assert!(!text.contains("key-of-the-Service"), "{}", path.display());
                }
            }
        }
    }
}

/// A password that a service shows as an id: the setup that made it knows it, and so does a cleanup that is another process.
#[test]
fn a_password_that_is_shown_as_an_id_is_told_nobody_by_a_later_cleanup_either() {
    let find = ", find: { request: 'GET /accounts?username={{ account.username }}', items: body.items, id: item.id, name: item.username }";
    let create = "{ json: { username: '{{ account.username }}', password: '{{ account.password }}' } }";
    for succeeds in [false, true] {
        let password = Arc::new(Mutex::new(String::new()));
        let (kept, later) = (Arc::clone(&password), Arc::new(AtomicBool::new(!succeeds)));
        let shows_it = Arc::clone(&later);
        let users = Liar::start(move |asked| {
            let mut password = kept.lock().unwrap();
            if asked.method == "POST" {
                let body: serde_json::Value = serde_json::from_str(&asked.body).unwrap();
                body["password"].as_str().unwrap().clone_into(&mut password);
            }
            let shown = if shows_it.load(Ordering::SeqCst) {
                password.as_str()
            } else {
                "u-1"
            };
            let name = asked.target.split('=').next_back();
            match asked.method.as_str() {
                "POST" => reply(201, &json!({"id": shown, "username": asked.username()})),
                "GET" if asked.target.contains('=') => reply(200, &json!({"items": [{"id": shown, "username": name}]})),
                "GET" => reply(404, &json!({})),
                // What it throws back, too.
                _ => reply(400, &json!({"error": format!("not {password}")})),
            }
        });
        let desk = Desk::on_github("octo/shop", "1").configured(&format!(
            "services: [{{ name: users, url: '{}', auth: none, verify: null, timeout: 1s, create: {create}{find} }}]\n",
            users.url()
        ));
        let setup = desk.run(&["setup"]);
        assert_eq!(setup.code, Some(i32::from(!succeeds)), "{}", setup.stderr);
        later.store(true, Ordering::SeqCst);
        let password = password.lock().unwrap().clone();
        for command in ["status", "cleanup"] {
            let ended = desk.run(&[command]);
            assert_ne!(ended.code, Some(0), "{command}: {}", ended.stderr);
            assert!(
                !ended.stderr.contains(&password) && !ended.stdout.contains(&password),
                "{command}: {}{}",
                ended.stderr,
                ended.stdout
            );
        }
        for entry in std::fs::read_dir(desk.journals()).unwrap() {
            for file in std::fs::read_dir(entry.unwrap().path()).unwrap() {
                let path = file.unwrap().path();
                let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
                assert!(!text.contains(&password), "{}", path.display());
            }
        }
    }
}

/// Hosts are written in lower case, whatever a variable holds.
#[test]
fn a_secret_that_is_part_of_a_host_is_not_told_in_lower_case_either() {
    let desk = Desk::new().with("KEY", "Key0fTheTenant").configured(
        "services: [{ name: users, url: 'http://{{ env.KEY }}.invalid', auth: { bearer: '{{ env.KEY }}' } }]\n",
    );
    let ended = desk.run(&["setup", "--wait", "1s"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(
        !ended.stderr.to_lowercase().contains("key0fthetenant"),
        "{}",
        ended.stderr
    );
}
