//! Any names and values told to the runner: its grammar reads them back as they were meant, or they were refused.
//!
//! The input is pairs: name, unit separator, value, record separator.
#![no_main]

use libfuzzer_sys::fuzz_target;
use standin::adapters::environment::ProcessEnv;
use standin::adapters::hosts;

#[path = "../../tests/it/runner/file_command.rs"]
#[expect(dead_code, reason = "the emulator uses all of it, and here its pairs are enough")]
mod runner;

fuzz_target!(|text: &str| {
    let pairs: Vec<(&str, &str)> = text
        .split('\u{1e}')
        .map(|pair| pair.split_once('\u{1f}').unwrap_or((pair, "")))
        .collect();
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("output");
    let path_text = path.to_str().expect("it is ASCII");
    let files = ["GITHUB_OUTPUT", "GITHUB_STATE", "GITHUB_ENV"].map(|name| (name, path_text));
    let named = files.into_iter().chain([("GITHUB_ACTIONS", "true")]);
    let host = hosts::detect(&named.collect::<ProcessEnv>()).host;
    let commands = host.files().expect("GitHub has file commands");
    let told = match text.len() % 3 {
        0 => commands.set_outputs(&pairs),
        1 => commands.save_state(&pairs),
        _ => commands.export(&pairs),
    };
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    if let Err(error) = told {
        assert!(
            written.is_empty(),
            "something was written although something was refused"
        );
        assert!(!error.to_string().is_empty());
        return;
    }
    let read: Result<Vec<(String, String)>, String> = runner::Pairs::new(&written).collect();
    let read = read.expect("the runner can read it");
    let read: Vec<(&str, &str)> = read
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(read, pairs);
});
