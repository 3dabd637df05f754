//! `otp`: the one-time code of the moment of one account.

use super::context::Context;
use super::credentials;
use super::deliver::Delivered;
use super::exit::{ExitCode, Failure};
use crate::domain::why::Why;
use crate::language::{nearest, one_time_code};

/// The command.
pub(super) fn otp(context: &Context, account: &str) -> Result<ExitCode, Failure> {
    let accounts = credentials::known(context)?;
    let Some(found) = accounts.iter().find(|known| known.key() == account) else {
        let keys: Vec<String> = accounts.iter().map(Delivered::key).collect();
        let hint = match nearest(account, keys.iter().map(String::as_str)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "`standin credentials` shows every account as SERVICE/ACCOUNT".to_owned(),
        };
        return Err(Failure::usage(Why::hinted(
            format!("there is no account `{account}`"),
            hint,
        )));
    };
    let secret = found.totp_secret.as_ref();
    let code = secret.and_then(|secret| one_time_code(secret.expose(), context.clock.now()));
    let Some(code) = code else {
        return Err(Failure::usage(Why::hinted(
            format!("`{account}` has no secret of one-time codes"),
            "send `{{ account.totp_secret }}` in the request of its service that enrols one",
        )));
    };
    context.console.data(&code);
    Ok(ExitCode::Success)
}
