//! What lines of output do to the runner.

use crate::runner::caseless::Caseless;
use crate::runner::console::{Console, Level};
use crate::runner::masker::Masker;

fn console(lines: &[&str]) -> Console {
    let mut console = Console::new(Masker::default(), Caseless::default(), false);
    for line in lines {
        console.line(line);
    }
    console
}

#[test]
fn a_mask_holds_from_the_next_line_on_and_is_not_printed() {
    let console = console(&[
        "s3cret",
        "::add-mask::s3cret%0Aother",
        "a s3cret",
        "an other",
        "::error::s3cret",
    ]);
    assert_eq!(console.log, "s3cret\na ***\nan ***\n##[error]***\n");
    assert_eq!(console.annotations[0].message, "***");
}

#[test]
fn an_empty_mask_is_a_warning() {
    let console = console(&["::add-mask:: "]);
    assert_eq!(console.annotations[0].level, Level::Warning);
    assert_eq!(console.masker.mask("a b"), "a b");
}

#[test]
fn stopped_commands_are_text_until_the_token_comes() {
    let console = console(&[
        "::stop-commands::a-long-token",
        "::error::text",
        "see ##[set-output name=a]b",
        "::A-LONG-TOKEN::",
        "::error::command",
    ]);
    assert_eq!(
        console.log,
        "::stop-commands::***\n::error::text\nsee ##[set-output name=a]b\n::A-LONG-TOKEN::\n##[error]command\n"
    );
    assert_eq!(console.annotations.len(), 1);
    assert_eq!(console.outputs.get("a"), None);
}

#[test]
fn a_command_that_throws_fails_the_step() {
    for line in [
        "::stop-commands::",
        "::stop-commands::Pause-Logging",
        "::set-env name=A::b",
        "::add-path::/bin",
        "::set-output::x",
        "log ##[save-state]x",
        "::echo::maybe",
    ] {
        let console = console(&[line]);
        assert!(console.failed, "{line}");
        assert_eq!(
            console.annotations[0].message,
            format!("Unable to process command '{line}' successfully.")
        );
    }
}

#[test]
fn ten_annotations_of_each_level_are_kept_and_long_ones_cut() {
    let long = format!("::warning title=t::{}", "é".repeat(5000));
    let lines: Vec<&str> = std::iter::repeat_n("::error::x", 12)
        .chain([long.as_str(), "::notice::n"])
        .collect();
    let console = console(&lines);
    let count = |level| console.annotations.iter().filter(|known| known.level == level).count();
    assert_eq!(
        (count(Level::Error), count(Level::Warning), count(Level::Notice)),
        (10, 1, 1)
    );
    assert_eq!(console.log.matches("##[error]x").count(), 12);
    assert_eq!(console.annotations[10].message.chars().count(), 4096);
    assert_eq!(console.annotations[10].properties["title"], "t");
}

#[test]
fn outputs_and_state_can_still_be_set_by_a_line_in_any_text() {
    let console = console(&[
        "name is ##[set-output name=Id]1",
        "::save-state name=Key::a",
        "::save-state name=KEY::b",
    ]);
    assert_eq!(console.outputs.get("id"), Some("1"));
    assert_eq!(console.state.iter().collect::<Vec<_>>(), [("Key", "b")]);
}

#[test]
fn groups_debug_and_echo_behave_as_on_the_runner() {
    let console = console(&[
        "::group::A",
        "::debug::x",
        "::endgroup::",
        "::echo::on",
        "::set-output name=a::b",
    ]);
    assert_eq!(console.log, "##[group]A\n##[endgroup]\n::set-output name=a::b\n");
}
