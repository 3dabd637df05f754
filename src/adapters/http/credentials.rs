//! What lets us in at a service, and the header fields that it becomes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::domain::secret::{Secret, spoilt};

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

/// Whom spoilt basic credentials name: a wrong password of somebody who is there may lock that person out.
const NOBODY: &str = "nobody-of-standin-check";

/// A field with something wrong in it, in the form of the right one. The scheme of an `Authorization` stays.
pub(super) fn spoilt_field(value: &str) -> String {
    match value.split_once(' ') {
        Some((scheme, pair)) if scheme.eq_ignore_ascii_case("basic") => {
            let pair = STANDARD.decode(pair).unwrap_or_default();
            let pair = String::from_utf8_lossy(&pair).into_owned();
            let password = pair.split_once(':').map_or("", |(_, password)| password);
            format!("{scheme} {}", STANDARD.encode(format!("{NOBODY}:{}", spoilt(password))))
        }
        Some((scheme, token)) => format!("{scheme} {}", spoilt(token)),
        None => spoilt(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spoilt_credentials_have_the_form_of_the_right_ones() {
        for (right, wrong) in [
            ("Bearer abc.def-z9", "Bearer bcd.efg-a0"),
            ("Bearer 0123456789abcdef", "Bearer 01234567"),
            ("token-1", "uplfo-2"),
            ("", ""),
        ] {
            let spoilt = spoilt_field(right);
            assert!(spoilt.starts_with(wrong), "{spoilt}");
            assert_eq!(spoilt.len(), right.len());
            assert!(right.is_empty() || spoilt != right);
        }
        let right = format!("Basic {}", STANDARD.encode("admin:secret"));
        assert_eq!(
            spoilt_field(&right),
            format!("Basic {}", STANDARD.encode("nobody-of-standin-check:tfdsfu"))
        );
    }
}
