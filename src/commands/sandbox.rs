//! `sandbox`: the account service alone, to try a configuration against.

use anyhow::Context as _;

use super::context::Context;
use super::exit::{ExitCode, Failure};
use crate::adapters::signals::Signals;
use crate::config::Rate;
use crate::sandbox::{Fault, LimitHeaders, RateLimit, SandboxOptions, ServiceSpec, serve_until};
use crate::settings::TellsLimit;

/// Who may use it; printed, since it guards nothing.
pub(super) const USER: &str = "qa";
/// See [`USER`].
pub(super) const PASSWORD: &str = "sandbox-pw";

/// The command.
pub(super) async fn sandbox(context: &Context) -> Result<ExitCode, Failure> {
    let signals = Signals::listen().context("can't listen for signals")?;
    let settings = &context.settings.sandbox;
    let faults = settings
        .faults
        .iter()
        .map(|line| line.parse::<Fault>())
        .collect::<Result<Vec<_>, _>>()
        .map_err(Failure::Usage)?;
    let limit = settings
        .limit
        .as_deref()
        .map(str::parse::<Rate>)
        .transpose()
        .map_err(|why| Failure::Usage(why.map(|what| format!("the limit is {what}"))))?;
    let options = SandboxOptions {
        port: settings.port,
        services: settings
            .services
            .iter()
            .map(|name| ServiceSpec {
                rate_limit: limit.map(|rate| RateLimit {
                    per_second: rate.interval().as_secs_f64().recip(),
                    burst: rate.count,
                }),
                tells: LimitHeaders {
                    retry_after: matches!(settings.limit_headers, TellsLimit::RetryAfter | TellsLimit::Both),
                    remaining: matches!(settings.limit_headers, TellsLimit::Remaining | TellsLimit::Both),
                },
                ..ServiceSpec::new(name).basic(USER, PASSWORD)
            })
            .collect(),
        faults,
        delay: settings.delay,
        ready_after: settings.ready_after,
        unready: None,
        log: true,
    };
    context.console.info(format!(
        "the sandbox serves until it is stopped (Ctrl-C); its user is `{USER}`, its password `{PASSWORD}`"
    ));
    let console = context.console.clone();
    let stop = async {
        signals.nth(0).await;
    };
    serve_until(options, stop, move |line| console.info(&line))
        .await
        .context("the sandbox can't be served")?;
    Ok(ExitCode::Success)
}
