//! What each host's log looks like, byte by byte.

use std::io::Write;

use serde_json::{Value, json};

use super::captured::{AZURE, GITHUB, GITLAB, JENKINS, PLAIN, Variables, console, style};
use super::*;

const DEBUG_RUN: Variables = &[("GITHUB_ACTIONS", "true"), ("RUNNER_DEBUG", "1")];

#[test]
fn each_level_has_its_form_on_each_host() {
    let say = |host, level| {
        let (console, log, _) = console(host, LogFormat::Text, true);
        console.say(level, Some("users/alice"), Why::hinted("50% of ::x", "look"));
        log.text()
    };
    for (host, level, expected) in [
        (
            GITHUB,
            Level::Error,
            "::error title=users/alice::50%25 of ::x%0A  hint: look\n",
        ),
        (
            GITHUB,
            Level::Warning,
            "::warning title=users/alice::50%25 of ::x%0A  hint: look\n",
        ),
        (
            GITHUB,
            Level::Notice,
            "::notice title=users/alice::50%25 of ::x%0A  hint: look\n",
        ),
        (GITHUB, Level::Info, "users/alice: 50% of ::x\n  hint: look\n"),
        (GITHUB, Level::Debug, "debug: users/alice: 50% of ::x\n  hint: look\n"),
        (GITLAB, Level::Error, "error: users/alice: 50% of ::x\n  hint: look\n"),
        (PLAIN, Level::Notice, "notice: users/alice: 50% of ::x\n  hint: look\n"),
    ] {
        assert_eq!(say(host, level), expected, "{host:?} {level:?}");
    }
}

#[test]
fn debug_lines_are_for_those_who_ask_and_are_commands_where_the_runner_shows_them() {
    let (quiet, log, _) = console(GITHUB, LogFormat::Text, false);
    quiet.debug("x");
    assert_eq!(log.text(), "");
    let stream = super::captured::Stream::default();
    let streams = Streams {
        log: Box::new(stream.clone()),
        data: Box::new(io::sink()),
    };
    Console::on(streams, style(DEBUG_RUN, LogFormat::Text, true), None, Clock::start()).debug("a%");
    assert_eq!(stream.text(), "::debug::a%25\n");
}

#[test]
fn after_ten_annotations_of_a_kind_the_rest_are_plain_lines() {
    let (console, log, _) = console(GITHUB, LogFormat::Text, false);
    for n in 0..12 {
        console.error(n.to_string());
    }
    console.warning("w");
    let lines = log.writes();
    assert_eq!(lines[9], "::error::9\n");
    assert_eq!(lines[10], "error: 10\n");
    assert_eq!(lines[12], "::warning::w\n");
}

#[test]
fn foreign_text_is_never_a_command_on_any_path_to_the_log() {
    let hostile = "::add-mask::a\n::error::b\r##[set-output name=x]c\u{1b}[2J\u{202e} ::stop-commands::x";
    for host in [GITHUB, GITLAB, AZURE, PLAIN] {
        for format in [LogFormat::Text, LogFormat::Json] {
            let (console, log, data) = console(host, format, true);
            for level in [Level::Debug, Level::Info, Level::Notice, Level::Warning, Level::Error] {
                console.say(level, Some(hostile), hostile);
                console.say(level, None, hostile);
            }
            drop(console.group(hostile));
            dispatcher::with_default(&console.events, || {
                let _request =
                    tracing::debug_span!("request", service = hostile, method = hostile, path = hostile).entered();
                tracing::warn!(title = hostile, body = hostile, "{hostile}");
                tracing::debug!(name: ANSWER, lost = hostile, took_ms = 12);
            });
            if host == GITHUB {
                console.data(&format!("{hostile}\n"));
            }
            console.data(&serde_json::json!({ "name": hostile }).to_string());
            let text = log.text() + &data.text();
            let ours = ["::error", "::warning", "::notice", "::group::", "::endgroup::"];
            for line in text.split(['\n', '\r']).map(str::trim_start) {
                let is_ours = host == GITHUB && ours.iter().any(|command| line.starts_with(command));
                assert!(is_ours || !line.starts_with("::"), "{host:?} {format:?}: {line}");
                assert!(!line.starts_with("::error::b"), "{line}");
                assert!(
                    !line.contains("##[") && !line.contains("\u{1b}[2J") && !line.contains('\u{202e}'),
                    "{line}"
                );
            }
        }
    }
}

#[test]
fn every_line_is_one_write() {
    for (host, format) in [
        (GITHUB, LogFormat::Text),
        (GITLAB, LogFormat::Text),
        (PLAIN, LogFormat::Json),
    ] {
        let (console, log, data) = console(host, format, true);
        console.mask(&Secret::new("hunter2hunter2"));
        console.info("a\nb");
        console.error("c");
        drop(console.group("d"));
        console.data("{\"e\":\n1}");
        for write in log.writes().iter().chain(&data.writes()) {
            assert!(write.ends_with('\n'), "{write:?}");
        }
        assert_eq!(data.writes(), ["{\"e\":\n1}\n"]);
    }
}

#[test]
fn a_secret_is_masked_on_github_alone_and_taken_out_everywhere() {
    let secret = Secret::new("hunter2%hunter2");
    for (host, expected) in [
        (GITHUB, "::add-mask::hunter2%25hunter2\nx *** y\n"),
        (GITLAB, "x *** y\n"),
        (JENKINS, "x *** y\n"),
        (PLAIN, "x *** y\n"),
    ] {
        let (console, log, _) = console(host, LogFormat::Text, false);
        console.mask(&secret);
        console.mask(&secret);
        console.info("x hunter2%hunter2 y");
        assert_eq!(log.text(), expected, "{host:?}");
        assert_eq!(console.redact("aHVudGVyMiVodW50ZXIy"), "***");
    }
}

#[test]
fn a_word_of_the_configuration_is_hidden_here_and_the_runner_is_not_told() {
    let (console, log, _) = console(GITHUB, LogFormat::Text, false);
    console.hide(&Secret::new("correct-horse"));
    console.hide(&Secret::new("pw"));
    console.info("it says: correct-horse, and pw");
    assert_eq!(log.text(), "it says: ***, and pw\n");
}

#[test]
fn a_short_secret_is_warned_of_once_by_its_name_and_never_told() {
    let (console, log, _) = console(GITHUB, LogFormat::Text, false);
    console.name(&Secret::new("pw"), "a secret in `auth.bearer` of `users`");
    for secret in ["pw", "pw", "qa", "qb"] {
        console.mask(&Secret::new(secret));
    }
    console.info("the service says: pw is wrong");
    let lines = log.writes();
    assert_eq!(lines.len(), 3);
    assert!(
        lines[0].starts_with("::warning::a secret in `auth.bearer` of `users` is shorter than 6 characters"),
        "{lines:?}"
    );
    assert!(
        lines[1].starts_with("::warning::a secret that an answer gave is shorter"),
        "{lines:?}"
    );
    assert_eq!(lines[2], "the service says: *** is wrong\n");
}

#[test]
fn a_key_with_a_short_line_does_not_make_the_runner_mask_that_line_everywhere() {
    let (console, log, _) = console(GITHUB, LogFormat::Text, false);
    console.mask(&Secret::new("first line\nsecond line"));
    console.mask(&Secret::new("{\n  \"key\": \"value\"\r\n}\n"));
    assert_eq!(
        log.text(),
        "::add-mask::first line%0Asecond line\n::add-mask::\"key\": \"value\"\n"
    );
}

#[test]
fn secrets_are_taken_out_of_titles_groups_fields_spans_and_json() {
    let secret = Secret::new("s3cr3t\"s3cr3t");
    for format in [LogFormat::Text, LogFormat::Json] {
        let (console, log, _) = console(GITLAB, format, true);
        console.mask(&secret);
        console.say(
            Level::Error,
            Some("t s3cr3t\"s3cr3t"),
            "m s3cr3t\"s3cr3t and czNjcjN0InMzY3IzdA==",
        );
        drop(console.group("g s3cr3t\"s3cr3t"));
        dispatcher::with_default(&console.events, || {
            let _request =
                tracing::debug_span!("request", service = "users", method = "GET", path = "/s3cr3t\"s3cr3t").entered();
            tracing::warn!(target: "standin::adapters", body = "s3cr3t\"s3cr3t", body_as_debug = ?["s3cr3t\"s3cr3t"], "told");
            tracing::debug!(name: ANSWER, lost = "s3cr3t\"s3cr3t", took_ms = 12);
        });
        assert!(
            !log.text().contains("s3cr3t") && !log.text().contains("czNj"),
            "{}",
            log.text()
        );
    }
}

#[test]
fn a_json_log_is_one_true_object_a_line() {
    let (console, log, _) = console(GITHUB, LogFormat::Json, false);
    console.say(Level::Error, Some("t"), "a ##[error]b\nc");
    let line = log.text();
    assert!(
        !line.contains("##[") && line.ends_with("}\n") && line.lines().count() == 1,
        "{line}"
    );
    let value: Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(
        (&value["level"], &value["title"]),
        (&Value::from("error"), &Value::from("t"))
    );
    assert_eq!(value["message"], "a ##[error]b\nc");
    assert!(
        value["time"].as_str().is_some_and(|time| time.ends_with('Z')),
        "{value}"
    );
}

#[test]
fn groups_are_what_each_host_folds() {
    for (host, pattern) in [(GITHUB, "::group::Set up\nx\n::endgroup::\n"), (PLAIN, "Set up\nx\n")] {
        let (console, log, _) = console(host, LogFormat::Text, false);
        let group = console.group("Set up");
        console.info("x");
        drop(group);
        assert_eq!(log.text(), pattern);
    }
    let (console, log, _) = console(GITLAB, LogFormat::Text, false);
    drop(console.group("Set up"));
    let text = log.text();
    assert!(text.starts_with("\x1b[0Ksection_start:") && text.contains(":Set_up[collapsed=true]\r\x1b[0KSet up\n"));
    assert!(text.ends_with(":Set_up\r\x1b[0K\n"), "{text:?}");
}

#[test]
fn events_of_this_program_are_told_and_those_of_libraries_are_not() {
    let run = |is_verbose| {
        let (console, log, _) = console(PLAIN, LogFormat::Text, is_verbose);
        dispatcher::with_default(&console.events, || {
            tracing::info!(target: "standin", account = "users/alice", status = 201, "created");
            tracing::debug!(target: "standin::adapters", "waiting");
            tracing::error!(target: "hyper::client", "authorization: Basic x");
            tracing::error!(target: "standing_by", "not ours");
        });
        log.text()
    };
    assert_eq!(run(false), "created account=users/alice status=201\n");
    assert_eq!(run(true), "created account=users/alice status=201\ndebug: waiting\n");
}

/// What a request tells, with nothing in it that no log may show.
fn answered(status: Option<u16>, lost: Option<&str>) {
    let _account = tracing::info_span!("account", service = "users", account = "alice").entered();
    let _request = tracing::debug_span!("request", service = "users", method = "POST", path = "/users").entered();
    tracing::debug!(name: ANSWER, status, lost, took_ms = 12);
}

#[test]
fn a_request_is_one_line_of_text_and_typed_fields_in_json() {
    let told = |format, is_verbose| {
        let (console, log, _) = console(PLAIN, format, is_verbose);
        dispatcher::with_default(&console.events, || {
            answered(Some(201), None);
            answered(None, Some("time-out"));
        });
        log.text()
    };
    assert_eq!(
        told(LogFormat::Text, true),
        "debug: users: POST /users: status 201 in 12 ms\ndebug: users: POST /users: lost: time-out in 12 ms\n"
    );
    let records = told(LogFormat::Json, true);
    let record: Value = serde_json::from_str(records.lines().next().expect("a line")).expect("JSON");
    assert_eq!(record["message"], "users: POST /users: status 201 in 12 ms");
    assert_eq!(record["fields"], json!({"status": 201, "took_ms": 12}));
    assert_eq!(
        record["spans"],
        json!({
            "account": {"service": "users", "account": "alice"},
            "request": {"service": "users", "method": "POST", "path": "/users"},
        })
    );
    assert_eq!(told(LogFormat::Text, false) + &told(LogFormat::Json, false), "");
}

#[test]
fn what_was_sent_and_answered_is_lines_below_a_request_and_fields_in_json() {
    let told = |format| {
        let (console, log, _) = console(PLAIN, format, true);
        console.mask(&Secret::new("hunter2hunter2"));
        dispatcher::with_default(&console.events, || {
            let _request = tracing::debug_span!("request", service = "users", method = "GET", path = "/u").entered();
            let (request, answer) = ("?a=1\nX-A: b", "etag: 1\n::error::hunter2hunter2\r");
            tracing::debug!(name: ANSWER, status = 200, took_ms = 12, request, answer, decided = "`id` is `7`");
        });
        log.text()
    };
    assert_eq!(
        told(LogFormat::Text),
        "debug: users: GET /u: status 200 in 12 ms\n  > ?a=1\n  > X-A: b\n  < etag: 1\n  < ::error::***\n  = `id` is `7`\n"
    );
    let record: Value = serde_json::from_str(&told(LogFormat::Json)).expect("JSON");
    assert_eq!(record["message"], "users: GET /u: status 200 in 12 ms");
    assert_eq!(record["fields"]["request"], "?a=1\nX-A: b");
    assert_eq!(record["fields"]["answer"], "etag: 1\n::error::***\r");
}

#[test]
fn what_is_said_within_a_span_is_told_of_it_in_json_alone_and_spans_cost_nothing_where_no_line_shows_them() {
    let say = |format, is_verbose| {
        let (console, log, _) = console(PLAIN, format, is_verbose);
        let is_made = dispatcher::with_default(&console.events, || {
            let account = tracing::info_span!("account", service = "users", account = "hunter2hunter2");
            console.mask(&Secret::new("hunter2hunter2"));
            account.in_scope(|| console.info("ready"));
            // What callsites remember hangs on the dispatchers of other threads too; this one is asked itself.
            account
                .metadata()
                .is_some_and(|metadata| console.events.enabled(metadata))
        });
        (is_made, log.text())
    };
    assert_eq!(say(LogFormat::Text, false), (false, "ready\n".to_owned()));
    assert_eq!(say(LogFormat::Text, true), (true, "ready\n".to_owned()));
    let (is_made, line) = say(LogFormat::Json, false);
    let record: Value = serde_json::from_str(&line).expect("JSON");
    assert!(is_made && record["message"] == "ready", "{line}");
    assert_eq!(
        record["spans"],
        json!({"account": {"service": "users", "account": "***"}})
    );
}

#[test]
fn a_closed_pipe_stops_nothing() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::from(io::ErrorKind::BrokenPipe))
        }
        fn flush(&mut self) -> io::Result<()> {
            Err(io::Error::from(io::ErrorKind::BrokenPipe))
        }
    }
    let streams = Streams {
        log: Box::new(Closed),
        data: Box::new(Closed),
    };
    let console = Console::on(streams, style(DEBUG_RUN, LogFormat::Text, true), None, Clock::start());
    console.mask(&Secret::new("hunter2hunter2"));
    drop(console.group("g"));
    console.error("x");
    console.data("{}");
    assert_eq!(console.redact("hunter2hunter2"), "***", "it goes on");
}

#[test]
fn lines_of_several_threads_stay_whole() {
    let (console, log, _) = console(GITHUB, LogFormat::Text, false);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let console = console.clone();
            scope.spawn(move || (0..50).for_each(|n| console.info(format!("thread {thread} line {n}"))));
        }
    });
    let text = log.text();
    assert_eq!(text.lines().count(), 400);
    assert!(
        text.lines()
            .all(|line| line.starts_with("thread ") && line.contains(" line "))
    );
}

#[test]
fn what_to_do_is_told_once_and_once_more_where_annotations_stand_apart() {
    for (host, hints) in [(PLAIN, 1), (GITHUB, 2)] {
        let (console, log, _) = console(host, LogFormat::Text, true);
        console.debug(Why::hinted("no", "look"));
        let before = log.text().len();
        for _ in 0..2 {
            console.error(Why::hinted("no", "look"));
            console.info(Why::hinted("no", "look"));
        }
        console.info(Why::hinted("no", "search"));
        let told = log.text().split_off(before);
        assert_eq!(told.matches("hint: look").count(), hints, "{told}");
        assert_eq!(told.matches("hint: search").count(), 1, "{told}");
    }
}
