//! The first page, pasted into a shell from its first line to its last.

use std::iter;
use std::os::unix::fs::symlink;
use std::process::Command;

use standin::sandbox::{Sandbox, ServiceSpec};
use tempfile::TempDir;

use super::{here, read};
use crate::snapshot::steady;

/// Printed between blocks, with the exit code of the one before.
const END: &str = "== end of block: ";

/// The blocks of shell, each with the output that follows it on the page.
fn steps(markdown: &str) -> Vec<(String, Option<String>)> {
    let mut steps: Vec<(String, Option<String>)> = Vec::new();
    for (index, part) in markdown.split("```").enumerate().filter(|(index, _)| index % 2 == 1) {
        match part.split_once('\n') {
            Some(("sh", commands)) => steps.push((commands.to_owned(), None)),
            Some(("text", printed)) => steps.last_mut().unwrap().1 = Some(printed.to_owned()),
            _ => panic!("part {index} is neither shell nor what it prints: {part}"),
        }
    }
    steps
}

#[test]
fn the_first_page_works_when_it_is_pasted() {
    let shop = ServiceSpec::new("shop").basic("qa", "sandbox-pw");
    let sandbox = Sandbox::spawn_thread(Sandbox::builder().service(shop)).unwrap();
    let folder = TempDir::new().unwrap();
    symlink(env!("CARGO_BIN_EXE_standin"), folder.path().join("standin")).unwrap();
    // The program is here already, and so is the sandbox, on a port of its own.
    let is_here = |commands: &str| commands.starts_with("git clone ") || commands.starts_with("standin sandbox ");
    let steps: Vec<_> = steps(&read("docs/start.md"))
        .into_iter()
        .filter(|(commands, _)| !is_here(commands))
        .collect();
    let end = format!("echo \"{END}$?\"\n");
    let blocks = steps
        .iter()
        .flat_map(|(commands, _)| [here(commands, &sandbox), end.clone()]);
    let script: String = iter::once("exec 2>&1\n".to_owned()).chain(blocks).collect();
    let output = Command::new("bash")
        .args(["-c", &script])
        .current_dir(folder.path())
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", folder.path().display()))
        .env("HOME", folder.path())
        .output()
        .unwrap();
    let log = String::from_utf8(output.stdout)
        .unwrap()
        .replace(&format!("127.0.0.1:{}", sandbox.port()), "localhost:8081");
    let mut rest = log.as_str();
    let mut compared = 0;
    for (commands, shown) in &steps {
        let (printed, after) = rest.split_once(END).unwrap_or_else(|| panic!("{commands}{log}"));
        let (code, after) = after.split_once('\n').unwrap();
        let expected = if commands.contains("kill -9") { "137" } else { "0" };
        assert_eq!(code, expected, "{commands}{log}");
        if let Some(shown) = shown {
            match steady(shown).strip_suffix("...\n") {
                Some(start) => assert!(steady(printed).starts_with(start), "{commands}{log}"),
                None => assert_eq!(steady(printed), steady(shown), "{commands}"),
            }
            compared += 1;
        }
        rest = after;
    }
    assert_eq!(compared, 3, "outputs on the page");
    let books = sandbox.books("shop").unwrap();
    assert_eq!((books.created_ever, books.left().count()), (2, 0), "{log}");
}
