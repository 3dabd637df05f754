//! docs/errors.md against the source: each message that is quoted is one that is said.

use std::fs;
use std::path::Path;

use super::{ROOT, blocks, read};

/// All of the source, with the escapes of its strings undone.
fn source() -> String {
    let mut text = read("action/standin.js");
    let mut folders = vec![Path::new(ROOT).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                text += &fs::read_to_string(path).unwrap();
            }
        }
    }
    text.replace("\\\"", "\"")
}

/// The parts of a message that are the same each time: what stands between `<...>`.
fn fixed(message: &str) -> Vec<&str> {
    message
        .split('<')
        .enumerate()
        .filter_map(|(index, part)| match index {
            0 => Some(part),
            _ => part.split_once('>').map(|(_, rest)| rest),
        })
        // A reason is put behind what it is the reason of without its own colon.
        .map(|part| part.strip_suffix(": ").unwrap_or(part))
        .filter(|part| part.trim().len() > 3)
        .collect()
}

#[test]
fn every_message_that_is_quoted_is_said() {
    let source = source();
    let quoted = blocks(&read("docs/errors.md"), "text");
    assert!(quoted.len() > 20, "{} messages", quoted.len());
    for message in quoted {
        let parts = fixed(message.trim_end());
        assert!(!parts.is_empty(), "`{message}` has no fixed part");
        for part in parts {
            assert!(source.contains(part), "nothing says `{part}` of: {message}");
        }
    }
}

#[test]
fn what_differs_is_no_part_of_a_message() {
    assert_eq!(fixed("unknown key `<key>` of <what>"), ["unknown key `", "` of "]);
    assert_eq!(fixed("there is no token: <why>"), ["there is no token"]);
}
