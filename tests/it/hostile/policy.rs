//! Where requests may go and which variables may be read, when the configuration is not the workflow's own.

use standin::sandbox::{Sandbox, ServiceSpec};

use super::of_one;
use crate::desk::Desk;

#[test]
fn a_metadata_address_is_refused_before_any_request() {
    for url in [
        "http://169.254.169.254/latest",
        "http://[fd00:ec2::254]/latest",
        "http://[::ffff:169.254.169.254]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://0xa9fea9fe/",
        "http://2852039166/",
        "http://100.100.100.200/",
    ] {
        for arguments in [&["setup"] as &[&str], &["setup", "--allow-hosts", "*"]] {
            let ended = of_one(url).run(arguments);
            assert_eq!(ended.code, Some(2), "{url}: {}", ended.stderr);
            assert!(ended.stderr.contains("`allow-hosts`"), "{url}: {}", ended.stderr);
        }
    }
}

#[test]
fn only_hosts_that_are_allowed_are_asked() {
    let sandbox = Sandbox::spawn_thread(Sandbox::builder().service(ServiceSpec::new("users"))).unwrap();
    let desk = of_one(&sandbox.url("users"));
    let refused = desk.run(&["setup", "--allow-hosts", "*.example.com"]);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(
        refused
            .stderr
            .contains("the host `127.0.0.1` is not among `allow-hosts`"),
        "{}",
        refused.stderr
    );
    assert!(sandbox.requests().is_empty());
    let allowed = desk.run(&["setup", "--allow-hosts", "*.example.com", "--allow-hosts", "127.0.0.*"]);
    assert_eq!(allowed.code, Some(0), "{}", allowed.stderr);
}

#[test]
fn only_variables_that_are_allowed_are_read() {
    let config = "services: [{ name: users, url: \"http://localhost:1/{{ env.DEPLOY_KEY }}\" }]\n";
    let desk = Desk::new().configured(config).with("DEPLOY_KEY", "correct-horse");
    for command in ["setup", "plan"] {
        let ended = desk.run(&[command, "--allow-env", "QA_*"]);
        assert_eq!(ended.code, Some(2), "{command}: {}", ended.stderr);
        assert!(ended.stderr.contains("DEPLOY_KEY"), "{command}: {}", ended.stderr);
        assert!(!ended.stderr.contains("correct-horse"), "{command}: {}", ended.stderr);
    }
}

/// Names that are never given, by whatever expression.
#[test]
fn the_workflows_own_secrets_are_never_read() {
    for name in [
        "GITHUB_TOKEN",
        "ACTIONS_RUNTIME_TOKEN",
        "INPUT_SEED",
        "STATE_x",
        "CI_JOB_TOKEN",
        "CI_DEPLOY_PASSWORD",
        "STANDIN_SEED",
    ] {
        for expression in [
            format!("env.{name}"),
            format!("env['{name}']"),
            format!("(env)['{name}']"),
            format!("env|attr('{name}')"),
            format!("env.{name} | default('x')"),
            format!("([env]|first)['{name}']"),
            "env".to_owned(),
            "env|items|list".to_owned(),
            "env|tojson".to_owned(),
        ] {
            let sandbox = Sandbox::spawn_thread(Sandbox::builder().service(ServiceSpec::new("users"))).unwrap();
            let quoted = serde_json::to_string(&format!("{{{{ {expression} }}}}")).unwrap();
            let desk = Desk::new()
                .configured(&format!(
                    "services:\n  - name: users\n    url: {}\n    headers: {{ X-Sent: {quoted} }}\n",
                    sandbox.url("users")
                ))
                .with(name, "correct-horse");
            let ended = desk.run(&["setup"]);
            assert!(
                !ended.stderr.contains("correct-horse"),
                "{expression}: {}",
                ended.stderr
            );
            assert!(
                matches!(ended.code, Some(2)) && sandbox.requests().is_empty(),
                "{expression}: {:?} {}",
                ended.code,
                ended.stderr
            );
        }
    }
}

#[test]
fn a_file_on_a_strangers_event_needs_both_limits() {
    let sandbox = Sandbox::spawn_thread(Sandbox::builder().service(ServiceSpec::new("users"))).unwrap();
    for event in ["pull_request_target", "workflow_run", "issue_comment"] {
        let desk = of_one(&sandbox.url("users")).with("GITHUB_EVENT_NAME", event);
        for limits in [
            &[] as &[&str],
            &["--allow-env", "QA_*"],
            &["--allow-hosts", "127.0.0.1"],
        ] {
            let ended = desk.run(&[&["setup"], limits].concat());
            assert_eq!(ended.code, Some(2), "{event} {limits:?}: {}", ended.stderr);
            assert!(
                ended.stderr.contains("set both `allow-env` and `allow-hosts`"),
                "{}",
                ended.stderr
            );
        }
        assert!(sandbox.requests().is_empty());
    }
    let desk = of_one(&sandbox.url("users")).with("GITHUB_EVENT_NAME", "pull_request_target");
    let both = desk.run(&["setup", "--allow-env", "QA_*", "--allow-hosts", "127.0.0.1"]);
    assert_eq!(both.code, Some(0), "{}", both.stderr);
}
