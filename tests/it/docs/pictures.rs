//! The documents' pictures against this binary. scripts/pictures draws them, and knows what may differ from run to run.

use std::path::Path;
use std::process::Command;

use super::ROOT;

#[test]
fn pictures_show_what_the_program_prints() {
    let mut script = Command::new(Path::new(ROOT).join("scripts/pictures"));
    script.args(["--binary", env!("CARGO_BIN_EXE_standin")]);
    if std::env::var_os("STANDIN_REFRESH_DOCS").is_none() {
        script.arg("--check");
    }
    let output = script.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
