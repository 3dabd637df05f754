//! Main and post, what passes from one to the other, and from step to step.

use std::fs;

use super::action;
use crate::runner::Runner;
use crate::runner::console::Level;
use crate::runner::file_command::Summary;
use crate::runner::job::{Condition, Job, Outcome, Step};
use crate::runner::node::Node;

#[test]
fn inputs_arrive_as_the_runner_gives_them() {
    let runner = Runner::new();
    let print = "console.log(JSON.stringify(Object.entries(process.env).filter(([k]) => /^(INPUT|CARGO|STANDIN)/.test(k)).sort()))";
    let folder = action(&runner, "inputs", print, print);
    let none = Job::new().step(Step::uses(&folder).id("a")).run(&runner);
    assert_eq!(
        none.step("a").log.lines().last(),
        Some(r#"[["INPUT_A-B",""],["INPUT_OLD_ONE","given"]]"#)
    );
    let job = Job::new().step(
        Step::uses(&folder)
            .id("a")
            .with("A-b", "x\ny\n")
            .with("old one", "")
            .with("more", "1"),
    );
    let given = job.run(&runner);
    let expected = r#"[["INPUT_A-B","x\ny\n"],["INPUT_MORE","1"],["INPUT_OLD_ONE",""]]"#;
    assert_eq!(given.step("a").log.lines().last(), Some(expected));
    assert_eq!(given.post("a").log.lines().last(), Some(expected));
    let warnings: Vec<&str> = given
        .step("a")
        .annotations
        .iter()
        .map(|annotation| annotation.message.as_str())
        .collect();
    assert_eq!(
        warnings,
        [
            "Unexpected input(s) 'more', valid inputs are ['a-b', 'old one']",
            "Input 'old one' has been deprecated with message: use a-b"
        ]
    );
}

#[test]
fn files_are_taken_even_from_a_step_that_was_killed() {
    let runner = Runner::new();
    let main = "fs.appendFileSync(process.env.GITHUB_STATE, 'myKey=1\\nMYKEY=2\\n');
        fs.appendFileSync(process.env.GITHUB_OUTPUT, 'id=7\\n');
        fs.appendFileSync(process.env.GITHUB_STEP_SUMMARY, '# s3cret\\nhere');
        process.kill(process.pid, 'SIGKILL');";
    let post = "console.log(process.env.STATE_myKey, process.env.STATE_MYKEY);
        fs.appendFileSync(process.env.GITHUB_OUTPUT, 'id=8\\n');";
    let job = Job::new()
        .secret("TOKEN", "s3cret")
        .step(Step::uses(&action(&runner, "killed", main, post)).id("a"))
        .step(Step::script("echo never").id("later"))
        .output("id", "${{ steps.a.outputs.id }}");
    let result = job.run(&runner);
    assert_eq!(
        (result.step("a").outcome, result.step("a").exit_code),
        (Outcome::Failure, Some(137))
    );
    assert_eq!(result.step("a").summary, Summary::Shown("# ***\nhere\n".to_owned()));
    assert_eq!(result.step("later").outcome, Outcome::Skipped);
    assert_eq!(result.post("a").log, "Post job cleanup.\n2 undefined\n");
    assert_eq!(result.post("a").outputs.get("id"), None);
    assert_eq!(
        result.outputs.get("id"),
        Some("7"),
        "outputs are read whatever the job's end is"
    );
    assert_eq!(result.conclusion, Outcome::Failure);
}

#[test]
fn a_bad_line_in_a_file_fails_the_step_but_what_stood_before_it_holds() {
    let runner = Runner::new();
    let main = "fs.appendFileSync(process.env.GITHUB_STATE, 'a=1\\nbad\\nb=2\\n');
        fs.appendFileSync(process.env.GITHUB_OUTPUT, 'c=3\\n=4\\n')";
    let post = "console.log(process.env.STATE_a, process.env.STATE_b)";
    let job = Job::new().step(Step::uses(&action(&runner, "bad", main, post)).id("a"));
    let result = job.run(&runner);
    let step = result.step("a");
    assert_eq!((step.outcome, step.exit_code), (Outcome::Failure, Some(0)));
    let errors: Vec<&str> = step
        .annotations
        .iter()
        .map(|annotation| annotation.message.as_str())
        .collect();
    assert_eq!(
        errors,
        [
            "Unable to process file command 'state' successfully.",
            "Invalid format 'bad'",
            "Unable to process file command 'output' successfully.",
            "Value cannot be null or empty. (Parameter 'name')"
        ]
    );
    assert_eq!(step.outputs.get("c"), Some("3"));
    assert_eq!(result.post("a").log, "Post job cleanup.\n1 undefined\n");
}

#[test]
fn post_sees_what_later_steps_changed_but_its_own_state_first() {
    let runner = Runner::new();
    let main = "fs.appendFileSync(process.env.GITHUB_STATE, 'kept=main\\n')";
    let post = "const e = process.env;
        console.log(e['INPUT_A-B'], e.OWN, e.STATE_kept, e.STATE_injected, e.GITHUB_RUN_ID, e.JOB, e.NODE_OPTIONS)";
    let script = "printf 'OWN=changed\\nNODE_OPTIONS=x\\nSTATE_kept=no\\nSTATE_injected=yes\\nGITHUB_RUN_ID=no\\nJOB=new\\n' >> $GITHUB_ENV
        echo 'v=2' >> $GITHUB_OUTPUT";
    let job = Job::new()
        .env("JOB", "old")
        .runner_env("GITHUB_RUN_ID", "1")
        .step(
            Step::uses(&action(&runner, "post", main, post))
                .id("a")
                .with("a-b", "${{ steps.s.outputs.v }}")
                .env("OWN", "step"),
        )
        .step(Step::script(script).id("s"));
    let result = job.run(&runner);
    assert_eq!(
        result.post("a").log,
        "Post job cleanup.\n2 step main yes 1 new undefined\n"
    );
    let blocked = &result.step("s").annotations[0];
    assert_eq!(
        blocked.message,
        "Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command."
    );
    assert_eq!(result.step("s").outcome, Outcome::Success);
}

#[test]
fn posts_run_last_in_first_out_for_those_that_started() {
    let runner = Runner::new();
    let folder = action(
        &runner,
        "order",
        "process.exit(process.env['INPUT_A-B'] === 'fail' ? 3 : 0)",
        "",
    );
    let job = Job::new()
        .step(Step::uses(&folder).id("first"))
        .step(
            Step::uses(&folder)
                .id("forgiven")
                .with("a-b", "fail")
                .continue_on_error(),
        )
        .step(Step::uses(&folder).id("third"))
        .step(Step::uses(&folder).id("failing").with("a-b", "fail"))
        .step(Step::uses(&folder).id("skipped"))
        .step(Step::script("echo on failure").when(Condition::Failure));
    let result = job.run(&runner);
    let posts: Vec<&str> = result.posts.iter().map(|post| post.id.as_str()).collect();
    assert_eq!(posts, ["failing", "third", "forgiven", "first"]);
    let forgiven = result.step("forgiven");
    assert_eq!(
        (forgiven.outcome, forgiven.conclusion),
        (Outcome::Failure, Outcome::Success)
    );
    assert_eq!(result.steps.last().unwrap().log, "on failure\n");
    assert_eq!(result.conclusion, Outcome::Failure);
}

#[test]
fn a_job_output_with_a_masked_value_vanishes() {
    let runner = Runner::new();
    let job = Job::new()
        .step(
            Step::script("echo '::add-mask::s3cret'; printf 'a=x s3cret\\nb=czNjcmV0\\nc=fine\\n' >> $GITHUB_OUTPUT")
                .id("s"),
        )
        .output("a", "${{ steps.s.outputs.a }}")
        .output("b", "${{ steps.s.outputs.b }}")
        .output("c", "${{ steps.s.outputs.c }}")
        .output("d", "${{ steps.s.outputs.d }}");
    let result = job.run(&runner);
    assert_eq!(
        result.step("s").outputs.get("a"),
        Some("x s3cret"),
        "later steps of the job do see it"
    );
    assert_eq!(result.outputs.iter().collect::<Vec<_>>(), [("c", "fine")]);
    assert_eq!(
        result.log,
        "##[warning]Skip output 'a' since it may contain secret.\n##[warning]Skip output 'b' since it may contain secret.\n\
         Set output 'c'\n"
    );
    assert_eq!(result.step("s").printed(), "");
}

#[test]
fn both_streams_are_read_for_commands_and_a_step_without_an_id_has_no_outputs() {
    let runner = Runner::new();
    let script =
        "echo '::error::one'; echo 'text ##[warning]two' >&2; printf '  ::notice::three'; echo a=1 >> $GITHUB_OUTPUT";
    let result = Job::new().step(Step::script(script)).run(&runner);
    let step = &result.steps[0];
    let mut seen: Vec<_> = step
        .annotations
        .iter()
        .map(|known| (known.level, known.message.as_str()))
        .collect();
    seen.sort_by_key(|(_, message)| message.to_owned());
    assert_eq!(
        seen,
        [(Level::Error, "one"), (Level::Notice, "three"), (Level::Warning, "two")]
    );
    assert_eq!(step.outputs.iter().count(), 0);
    assert_eq!(step.stderr, "text ##[warning]two\n");
}

#[test]
fn a_summary_over_a_mebibyte_is_an_error_that_fails_nothing() {
    let runner = Runner::new();
    let result = Job::new()
        .step(Step::script("head -c 1048577 /dev/zero >> $GITHUB_STEP_SUMMARY").id("s"))
        .run(&runner);
    assert_eq!(result.step("s").summary, Summary::TooLarge(1_048_577));
    assert_eq!(result.step("s").annotations.len(), 1);
    assert_eq!(result.conclusion, Outcome::Success);
}

#[test]
fn programs_that_a_step_installs_are_found_by_later_ones() {
    let runner = Runner::new();
    let tools = runner.tool_cache();
    fs::write(tools.join("greet"), "echo hello\n").unwrap();
    let add = format!("chmod +x {0}/greet; echo {0} >> $GITHUB_PATH", tools.display());
    let result = Job::new()
        .step(Step::script(&add))
        .step(Step::script("sh $(which greet)").id("s"))
        .run(&runner);
    assert_eq!(result.step("s").log, "hello\n");
}

#[test]
fn actions_run_on_the_node_that_they_declare_or_that_the_runner_has() {
    let version = "console.log(process.version.split('.')[0])";
    for (node, expected) in [(None, "v20"), (Some(Node::TwentyFour), "v24")] {
        let runner = node.map_or_else(Runner::new, |node| Runner::new().on_node(node));
        let result = Job::new()
            .step(Step::uses(&action(&runner, "node", version, version)).id("a"))
            .run(&runner);
        assert_eq!(result.step("a").log.lines().last(), Some(expected));
        assert_eq!(result.post("a").log.lines().last(), Some(expected));
    }
}
