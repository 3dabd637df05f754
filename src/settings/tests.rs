//! What is said about settings, as tables.

use std::ffi::OsString;

use super::*;
use crate::adapters::console::LogFormat;
use crate::cli::{Parsed, parse};

fn invocation(arguments: &[&str]) -> Invocation {
    match parse(arguments.iter().map(OsString::from)) {
        Ok(Parsed::Do(invocation)) => invocation,
        other => panic!("{arguments:?}: {other:?}"),
    }
}

fn load(arguments: &[&str], variables: &[(&str, &str)]) -> Result<Settings, Vec<Why>> {
    let (settings, errors) = Settings::read(&invocation(arguments), &variables.iter().copied().collect());
    if errors.is_empty() { Ok(settings) } else { Err(errors) }
}

fn messages(arguments: &[&str], variables: &[(&str, &str)]) -> Vec<String> {
    load(arguments, variables)
        .expect_err("settings were taken")
        .into_iter()
        .map(|error| error.what)
        .collect()
}

const GITHUB: (&str, &str) = ("GITHUB_ACTIONS", "true");

#[test]
fn a_flag_wins_over_an_input_and_an_input_over_a_variable() {
    let flag = ["setup", "--deadline", "1s"];
    let input = ("INPUT_DEADLINE", "2s");
    let variable = ("STANDIN_DEADLINE", "3s");
    for (arguments, variables, seconds) in [
        (&flag[..], &[GITHUB, input, variable][..], 1),
        (&["setup"], &[GITHUB, input, variable], 2),
        (&["setup"], &[GITHUB, variable], 3),
        (&["setup"], &[GITHUB], 300),
        (&["setup"], &[input, variable], 3),
        (&["setup"], &[GITHUB, ("INPUT_DEADLINE", " "), variable], 3),
        (&["action", "main"], &[GITHUB, input, variable], 2),
        (&["action", "main"], &[GITHUB, variable], 3),
    ] {
        let settings = load(arguments, variables).expect("settings are right");
        assert_eq!(
            settings.deadline,
            Duration::from_secs(seconds),
            "{arguments:?} {variables:?}"
        );
    }
}

#[test]
fn dashes_and_underscores_of_an_input_both_count_but_a_declared_input_hides_the_underscores() {
    for (variables, expected) in [
        (&[GITHUB, ("INPUT_ON-LEFTOVER", "warn")][..], OnLeftover::Warn),
        (&[GITHUB, ("INPUT_ON_LEFTOVER", "warn")], OnLeftover::Warn),
        (
            &[GITHUB, ("INPUT_ON-LEFTOVER", ""), ("INPUT_ON_LEFTOVER", "warn")],
            OnLeftover::Fail,
        ),
        (&[("INPUT_ON-LEFTOVER", "warn")], OnLeftover::Fail),
        (
            &[("GITHUB_ACTIONS", "yes"), ("INPUT_ON-LEFTOVER", "warn")],
            OnLeftover::Fail,
        ),
    ] {
        let settings = load(&["cleanup"], variables).expect("settings are right");
        assert_eq!(settings.sealed.on_leftover, expected, "{variables:?}");
    }
}

#[test]
fn in_the_action_a_variable_cannot_say_what_runs_or_where_it_may_reach() {
    let variables = [
        GITHUB,
        ("STANDIN_CONFIG", "services: []"),
        ("STANDIN_JOURNAL", "/j"),
        ("STANDIN_STATE", "{}"),
        ("STANDIN_ALLOW_ENV", "*"),
        ("STANDIN_ALLOW_HOSTS", "*"),
        ("STANDIN_ALLOW_AUDIENCE", "*"),
        ("STANDIN_MODE", "plan"),
        ("INPUT_JOURNAL", "/j"),
        ("INPUT_LOG-FORMAT", "json"),
        ("INPUT_CREDENTIALS-FILE", "/c"),
    ];
    let settings = load(&["action", "main"], &variables).expect("settings are right");
    let defaults = load(&["action", "main"], &[]).expect("settings are right");
    assert_eq!(settings, defaults);
    let file = load(&["action", "main"], &[GITHUB, ("STANDIN_CONFIG_FILE", "x.yml")]).expect("settings are right");
    assert_eq!((file.config, file.config_file), (None, Vec::new()));

    let elsewhere = load(&["cleanup"], &variables).expect("settings are right");
    assert_eq!(elsewhere.config, Some(Secret::new("services: []")));
    assert_eq!(elsewhere.journal, Some(PathBuf::from("/j")));
    assert_eq!(elsewhere.state.as_deref(), Some("{}"));
    assert_eq!(elsewhere.sealed.allow_hosts, Some(vec!["*".to_owned()]));
}

#[test]
fn values_are_read_in_all_their_spellings() {
    let settings = load(
        &[
            "setup",
            "--wait",
            "0s",
            "--only",
            "a, b",
            "--only",
            "c\n\n d ,",
            "--summary=False",
            "--export-env",
        ],
        &[
            ("STANDIN_TIMEOUT", " 500ms "),
            ("STANDIN_CLEANUP_DEADLINE", "1h30m"),
            ("STANDIN_CONCURRENCY", "16"),
            ("STANDIN_VERBOSE", "TRUE"),
            ("STANDIN_SHOW_ANSWERS", "false"),
            ("STANDIN_LOG_FORMAT", "json"),
            ("STANDIN_ALLOW_ENV", " \n, "),
            ("STANDIN_USERS_ALICE_ID", "7"),
            ("STANDIN_REPORT", "r.json"),
        ],
    )
    .expect("settings are right");
    assert_eq!(settings.wait, Duration::ZERO);
    assert_eq!(settings.only, ["a", "b", "c", "d"]);
    assert!(settings.export_env && settings.sealed.verbose && !settings.sealed.summary);
    assert!(!settings.sealed.show_answers && Sealed::default().show_answers);
    assert_eq!(settings.sealed.timeout, Some(Duration::from_millis(500)));
    assert_eq!(settings.sealed.cleanup_deadline, Duration::from_mins(90));
    assert_eq!(settings.sealed.concurrency, Some(16));
    assert_eq!(settings.sealed.log_format, LogFormat::Json);
    assert_eq!(settings.sealed.allow_env, None);
    assert_eq!(settings.sealed.report, Some(PathBuf::from("r.json")));
}

#[test]
fn everything_that_is_wrong_is_told_at_once_and_by_the_name_that_the_user_wrote() {
    let told = messages(
        &["setup", "--deadline", "soon"],
        &[
            GITHUB,
            ("INPUT_CONCURRENCY", "many"),
            ("INPUT_ON-FAILURE", "rolback"),
            ("STANDIN_SUMMARY", "yes"),
            ("STANDIN_TIMEOUT", "10"),
            ("STANDIN_CLEANUP_DEADLINE", "0s"),
            ("STANDIN_WAIT", "99999999999y"),
        ],
    );
    assert_eq!(
        told,
        [
            "`STANDIN_WAIT` is `99999999999y`: more than 30 days",
            "`--deadline` is `soon`: not a duration",
            "input `on-failure` is `rolback`: not a known value",
            "`STANDIN_CLEANUP_DEADLINE` is `0s`: no time at all",
            "input `concurrency` is `many`: not a count",
            "`STANDIN_TIMEOUT` is `10`: not a duration",
            "`STANDIN_SUMMARY` is `yes`: not a known value",
        ]
    );
    assert_eq!(
        messages(&["setup", "--wait", "31d"], &[]),
        ["`--wait` is `31d`: more than 30 days"]
    );
    let both = messages(&["setup", "--config", "a.yml"], &[("STANDIN_CONFIG", "services: []")]);
    assert_eq!(both, ["`--config-file` and `STANDIN_CONFIG` are both given"]);
}

#[test]
fn a_bad_setting_does_not_stop_a_cleanup_that_reads_leniently() {
    let environment = [GITHUB, ("INPUT_ON-LEFTOVER", "wran"), ("INPUT_SUMMARY", "false")]
        .into_iter()
        .collect();
    let (settings, errors) = Settings::read(&invocation(&["action", "post"]), &environment);
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].hint(), Some("did you mean `warn`?"));
    assert_eq!(settings.sealed.on_leftover, OnLeftover::Fail);
    assert!(!settings.sealed.summary);
}

#[test]
fn the_sealed_part_survives_the_journal_and_holds_no_configuration() {
    let settings = load(
        &["setup", "--allow-hosts", "*.test", "--timeout", "3s"],
        &[("STANDIN_CONFIG", "password: hunter22"), ("RUNNER_DEBUG", "1")],
    )
    .expect("settings are right");
    let json = serde_json::to_string(&settings.sealed).expect("it serialises");
    assert!(!json.contains("hunter22") && !format!("{settings:?}").contains("hunter22"));
    assert_eq!(
        serde_json::from_str::<Sealed>(&json).expect("it is read"),
        settings.sealed
    );
    assert_eq!(
        serde_json::from_str::<Sealed>("{}").expect("defaults"),
        Sealed::default()
    );
}

#[test]
fn every_setting_is_read_from_every_source_that_it_names() {
    for setting in Setting::all() {
        let name = setting.name();
        let value = match name {
            "concurrency" => "2",
            "wait" | "deadline" | "cleanup-deadline" | "timeout" => "7s",
            "mode" | "cleanup" | "on-failure" | "on-leftover" | "format" | "log-format" => "no such value",
            _ if setting.is_switch() => "maybe",
            _ => "x",
        };
        let words = match setting.scope.commands {
            [] => vec!["action", "main"],
            ["run", ..] => vec!["run", "true"],
            [command, ..] => vec![*command],
        };
        let defaults = load(&words, &[GITHUB]);
        if setting.scope.variable != Variable::Never {
            let variable = setting.variable();
            assert_ne!(load(&words, &[GITHUB, (&variable, value)]), defaults, "{variable}");
        }
        if setting.scope.input {
            let input = format!("INPUT_{}", name.to_ascii_uppercase());
            assert_ne!(load(&words, &[GITHUB, (&input, value)]), defaults, "{input}");
        }
        if setting.scope.flag {
            let flag = format!("--{name}={value}");
            let words: Vec<_> = [flag.as_str()].into_iter().chain(words.iter().copied()).collect();
            assert_ne!(load(&words, &[GITHUB]), defaults, "{flag}");
        }
    }
}

#[test]
fn a_secret_is_never_shown() {
    let short = [("STANDIN_SEED", "hunter2"), ("STANDIN_CONFIG", "password: hunter2")];
    let told = load(&["setup"], &short).expect_err("a seed is long")[0].in_line();
    assert!(
        told.starts_with("`STANDIN_SEED` has fewer than 32 characters; hint: "),
        "{told}"
    );
    assert!(!told.contains("hunter2"), "{told}");
}

#[test]
fn lone_marks_of_nothing_are_nothing_but_for_a_file() {
    let settings = load(&["setup", "--only", ","], &[GITHUB, ("INPUT_LEG", "/")]).expect("settings are right");
    assert_eq!((settings.leg, settings.only.len()), (None, 0));
    assert_eq!(
        messages(&["setup", "--config", ","], &[]),
        ["`--config-file` names no file"]
    );
}

#[test]
fn a_variable_that_is_meant_for_another_command_stops_none() {
    let jobs_own = [
        ("STANDIN_FORMAT", "dotenv"),
        ("STANDIN_LEG", "x"),
        ("STANDIN_PORT", "x"),
        ("STANDIN_WAIT", "x"),
    ];
    assert!(load(&["cleanup"], &jobs_own).is_ok());
    assert_eq!(
        load(&["credentials"], &jobs_own[..1]).unwrap().format,
        DataFormat::Dotenv
    );
    assert_eq!(messages(&["setup"], &jobs_own).len(), 2);
}
