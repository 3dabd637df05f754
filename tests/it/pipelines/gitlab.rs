//! GitLab as a reader: what it makes of a dotenv report (`Ci::ParseDotenvArtifactService`) and of the sections in a log
//! (`lib/gitlab/regex.rb`), and what Standin gives it to read.

use std::collections::BTreeMap;
use std::fs;

use super::example::every_example;
use super::{End, Machine};
use crate::desk::Desk;
use crate::outputs::{HOSTILE, config, service_with_id};

/// A report is smaller than this, and has so many variables at most.
const SIZE: usize = 5 * 1024;
const VARIABLES: usize = 20;

/// The variables of a report, or why GitLab refuses it as a whole. It expands `$` in a value where a job uses it, so that
/// none of ours may have one.
fn dotenv(report: &str) -> Result<BTreeMap<String, String>, String> {
    let mut variables = BTreeMap::new();
    if report.len() >= SIZE {
        return Err("Dotenv Artifact Too Big".to_owned());
    }
    for line in report.lines() {
        let (key, value) = line
            .split_once('=')
            .ok_or_else(|| format!("Invalid Format: {line:?}"))?;
        let (key, value) = (key.trim(), value.trim());
        let is_key = (1..=255).contains(&key.len()) && key.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_');
        if !is_key {
            return Err(format!("key is not valid: {key:?}"));
        }
        variables.insert(key.to_owned(), value.to_owned());
    }
    if variables.len() > VARIABLES {
        return Err("Dotenv files cannot have more than 20 variables".to_owned());
    }
    Ok(variables)
}

/// The names of the sections in a log, or the first thing that GitLab would show as it stands.
fn sections(log: &str) -> Result<Vec<String>, String> {
    let (mut names, mut open) = (Vec::new(), Vec::new());
    for part in log.split("\x1b[0K").skip(1) {
        let Some(marker) = part.strip_suffix('\r') else {
            continue;
        };
        let mut fields = marker.splitn(3, ':');
        let (Some(kind), Some(time), Some(name)) = (fields.next(), fields.next(), fields.next()) else {
            return Err(format!("no marker: {marker:?}"));
        };
        let name = name.split('[').next().unwrap_or_default();
        let is_name = !name.is_empty()
            && name
                .bytes()
                .all(|it| it.is_ascii_alphanumeric() || b"_.-".contains(&it));
        if time.parse::<u64>().is_err() || !is_name {
            return Err(format!("no marker: {marker:?}"));
        }
        match kind {
            "section_start" => open.push(name.to_owned()),
            "section_end" if open.pop().as_deref() == Some(name) => names.push(name.to_owned()),
            _ => return Err(format!("nothing to close: {marker:?}")),
        }
    }
    if open.is_empty() {
        Ok(names)
    } else {
        Err(format!("never closed: {open:?}"))
    }
}

#[test]
fn a_report_is_refused_as_a_whole_for_one_bad_line() {
    let twenty_one: String = (0..21).map(|n| ["A", &n.to_string(), "=x\n"].concat()).collect();
    for bad in [
        "A=x\n\nB=y\n",
        "A=x\nword\n",
        "#c=1\n",
        "A-B=x\n",
        &twenty_one,
        &["A=", &"x".repeat(SIZE)].concat(),
    ] {
        assert!(dotenv(bad).is_err(), "{bad:?}");
    }
    let expected = BTreeMap::from([
        ("A".to_owned(), "\"x\" = $y".to_owned()),
        ("B".to_owned(), String::new()),
    ]);
    assert_eq!(dotenv("A=1\n A = \"x\" = $y \nB=\n"), Ok(expected));
}

#[test]
fn sections_have_to_be_closed_in_their_order() {
    let start = |name: &str| ["\x1b[0Ksection_start:12:", name, "[collapsed=true]\r\x1b[0KTitle\n"].concat();
    let end = |name: &str| ["\x1b[0Ksection_end:13:", name, "\r\x1b[0K\n"].concat();
    assert_eq!(sections(&[start("a"), end("a")].concat()), Ok(vec!["a".to_owned()]));
    for bad in [
        start("a"),
        end("a"),
        [start("a"), end("b")].concat(),
        start("a b"),
        "\x1b[0Kword\r\x1b[0K".to_owned(),
    ] {
        assert!(sections(&bad).is_err(), "{bad:?}");
    }
}

#[test]
fn gitlab_reads_the_report_and_the_sections_of_a_job() {
    let example = every_example().into_iter().find(|it| it.name == "GitLab").unwrap();
    for end in [End::Well, End::Badly] {
        let machine = Machine::new();
        let (_, log) = machine.run(&example, end);
        let report = fs::read_to_string(machine.path("work/standin.env")).unwrap();
        let names: Vec<String> = dotenv(&report).unwrap().into_keys().collect();
        assert_eq!(names, ["STANDIN_USERS_TEST_USER_ID"]);
        assert!(sections(&log).unwrap().len() >= 2, "{end:?}: {log:?}");
    }
}

#[test]
fn no_id_breaks_a_report_or_a_section_or_is_expanded() {
    for id in HOSTILE {
        let liar = service_with_id(id);
        let desk = Desk::new();
        desk.write("standin.json", &config(&liar));
        let project = desk.work().display().to_string();
        let desk = desk.with("GITLAB_CI", "true").with("CI_PROJECT_DIR", &project);
        let ended = desk.run(&["setup", "--dotenv", "ids.env", "--verbose"]);
        assert_eq!(ended.code, Some(0), "{id:?}: {}", ended.stderr);
        let report = fs::read_to_string(desk.work().join("ids.env")).unwrap();
        let variables = dotenv(&report).unwrap_or_else(|mistake| panic!("{id:?}: {mistake}"));
        let (name, value) = variables.first_key_value().unwrap();
        assert_eq!(variables.len(), 1, "{id:?}: {report:?}");
        assert!(!value.contains('$'), "{id:?}: {report:?}");
        match name.as_str() {
            "STANDIN_USERS_TEST_USER_ID" => assert_eq!(value, id),
            other => assert_eq!(other, "STANDIN_ACCOUNTS_FILE", "{id:?}"),
        }
        assert!(sections(&ended.stderr).is_ok(), "{id:?}: {:?}", ended.stderr);
        assert_eq!(desk.run(&["cleanup"]).code, Some(0), "{id:?}");
    }
}
