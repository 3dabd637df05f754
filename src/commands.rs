//! What each command does: it wires the adapters to the engine, and chooses the exit code.

mod action;
mod adopt;
mod by_name;
mod check;
mod cleanup;
mod context;
mod course;
mod credentials;
mod deliver;
mod demo;
mod exit;
mod grant;
mod ground;
mod init;
mod job_report;
mod literals;
mod load;
mod marked;
mod masks;
mod of_entry;
mod of_run;
mod otp;
mod plan;
mod prepare;
mod presets;
mod program;
mod run;
mod sandbox;
mod sealed;
mod settle;
mod setup;
mod signing;
mod state;
mod status;
mod sweep;
mod tls;
mod watch;
mod wire;
mod world;

use std::ffi::OsString;

use crate::adapters::clock::Clock;
use crate::adapters::console::{Console, LogFormat};
use crate::adapters::environment::ProcessEnv;
use crate::adapters::hosts;
use crate::cli::{self, ActionPhase, Command, Parsed};
use crate::config;
use crate::domain::why::Why;
use crate::settings::Settings;

pub use exit::ExitCode;

use context::Context;
use exit::Failure;

/// Does what the arguments and the environment ask for.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let clock = Clock::start();
    let environment = ProcessEnv::capture();
    let found = hosts::detect(&environment);
    let plain = Console::new(found.host.clone(), LogFormat::Text, false, clock);
    let invocation = match cli::parse(arguments) {
        Ok(Parsed::Show(text)) => {
            plain.data(&text);
            return ExitCode::Success;
        }
        Ok(Parsed::Do(invocation)) => invocation,
        Err(error) => {
            plain.error(error);
            return ExitCode::Usage;
        }
    };
    let (settings, mistakes) = Settings::read(&invocation, &environment);
    // Post must not stop at a setting that a later step has spoilt: it goes by those that main sealed.
    if !mistakes.is_empty() && invocation.command != Command::Action(ActionPhase::Post) {
        plain.error(Why::all("\n", mistakes));
        return ExitCode::Usage;
    }
    let console = Console::new(
        found.host.clone(),
        settings.sealed.log_format,
        settings.sealed.verbose,
        clock,
    );
    // What our own code traces goes through the one writer too.
    console.hear_all();
    let _command = tracing::info_span!("command", name = invocation.name.as_str()).entered();
    for misfit in &found.misfits {
        console.warning(misfit.to_string());
    }
    let context = Context::new(found.host, environment, invocation, settings, console, clock);
    if let Some(seed) = &context.settings.seed {
        context.console.mask(seed);
    }
    let outcome = context.block_on(|context| dispatch(context, &context.invocation.command));
    context.end(outcome)
}

async fn dispatch(context: &Context, command: &Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Setup => Box::pin(setup::setup(context)).await,
        Command::Cleanup => cleanup::cleanup(context).await,
        Command::Run { words } => Box::pin(run::run(context, words)).await,
        Command::Credentials => credentials::credentials(context),
        Command::Otp { account } => otp::otp(context, account),
        Command::Adopt { service, name, id } => {
            let id = id.as_deref();
            adopt::adopt(context, &adopt::Adopted { service, name, id }).await
        }
        Command::Plan { files } => plan::plan(context, files),
        Command::Check => Box::pin(check::check(context)).await,
        Command::Sweep => sweep::sweep(context).await,
        Command::Status => status::status(context).await,
        Command::Presets { name } => presets::presets(context, name.as_deref()),
        Command::Init => init::init(context),
        Command::Schema => Ok(printed(context, &config::schema())),
        Command::Completions { shell } => Ok(printed(context, &cli::completions(*shell))),
        Command::Man => Ok(printed(context, &cli::man()?)),
        Command::Demo => Box::pin(demo::demo(context)).await,
        Command::Sandbox => sandbox::sandbox(context).await,
        Command::Program(words) => program::program(words),
        Command::Action(ActionPhase::Main) => Box::pin(action::main(context)).await,
        Command::Action(ActionPhase::Post) => action::post(context).await,
    }
}

/// What needs no work: a text of the program's own.
fn printed(context: &Context, text: &str) -> ExitCode {
    context.console.data(text.trim_end());
    ExitCode::Success
}
