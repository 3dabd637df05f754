//! The workflows of this repository, as far as they can run here: the action as `uses: ./` and a setup that comes to its time
//! limit (`ci.yml`), and the way of accounts whose job is lost (`sweep.yml`). What builds is replaced by the binary that was
//! built for the tests. A wait of the workflow's own is a minute, which is the least that GitHub allows.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::thread;

use super::Act;
use crate::runner::check_out_action;

/// What these workflows use of the repository, beside the action itself.
const USED: [&str; 5] = [
    ".github/workflows/ci.yml",
    ".github/workflows/sweep.yml",
    "examples/article.json",
    "examples/swept.yml",
    "scripts/release",
];

/// A copy of the repository in which the binary is there already.
fn repository() -> Act {
    let act = Act::empty();
    let root = act.project.path();
    check_out_action(root, Path::new(env!("CARGO_BIN_EXE_standin")));
    for name in USED {
        let to = root.join(name);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join(name), to).unwrap();
    }
    act.write("scripts/dist", "#!/bin/sh\ntest -x dist/standin-linux-x64\n");
    fs::set_permissions(root.join("scripts/dist"), fs::Permissions::from_mode(0o755)).unwrap();
    act.commit();
    act
}

#[test]
fn the_repositorys_own_workflows_pass() {
    let ci = ["push", "-W", ".github/workflows/ci.yml", "-j"];
    let runs: [(&[&str], &str); 3] = [
        (&["action", "--matrix", "os:ubuntu-24.04"], "3 deleted, 0 left"),
        (&["cancelled"], "2 deleted, 0 left"),
        (
            &["workflow_dispatch", "-W", ".github/workflows/sweep.yml"],
            "3 deleted, 0 left",
        ),
    ];
    thread::scope(|scope| {
        for (words, word) in runs {
            scope.spawn(move || {
                let words = if words.contains(&"-W") {
                    words.to_vec()
                } else {
                    [&ci, words].concat()
                };
                let log = repository().start(&words, true);
                assert_eq!(log.job_result(), "success", "{words:?}: {}", log.told());
                assert!(log.told().contains(word), "{words:?}: {}", log.told());
            });
        }
    });
}
