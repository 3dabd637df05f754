//! Credentials that sign each request as it is sent.

use crate::language::Template;

/// AWS Signature Version 4.
#[derive(Clone, Debug)]
pub struct Aws {
    /// The region.
    pub region: Template,
    /// The service's name in signatures, such as `cognito-idp`.
    pub service: Template,
    /// The id of the key.
    pub access_key_id: Template,
    /// The key.
    pub secret_access_key: Template,
    /// What comes with temporary keys; it may render to nothing.
    pub session_token: Option<Template>,
}

/// A signature of the service's own. Its templates see `request` too: what is sent.
#[derive(Clone, Debug)]
pub struct Sign {
    /// Header fields.
    pub headers: Vec<(String, Template)>,
    /// Query parameters, behind those of the request.
    pub query: Vec<(String, Template)>,
}

impl Aws {
    /// Every template in it.
    pub fn templates(&self) -> Vec<&Template> {
        let whole = [
            &self.region,
            &self.service,
            &self.access_key_id,
            &self.secret_access_key,
        ];
        whole.into_iter().chain(&self.session_token).collect()
    }
}

impl Sign {
    /// Every template in it.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        self.headers.iter().chain(&self.query).map(|(_, value)| value)
    }
}
