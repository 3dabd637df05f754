//! What lets us in at a service, and the header fields that it becomes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::domain::secret::Secret;

/// What a service's requests carry to be let in, beside what has to be fetched first.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// Nothing.
    None,
    /// RFC 7617.
    Basic {
        /// The user.
        username: String,
        /// The password.
        password: Secret,
    },
    /// RFC 6750.
    Bearer(Secret),
    /// Header fields of the service's own.
    Header(Vec<(String, Secret)>),
}

impl Credentials {
    /// The fields that they become.
    pub(super) fn fields(&self) -> Vec<(String, Secret)> {
        let authorization = |value: String| vec![("authorization".to_owned(), Secret::new(value))];
        match self {
            Self::None => Vec::new(),
            Self::Basic { username, password } => {
                let pair = format!("{username}:{}", password.expose());
                authorization(format!("Basic {}", STANDARD.encode(pair)))
            }
            Self::Bearer(token) => authorization(format!("Bearer {}", token.expose())),
            Self::Header(fields) => fields.clone(),
        }
    }

    /// Every secret in them.
    pub fn secrets(&self) -> Vec<Secret> {
        match self {
            Self::None => Vec::new(),
            Self::Basic { password, .. } => vec![password.clone()],
            Self::Bearer(token) => vec![token.clone()],
            Self::Header(fields) => fields.iter().map(|(_, value)| value.clone()).collect(),
        }
    }
}
