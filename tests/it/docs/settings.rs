//! Settings as documents and the action tell of them, from their one declaration.

use standin::settings::{Setting, Variable};

/// The inputs of the action, as `action.yml` declares them.
pub(super) fn manifest() -> Vec<String> {
    let entry = |setting: Setting| {
        let description = serde_json::to_string(&about(&setting)).unwrap();
        let lines = [
            format!("  {}:", setting.name()),
            format!("    description: {description}"),
        ];
        let given = setting.scope.given.map(|given| format!("    default: {given}"));
        lines.into_iter().chain(given)
    };
    inputs_alone().flat_map(entry).collect()
}

/// The table of the action's inputs.
pub(super) fn inputs() -> Vec<String> {
    let rows = inputs_alone().map(|setting| format!("| `{}` | {} |", setting.name(), about(&setting)));
    with_head(["| name | what it does |", "|---|---|"], rows)
}

/// The table of every setting.
pub(super) fn everywhere() -> Vec<String> {
    let rows = Setting::all().into_iter().map(|setting| {
        let commands = if setting.scope.commands.is_empty() {
            "the action".to_owned()
        } else {
            setting.scope.commands.join(", ")
        };
        let (name, sources) = (setting.name(), sources(&setting));
        format!(
            "| `{name}` | {} | {} | {sources} | {commands} |",
            value(&setting),
            what(&setting)
        )
    });
    let head = [
        "| setting | value | what it does | given as | commands |",
        "|---|---|---|---|---|",
    ];
    with_head(head, rows)
}

fn inputs_alone() -> impl Iterator<Item = Setting> {
    Setting::all().into_iter().filter(|setting| setting.scope.input)
}

fn with_head(head: [&str; 2], rows: impl Iterator<Item = String>) -> Vec<String> {
    head.map(str::to_owned).into_iter().chain(rows).collect()
}

/// What a setting does, what it can be, and what holds without it; for a workflow, whose modes are the commands.
fn about(setting: &Setting) -> String {
    let setting = &setting.clone().of("action");
    let default = default(setting);
    let values = setting.arg.get_possible_values();
    let values = values.iter().map(|value| {
        let (name, help) = (
            value.get_name(),
            value.get_help().map(ToString::to_string).unwrap_or_default(),
        );
        let is_default = default.as_deref() == Some(name);
        let mark = if is_default { " (the default)" } else { "" };
        format!("`{name}`{mark}: {}", lowered(&help))
    });
    let values: Vec<String> = values.collect();
    let rest = match (&default, setting.is_switch()) {
        _ if !values.is_empty() => format!(". {}", values.join("; ")),
        (Some(default), _) => format!(". Default: `{default}`"),
        (None, true) => ". Default: `false`".to_owned(),
        (None, false) => String::new(),
    };
    let several = if setting.is_list() { ". Several: one a line" } else { "" };
    format!("{}{}{several}", modes(setting), sentences(setting, &rest))
}

/// Before what only some modes take, their names. What `run` takes is for post too.
fn modes(setting: &Setting) -> String {
    if ["setup", "run"].iter().any(|name| setting.is_of(name)) {
        return String::new();
    }
    let modes = ["cleanup", "sweep", "status", "plan"];
    let modes: Vec<&str> = modes.into_iter().filter(|mode| setting.is_of(mode)).collect();
    match modes.as_slice() {
        [] => String::new(),
        [one] => format!("For `mode: {one}`. "),
        [all @ .., last] => format!("For `mode: {}` or `{last}`. ", all.join("`, `")),
    }
}

/// What a setting does, and what holds without it.
fn what(setting: &Setting) -> String {
    let default = default(setting).map(|default| format!(". Default: `{default}`"));
    sentences(setting, &default.unwrap_or_default())
}

/// The paragraphs of the help, as sentences but for the last full stop; after the first what else is to be said there.
fn sentences(setting: &Setting, rest: &str) -> String {
    let help = setting.help();
    let paragraphs = help.split("\n\n").enumerate().map(|(place, paragraph)| {
        let text = match paragraph.split_once(" [default: ") {
            Some((what, default)) => format!("{what}. Default: {}", default.trim_end_matches(']')),
            None => paragraph.to_owned(),
        };
        if place == 0 { text + rest } else { text }
    });
    paragraphs.collect::<Vec<_>>().join(". ")
}

fn lowered(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(characters).collect()
}

/// What holds where nothing is given, if that is the same everywhere.
fn default(setting: &Setting) -> Option<String> {
    let defaults = setting.arg.get_default_values().iter();
    let text = defaults
        .map(|value| value.to_string_lossy())
        .collect::<Vec<_>>()
        .join(",");
    (!text.is_empty() && !setting.arg.is_hide_default_value_set()).then_some(text)
}

fn value(setting: &Setting) -> String {
    let known = setting.arg.get_possible_values();
    let known: Vec<String> = known.iter().map(|value| format!("`{}`", value.get_name())).collect();
    if !known.is_empty() {
        return known.join(", ");
    }
    if setting.is_switch() {
        return "`true`, `false`".to_owned();
    }
    setting.arg.get_value_names().unwrap_or_default().join(" ")
}

fn sources(setting: &Setting) -> String {
    let variable = match setting.scope.variable {
        Variable::Counts => Some("variable"),
        Variable::NotInAction => Some("variable (not in the action)"),
        Variable::Never => None,
    };
    let flag = setting.scope.flag.then_some("flag");
    let input = setting.scope.input.then_some("input");
    let all: Vec<&str> = [flag, input, variable].into_iter().flatten().collect();
    all.join(", ")
}
