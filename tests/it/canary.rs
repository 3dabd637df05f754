//! Secrets that are known to a test are looked for in every byte that a job leaves: they may stand in two files and nowhere else.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use serde_json::json;
use standin::sandbox::{Moment, Observed, Observer, Sandbox, SandboxBuilder, SandboxHandle, ServiceSpec};

use crate::liar::{Asked, Liar, json as says};
use crate::runner::Runner;
use crate::runner::job::{Job, JobResult, Step, StepResult};
use crate::runner::masker::encodings;
use crate::services::{start, summary};

/// In the configuration itself, and with characters that each encoding writes in its own way.
const LITERAL: &str = "c4n\"ary'&<lit>/+ eral=\\x";
/// In a variable, as the password of basic auth.
const VARIABLE: &str = "c4nary-variable&+Zq8/w?";
/// In a variable, as a bearer token.
const TOKEN: &str = "eyJjNG5hcnkiOiJ0b2tlbiJ9.q-8_zz";

/// What a phase left, by name: each file with its bytes, and what it printed.
type Left = BTreeMap<String, Vec<u8>>;

/// A configuration with a secret of each kind, which sends the made password to one service.
fn config(users: &str, orders: &str, billing: &str) -> String {
    format!(
        "services:
  - name: users
    url: {users}
    auth:
      basic:
        username: qa
        password: |-
          {LITERAL}
    create:
      request: POST /accounts
      json: {{ username: '{{{{ account.username }}}}', password: '{{{{ account.password }}}}' }}
  - name: orders
    url: {orders}
    auth: {{ basic: {{ username: qa, password: '{{{{ env.ORDERS_PASSWORD }}}}' }} }}
  - name: billing
    url: {billing}
    auth: {{ bearer: '{{{{ env.BILLING_TOKEN }}}}' }}
accounts:
  - {{ name: alice, role: admin }}
  - {{ name: bob }}
"
    )
}

fn services() -> SandboxBuilder {
    Sandbox::builder()
        .service(ServiceSpec::new("users").basic("qa", LITERAL))
        .service(ServiceSpec::new("orders").basic("qa", VARIABLE))
        .service(ServiceSpec::new("billing").bearer(TOKEN))
}

/// A use of the action whose configuration lies where nothing is searched: it holds a secret because somebody wrote it there.
fn setup(runner: &Runner, config: &str) -> Step {
    let path = runner.root().join("given.yml");
    fs::write(&path, config).unwrap();
    Step::action()
        .id("accounts")
        .with("config-file", &path.display().to_string())
        .env("ORDERS_PASSWORD", "${{ secrets.ORDERS_PASSWORD }}")
        .env("BILLING_TOKEN", "${{ secrets.BILLING_TOKEN }}")
}

fn config_of(sandbox: &SandboxHandle) -> String {
    config(&sandbox.url("users"), &sandbox.url("orders"), &sandbox.url("billing"))
}

fn job() -> Job {
    Job::new()
        .secret("ORDERS_PASSWORD", VARIABLE)
        .secret("BILLING_TOKEN", TOKEN)
}

/// Every secret of a run: the configured ones, and what the runner was asked to mask.
fn canaries(result: &JobResult) -> Vec<String> {
    let masks = result
        .step("accounts")
        .stderr
        .lines()
        .filter_map(|line| line.strip_prefix("::add-mask::"));
    let unescape = |mask: &str| mask.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%");
    let mut canaries: Vec<String> = masks.map(unescape).collect();
    for known in [VARIABLE, TOKEN] {
        assert!(canaries.iter().any(|canary| canary == known), "`{known}` is not masked");
    }
    assert_eq!(
        canaries.len(),
        4,
        "two that were given in variables, and the passwords of alice and bob"
    );
    // What the configuration says in its own words is no mask, and is told by nobody all the same.
    canaries.push(LITERAL.to_owned());
    canaries
}

/// The folders of a machine that the product may write to.
fn folders(runner: &Runner) -> Vec<PathBuf> {
    vec![runner.temp(), runner.workspace(), runner.home(), runner.system_temp()]
}

/// Every file below these folders, and its name.
fn files(mut folders: Vec<PathBuf>) -> Left {
    let mut left = Left::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.display().to_string();
            left.insert(name.clone(), name.clone().into_bytes());
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(bytes) = fs::read(&path) {
                // A file that is written under another name first may be gone by now.
                left.insert(format!("{name} (content)"), bytes);
            }
        }
    }
    left
}

/// What a phase printed and told the runner, but for the lines that tell it to mask.
fn printed(phase: &StepResult) -> Left {
    let told: Vec<_> = phase.outputs.iter().chain(phase.state.iter()).collect();
    let (told, notes) = (format!("{told:?}"), format!("{:?}", phase.annotations));
    let parts = [
        ("streams", phase.printed()),
        ("log", phase.log.clone()),
        ("told", told),
        ("notes", notes),
    ];
    let mut left: Left = parts
        .into_iter()
        .map(|(name, text)| (name.to_owned(), text.into_bytes()))
        .collect();
    left.insert("summary".to_owned(), summary(phase).as_bytes().to_vec());
    left
}

/// Where a canary stands, in plain text or in one of the runner's encodings.
fn places(left: &Left, canary: &str) -> Vec<String> {
    let mut forms = vec![canary.to_owned()];
    forms.extend(encodings(canary).into_iter().filter(|form| form.len() >= 6));
    let holds = |bytes: &[u8]| {
        forms
            .iter()
            .any(|form| bytes.windows(form.len()).any(|part| part == form.as_bytes()))
    };
    left.iter()
        .filter(|(_, bytes)| holds(bytes))
        .map(|(name, _)| name.clone())
        .collect()
}

/// No canary stands anywhere in it.
fn is_clean(left: &Left, canaries: &[String], when: &str) {
    for canary in canaries {
        assert_eq!(places(left, canary), Vec::<String>::new(), "{when}: `{canary}`");
    }
}

/// The two files that may hold secrets.
fn may_hold(name: &str) -> bool {
    ["credentials.json (content)", "sealed.json (content)"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// What a snapshot holds outside of the two files.
fn elsewhere(left: &Left) -> Left {
    left.iter()
        .filter(|(name, _)| !may_hold(name))
        .map(|(name, bytes)| (name.clone(), bytes.clone()))
        .collect()
}

/// Snapshots of a machine's files and of its processes' arguments, one for each request.
type Moments = Arc<Mutex<Vec<Left>>>;

/// Takes them.
fn watch(runner: &Runner) -> (Observer, Moments) {
    let (moments, folders) = (Moments::default(), folders(runner));
    let taken = Arc::clone(&moments);
    let temp = runner.temp();
    let observer = move |seen: &Observed| {
        if seen.moment == Moment::AfterApply {
            let mut left = files(folders.clone());
            left.extend(arguments(&temp));
            taken.lock().unwrap().push(left);
        }
    };
    (Arc::new(observer), moments)
}

/// The command line of each process that works for this machine: it has its `RUNNER_TEMP`.
fn arguments(temp: &Path) -> Left {
    let mark = format!("RUNNER_TEMP={}", temp.display());
    let folders = fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| Some(entry.ok()?.path()));
    let lines = folders.filter_map(|folder| {
        let environment = fs::read(folder.join("environ")).ok()?;
        let ours = environment
            .split(|byte| *byte == 0)
            .any(|variable| variable == mark.as_bytes());
        let line = ours.then(|| fs::read(folder.join("cmdline")).ok())??;
        Some((format!("{}/cmdline", folder.display()), line))
    });
    lines.collect()
}

#[test]
fn in_a_job_that_goes_well_secrets_stand_in_two_files_and_post_leaves_none_of_them() {
    for verbose in ["false", "true"] {
        let runner = Runner::new();
        let (observer, moments) = watch(&runner);
        let sandbox = start(services().observer(observer));
        let step = setup(&runner, &config_of(&sandbox)).with("verbose", verbose);
        let look = Step::script(
            "file='${{ steps.accounts.outputs.credentials-file }}'
            folder=$(dirname \"$file\")
            stat -c '%a %n' \"$folder\" \"$folder\"/*
            cp \"$file\" \"$KEPT/kept-credentials.json\"
            cp \"$folder/sealed.json\" \"$KEPT/kept-sealed.json\"",
        );
        let look = look.id("look").env("KEPT", &runner.root().display().to_string());
        let result = job().step(step).step(look).run(&runner);
        let canaries = canaries(&result);
        assert_eq!(result.step("look").exit_code, Some(0), "{}", result.step("look").log);
        assert!(
            result.post("accounts").log.contains("6 deleted, 0 left"),
            "{}",
            result.post("accounts").log
        );

        for phase in [result.step("accounts"), result.post("accounts")] {
            is_clean(
                &printed(phase),
                &canaries,
                &format!("{} with verbose {verbose}", phase.id),
            );
        }
        let moments = moments.lock().unwrap();
        assert!(
            moments.len() >= 18,
            "three requests for each of six accounts: {}",
            moments.len()
        );
        for left in moments.iter() {
            is_clean(&elsewhere(left), &canaries, "at a request");
            let seen = |phase: &[u8]| {
                left.iter()
                    .any(|(name, line)| name.ends_with("/cmdline") && line.ends_with(phase))
            };
            assert!(
                seen(b"\0action\0main\0") || seen(b"\0action\0post\0"),
                "no process was seen"
            );
        }
        is_clean(&files(folders(&runner)), &canaries, "after the job, in every file");

        // The same search finds each of them where it may stand, or it would find nothing anywhere.
        let kept = |name: &str| Left::from([(name.to_owned(), fs::read(runner.root().join(name)).unwrap())]);
        for canary in &canaries {
            let made = ![LITERAL, VARIABLE, TOKEN].contains(&canary.as_str());
            assert_eq!(
                places(&kept("kept-credentials.json"), canary).len(),
                usize::from(made),
                "{canary}"
            );
            assert_eq!(
                places(&kept("kept-sealed.json"), canary).len(),
                usize::from(canary == LITERAL),
                "{canary}"
            );
        }
        modes_are_private(&result.step("look").stdout, &runner.temp());
    }
}

/// The entry is 0700 and all in it 0600, as `stat` shows them.
fn modes_are_private(lines: &str, temp: &Path) {
    let mut names = Vec::new();
    for line in lines.lines() {
        let (mode, path) = line.split_once(' ').unwrap();
        let path = PathBuf::from(path);
        let is_entry = path.parent() == Some(&temp.join("standin"));
        assert_eq!(mode, if is_entry { "700" } else { "600" }, "{line}");
        names.push(path.file_name().unwrap().to_str().unwrap().to_owned());
    }
    for name in ["credentials.json", "sealed.json", "accounts.json", "journal.jsonl"] {
        assert!(names.iter().any(|known| known == name), "{name}: {lines}");
    }
    assert_eq!(
        fs::metadata(temp.join("standin")).unwrap().permissions().mode() & 0o777,
        0o700
    );
}

#[test]
fn a_setup_that_fails_tells_no_secret_also_where_the_service_throws_them_all_back() {
    // It answers with all that it was sent, in the body.
    let echo = |asked: &Asked| {
        let text = format!(
            "{} {}\n{}\n\n{}",
            asked.method,
            asked.target,
            asked.headers.join("\n"),
            asked.body
        );
        says(400, &json!({"error": text, "id": text, "username": text}))
    };
    for verbose in ["false", "true"] {
        let liars = [Liar::start(echo), Liar::start(echo), Liar::start(echo)];
        let runner = Runner::new();
        let step = setup(&runner, &config(&liars[0].url(), &liars[1].url(), &liars[2].url()));
        let result = job().step(step.with("verbose", verbose)).run(&runner);
        let canaries = canaries(&result);
        assert_eq!(result.step("accounts").exit_code, Some(1));
        for phase in [result.step("accounts"), result.post("accounts")] {
            is_clean(&printed(phase), &canaries, &phase.id);
        }
        is_clean(&files(folders(&runner)), &canaries, "in every file");
        // They were sent, or the service could not have thrown them back.
        let sent = Left::from([("sent".to_owned(), format!("{:?}", liars[0].asked()).into_bytes())]);
        assert!(canaries.iter().any(|canary| !places(&sent, canary).is_empty()));
    }
}

#[test]
fn what_a_cleanup_leaves_keeps_the_sealed_copy_private_and_nothing_else() {
    let sandbox = start(services().fault("orders DELETE 1-2 status 403"));
    let runner = Runner::new();
    let report = runner.temp().join("report.json");
    let step = setup(&runner, &config_of(&sandbox))
        .with("report", &report.display().to_string())
        .with("verbose", "true");
    let result = job().step(step).run(&runner);
    let canaries = canaries(&result);
    let post = result.post("accounts");
    assert_eq!(post.exit_code, Some(1), "{}", post.log);
    assert_eq!(sandbox.books("orders").unwrap().left().count(), 2);
    for phase in [result.step("accounts"), post] {
        is_clean(&printed(phase), &canaries, &phase.id);
    }
    let left = files(folders(&runner));
    assert!(
        left.keys().any(|name| name.contains("report.json")),
        "{:?}",
        left.keys()
    );
    is_clean(&elsewhere(&left), &canaries, "in every file");
    let holding: Vec<&String> = left.keys().filter(|name| may_hold(name)).collect();
    let [sealed] = holding.as_slice() else {
        panic!("{holding:?}")
    };
    let path = sealed.strip_suffix(" (content)").unwrap();
    assert!(path.ends_with("/sealed.json"), "{path}");
    assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    for canary in &canaries {
        assert_eq!(places(&left, canary).len(), usize::from(canary == LITERAL), "{canary}");
    }

    // What is left is deleted by a later cleanup, and with it the copy.
    let delete = Step::action()
        .id("delete")
        .with("mode", "cleanup")
        .env("ORDERS_PASSWORD", VARIABLE)
        .env("BILLING_TOKEN", TOKEN);
    let result = Job::new().step(delete).run(&runner);
    assert!(
        result.step("delete").log.contains("2 deleted, 0 left"),
        "{}",
        result.step("delete").log
    );
    assert_eq!(sandbox.books("orders").unwrap().left().count(), 0);
    let left = files(folders(&runner));
    assert!(!left.keys().any(|name| may_hold(name)), "{:?}", left.keys());
    is_clean(&left, &canaries, "in every file");
}
