//! `plan`: what a setup would do, with no network and no variable. Values of variables are never shown.

use std::fmt::Write as _;

use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;
use serde::Serialize;

use super::context::Context;
use super::exit::{ExitCode, Failure};
use super::load;
use crate::config::{Auth, Condition, Config, Count, Grant, List, Next, Poll, Request, Service};
use crate::domain::event::PlannedAccount;
use crate::engine::kept_reads;
use crate::language::{Environment, Scope};
use crate::plan;
use crate::report;
use crate::settings::DataFormat;

/// The version of the JSON shape.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct ShownPlan<'a> {
    version: u32,
    services: Vec<ShownService<'a>>,
    accounts: Vec<ShownAccount<'a>>,
    unset_variables: Vec<ShownVariable>,
}

#[derive(Serialize)]
struct ShownService<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    preset: Option<&'a str>,
    url: String,
    auth: &'static str,
    concurrency: usize,
    requests: Vec<ShownRequest<'a>>,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct ShownRequest<'a> {
    step: &'static str,
    request: &'a str,
    expect: String,
}

#[derive(Serialize)]
struct ShownAccount<'a> {
    service: &'a str,
    account: &'a str,
    username: &'a str,
    email: &'a str,
    after: Vec<String>,
}

#[derive(Serialize)]
struct ShownVariable {
    name: String,
    places: Vec<String>,
}

/// The command.
pub(super) fn plan(context: &Context) -> Result<ExitCode, Failure> {
    let document = load::document(context)?;
    let sealed = &context.settings.sealed;
    let (mut config, variables) = load::read(context, &document, sealed)?;
    count_without_variables(context, &mut config, &variables);
    let names = Environment::placeholders(sealed.allow_env.clone());
    let now = context.clock.now();
    let run = context.run(&config.prefix, now, config.ttl, "00000");
    let draft = plan::draw_up(
        &config,
        &names,
        &run,
        &context.selection(),
        now,
        plan::Passwords::Drawn(&mut UnwrapErr(SysRng)),
    )
    .map_err(Failure::Usage)?;
    let at_once = sealed.concurrency;
    let scope = plan::scope(&names, &run);
    let accounts = &draft.planned.accounts;
    let shown = ShownPlan {
        version: VERSION,
        services: config
            .services
            .iter()
            .filter(|service| accounts.iter().any(|account| account.key.service == service.name))
            .map(|service| ShownService {
                name: service.name.as_str(),
                preset: service.preset.as_deref(),
                url: url(service, &scope),
                auth: auth(service),
                concurrency: at_once.map_or(service.limits.concurrency, |most| most as usize),
                requests: requests(service),
                notes: notes(service),
            })
            .collect(),
        accounts: accounts
            .iter()
            .map(|account| shown_account(account, accounts))
            .collect(),
        unset_variables: config
            .missing_variables(&variables)
            .into_iter()
            .map(|missing| ShownVariable {
                name: missing.name,
                places: missing.places.iter().map(ToString::to_string).collect(),
            })
            .collect(),
    };
    let text = if context.settings.format == DataFormat::Json {
        serde_json::to_string_pretty(&shown)?
    } else {
        // A configuration may be a stranger's.
        in_text(&shown).lines().map(|line| report::seen(line) + "\n").collect()
    };
    context.console.data(&text);
    Ok(ExitCode::Success)
}

/// Where the number of copies hangs on a variable that is not set, one copy stands for them.
fn count_without_variables(context: &Context, config: &mut Config, variables: &Environment) {
    // The counts come from the real variables: a number is no secret, and `${WORKERS}` is no number.
    for index in 0..config.personas.len() {
        let mut alone = config.clone();
        alone.personas = vec![config.personas[index].clone()];
        let Ok(copies) = alone.copies(variables) else {
            context.console.warning(format!(
                "the `count` of the persona `{}` is not known without its variables; one copy is shown",
                config.personas[index].name
            ));
            config.personas[index].count = Some(Count::Fixed(1));
            continue;
        };
        if config.personas[index].count.is_some() {
            config.personas[index].count = u32::try_from(copies.len()).ok().map(Count::Fixed);
        }
    }
}

fn shown_account<'a>(account: &'a PlannedAccount, all: &[PlannedAccount]) -> ShownAccount<'a> {
    ShownAccount {
        service: account.key.service.as_str(),
        account: &account.key.account,
        username: &account.username,
        email: &account.email,
        after: account.needs.iter().map(|need| all[*need].key.to_string()).collect(),
    }
}

/// The address, as far as it is known without variables.
fn url(service: &Service, scope: &Scope) -> String {
    let parameters = service.parameters(scope).unwrap_or_default();
    let scope = scope.clone().with_json("with", &parameters);
    service.url.render(&scope).unwrap_or_default()
}

fn auth(service: &Service) -> &'static str {
    match &service.auth {
        Auth::None => "none",
        Auth::Basic { .. } => "basic",
        Auth::Bearer(_) => "bearer",
        Auth::Header(_) => "header",
        Auth::OAuth2(oauth2) => match oauth2.grant {
            Grant::ClientCredentials => "oauth2 (client_credentials)",
            Grant::Password => "oauth2 (password)",
        },
        Auth::Login(_) => "login",
        Auth::GithubOidc { exchange: None, .. } => "github_oidc",
        Auth::GithubOidc { exchange: Some(_), .. } => "github_oidc (exchanged)",
    }
}

/// Every request of a service, in the order in which they may be sent, with what has to hold of its answer.
fn requests(service: &Service) -> Vec<ShownRequest<'_>> {
    let until = |poll: &Poll| poll.until.as_ref().map(|until| until.source().to_owned());
    let mut requests = Vec::new();
    requests.extend(service.ready.iter().map(|request| plain("ready", request)));
    requests.extend(service.probe.iter().map(|request| plain("probe", request)));
    if let Auth::Login(login) = &service.auth {
        requests.push(plain("login", &login.request));
    }
    requests.push(plain("create", &service.create.request));
    requests.extend(service.find.iter().map(|find| plain("find", &find.request)));
    requests.extend(
        service
            .after_create
            .iter()
            .map(|request| plain("after_create", request)),
    );
    requests.extend(service.verify.iter().map(|verify| {
        let expect = condition(&verify.request.expect);
        let expect = until(verify).map_or(expect.clone(), |until| format!("{expect}, until {until}"));
        shown("verify", &verify.request, expect)
    }));
    requests.extend(service.list.iter().map(|list| {
        let expect = condition(&list.request.expect);
        shown(
            "list",
            &list.request,
            format!("{expect}, {}{}", pages(list.next.as_ref()), filtered(list)),
        )
    }));
    requests.extend(service.delete.iter().map(|request| plain("delete", request)));
    requests.extend(service.gone.iter().map(|gone| {
        let expect = until(gone).unwrap_or_else(|| condition(&gone.request.gone));
        shown("gone", &gone.request, expect)
    }));
    requests
}

fn shown<'a>(step: &'static str, request: &'a Request, expect: String) -> ShownRequest<'a> {
    ShownRequest {
        step,
        request: request.action.source(),
        expect,
    }
}

fn plain<'a>(step: &'static str, request: &'a Request) -> ShownRequest<'a> {
    shown(step, request, condition(&request.expect))
}

/// Whether a sweep asks for its prefix alone.
fn filtered(list: &List) -> &'static str {
    match list.filter {
        Some(_) => ", by prefix",
        None => "",
    }
}

/// How a list goes on.
fn pages(next: Option<&Next>) -> String {
    match next {
        None => "one page".to_owned(),
        Some(Next::Link) => "pages by the `Link` header".to_owned(),
        Some(Next::Page { param, first }) => format!("pages by `{param}` from {first}"),
        Some(Next::Offset { param }) => format!("pages by `{param}` as an offset"),
        Some(Next::Cursor { expression, param }) => format!("pages by `{param}` of {}", expression.source()),
        Some(Next::Url { expression }) => format!("pages at {}", expression.source()),
    }
}

/// What is not possible with a service as it is described.
fn notes(service: &Service) -> Vec<String> {
    let mut notes = Vec::new();
    if !service.settles_unclear() {
        let unclear = "without `find` an account whose create ended unclear can only be named as a leftover";
        notes.push(unclear.to_owned());
    }
    if service.list.is_none() {
        notes.push("without `list` it can't be swept".to_owned());
    }
    for read in kept_reads(service) {
        // Passwords that come from a seed are computed in any job that has it.
        let but = if read == "account.password" {
            ", unless both have the `seed`"
        } else {
            ""
        };
        notes.push(format!(
            "`{read}` stays in the job of the setup: another job can't clean up{but}"
        ));
    }
    notes
}

fn condition(condition: &Condition) -> String {
    match condition {
        Condition::Success => "2xx".to_owned(),
        Condition::Codes(codes) => codes.iter().map(u16::to_string).collect::<Vec<_>>().join(", "),
        Condition::Expression(expression) => expression.source().to_owned(),
    }
}

fn in_text(shown: &ShownPlan<'_>) -> String {
    let mut text = String::new();
    for service in &shown.services {
        // Writing to a string can't fail.
        let preset = service
            .preset
            .map(|preset| format!(" (preset {preset})"))
            .unwrap_or_default();
        writeln!(
            text,
            "{}{preset} at {}, auth {}, {} at once",
            service.name, service.url, service.auth, service.concurrency
        )
        .unwrap_or_default();
        for request in &service.requests {
            writeln!(text, "  {:12}  {} -> {}", request.step, request.request, request.expect).unwrap_or_default();
        }
        for note in &service.notes {
            writeln!(text, "  {:12}  {note}", "note").unwrap_or_default();
        }
        text.push('\n');
    }
    let rows: Vec<Vec<String>> = shown
        .accounts
        .iter()
        .map(|account| {
            vec![
                format!("{}/{}", account.service, account.account),
                account.username.to_owned(),
                account.after.join(", "),
            ]
        })
        .collect();
    text.push_str(&report::table(&["account", "user name (as of now)", "after"], &rows));
    text.push('\n');
    if shown.unset_variables.is_empty() {
        text.push_str("\nevery variable that is used is set\n");
    }
    if !shown.unset_variables.is_empty() {
        text.push_str("\nnot set, and needed by setup:\n");
    }
    for variable in &shown.unset_variables {
        writeln!(text, "  {}, used at {}", variable.name, variable.places.join(", ")).unwrap_or_default();
    }
    text
}
