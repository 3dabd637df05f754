//! What the action hands over through the runner's files and streams, with a service that does its worst to break out of them.

use std::collections::BTreeSet;
use std::fs;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use standin::sandbox::{Moment, Observed};

use crate::liar::{Asked, Liar, answer, json as says};
use crate::runner::Runner;
use crate::runner::job::{Condition, Job, Outcome, Step};
use crate::services::{NAMES, article, errors, left, outputs, put, read, start, summary, three};

const PASSWORD: &str = "sesame-open-9";

/// Ids that a runner, a shell, a Markdown reader or a terminal would like to take for something else.
pub(crate) const HOSTILE: [&str; 16] = [
    "7\nready=true\npwned=1",
    "7\r\npwned<<EOF\r\nx\r\nEOF",
    "pwned<<EOF",
    "EOF\npwned=1\nghadelimiter_00000000-0000-0000-0000-000000000000\npwned=2",
    "\n\n\n",
    "::error title=pwned::pwned",
    "x\n::set-output name=pwned::1",
    "##[add-mask]ready",
    "x ##[error]pwned",
    "%0A::save-state name=pwned::1",
    "::stop-commands::pwned",
    "</summary></details><script>pwned</script>",
    "| a | b |\n\n# pwned\n\n![x](http://pwned.invalid/x.png)",
    "`; rm -rf / #$(pwned)",
    "\u{1b}[31mred\u{1b}]0;pwned\u{7}\u{202e}",
    "${{ secrets.PWNED }} {{ env.PATH }}",
];

/// A service whose one account has this id.
pub(crate) fn service_with_id(id: &str) -> Liar {
    let (id, account) = (id.to_owned(), Mutex::new(None::<Value>));
    Liar::start(move |asked| {
        let mut account = account.lock().unwrap();
        match asked.method.as_str() {
            "POST" => {
                let username = asked.username();
                *account = Some(json!({"id": id, "username": username}));
                says(201, account.as_ref().unwrap())
            }
            "GET" => account
                .as_ref()
                .map_or_else(|| answer(404, &[], b""), |it| says(200, it)),
            "DELETE" if account.take().is_some() => answer(204, &[], b""),
            _ => answer(404, &[], b""),
        }
    })
}

pub(crate) fn config(liar: &Liar) -> String {
    format!(
        r#"{{"services": [{{"name": "users", "url": "{}", "username": "qa", "password": "{PASSWORD}"}}]}}"#,
        liar.url()
    )
}

#[test]
fn no_id_breaks_out_of_outputs_state_log_or_summary() {
    for id in HOSTILE {
        let liar = service_with_id(id);
        let runner = Runner::new();
        put(&runner, "standin.json", &config(&liar));
        let result = Job::new()
            .step(
                Step::action()
                    .id("accounts")
                    .with("export-env", "true")
                    .with("verbose", "true"),
            )
            .step(Step::script("env -0 | grep -zi '^pwned' || true").id("look"))
            .output("id", "${{ steps.accounts.outputs.users-test_user-id }}")
            .run(&runner);
        let main = result.step("accounts");
        assert_eq!(result.conclusion, Outcome::Success, "{id:?}: {}", main.log);
        let outputs = outputs(main);
        assert_eq!(outputs["users-test_user-id"], id);
        assert_eq!(outputs["ids"], json!({"users/test_user": id}).to_string());
        assert_eq!(result.outputs.get("id"), Some(id));
        let names: BTreeSet<&str> = outputs.keys().copied().collect();
        let expected = [
            "accounts",
            "accounts-file",
            "count",
            "credentials-file",
            "ids",
            "marker",
            "ready",
            "state",
            "users-test_user-id",
        ];
        assert_eq!(names, BTreeSet::from(expected), "{id:?}");
        let state: BTreeSet<&str> = main.state.iter().map(|(name, _)| name).collect();
        assert_eq!(state, BTreeSet::from(["cleanup", "entry", "mode", "outcome"]), "{id:?}");
        assert_eq!(result.step("look").stdout, "", "{id:?}");

        let post = result.post("accounts");
        assert!(post.log.contains("1 deleted, 0 left"), "{id:?}: {}", post.log);
        assert!(liar.asked().iter().any(|asked| asked.method == "DELETE"), "{id:?}");
        for phase in [main, post] {
            assert!(phase.annotations.is_empty(), "{id:?}: {:?}", phase.annotations);
            // A mask that a service could set would hide this, and a stop of the commands would show them. What is sent and
            // answered is shown without secrets.
            let mut told = phase.log.lines().filter(|line| !line.starts_with("  "));
            assert!(
                !phase.log.contains("::group::") && !told.any(|line| line.contains("***")),
                "{id:?}: {}",
                phase.log
            );
            assert!(
                !phase.log.contains(['\u{1b}', '\u{7}', '\u{202e}']),
                "{id:?}: {}",
                phase.log
            );
            commands_are_ours(&phase.stderr, id);
            assert_eq!(phase.stdout, "", "{id:?}");
            let text = summary(phase);
            for taboo in ["<script", "\n# pwned", "![", "</summary", "`;", "${{"] {
                assert!(!text.contains(taboo), "{id:?}: {text}");
            }
        }
        assert_eq!(
            summary(main)
                .lines()
                .filter(|line| line.starts_with("| users/"))
                .count(),
            1,
            "{id:?}"
        );
    }
}

/// Of all lines only those that begin with one of our own commands may be taken for one.
fn commands_are_ours(stream: &str, context: &str) {
    for line in stream.lines() {
        assert!(!line.contains("##["), "{context:?}: {line}");
        let command = line.trim_start().strip_prefix("::");
        let ours = [
            "add-mask::",
            "group::",
            "endgroup::",
            "error::",
            "warning::",
            "notice::",
            "debug::",
        ];
        assert!(
            command.is_none_or(|rest| ours.iter().any(|name| rest.starts_with(name))),
            "{context:?}: {line}"
        );
    }
}

#[test]
fn a_name_that_an_answer_shows_is_told_as_harmless_text_and_deletes_nobody() {
    for name in HOSTILE {
        let shown = name.to_owned();
        let liar = Liar::start(move |asked| match asked.method.as_str() {
            "POST" => says(201, &json!({"id": "17", "username": shown})),
            _ => says(200, &json!({"id": "17", "username": shown})),
        });
        let runner = Runner::new();
        put(&runner, "standin.json", &config(&liar));
        let result = Job::new().step(Step::action().id("accounts")).run(&runner);
        let main = result.step("accounts");
        assert_eq!(main.exit_code, Some(1), "{name:?}: {}", main.log);
        assert!(liar.asked().iter().all(|asked| asked.method != "DELETE"), "{name:?}");
        for phase in [main, result.post("accounts")] {
            commands_are_ours(&phase.stderr, name);
            assert!(
                errors(phase).iter().all(|message| !message.starts_with("pwned")),
                "{name:?}"
            );
            assert!(phase.outputs.get("pwned").is_none() && phase.state.get("pwned").is_none());
            for taboo in ["<script", "\n# pwned", "![", "`;", "${{"] {
                assert!(!summary(phase).contains(taboo), "{name:?}: {}", summary(phase));
            }
        }
        assert!(
            errors(main).join("\n").contains("another name"),
            "{name:?}: {}",
            main.log
        );
    }
}

#[test]
fn what_a_refusal_says_is_not_repeated_as_a_command() {
    for body in HOSTILE {
        let said = body.to_owned();
        let liar = Liar::start(move |_: &Asked| answer(400, &["Content-Type: text/plain"], said.as_bytes()));
        let runner = Runner::new();
        put(&runner, "standin.json", &config(&liar));
        let step = Step::action().id("accounts").with("verbose", "true");
        let result = Job::new().step(step).run(&runner);
        let main = result.step("accounts");
        assert_eq!(main.exit_code, Some(1), "{body:?}: {}", main.log);
        commands_are_ours(&main.stderr, body);
        assert_eq!(main.stdout, "");
        assert!(
            errors(main).iter().all(|message| !message.starts_with("pwned")),
            "{body:?}"
        );
    }
}

#[test]
fn post_is_told_of_the_journal_and_the_journal_holds_the_plan_before_the_first_request() {
    let runner = Runner::new();
    let (temp, first) = (runner.temp(), Arc::new(Mutex::new(None)));
    let noted = Arc::clone(&first);
    let sandbox = start(three(PASSWORD).observer(Arc::new(move |_: &Observed| {
        let mut noted = noted.lock().unwrap();
        if noted.is_none() {
            *noted = Some(on_disk(&temp));
        }
    })));
    put(&runner, "standin.json", &article(&sandbox, PASSWORD));
    let result = Job::new().step(Step::action().id("accounts")).run(&runner);
    let (state, output, journals) = first.lock().unwrap().take().unwrap();
    let entry = result.step("accounts").state.get("entry").unwrap();
    for line in ["mode", "entry", "outcome", "cleanup"] {
        assert!(state.contains(&format!("{line}<<")), "{state}");
    }
    assert!(
        state.contains(&format!("\n{entry}\n")) && state.contains("\nbegun\n"),
        "{state}"
    );
    let told = result.step("accounts").outputs.get("state").unwrap();
    let told: Value = serde_json::from_str(told).unwrap();
    assert!(output.contains(&format!(r#""marker":"{entry}""#)), "{output}");
    assert_eq!(told["marker"], entry);
    let [(name, journal)] = journals.as_slice() else {
        panic!("{journals:?}")
    };
    assert_eq!(name, entry);
    let plan: Value = serde_json::from_str(journal.lines().next().unwrap()).unwrap();
    assert_eq!(plan["accounts"].as_array().unwrap().len(), 3, "{plan}");
    let intents = journal.lines().skip(1).count();
    assert!(
        (1..=3).contains(&intents),
        "what is asked for stands there, and no more: {journal}"
    );
}

/// The text of the state file and the output file that were written last, and each journal with its entry's name.
fn on_disk(temp: &std::path::Path) -> (String, String, Vec<(String, String)>) {
    let file = |prefix: &str| {
        let files = fs::read_dir(temp.join("_runner_file_commands"))
            .unwrap()
            .map(|file| file.unwrap().path());
        let named = |path: &std::path::PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(prefix);
        fs::read_to_string(files.filter(named).max().unwrap()).unwrap()
    };
    let entries = fs::read_dir(temp.join("standin")).unwrap().map(|entry| entry.unwrap());
    let journals = entries.map(|entry| {
        let journal = fs::read_to_string(entry.path().join("journal.jsonl")).unwrap();
        (entry.file_name().into_string().unwrap(), journal)
    });
    (file("save_state_"), file("set_output_"), journals.collect())
}

#[test]
fn masks_come_first_and_hold_while_ids_and_names_stay_readable() {
    let sandbox = start(three(PASSWORD));
    let runner = Runner::new();
    put(&runner, "standin.json", &article(&sandbox, PASSWORD));
    let show = Step::script(
        "cat '${{ steps.accounts.outputs.credentials-file }}'
        base64 -w0 '${{ steps.accounts.outputs.credentials-file }}'
        echo 'the users id is ${{ steps.accounts.outputs.users-test_user-id }}'",
    );
    let job = Job::new().step(Step::action().id("accounts")).step(show.id("show"));
    let job = ["ids", "accounts", "state", "users-test_user-id"]
        .into_iter()
        .fold(job, |job, name| {
            job.output(name, &format!("${{{{ steps.accounts.outputs.{name} }}}}"))
        });
    let result = job.run(&runner);
    let main = result.step("accounts");
    assert_eq!(main.stdout, "", "commands on two streams would overtake each other");
    let masks: Vec<&str> = main
        .stderr
        .lines()
        .map_while(|line| line.strip_prefix("::add-mask::"))
        .collect();
    assert_eq!(
        masks.len(),
        1,
        "the made password alone, since that of the configuration is a word of its own: {}",
        main.stderr
    );
    assert!(
        main.stderr.lines().skip(1).all(|line| !line.contains("::add-mask::")),
        "{}",
        main.stderr
    );

    let show = result.step("show");
    let credentials: Value = first_json(&show.stdout);
    let made = credentials["accounts"]["users/test_user"]["password"].as_str().unwrap();
    assert_eq!(masks.into_iter().collect::<BTreeSet<_>>(), BTreeSet::from([made]));
    assert!(show.stdout.contains(made) && !show.log.contains(made), "{}", show.log);
    assert!(show.log.contains("\"password\": \"***\""), "{}", show.log);
    let id = main.outputs.get("users-test_user-id").unwrap();
    assert!(show.log.contains(&format!("the users id is {id}")), "{}", show.log);
    for (name, value) in result.outputs.iter() {
        assert_eq!(main.outputs.get(name), Some(value));
    }
    assert_eq!(result.outputs.iter().count(), 4, "{}", result.log);
}

/// The JSON document that a text begins with.
fn first_json(text: &str) -> Value {
    let mut documents = serde_json::Deserializer::from_str(text).into_iter();
    documents.next().unwrap().unwrap()
}

#[test]
fn no_line_between_two_entries_of_the_runners_files_is_empty() {
    let sandbox = start(three(PASSWORD).fault("orders DELETE 1 status 403"));
    let runner = Runner::new();
    put(&runner, "standin.json", &article(&sandbox, PASSWORD));
    Job::new()
        .step(Step::action().id("accounts").with("export-env", "true"))
        .run(&runner);
    let mut read = 0;
    for file in fs::read_dir(runner.temp().join("_runner_file_commands")).unwrap() {
        let path = file.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        if path.file_name().unwrap().to_str().unwrap().starts_with("step_summary_") || text.is_empty() {
            continue;
        }
        read += 1;
        let mut lines = text.lines();
        while let Some(head) = lines.next() {
            let (_, delimiter) = head
                .split_once("<<")
                .unwrap_or_else(|| panic!("{}: `{head}` in {text}", path.display()));
            assert!(lines.any(|line| line == delimiter), "{}: {text}", path.display());
        }
        assert!(text.ends_with('\n'), "{}: {text}", path.display());
    }
    assert_eq!(read, 3, "state, outputs and variables of main");
}

#[test]
fn later_steps_get_the_accounts_as_variables_only_where_that_is_asked_for() {
    let sandbox = start(three(PASSWORD));
    let runner = Runner::new();
    put(&runner, "standin.json", &article(&sandbox, PASSWORD));
    let look = Step::script("env | grep '^STANDIN_' | sort >variables.txt || true").when(Condition::Always);
    let plain = Job::new()
        .step(Step::action().id("accounts"))
        .step(look.clone())
        .run(&runner);
    assert_eq!(plain.conclusion, Outcome::Success);
    assert_eq!(read(&runner, "variables.txt"), "");

    let keep = Step::script("cp '${{ steps.accounts.outputs.credentials-file }}' credentials.json");
    let step = Step::action().id("accounts").with("export-env", "true");
    let result = Job::new().step(step).step(keep).step(look.id("look")).run(&runner);
    let credentials: Value = serde_json::from_str(&read(&runner, "credentials.json")).unwrap();
    let mut expected: Vec<String> = NAMES
        .iter()
        .flat_map(|name| {
            let account = &credentials["accounts"][format!("{name}/test_user")];
            ["id", "username", "email", "password"].map(|key| {
                let value = account[key].as_str().unwrap();
                format!(
                    "STANDIN_{}_TEST_USER_{}={value}",
                    name.to_uppercase(),
                    key.to_uppercase()
                )
            })
        })
        .collect();
    expected.sort();
    let variables = read(&runner, "variables.txt");
    assert_eq!(variables.lines().collect::<Vec<_>>(), expected);
    assert!(!result.post("accounts").log.contains(PASSWORD));
    assert_eq!(left(&sandbox), [0; 3]);
}

#[test]
fn outputs_that_a_mask_would_swallow_are_warned_of() {
    // The service's own password stands in the id that it gives.
    let (password, id) = ("a-password-that-stands", "a-password-that-stands-in-an-id");
    let liar = service_with_id(id);
    let runner = Runner::new();
    let config = config(&liar).replace(PASSWORD, "{{ env.QA_PASSWORD }}");
    put(&runner, "standin.json", &config);
    let result = Job::new()
        .step(Step::action().id("accounts").env("QA_PASSWORD", password))
        .output("id", "${{ steps.accounts.outputs.users-test_user-id }}")
        .run(&runner);
    let main = result.step("accounts");
    assert_eq!(result.outputs.get("id"), None, "the runner itself takes it away");
    let warned = |name: &str| {
        main.annotations
            .iter()
            .any(|it| it.message.contains(&format!("the output `{name}` holds")))
    };
    for name in ["users-test_user-id", "ids", "accounts", "state"] {
        assert!(warned(name), "{name}: {:?}", main.annotations);
    }
    assert!(result.post("accounts").log.contains("1 deleted, 0 left"));
}

/// The sandbox says when it was asked, so that no test here needs to wait.
#[test]
fn the_count_and_the_state_are_final_when_setup_ends() {
    let asked = Arc::new(Mutex::new(0));
    let count = Arc::clone(&asked);
    let sandbox = start(three(PASSWORD).observer(Arc::new(move |seen: &Observed| {
        *count.lock().unwrap() += usize::from(seen.moment == Moment::Answered);
    })));
    let runner = Runner::new();
    put(&runner, "standin.json", &article(&sandbox, PASSWORD));
    let look = Step::script("true").id("look");
    let result = Job::new()
        .step(Step::action().id("accounts").with("cleanup", "manual"))
        .step(look)
        .run(&runner);
    let main = result.step("accounts");
    assert_eq!(*asked.lock().unwrap(), 6, "three creates, three reads");
    let state: Value = serde_json::from_str(main.outputs.get("state").unwrap()).unwrap();
    assert!(
        state["accounts"]
            .as_array()
            .unwrap()
            .iter()
            .all(|one| one["id"].is_string()),
        "{state}"
    );
    let keys: Vec<&String> = state.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "version",
            "repository",
            "run",
            "attempt",
            "marker",
            "accounts",
            "places"
        ],
        "never how"
    );
    // Where they are is told by digests alone.
    let text = state.to_string();
    for told in ["127.0.0.1", "localhost", "://", PASSWORD] {
        assert!(!text.contains(told), "{told}: {state}");
    }
    let places = state["places"].as_object().unwrap();
    assert_eq!(places.len(), 3, "one for each service: {state}");
}
