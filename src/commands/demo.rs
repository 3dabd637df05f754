//! `demo`: a whole life cycle on three sandbox services, with faults in it. It needs nothing.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;

use super::cleanup::{self, Trace};
use super::context::Context;
use super::course::Course;
use super::exit::{ExitCode, Failure};
use super::sandbox::{PASSWORD, USER};
use super::{prepare, setup};
use crate::adapters::entry::EntryDir;
use crate::adapters::private_dir::TemporaryDir;
use crate::adapters::signals::Signals;
use crate::domain::secret::Secret;
use crate::sandbox::{Moment, Observed, Sandbox, ServiceSpec};

const SERVICES: [&str; 3] = ["users", "orders", "billing"];
/// How late every answer is, so that times are seen.
const DELAY: Duration = Duration::from_millis(40);
/// What goes wrong, so that it can be seen what becomes of it.
const FAULTS: [(&str, &str); 2] = [
    (
        "orders POST 1 lost",
        "orders   makes the account, but its answer gets lost: was it made or not?",
    ),
    (
        "billing POST 1 retry-after 429 1s",
        "billing  refuses at first: too many requests, come back in a second",
    ),
];

/// The look-up of the service whose answer gets lost.
const FIND: &str = "    find:
      { request: \"GET /accounts?username={{ account.username }}\", items: body.items, id: item.id, name: item.username }
";
/// What to do now.
const NEXT: &str =
    "with your own services: describe them in `standin.yml`, look at `standin plan`, then `standin run -- YOUR-TESTS`";

/// The command.
///
/// Each service needs the one before it: that shows the order, and makes the story the same each time it is told.
pub(super) async fn demo(context: &Context) -> Result<ExitCode, Failure> {
    let signals = Signals::listen().context("can't listen for signals")?;
    let console = context.console.clone();
    let mut builder = Sandbox::builder()
        .delay(DELAY)
        .observer(Arc::new(move |seen: &Observed| {
            if seen.moment == Moment::Answered {
                console.info(format!("    > {seen}"));
            }
        }));
    for name in SERVICES {
        builder = builder.service(ServiceSpec::new(name).basic(USER, PASSWORD));
    }
    for (line, _) in FAULTS {
        builder = builder.fault(line);
    }
    let sandbox = builder.start().await.context("the sandbox services can't be started")?;
    let journals = TemporaryDir::create().context("the demo needs a directory of its own")?;
    let config = configuration(&sandbox);
    introduce(context, &config);
    let context = demonstration(context, &config, &journals);

    context.console.info("");
    context
        .console
        .info("== setup (a line with `>` is a request, as its service saw it)");
    let Some(prepared) = prepare::prepare(&context)? else {
        return Ok(ExitCode::Success);
    };
    let entry = EntryDir::open(prepared.entry.path())?;
    prepare::announce(&context, &prepared)?;
    let made = setup::make(&context, prepared, &signals).await?;
    tell_books(&context, &sandbox);

    context.console.info("");
    context.console.info("== here your tests would run; then cleanup");
    signals.forget();
    let code = cleanup::settle_all(&context, &[Trace::Journal(entry)], Course::begin(&context, &signals)).await?;
    let left = tell_books(&context, &sandbox);
    sandbox.shutdown().await;
    let good = made.code == ExitCode::Success && code == ExitCode::Success && left == 0;
    if good {
        context.console.info("");
        context.console.info(NEXT);
    }
    Ok(match made.code {
        ExitCode::Signal(_) => made.code,
        ExitCode::Success | ExitCode::Failed | ExitCode::Usage | ExitCode::Command(_) if good => ExitCode::Success,
        ExitCode::Success | ExitCode::Failed | ExitCode::Usage | ExitCode::Command(_) => ExitCode::Failed,
    })
}

/// What is asked for, and what will go wrong.
fn introduce(context: &Context, config: &str) {
    let say = |text: &str| context.console.info(text);
    say("three account services run on this machine until the demo ends.");
    say("asked for: the test user alice, with an account in each of them");
    for line in config.lines() {
        say(&format!("    {line}"));
    }
    say("what will go wrong:");
    for (_, words) in FAULTS {
        say(&format!("    {words}"));
    }
}

/// What the services themselves say, whatever Standin believes.
fn tell_books(context: &Context, sandbox: &Sandbox) -> usize {
    let mut left = 0;
    let words: Vec<String> = SERVICES
        .iter()
        .map(|name| {
            let alive = sandbox.books(name).map_or(0, |books| books.left().count());
            left += alive;
            format!("{alive} in {name}")
        })
        .collect();
    context
        .console
        .info(format!("the services' own books: {}", words.join(", ")));
    left
}

/// The settings of a demo: its own configuration and journals, and nothing that the environment says.
fn demonstration(context: &Context, config: &str, journals: &TemporaryDir) -> Context {
    let mut settings = context.settings.clone();
    settings.config = Some(Secret::new(config));
    settings.journal = Some(journals.path().to_owned());
    Context::new(
        crate::adapters::hosts::plain(),
        context.environment.clone(),
        context.invocation.clone(),
        settings,
        context.console.clone(),
        context.clock,
    )
}

fn configuration(sandbox: &Sandbox) -> String {
    let mut text = "services:\n".to_owned();
    for (place, name) in SERVICES.iter().enumerate() {
        text.extend([
            format!("  - name: {name}\n    url: {}\n", sandbox.url(name)),
            format!("    auth: {{ basic: {{ username: {USER}, password: {PASSWORD} }} }}\n"),
        ]);
        if let Some(before) = place.checked_sub(1) {
            text.extend(["    needs: [", SERVICES[before], "]\n"]);
        }
        if *name == "orders" {
            text.push_str(FIND);
        }
    }
    text + "accounts:\n  - { name: alice, role: admin }\n"
}
