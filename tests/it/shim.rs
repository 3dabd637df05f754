//! The product's own `action.yml` and shim as the runner starts them, on each Node, with a stand-in for the binary.
//!
//! The stand-in is Node itself, a real program of this platform: started as `node action main` it runs the script
//! `action.js` of the workspace.

use std::fs;
use std::os::unix::fs::symlink;

use crate::runner::Runner;
use crate::runner::action::Manifest;
use crate::runner::console::Level;
use crate::runner::interruption::{Interruption, Trigger};
use crate::runner::job::{Job, Outcome, Step};
use crate::runner::node::Node;
use crate::runner::pipe::pull_when_written;

const NODES: [Node; 2] = [Node::Twenty, Node::TwentyFour];

/// A machine whose action has the stand-in for a binary, which runs this script.
fn runner(node: Node, script: &str) -> Runner {
    let runner = Runner::new().on_node(node);
    let binary = runner.binary();
    fs::remove_file(&binary).unwrap();
    symlink(node.program(), binary).unwrap();
    fs::write(
        runner.workspace().join("action.js"),
        format!("const fs = require('node:fs');\n{script}"),
    )
    .unwrap();
    runner
}

#[test]
fn the_binary_is_told_the_phase_and_every_input() {
    for node in NODES {
        let script = "const inputs = Object.entries(process.env).filter(([name]) => name.startsWith('INPUT_'));
            console.log(process.argv[2], inputs.length, inputs.filter(([, value]) => value !== '').join());";
        let runner = runner(node, script);
        let inputs = Manifest::read(&runner.action()).inputs.len();
        let step = Step::action().id("accounts").with("config-file", "a.yml");
        let result = Job::new().step(step).run(&runner);
        for (phase, name) in [(result.step("accounts"), "main"), (result.post("accounts"), "post")] {
            let expected = format!("{name} {inputs} INPUT_CONFIG-FILE,a.yml,INPUT_LEG,0/1\n");
            assert_eq!(phase.stdout, expected, "{node:?}");
            assert_eq!(phase.stderr, "", "{node:?}");
            assert!(phase.annotations.is_empty(), "{node:?}");
        }
    }
}

#[test]
fn the_binarys_exit_code_is_the_steps_and_post_runs_all_the_same() {
    for node in NODES {
        let result = Job::new()
            .step(Step::action().id("accounts"))
            .run(&runner(node, "process.exit(2);"));
        assert_eq!(result.step("accounts").exit_code, Some(2), "{node:?}");
        assert_eq!(result.post("accounts").exit_code, Some(2), "{node:?}");
        assert_eq!(result.conclusion, Outcome::Failure);
    }
}

#[test]
fn a_cancelled_binary_gets_the_runners_signals_and_may_end_in_its_own_time() {
    for node in NODES {
        let script = "if (process.argv[2] === 'post') process.exit(0);
            process.on('SIGINT', () => fs.writeSync(1, 'SIGINT\\n'));
            process.on('SIGTERM', () => { fs.writeSync(1, 'SIGTERM\\n'); process.exit(143); });
            setInterval(() => {}, 1000);
            fs.writeFileSync(process.env.READY, 'x');";
        let runner = runner(node, script).at_pace(0.1);
        let trigger = Trigger::new(Interruption::Cancel);
        let job = Job::new()
            .env("READY", &pull_when_written(&runner, &trigger))
            .step(Step::action().id("accounts"));
        let result = job.interrupted_by(&trigger).run(&runner);
        let main = result.step("accounts");
        assert_eq!(
            (main.outcome, main.exit_code),
            (Outcome::Cancelled, Some(143)),
            "{node:?}"
        );
        assert_eq!(main.stdout, "SIGINT\nSIGTERM\n", "{node:?}");
        assert_eq!(result.post("accounts").outcome, Outcome::Success);
        assert!(result.orphans.is_empty());
    }
}

#[test]
fn where_the_process_becomes_the_binary_a_kill_leaves_nothing_running() {
    let script = "if (process.argv[2] === 'main') {
            setInterval(() => {}, 1000);
            fs.writeFileSync(process.env.READY, 'x');
        }";
    let runner = runner(Node::TwentyFour, script);
    let trigger = Trigger::new(Interruption::Kill);
    let job = Job::new()
        .env("READY", &pull_when_written(&runner, &trigger))
        .step(Step::action().id("accounts"));
    let result = job.interrupted_by(&trigger).run(&runner);
    assert_eq!(result.step("accounts").exit_code, Some(137));
    assert_eq!(result.post("accounts").outcome, Outcome::Success);
    assert!(result.orphans.is_empty(), "{:?}", result.orphans);
}

#[test]
fn a_ref_without_binaries_says_which_to_use() {
    for node in NODES {
        let runner = runner(node, "");
        fs::remove_file(runner.binary()).unwrap();
        let result = Job::new().step(Step::action().id("accounts")).run(&runner);
        for phase in [result.step("accounts"), result.post("accounts")] {
            assert_eq!((phase.outcome, phase.exit_code), (Outcome::Failure, Some(1)));
            let [annotation] = phase.annotations.as_slice() else {
                panic!("{phase:?}")
            };
            assert_eq!(annotation.level, Level::Error);
            assert_eq!(
                annotation.message,
                "no binary for linux-x64 in this ref; use a release tag such as @v1"
            );
        }
    }
}

#[test]
fn the_action_holds_the_binary_that_was_built() {
    let runner = Runner::new();
    assert_eq!(
        fs::canonicalize(runner.binary()).unwrap(),
        fs::canonicalize(env!("CARGO_BIN_EXE_standin")).unwrap()
    );
}
