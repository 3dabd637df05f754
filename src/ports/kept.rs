//! What later requests of an account read beside its names and its ids: another process must have it too.

use serde_json::{Map, Value};

use crate::domain::secret::Secret;

/// What is kept of one account, apart from the journal, since it may be secret.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kept {
    /// Its password, where a later request reads that.
    pub password: Option<Secret>,
    /// The secret of its one-time codes, where a later request reads that.
    pub totp_secret: Option<Secret>,
    /// What was captured for later requests.
    pub captures: Map<String, Value>,
    /// The names of captures that are told nobody.
    pub hidden: Vec<String>,
    /// Its outputs, which those that need it may read.
    pub outputs: Map<String, Value>,
}

impl Kept {
    /// What of it is told nobody.
    pub fn secrets(&self) -> impl Iterator<Item = Secret> + '_ {
        let captured = self.hidden.iter().filter_map(|name| self.captures.get(name)?.as_str());
        let own = self.password.iter().chain(&self.totp_secret);
        own.cloned().chain(captured.map(Secret::new))
    }
}
