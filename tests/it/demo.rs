//! The README's first command, as a newcomer sees it.

use crate::desk::{Desk, finish};
use crate::snapshot::assert_snapshot;

#[test]
fn the_demo_tells_its_story_in_under_seventy_lines() {
    let desk = Desk::new();
    let ended = desk.run(&["demo"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(ended.stdout, "");
    let story = desk.steady(&ended.stderr);
    assert!(story.lines().count() < 70, "{story}");
    assert!(story.lines().all(|line| line.chars().count() <= 160), "{story}");
    let mut rest = story.as_str();
    for part in [
        "asked for",
        "what will go wrong",
        "answer lost",
        "unclear whether it was created",
        "looking it up",
        "adopted",
        "429",
        "3 accounts are ready",
        "1 in users, 1 in orders, 1 in billing",
        "deleted `ID`",
        "3 deleted, 0 left",
        "0 in users, 0 in orders, 0 in billing",
    ] {
        let at = rest
            .find(part)
            .unwrap_or_else(|| panic!("no `{part}` in its place: {story}"));
        rest = &rest[at..];
    }
    assert_snapshot("demo", &story);
}

#[test]
fn the_demo_needs_nothing_and_leaves_nothing() {
    let desk = Desk::new()
        .configured("services: [this is not for the demo")
        .with("STANDIN_CONFIG_FILE", "nowhere.yml")
        .with("HTTP_PROXY", "http://127.0.0.1:9");
    assert_eq!(desk.run(&["demo"]).code, Some(0));
    for folder in ["home", "tmp", "journals"] {
        assert_eq!(
            std::fs::read_dir(desk.root().join(folder)).unwrap().count(),
            0,
            "{folder}"
        );
    }
}

/// `script` of util-linux gives a command a terminal of its own; where it is missing there is nothing to look at.
#[test]
fn a_terminal_gets_a_live_line_for_each_service_and_a_pipe_gets_none() {
    if !std::path::Path::new("/usr/bin/script").exists() {
        return;
    }
    let desk = Desk::new().with("TERM", "xterm");
    let demo = format!("{} demo", env!("CARGO_BIN_EXE_standin"));
    let arguments = ["--quiet", "--return", "--command", &demo, "/dev/null"];
    let ended = finish(desk.command("/usr/bin/script", &arguments).spawn().unwrap());
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    let has_escapes = |text: &str| text.contains('\u{1b}');
    assert!(has_escapes(&ended.stdout), "no live line: {}", ended.stdout);
    for service in ["users", "orders", "billing"] {
        let line = format!("{service}: 0 of 1 ready");
        assert!(ended.stdout.contains(&line), "{line}: {}", ended.stdout);
    }
    assert!(ended.stdout.contains("3 deleted, 0 left"), "{}", ended.stdout);
    assert!(!has_escapes(&desk.run(&["demo"]).stderr));
}
