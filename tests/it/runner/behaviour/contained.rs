//! A job container: which paths are translated, what stays outside, and what no signal reaches.

use super::action;
use crate::runner::Runner;
use crate::runner::interruption::{Interruption, Trigger};
use crate::runner::job::{Job, Outcome, Step};
use crate::runner::pipe::pull_when_written;

/// Where the tests put something that both sides see.
const TEMP: &str = "/__w/_temp";

#[test]
fn paths_of_the_runner_are_those_of_the_container_and_nothing_else_is_changed() {
    let runner = Runner::new().in_container(0);
    let names = "['GITHUB_WORKSPACE','RUNNER_TEMP','RUNNER_TOOL_CACHE','GITHUB_EVENT_PATH','HOME','USER','INPUT_A-B','OWN','INSIDE']";
    let main = format!(
        "console.log([...{names}.map((name) => process.env[name]), process.cwd(), __filename, process.execPath].join('\\n'));
        for (const name of ['OUTPUT', 'STATE', 'ENV', 'PATH']) fs.appendFileSync(process.env['GITHUB_' + name], 'a=1\\n');"
    );
    let host = runner.root().display().to_string();
    let job = Job::new().step(
        Step::uses(&action(&runner, "paths", &main, "console.log(process.env.STATE_a)"))
            .id("a")
            .with("a-b", "${{ runner.temp }}/report.json")
            .env("OWN", &format!("in {host}/_work"))
            .env("INSIDE", &format!("{host}/_workers")),
    );
    let result = job
        .step(Step::script("echo ${{ runner.temp }} $a; cat $GITHUB_EVENT_PATH; ls -d ${{ runner.temp }}/..").id("s"))
        .run(&runner);
    let step = result.step("a");
    let inside = [
        "/__w/shop/shop",
        TEMP,
        "/__t",
        "/github/workflow/event.json",
        "/github/home",
        "",
        "/__w/_temp/report.json",
        &format!("in {host}/_work"),
        &format!("{host}/_workers"),
        "/__w/shop/shop",
        "/__w/_actions/stand-in/paths/main.js",
        "/__e/node20/bin/node",
    ];
    assert!(step.log.ends_with(&(inside.join("\n") + "\n")), "{}", step.log);
    assert_eq!(
        (step.outputs.get("a"), step.outcome),
        (Some("1"), Outcome::Success),
        "its files are the runner's"
    );
    assert_eq!(result.post("a").log, "Post job cleanup.\n1\n");
    // In a script the expression has the runner's own path, which is not to be found in there.
    let script = result.step("s");
    assert_eq!(script.stdout, format!("{} 1\n{{}}", runner.temp().display()));
    assert_eq!(script.outcome, Outcome::Failure, "{}", script.log);
}

#[test]
fn no_signal_comes_into_a_container_and_main_runs_on_beside_post() {
    let runner = Runner::new().at_pace(0.01).in_container(0);
    let trigger = Trigger::new(Interruption::Cancel);
    let pipe = pull_when_written(&runner, &trigger);
    let main = "for (const s of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(s, () => fs.writeSync(1, s + '\\n'));
        setInterval(() => {}, 1000);
        fs.appendFileSync(process.env.GITHUB_STATE, 'pid=' + process.pid + '\\n');
        fs.writeFileSync(process.env.READY, 'x');";
    let post = "process.kill(Number(process.env.STATE_pid), 0);
        console.log('still there,', fs.readFileSync('/proc/1/cmdline', 'utf8').replaceAll('\\0', ' '));";
    let job = Job::new()
        .env("READY", &pipe)
        .step(Step::uses(&action(&runner, "unseen", main, post)).id("a"));
    let result = job.interrupted_by(&trigger).run(&runner);
    let step = result.step("a");
    // That is the end of what stood before the container, by the first signal that the system delivered.
    assert_eq!(step.outcome, Outcome::Cancelled, "{}", step.log);
    assert!(matches!(step.exit_code, Some(130 | 143)), "{:?}", step.exit_code);
    assert_eq!(step.stdout, "");
    assert_eq!(
        result.post("a").log,
        "Post job cleanup.\nstill there, /usr/bin/tail -f /dev/null \n"
    );
    assert_eq!(result.orphans.len(), 1, "{:?}", result.orphans);
    assert_eq!(result.conclusion, Outcome::Cancelled);
}

#[test]
fn another_user_in_the_container_may_not_write_the_runners_files() {
    // Only root can start a process as somebody else.
    let user = if rustix::process::geteuid().is_root() {
        12_345
    } else {
        0
    };
    let runner = Runner::new().in_container(user);
    let script = "id -u; { echo a=1 >> $GITHUB_OUTPUT; } 2>/dev/null || echo refused";
    let result = Job::new().step(Step::script(script).id("s")).run(&runner);
    let expected = if user == 0 { "0\n" } else { "12345\nrefused\n" };
    assert_eq!(result.step("s").stdout, expected, "{:?}", result.step("s"));
}
