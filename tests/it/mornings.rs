//! Bad mornings for post: what it needs is gone, changed, or somebody else's. (A forged `state` is in `state.rs`.)

mod lost;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use rustix::process::geteuid;
use standin::sandbox::{Sandbox, SandboxBuilder, SandboxHandle, ServiceSpec};

use crate::desk::Desk;
use crate::runner::Runner;
use crate::runner::job::{Condition, Job, JobResult, Outcome, Step};
use crate::services::{errors, put, start};

const PASSWORD: &str = "sesame-open-9";
const NAMES: [&str; 2] = ["users", "orders"];

/// Two services with a look-up and a person's account each.
fn services() -> SandboxHandle {
    let spec = |name: &str| {
        let mut spec = ServiceSpec::new(name).basic("qa", PASSWORD);
        spec.humans = vec!["maria.keller".to_owned()];
        spec
    };
    start(
        NAMES
            .map(spec)
            .into_iter()
            .fold(Sandbox::builder(), SandboxBuilder::service),
    )
}

/// Their configuration: each has a secret of its own.
fn configuration(services: &SandboxHandle) -> String {
    let entry = |name: &str| {
        format!(
            r#"
  - name: {name}
    url: {}
    timeout: 1s
    auth: {{ basic: {{ username: qa, password: "{{{{ env.{}_PASSWORD }}}}" }} }}
    probe: {{ request: GET /me }}
    find: {{ request: "GET /accounts?username={{{{ account.username }}}}", items: body.items, id: item.id, name: item.username }}"#,
            services.url(name),
            name.to_uppercase()
        )
    };
    format!(
        "services:{}\naccounts: [ {{ name: alice }}, {{ name: bob }} ]\n",
        NAMES.map(entry).concat()
    )
}

/// Runs a job in which a step follows setup, and then it is morning.
fn job(runner: &Runner, configuration: &str, spoil: &str) -> JobResult {
    put(runner, "standin.yml", configuration);
    let job = NAMES.iter().fold(Job::new(), |job, name| {
        job.env(&format!("{}_PASSWORD", name.to_uppercase()), PASSWORD)
    });
    let result = job
        .step(Step::action().id("accounts"))
        .step(Step::script(spoil).id("spoil").when(Condition::Always))
        .run(runner);
    for step in ["accounts", "spoil"] {
        assert_eq!(result.step(step).outcome, Outcome::Success, "{}", result.step(step).log);
    }
    result
}

fn left(services: &SandboxHandle) -> [usize; 2] {
    NAMES.map(|name| {
        let books = services.books(name).unwrap();
        assert_eq!(books.humans().count(), 1, "a person lost an account in {name}");
        assert_eq!(books.created_ever, 2, "{name}");
        books.left().count()
    })
}

/// Post deleted everything, and said this as a warning.
fn settled(result: &JobResult, services: &SandboxHandle, said: &[&str]) {
    let post = result.post("accounts");
    assert_eq!(post.exit_code, Some(0), "{}", post.log);
    assert!(errors(post).is_empty(), "{}", post.log);
    assert!(post.log.contains("4 deleted, 0 left"), "{}", post.log);
    for part in said {
        assert!(post.log.contains(part), "{part}: {}", post.log);
    }
    assert_eq!(left(services), [0, 0]);
}

#[test]
fn a_journal_that_is_gone_is_looked_for_by_its_marker() {
    for spoil in [
        "rm -r \"$RUNNER_TEMP\"/standin",
        "rm -r \"$RUNNER_TEMP\"/standin/*",
        "rm \"$RUNNER_TEMP\"/standin/*/journal.jsonl",
    ] {
        let (runner, services) = (Runner::new(), services());
        let result = job(&runner, &configuration(&services), spoil);
        settled(
            &result,
            &services,
            &[
                "the journal of `sd-",
                "is gone; looking for its accounts by their user names",
            ],
        );
    }
}

#[test]
fn a_secret_that_is_missing_leaves_only_its_services_accounts() {
    let services = services();
    let both = Desk::new().configured(&configuration(&services));
    let both = both.with("USERS_PASSWORD", PASSWORD).with("ORDERS_PASSWORD", PASSWORD);
    let ended = both.run(&["setup"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let mut without = both.command(env!("CARGO_BIN_EXE_standin"), &["cleanup"]);
    let ended = crate::desk::finish(without.env_remove("ORDERS_PASSWORD").spawn().unwrap());
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert_eq!(left(&services), [0, 2], "{}", ended.stderr);
    for part in ["ORDERS_PASSWORD", "orders/alice", "orders/bob", "2 deleted, 2 left"] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
    assert!(!ended.stderr.contains("users/alice may"), "{}", ended.stderr);
    // The secret is back, and so is the journal's word for what is left.
    let ended = both.run(&["cleanup"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(left(&services), [0, 0]);
}

/// Puts a journal of somebody's making where ours was: it names the person's account as ours.
fn planted(services: &SandboxHandle) -> String {
    let human = services.books("users").unwrap().humans().next().unwrap().id.clone();
    // The journal's ids are a person's now, and nothing is settled.
    format!(
        r#"cd "$RUNNER_TEMP/standin" && entry=$(ls) && sed -i 's/{{"created":"[^"]*"}}/{{"created":"{human}"}}/' "$entry/journal.jsonl" && "#
    )
}

/// A job whose journal was planted and then made somebody else's: it is not believed, this is said, and by their names the
/// accounts are deleted all the same.
fn ignored(give: &str, said: &str) {
    let (runner, services) = (Runner::new(), services());
    let spoil = planted(&services) + give;
    let result = job(&runner, &configuration(&services), &spoil);
    settled(
        &result,
        &services,
        &[said, "looking for its accounts by their user names"],
    );
}

#[test]
fn a_journal_behind_a_symlink_is_ignored_and_that_is_said() {
    ignored(
        "mv \"$entry\" ../elsewhere && ln -s ../elsewhere \"$entry\"",
        "is a symlink",
    );
}

#[test]
fn journals_behind_a_symlink_are_ignored_and_that_is_said() {
    ignored(
        "cd .. && mv standin elsewhere && ln -s elsewhere standin",
        "is a symlink",
    );
}

#[test]
fn a_journal_that_others_can_write_is_ignored_and_that_is_said() {
    ignored("chmod 777 \"$entry\"", "has mode 0777");
}

#[test]
fn a_journal_that_somebody_else_planted_is_ignored_and_that_is_said() {
    // Only root can give a directory away; elsewhere the directory's own tests show that a stranger's is refused.
    if geteuid().is_root() {
        ignored("chown -R 65534 \"$entry\"", "belongs to uid 65534");
    } else {
        ignored("mv \"$entry\" ../mine && ln -s / \"$entry\"", "is a symlink");
    }
}

/// A machine in whose journals one entry of a setup lies, and the path of that.
fn after_setup(desk: Desk) -> (Desk, PathBuf) {
    let desk = desk.with("USERS_PASSWORD", PASSWORD).with("ORDERS_PASSWORD", PASSWORD);
    let ended = desk.run(&["setup"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let entry = fs::read_dir(desk.journals()).unwrap().next().unwrap().unwrap().path();
    (desk, entry)
}

fn expose(entry: &Path) {
    fs::set_permissions(entry, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_cleanup_by_hand_says_which_journals_it_ignores_and_looks_for_their_accounts_by_name() {
    let link: fn(&Path) = |entry| {
        let elsewhere = entry.parent().unwrap().with_file_name("elsewhere");
        fs::rename(entry, &elsewhere).unwrap();
        symlink(&elsewhere, entry).unwrap();
    };
    let file: fn(&Path) = |entry| {
        fs::remove_dir_all(entry).unwrap();
        fs::write(entry, "").unwrap();
    };
    for (spoil, said) in [
        (link, "is a symlink"),
        (expose, "has mode 0755"),
        (file, "is not a directory"),
    ] {
        let services = services();
        let (desk, entry) = after_setup(Desk::new().configured(&configuration(&services)));
        spoil(&entry);
        let ended = desk.run(&["cleanup"]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        for part in ["a journal is ignored", said, "4 deleted, 0 left"] {
            assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
        }
        assert_eq!(left(&services), [0, 0], "{said}");
        let again = desk.run(&["cleanup"]);
        assert_eq!(again.code, Some(0), "{said}: {}", again.stderr);
    }
}

/// Without a look-up they can only be named, with what makes the journal one that is believed.
#[test]
fn what_an_ignored_journal_alone_could_find_is_left_until_it_is_believed_again() {
    let services = services();
    let text = configuration(&services);
    let without: Vec<&str> = text.lines().filter(|line| !line.contains("find:")).collect();
    let (desk, entry) = after_setup(Desk::new().configured(&without.join("\n")));
    expose(&entry);
    let ended = desk.run(&["cleanup"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    for part in ["chmod 700", entry.to_str().unwrap(), "users/alice", "orders/bob"] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
    assert_eq!(left(&services), [2, 2]);
    fs::set_permissions(&entry, fs::Permissions::from_mode(0o700)).unwrap();
    let ended = desk.run(&["cleanup"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(left(&services), [0, 0]);
}

#[test]
fn an_ignored_journal_of_another_run_is_that_runs_own() {
    let services = services();
    let run = |run: &str| {
        let desk = Desk::new().with("CIRCLECI", "true").with("CIRCLE_WORKFLOW_ID", run);
        desk.configured(&configuration(&services))
    };
    let (_desk, entry) = after_setup(run("7"));
    expose(&entry);
    let other = run("8");
    fs::rename(&entry, other.journals().join(entry.file_name().unwrap())).unwrap();
    let asked = services.requests().len();
    let ended = other.run(&["cleanup"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("a journal is ignored"), "{}", ended.stderr);
    assert_eq!(services.requests().len(), asked);
    assert_eq!(left(&services), [2, 2]);
}

#[test]
fn a_configuration_that_leads_elsewhere_now_is_not_the_one_that_counts() {
    let (runner, services, others) = (Runner::new(), services(), self::services());
    put(&runner, "other.yml", &configuration(&others));
    let result = job(&runner, &configuration(&services), "mv other.yml standin.yml");
    settled(&result, &services, &[]);
    assert!(others.requests().is_empty(), "{:?}", others.requests());
}
