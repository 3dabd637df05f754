//! What was heard as a line for people, in the form that the host's log has for it.

use super::harmless;
use super::hearing::Heard;
use super::told::{LINES, in_text};
use super::writer::{ConsoleState, Writer};
use crate::domain::level::Level;
use crate::domain::why::Why;

/// The form of `log-format: text`. A message of several lines is indented from the second on, so that foreign text in it
/// can't pass for a line of ours. What to do is told once in the log, and once where a host shows its annotations apart.
pub(super) fn line(writer: &Writer, state: &mut ConsoleState, heard: &Heard) -> String {
    let mut text = heard.message.clone();
    if heard.is_in_words {
        for (field, mark) in LINES {
            let lines = heard.fields.iter().filter(|(name, _)| *name == field);
            let lines: Vec<String> = lines.map(|(_, value)| in_text(value)).collect();
            text.extend(
                lines
                    .iter()
                    .flat_map(|lines| lines.lines())
                    .map(|line| format!("\n{mark} {line}")),
            );
        }
    } else {
        let fields = heard.fields.iter();
        text.extend(fields.map(|(name, value)| format!(" {name}={}", in_text(value))));
    }
    let title = heard.title.as_deref().map(harmless::line);
    let level = heard.level;
    let host = &writer.style.host;
    let before = state.annotations[level as usize];
    let is_apart = level != Level::Info && host.annotation(level.name(), before, None, "").is_some();
    let hint = heard.hint.as_ref();
    let hint = hint.filter(|hint| level == Level::Debug || state.is_first_hint(hint, is_apart));
    let text = harmless::lines(&Why::new(text, hint.cloned()).in_full());
    if is_apart {
        let bounded = harmless::bounded(text.clone());
        if let Some(line) = host.annotation(level.name(), before, title.as_deref(), &bounded) {
            state.annotations[level as usize] += 1;
            return line;
        }
    }
    let title = title.map(|title| format!("{title}: ")).unwrap_or_default();
    match level {
        Level::Info => format!("{title}{text}\n"),
        Level::Debug | Level::Notice | Level::Warning | Level::Error => {
            format!("{}: {title}{text}\n", level.name())
        }
    }
}
