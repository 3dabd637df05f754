//! A disk that is full, a directory that can't be written, and streams that nobody reads.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use standin::sandbox::Observed;

use crate::kill::diary::Diary;
use crate::kill::stage::{Phase, Stage, services};

fn stage() -> Stage {
    Stage::new(services(), |_: Phase, _: &Observed| {})
}

/// The binary behind a line of shell: `"$@"` is its command line.
fn shell(stage: &Stage, script: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", script, "sh", env!("CARGO_BIN_EXE_standin")])
        .args(arguments);
    stage.at_home(&mut command);
    command
}

#[test]
fn once_the_journal_cannot_be_written_no_create_is_sent_and_what_was_made_is_deleted() {
    let mut in_the_middle = 0;
    for kilobytes in 2..12 {
        let stage = stage();
        stage.configure_copies(3);
        // The signal of the limit is ignored, so that writing fails as it does on a full disk. A block is half a kilobyte.
        let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$@\"", 2 * kilobytes);
        let setup = shell(&stage, &script, &["setup", "--journal", "journals"])
            .output()
            .unwrap();
        let when = format!("{kilobytes} kB: {}", String::from_utf8_lossy(&setup.stderr));
        let journals = stage.runner.workspace().join("journals");
        let intended = Diary::in_directory(&journals).map_or(0, |diary| diary.count("create_intended"));
        assert_eq!(stage.created_ever(), intended as u64, "{when}");
        if setup.status.success() {
            break;
        }
        assert_eq!(setup.status.code(), Some(1), "{when}");
        assert!(!when.contains("panicked"), "{when}");
        stage.assert_nothing_left(&when);
        in_the_middle += usize::from(intended > 0);
    }
    assert!(
        in_the_middle >= 2,
        "only {in_the_middle} of the limits let a create through"
    );
}

/// What was put aside may hold secrets, and where no journal could be begun no cleanup ever needs it.
#[test]
fn a_journal_that_can_not_be_begun_leaves_nothing_behind() {
    let stage = stage();
    // A plan of 6 kB, and some 3 kB put aside.
    stage.configure_copies(10);
    let setup = shell(
        &stage,
        "trap '' XFSZ; ulimit -f 8; exec \"$@\"",
        &["setup", "--journal", "journals"],
    )
    .output()
    .unwrap();
    let told = String::from_utf8_lossy(&setup.stderr);
    assert_eq!(setup.status.code(), Some(1), "{told}");
    assert!(
        told.contains("no account was created") && told.contains("journal"),
        "{told}"
    );
    assert_eq!(stage.services.requests().len(), 0);
    let journals = stage.runner.workspace().join("journals");
    let left: Vec<_> = fs::read_dir(journals).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_limit_that_kills_leaves_no_create_without_an_intent() {
    let stage = stage();
    // Some 6 kB of plan and 8 kB of events.
    stage.configure_copies(8);
    let setup = shell(&stage, "ulimit -f 16; exec \"$@\"", &["setup"]).output().unwrap();
    assert_eq!(setup.status.code(), None, "{setup:?}");
    assert!(stage.created_ever() > 0, "{setup:?}");
    let cleanup = stage.command(&["cleanup"]).output().unwrap();
    assert_eq!(cleanup.status.code(), Some(0), "{cleanup:?}");
    stage.assert_nothing_left("killed by the limit");
}

#[test]
fn a_directory_that_cannot_be_written_is_told_before_any_request() {
    let stage = stage();
    let closed = stage.runner.workspace().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o500)).unwrap();
    for directory in ["closed", "standin.yml", "/proc/standin"] {
        let setup = stage.command(&["setup", "--journal", directory]).output().unwrap();
        let told = String::from_utf8(setup.stderr).unwrap();
        assert_eq!(setup.status.code(), Some(1), "{directory}: {told}");
        assert!(
            told.contains("no account was created") && told.contains(directory),
            "{told}"
        );
        assert_eq!(stage.services.requests().len(), 0, "{directory}");
    }
}

#[test]
fn a_stop_or_a_lock_that_cannot_be_written_stops_no_cleanup() {
    for name in ["stop", "lock"] {
        let stage = stage();
        let setup = stage.command(&["setup", "--journal", "journals"]).output().unwrap();
        assert!(setup.status.success(), "{setup:?}");
        let entry = fs::read_dir(stage.runner.workspace().join("journals")).unwrap().next();
        let path = entry.unwrap().unwrap().path().join(name);
        // A directory in its place, since nothing else keeps the system's administrator from writing.
        let _was_not_there = fs::remove_file(&path);
        fs::create_dir(&path).unwrap();
        let cleanup = stage.command(&["cleanup", "--journal", "journals"]).output().unwrap();
        assert_eq!(cleanup.status.code(), Some(0), "{cleanup:?}");
        assert!(
            String::from_utf8_lossy(&cleanup.stderr).contains("warning: "),
            "{cleanup:?}"
        );
        stage.assert_nothing_left(name);
    }
}

#[test]
fn streams_that_are_closed_full_or_read_by_nobody_stop_no_cleanup() {
    for script in [
        "exec \"$@\" >&- 2>&-",
        "exec \"$@\" <&- >&- 2>&-",
        "exec \"$@\" >/dev/full 2>/dev/full",
    ] {
        let stage = stage();
        assert!(stage.command(&["setup"]).output().unwrap().status.success());
        assert_eq!(stage.created_ever(), 6);
        let cleanup = shell(&stage, script, &["cleanup"]).status().unwrap();
        assert_eq!(cleanup.code(), Some(0), "{script}");
        stage.assert_nothing_left(script);
    }
    // What was asked for as data is no less than the work itself.
    let stage = stage();
    for arguments in [&["schema"][..], &["plan"], &["setup"]] {
        let ended = shell(&stage, "exec \"$@\" >/dev/full", arguments).output().unwrap();
        assert_eq!(ended.status.code(), Some(1), "{arguments:?}: {ended:?}");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(
            said.contains("could not be written to standard output"),
            "{arguments:?}: {said}"
        );
    }
    let mut cleanup = stage
        .command(&["cleanup"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop((cleanup.stdout.take(), cleanup.stderr.take()));
    assert_eq!(cleanup.wait().unwrap().code(), Some(0));
    stage.assert_nothing_left("nobody reads");
}
