//! What the documents say is what the program does: commands are run, tables are compared with the code they follow.
//!
//! `STANDIN_REFRESH_DOCS=1 cargo test --test it docs::` writes the tables and pictures that are generated; it changes
//! nothing else.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use standin::sandbox::{Sandbox, SandboxHandle, ServiceSpec};
use tempfile::TempDir;

mod commands;
mod guarantees;
mod journal;
mod keys;
mod links;
mod messages;
mod pictures;
mod reference;
mod settings;
mod start;
mod tables;
mod workflows;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The code blocks of a kind, in order.
fn blocks(markdown: &str, kind: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<(bool, String)> = None;
    for line in markdown.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(found)) => open = Some((found == kind, String::new())),
            (Some((is_meant, text)), Some(_)) => {
                if *is_meant {
                    blocks.push(std::mem::take(text));
                }
                open = None;
            }
            (Some((_, text)), None) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    blocks
}

/// The lines below a heading, up to the next one of any level.
fn section(markdown: &str, heading: &str) -> String {
    let below: Vec<&str> = markdown
        .lines()
        .skip_while(|line| *line != heading)
        .skip(1)
        .take_while(|line| !line.starts_with('#'))
        .collect();
    assert!(!below.is_empty(), "nothing below `{heading}`");
    below.join("\n")
}

/// The rows of the tables in a text, without their heads.
fn rows(text: &str) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut in_body = false;
    for line in text.lines() {
        if line.starts_with("|---") {
            in_body = true;
        } else if !line.starts_with('|') {
            in_body = false;
        } else if in_body {
            let cells = line.trim_matches('|').split(" | ");
            rows.push(cells.map(|cell| cell.trim().to_owned()).collect());
        }
    }
    rows
}

/// The binary in a directory of its own, with nothing in its environment but what is given.
fn standin(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_standin"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

/// The sandbox that the examples are written for, on a port of its own.
fn sandbox() -> SandboxHandle {
    let services = ["users", "orders", "billing"];
    let builder = services.iter().fold(Sandbox::builder(), |builder, name| {
        builder.service(ServiceSpec::new(*name).basic("qa", "sandbox-pw"))
    });
    Sandbox::spawn_thread(builder).unwrap()
}

fn here(text: &str, sandbox: &SandboxHandle) -> String {
    text.replace("localhost:8081", &format!("127.0.0.1:{}", sandbox.port()))
}

/// The examples that are configurations.
fn configurations() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(Path::new(ROOT).join("examples"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|it| it == "json" || it == "yml"))
        .filter(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            !name.ends_with(".workflow.yml") && name != "gitlab-ci.yml"
        })
        .collect();
    found.sort();
    assert!(found.len() >= 2, "{found:?}");
    found
}

#[test]
fn every_example_is_a_configuration_that_can_be_planned() {
    let folder = TempDir::new().unwrap();
    for path in configurations() {
        let output = standin(folder.path(), &["plan", "--config", path.to_str().unwrap()], &[]);
        assert!(output.status.success(), "{}: {output:?}", path.display());
    }
}

/// But for the article's, which is as short as it can be.
#[test]
fn no_example_lacks_what_a_bad_day_would_need() {
    let folder = TempDir::new().unwrap();
    let mut paths = configurations();
    paths.retain(|path| !path.ends_with("article.json"));
    paths.push(Path::new(ROOT).join("examples/workers/standin.yml"));
    let paths: Vec<&str> = paths.iter().map(|path| path.to_str().unwrap()).collect();
    let output = standin(folder.path(), &[&["plan", "--strict"], &paths[..]].concat(), &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn every_example_for_the_sandbox_makes_its_accounts_there_and_leaves_none() {
    // The others describe a system of their own, whose address is the user's to give.
    let written_for_it = |path: &PathBuf| fs::read_to_string(path).unwrap().contains("localhost:8081");
    let paths: Vec<PathBuf> = configurations().into_iter().filter(written_for_it).collect();
    assert!(paths.len() >= 2, "{paths:?}");
    for path in paths {
        let sandbox = sandbox();
        let folder = TempDir::new().unwrap();
        let config = folder.path().join("standin.yml");
        fs::write(&config, here(&fs::read_to_string(&path).unwrap(), &sandbox)).unwrap();
        let passwords = [("IDENTITY_PASSWORD", "sandbox-pw"), ("SHOP_PASSWORD", "sandbox-pw")];
        let output = standin(folder.path(), &["run", "--", "/usr/bin/env"], &passwords);
        let log = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}:\n{log}", path.display());
        let printed = String::from_utf8_lossy(&output.stdout);
        let told = printed.lines().filter(|line| line.starts_with("STANDIN_"));
        let ids: BTreeSet<&str> = told
            .filter_map(|line| line.split_once('='))
            .filter(|(name, _)| name.ends_with("_ID"))
            .map(|(_, id)| id)
            .collect();
        let mut made = 0;
        for service in ["users", "orders", "billing"] {
            let books = sandbox.books(service).unwrap();
            assert_eq!(books.left().count(), 0, "{service} after {}", path.display());
            made += books.created_ever;
        }
        assert_eq!(made, ids.len() as u64, "{}", path.display());
        assert!(made >= 3, "{}: {made} accounts", path.display());
    }
}
