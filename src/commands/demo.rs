//! `demo`: a whole life cycle on three sandbox services, with faults in it. It needs nothing.

use anyhow::Context as _;

use super::context::Context;
use super::exit::{ExitCode, Failure};
use super::sandbox::{PASSWORD, USER};
use super::{cleanup, prepare, setup};
use crate::adapters::entry::EntryDir;
use crate::adapters::private_dir::TemporaryDir;
use crate::adapters::signals::Signals;
use crate::domain::secret::Secret;
use crate::sandbox::{Sandbox, ServiceSpec};
use crate::settings::ConfigSource;

const SERVICES: [&str; 3] = ["users", "orders", "billing"];
/// What goes wrong, so that it can be seen what becomes of it.
const FAULTS: [(&str, &str); 2] = [
    (
        "orders POST @-bob 1 lost",
        "orders: the create of bob works, but its answer is lost on the way back",
    ),
    (
        "billing POST @-alice 1 retry-after 429 1s",
        "billing: the create of alice is answered with 429, come back in a second",
    ),
];

/// The command.
pub(super) async fn demo(context: &Context) -> Result<ExitCode, Failure> {
    let signals = Signals::listen().context("signals can't be listened for")?;
    let mut builder = Sandbox::builder();
    for name in SERVICES {
        builder = builder.service(ServiceSpec::new(name).basic(USER, PASSWORD));
    }
    for (line, _) in FAULTS {
        builder = builder.fault(line);
    }
    let sandbox = builder.start().await.context("the sandbox services can't be started")?;
    let journals = TemporaryDir::create().context("the demo needs a directory of its own")?;
    let config = configuration(&sandbox);
    context
        .console
        .info("three account services run on loopback; this is the configuration:");
    for line in config.lines() {
        context.console.info(&format!("    {line}"));
    }
    context.console.info("and this is what will go wrong:");
    for (_, words) in FAULTS {
        context.console.info(&format!("    {words}"));
    }
    let context = demonstration(context, &config, &journals);

    context.console.info("== setup");
    let prepared = prepare::prepare(&context)?;
    let entry = EntryDir::open(prepared.entry.path())?;
    prepare::announce(&context, &prepared)?;
    let made = setup::make(&context, prepared, &signals).await?;
    tell_books(&context, &sandbox);

    context.console.info("== here your tests would run; then cleanup");
    signals.forget();
    let code = cleanup::settle_all(&context, &[entry], &signals).await?;
    let left = tell_books(&context, &sandbox);
    sandbox.shutdown().await;
    let good = made.code == ExitCode::Success && code == ExitCode::Success && left == 0;
    Ok(match made.code {
        ExitCode::Signal(_) => made.code,
        ExitCode::Success | ExitCode::Failed | ExitCode::Usage | ExitCode::Command(_) if good => ExitCode::Success,
        ExitCode::Success | ExitCode::Failed | ExitCode::Usage | ExitCode::Command(_) => ExitCode::Failed,
    })
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
        .info(&format!("the services' own books: {}", words.join(", ")));
    left
}

/// The settings of a demo: its own configuration and journals, and nothing that the environment says.
fn demonstration(context: &Context, config: &str, journals: &TemporaryDir) -> Context {
    let mut settings = context.settings.clone();
    settings.config = ConfigSource::Inline(Secret::new(config));
    settings.journal = Some(journals.path().to_owned());
    Context::new(
        crate::adapters::hosts::Host::Plain,
        context.environment.clone(),
        settings,
        context.console.clone(),
        context.clock,
    )
}

fn configuration(sandbox: &Sandbox) -> String {
    let find = "    find: { request: \"GET /accounts?username={{ account.username }}\", items: body.items, id: item.id, name: item.username }\n";
    let services: Vec<String> = SERVICES
        .iter()
        .map(|name| {
            let url = sandbox.url(name);
            let auth = format!("    auth: {{ basic: {{ username: {USER}, password: {PASSWORD} }} }}\n");
            let find = if *name == "orders" { find } else { "" };
            format!("  - name: {name}\n    url: {url}\n{auth}{find}")
        })
        .collect();
    format!(
        "services:\n{}accounts:\n  - {{ name: alice, role: admin }}\n  - {{ name: bob, role: tester }}\n",
        services.concat()
    )
}
