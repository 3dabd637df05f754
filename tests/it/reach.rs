//! What a configuration can reach beside the services: files that it names, and files that are written.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use serde_json::json as value;

use crate::desk::Desk;
use crate::liar::{Asked, Liar, Reply, answer, json};

const ONE_SERVICE: &str = "services: [{ name: users, url: 'http://127.0.0.1:9' }]\n";

fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// What setup says of a mistake that is found before any request. It never hangs: the desk waits a minute at most.
fn refused(desk: &Desk, arguments: &[&str]) -> String {
    let ended = desk.run(arguments);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(fs::read_dir(desk.journals()).unwrap().next().is_none());
    ended.stderr
}

#[test]
fn a_configuration_is_a_small_regular_file() {
    let desk = Desk::new();
    pipe(&desk.work().join("pipe.yml"));
    desk.write("large.yml", &"# x\n".repeat(300_000));
    for (path, expected) in [
        ("pipe.yml", "`pipe.yml` can't be read: it is a pipe"),
        ("/dev/zero", "`/dev/zero` can't be read: it is a device"),
        ("/proc/self/environ", "it is a virtual file of the system"),
        ("large.yml", "it is over 1 MiB"),
    ] {
        let told = refused(&desk, &["setup", "--config-file", path]);
        assert!(told.contains(expected), "{told}");
    }
}

#[test]
fn a_configuration_that_is_a_link_out_of_the_workspace_is_not_read() {
    for target in ["/etc/passwd", "/proc/self/environ", "../home/secret"] {
        let desk = Desk::new().with("QA_PASSWORD", "hunter2");
        fs::write(desk.root().join("home/secret"), "hunter2").unwrap();
        symlink(target, desk.work().join("standin.yml")).unwrap();
        let told = refused(&desk, &["setup"]);
        assert!(told.contains("a symlink leads out of the workspace"), "{told}");
        assert!(!told.contains("root:") && !told.contains("hunter2"), "{told}");
    }
}

#[test]
fn a_link_within_the_checkout_is_read_from_a_folder_of_it() {
    for variable in ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"] {
        let desk = Desk::new();
        let checkout = desk.root().to_str().unwrap().to_owned();
        fs::write(desk.root().join("accounts.yml"), ONE_SERVICE).unwrap();
        symlink("../accounts.yml", desk.work().join("standin.yml")).unwrap();
        refused(&desk, &["plan"]);
        let ended = desk.with(variable, &checkout).run(&["plan"]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    }
}

#[test]
fn a_certificate_is_a_small_regular_file_of_the_workspace_or_one_that_is_named_whole() {
    for (ca, expected) in [
        ("pipe.pem", "it is a pipe"),
        ("/dev/zero", "it is a device"),
        ("/proc/self/environ", "it is a virtual file of the system"),
        ("linked.pem", "a symlink leads out of the workspace"),
    ] {
        let desk = Desk::new().configured(&format!(
            "services: [{{ name: users, url: 'https://127.0.0.1:9', tls: {{ ca: {ca} }} }}]\n"
        ));
        pipe(&desk.work().join("pipe.pem"));
        symlink("/etc/passwd", desk.work().join("linked.pem")).unwrap();
        let told = refused(&desk, &["setup"]);
        assert!(
            told.contains("`tls.ca` of `users` can't be read") && told.contains(expected),
            "{told}"
        );
    }
}

#[test]
fn a_file_of_the_runner_that_is_a_pipe_is_not_waited_for() {
    for variable in ["GITHUB_OUTPUT", "GITHUB_STATE", "GITHUB_ENV", "GITHUB_STEP_SUMMARY"] {
        let desk = Desk::on_github("octo/shop", "1").configured(ONE_SERVICE);
        let path = desk.root().join("pipe");
        pipe(&path);
        let ended = desk
            .with(variable, path.to_str().unwrap())
            .with("STANDIN_WAIT", "1s")
            .with("STANDIN_EXPORT_ENV", "true")
            .run(&["setup"]);
        assert_eq!(ended.code, Some(1), "{variable}: {}", ended.stderr);
    }
}

#[test]
fn a_target_that_is_no_regular_file_is_refused_before_any_account_is_made() {
    for setting in ["--dotenv", "--properties", "--report", "--credentials-file"] {
        let desk = Desk::new().configured(ONE_SERVICE);
        let path = desk.work().join("pipe");
        pipe(&path);
        for target in [path.to_str().unwrap(), "/dev/stdout", "/dev/null", "."] {
            let told = refused(&desk, &["setup", setting, target]);
            assert!(
                told.contains("can't be written to") && told.contains("not a regular file"),
                "{told}"
            );
        }
    }
}

#[test]
fn a_header_of_a_request_itself_replaces_the_credentials_of_the_same_name() {
    let service = Liar::start(|asked: &Asked| -> Reply {
        match asked.method.as_str() {
            "POST" => json(201, &value!({ "id": "u-17", "username": asked.username() })),
            "GET" => json(200, &value!({ "id": "u-17" })),
            _ => answer(204, &[], b""),
        }
    });
    let config = format!(
        "services:
  - name: users
    url: '{}'
    auth: {{ header: {{ X-Auth-Token: the-administrators }} }}
    headers: {{ X-Env: of-the-service }}
    verify: {{ request: 'GET /me', headers: {{ x-auth-token: the-accounts-own, x-env: of-the-request }} }}
",
        service.url()
    );
    let ended = Desk::new().configured(&config).run(&["setup"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let sent = |line: &str, name: &str| -> Vec<String> {
        let asked = service.asked();
        let request = asked.iter().find(|asked| asked.line() == line).unwrap();
        let fields = request.headers.iter().filter_map(|field| field.split_once(": "));
        let own = fields.filter(|(field, _)| field.eq_ignore_ascii_case(name));
        own.map(|(_, value)| value.to_owned()).collect()
    };
    assert_eq!(sent("POST /accounts", "x-auth-token"), ["the-administrators"]);
    assert_eq!(sent("GET /me", "x-auth-token"), ["the-accounts-own"]);
    assert_eq!(sent("POST /accounts", "x-env"), ["of-the-service"]);
    assert_eq!(sent("GET /me", "x-env"), ["of-the-request"]);
}
