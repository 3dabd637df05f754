//! What arguments ask for, and what is said of those that can't be understood.

use super::*;

fn of(arguments: &[&str]) -> Result<Parsed, Why> {
    parse(arguments.iter().map(OsString::from))
}

fn invocation(arguments: &[&str]) -> Invocation {
    match of(arguments) {
        Ok(Parsed::Do(invocation)) => invocation,
        other => panic!("{arguments:?}: {other:?}"),
    }
}

fn text(arguments: &[&str]) -> String {
    match of(arguments) {
        Ok(Parsed::Show(text)) => text,
        other => panic!("{arguments:?}: {other:?}"),
    }
}

#[test]
fn commands_and_flags_are_sorted() {
    type Flags = &'static [(&'static str, &'static str)];
    let words = |words: &[&str]| words.iter().map(OsString::from).collect();
    let run = |them: &[&str]| Command::Run { words: words(them) };
    let presets = |name: Option<&str>| Command::Presets {
        name: name.map(str::to_owned),
    };
    let table: &[(&[&str], Command, Flags)] = &[
        (&["setup"], Command::Setup, &[]),
        (
            &["setup", "--config", "a.yml"],
            Command::Setup,
            &[("config-file", "a.yml")],
        ),
        (
            &["--verbose", "cleanup", "--state={}"],
            Command::Cleanup,
            &[("verbose", "true"), ("state", "{}")],
        ),
        (
            &["--only", "a", "setup", "--only", "b", "--only=c,d"],
            Command::Setup,
            &[("only", "a\nb\nc,d")],
        ),
        (&["setup", "--summary=false"], Command::Setup, &[("summary", "false")]),
        (
            &["setup", "--deadline", "soon"],
            Command::Setup,
            &[("deadline", "soon")],
        ),
        (
            &["run", "--", "npm", "test", "--only", "x"],
            run(&["npm", "test", "--only", "x"]),
            &[],
        ),
        (
            &["run", "--wait", "5s", "npm", "--help", "--", "-x"],
            run(&["npm", "--help", "--", "-x"]),
            &[("wait", "5s")],
        ),
        (&["run", "--", "--help"], run(&["--help"]), &[]),
        (
            &["plan", "--format", "json"],
            Command::Plan { files: Vec::new() },
            &[("format", "json")],
        ),
        (&["presets"], presets(None), &[]),
        (&["presets", "scim"], presets(Some("scim")), &[]),
        (&["man"], Command::Man, &[]),
        (&["--", "setup"], Command::Setup, &[]),
        (
            &["--only", "cleanup", "--", "run", "--", "npm"],
            run(&["npm"]),
            &[("only", "cleanup")],
        ),
        (&["run", "--", "--", "-x"], run(&["--", "-x"]), &[]),
        (
            &["sweep", "--max", "-5", "--protect", "-x*", "--run=--max"],
            Command::Sweep,
            &[("max", "-5"), ("protect", "-x*"), ("run", "--max")],
        ),
        (
            &["run", "--only", "a", "npm", "--only", "--wait"],
            run(&["npm", "--only", "--wait"]),
            &[("only", "a")],
        ),
        (&["action", "main"], Command::Action(ActionPhase::Main), &[]),
        (&["action", "post"], Command::Action(ActionPhase::Post), &[]),
        (
            &["container", "run", "--verbose", "--", "npm"],
            run(&["npm"]),
            &[("verbose", "true")],
        ),
        (
            &["container", "sh", "-c", "cat"],
            Command::Program(words(&["sh", "-c", "cat"])),
            &[],
        ),
    ];
    for (arguments, command, flags) in table {
        let flags = flags
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let sorted = invocation(arguments);
        assert_eq!(
            (sorted.command, sorted.flags),
            (command.clone(), flags.collect()),
            "{arguments:?}"
        );
    }
}

#[test]
fn mistakes_say_what_was_meant() {
    for (arguments, message, hint) in [
        (&[][..], "no command is given", "see `standin --help`"),
        (&["setpu"], "unknown command `setpu`", "did you mean `setup`?"),
        (&["--rm"], "unknown flag `--rm`", "see `standin --help`"),
        (
            &["setup", "-x"],
            "unknown option `-x`",
            "settings have long names; see `standin --help`",
        ),
        (
            &["setup", "--on-failures", "keep"],
            "unknown flag `--on-failures`",
            "did you mean `--on-failure`?",
        ),
        (
            &["run", "--onyl", "users", "npm"],
            "unknown flag `--onyl`",
            "did you mean `--only`?",
        ),
        (
            &["setup", "--state", "x"],
            "`--state` is not a setting of `setup`",
            "see `standin setup --help`",
        ),
        (
            &["--state", "x", "setup"],
            "`--state` is not a setting of `setup`",
            "see `standin setup --help`",
        ),
        (&["setup", "--wait"], "`--wait` needs a value", "write `--wait TIME`"),
        (
            &["setup", "--wait", "1s", "--wait", "2s"],
            "`--wait` is given twice",
            "give it once",
        ),
        (
            &["--wait", "1s", "setup", "--wait", "2s"],
            "`--wait` is given twice",
            "give it once",
        ),
        (
            &["presets", "scim", "keycloak"],
            "unexpected argument `keycloak`",
            "usage: standin presets [OPTIONS] [NAME]",
        ),
        (
            &["run"],
            "`run` needs a command to run",
            "usage: standin run [OPTIONS] -- CMD [ARGUMENTS]",
        ),
        (
            &["completions", "fihs"],
            "`fihs` is not a known value",
            "did you mean `fish`?",
        ),
    ] {
        assert_eq!(of(arguments), Err(Why::hinted(message, hint)), "{arguments:?}");
    }
}

#[test]
fn what_has_no_flag_or_no_value_is_told_without_the_value() {
    let empty = "give it a value, or leave it out";
    let of_action = (
        "`action` needs `main` or `post` and nothing else",
        "it is called by the GitHub action; call `standin setup` and `standin cleanup` elsewhere",
    );
    for (arguments, message, hint) in [
        (
            &["setup", "--cleanup", "manual"][..],
            "`cleanup` has no flag",
            "set the input `cleanup` of the action, or elsewhere the variable `STANDIN_CLEANUP` where there is one",
        ),
        (
            &["setup", "--seed=hunter2"],
            "`seed` has no flag",
            "set the input `seed` of the action, or elsewhere the variable `STANDIN_SEED` where there is one",
        ),
        (&["cleanup", "--state", ""], "`--state` is empty", empty),
        (&["setup", "--config=  "], "`--config-file` is empty", empty),
        (&["setup", "--verbose="], "`--verbose` is empty", empty),
        (
            &["--verbose", "action", "main"],
            "`action` takes no flags",
            "set the inputs of the action",
        ),
        (&["action", "main", "--verbose"], of_action.0, of_action.1),
        (&["action", "mian"], of_action.0, of_action.1),
        (&["action"], of_action.0, of_action.1),
        (
            &["setup", "--only", "--wait", "5s"],
            "`--only` needs a value",
            "write `--only SERVICE,...`",
        ),
        (
            &["--only", "setup", "cleanup", "--onyl", "a"],
            "unknown flag `--onyl`",
            "did you mean `--only`?",
        ),
        (
            &["setup", "-"],
            "unexpected argument `-`",
            "usage: standin setup [OPTIONS]",
        ),
        (
            &["help", "setup", "setup"],
            "unexpected argument `setup`",
            "see `standin setup --help`",
        ),
        (
            &["completions"],
            "`completions` needs an argument",
            "usage: standin completions <SHELL>",
        ),
    ] {
        assert_eq!(of(arguments), Err(Why::hinted(message, hint)), "{arguments:?}");
    }
}

#[cfg(unix)]
#[test]
fn what_is_not_text_is_named_by_its_flag_unless_it_is_of_the_command_to_run() {
    use std::os::unix::ffi::OsStringExt as _;

    let other = |front: &str| OsString::from_vec([front.as_bytes(), b"\xff"].concat());
    for (words, message) in [
        (
            vec!["setup".into(), "--wait".into(), other("")],
            "the value of `--wait` is not UTF-8",
        ),
        (
            vec!["setup".into(), other("--wait=")],
            "the value of `--wait` is not UTF-8",
        ),
        (vec!["presets".into(), other("x")], "`x\u{fffd}` is not UTF-8"),
    ] {
        assert_eq!(parse(words), Err(Why::hinted(message, "give it as UTF-8")));
    }
    let unknown = parse([other("")]).expect_err("it is no command");
    assert_eq!(unknown.what, "unknown command `\u{fffd}`");
    let words = vec![other("a"), other("--only=")];
    let given = ["run".into(), "--".into()].into_iter().chain(words.clone());
    let Ok(Parsed::Do(invocation)) = parse(given) else {
        panic!("it was not taken")
    };
    assert_eq!(invocation.command, Command::Run { words });
}

#[test]
fn help_and_version_may_stand_anywhere() {
    let (long, short) = (text(&["setup", "--help"]), text(&["setup", "-h"]));
    assert!(long.starts_with("Create and verify every account\n\nCreates"), "{long}");
    for words in [
        &["--help", "setup"][..],
        &["--only", "run", "--help", "setup"],
        &["help", "setup"],
        &["--verbose", "help", "setup"],
        &["setup", "--wait", "5s", "--help"],
    ] {
        assert_eq!(text(words), long, "{words:?}");
    }
    assert_eq!(text(&["--verbose", "-h", "setup"]), short);
    assert_eq!(text(&["--verbose", "-h"]), text(&["-h"]));
    assert!(text(&["run", "--help", "npm"]).starts_with("Set up, run a command"));
    let version = format!("standin {}\n", env!("CARGO_PKG_VERSION"));
    for words in [
        &["-V"][..],
        &["--version"],
        &["setup", "--version"],
        &["--verbose", "run", "-V"],
    ] {
        assert_eq!(text(words), version, "{words:?}");
    }
}

#[test]
fn each_command_has_a_help_that_names_its_settings_and_fits_a_terminal() {
    let settings = Setting::all();
    for command in documented(&settings).get_subcommands() {
        let name = command.get_name();
        let (long, short) = (text(&[name, "--help"]), text(&[name, "-h"]));
        assert_eq!(text(&["help", name]), long);
        assert!(short.lines().count() < 100, "{short}");
        for setting in settings.iter().filter(|setting| setting.is_of(name)) {
            let shown = if setting.scope.flag {
                format!("  --{}", setting.name())
            } else {
                format!("{}: ", setting.variable())
            };
            assert!(long.contains(&shown) && short.contains(&shown), "{shown} of {name}");
            assert!(long.contains(&setting.variable()), "{shown} of {name}");
        }
        assert!(
            long.lines().chain(short.lines()).all(|line| line.len() <= 100),
            "{long}"
        );
    }
    for setting in &settings {
        let known = |name: &&str| documented(&settings).find_subcommand(name).is_some();
        assert!(setting.scope.commands.iter().all(known), "{setting:?}");
    }
    assert!(text(&["container"]).starts_with("Test accounts for CI jobs"));
}

#[test]
fn completions_and_the_manual_page_know_every_command_and_setting() {
    let settings = Setting::all();
    let mut texts = vec![man().expect("it is written into memory").replace("\\-", "-")];
    for name in ["bash", "fish", "zsh"] {
        let Command::Completions { shell } = invocation(&["completions", name]).command else {
            panic!("{name}")
        };
        let script = completions(shell);
        assert!(
            !script.contains("standin__subcmd__action") && !script.contains("post"),
            "{script}"
        );
        texts.push(script);
    }
    let headings = [
        "\n.SS run -- CMD [ARGUMENTS]\n",
        "\n.SS presets [NAME]\n",
        "\n.SH NOTES\n",
    ];
    assert!(
        headings.iter().all(|heading| texts[0].contains(heading)),
        "{}",
        texts[0]
    );
    for text in &texts {
        for command in documented(&settings).get_subcommands() {
            let shown = text.contains(command.get_name()) || command.is_hide_set();
            assert!(shown, "{} in {text}", command.get_name());
        }
        for setting in settings.iter().filter(|setting| setting.scope.flag) {
            assert!(text.contains(setting.name()), "{} in {text}", setting.name());
        }
    }
}
