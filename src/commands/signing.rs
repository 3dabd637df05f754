//! From the configuration's `auth` to what signs each request.

use crate::adapters::http::{AwsSigner, OwnSigner, Signer};
use crate::config::{Auth, Aws, Service};
use crate::domain::secret::Secret;
use crate::domain::why::Why;
use crate::language::{Scope, Template};

/// What signs the service's requests; `None` where none is signed.
pub(super) fn signer(service: &Service, scope: &Scope) -> Result<Option<Signer>, Why> {
    match &service.auth {
        Auth::Aws(aws) => aws_signer(aws, scope)
            .map(|aws| Some(Signer::Aws(aws)))
            .map_err(|why| why.context(format_args!("`auth.aws` of `{}`", service.name))),
        Auth::Sign(sign) => Ok(Some(Signer::Own(OwnSigner {
            sign: sign.clone(),
            scope: scope.clone(),
        }))),
        Auth::None
        | Auth::Basic { .. }
        | Auth::Bearer(_)
        | Auth::Header(_)
        | Auth::OAuth2(_)
        | Auth::Login(_)
        | Auth::Jwt(_)
        | Auth::Google(_)
        | Auth::GithubOidc { .. } => Ok(None),
    }
}

fn aws_signer(aws: &Aws, scope: &Scope) -> Result<AwsSigner, Why> {
    let given = |name: &str, template: &Template| {
        let text = template.render(scope).map_err(Why::from)?;
        if text.trim() != text || text.is_empty() {
            return Err(Why::hinted(
                format!("`{name}` is empty, or has blanks or line breaks around it"),
                "check the variable that it comes from",
            ));
        }
        Ok(text)
    };
    let token = aws
        .session_token
        .as_ref()
        .map(|token| token.render(scope))
        .transpose()?;
    Ok(AwsSigner {
        region: given("region", &aws.region)?,
        service: given("service", &aws.service)?,
        access_key_id: given("access_key_id", &aws.access_key_id)?,
        secret_access_key: Secret::new(given("secret_access_key", &aws.secret_access_key)?),
        session_token: token.filter(|token| !token.is_empty()).map(Secret::new),
    })
}
