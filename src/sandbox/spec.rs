//! What a sandbox service is like: its name, who may ask, how fast and how ready it is, and whose accounts it holds already.
//!
//! Plain data and its checks; nothing here knows of requests.

use std::time::Duration;

use crate::domain::secret::Secret;

/// One service of the sandbox, served under `/NAME`.
#[derive(Debug, Clone)]
pub struct ServiceSpec {
    /// The path prefix and the name in faults: `[a-z][a-z0-9-]*`.
    pub name: String,
    /// What requests must bear.
    pub auth: AuthSpec,
    /// Whether a second account of the same user name is refused with 409. Without it equal names make two accounts.
    pub unique_names: bool,
    /// How `?username=` narrows a list.
    pub filter: Filter,
    /// How long each request waits before it is done; `None` is the sandbox's own delay.
    pub delay: Option<Duration>,
    /// How long after the start the service is not ready yet.
    pub ready_after: Duration,
    /// What a service that is not ready does with a request.
    pub unready: Unready,
    /// How many requests it takes; over that it answers 429.
    pub rate_limit: Option<RateLimit>,
    /// What its answers tell of that.
    pub tells: LimitHeaders,
    /// Whether requests without good credentials are treated as those of a visitor who sees nothing, as `PocketBase` does:
    /// 404 for an account, 200 and no items for a list. Else they are answered 401.
    pub lenient_anonymous: bool,
    /// User names of accounts that exist from the start and belong to people.
    pub humans: Vec<String>,
}

impl ServiceSpec {
    /// An open, ready service without delay that refuses equal names.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            auth: AuthSpec::None,
            unique_names: true,
            filter: Filter::Exact,
            delay: None,
            ready_after: Duration::ZERO,
            unready: Unready::Unavailable,
            rate_limit: None,
            tells: LimitHeaders::default(),
            lenient_anonymous: false,
            humans: Vec::new(),
        }
    }

    /// The same service behind basic auth.
    #[must_use]
    pub fn basic(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.auth = AuthSpec::Basic {
            user: user.into(),
            password: Secret::new(password),
        };
        self
    }

    /// The same service behind a bearer token.
    #[must_use]
    pub fn bearer(mut self, token: impl Into<String>) -> Self {
        self.auth = AuthSpec::Bearer(Secret::new(token));
        self
    }

    /// Whether the name can be a path prefix and a word of the fault language.
    pub(super) fn has_good_name(&self) -> bool {
        self.name.starts_with(|first: char| first.is_ascii_lowercase())
            && self
                .name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    }
}

/// What the requests to a service must bear (`/health` is open always).
#[derive(Debug, Clone)]
pub enum AuthSpec {
    /// Nothing.
    None,
    /// Basic auth (RFC 7617).
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: Secret,
    },
    /// A bearer token (RFC 6750).
    Bearer(Secret),
}

/// How a service understands `?username=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// Only the exact name, as asked.
    Exact,
    /// Every name that holds the text, as search fields do.
    Substring,
    /// Not at all: the parameter is ignored and everybody is listed.
    Ignored,
}

/// What a service that is not ready yet does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unready {
    /// Answers 503.
    Unavailable,
    /// Closes the connection without an answer.
    Refuse,
}

/// A token bucket.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateLimit {
    /// How many requests are allowed a second, in the long run.
    pub per_second: f64,
    /// How many are allowed at once after a pause.
    pub burst: u32,
}

/// Which headers tell of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitHeaders {
    /// `Retry-After` in whole seconds with each refusal.
    pub retry_after: bool,
    /// `X-RateLimit-Limit`, `-Remaining` and `-Reset` with each answer: how many requests the bucket holds, how many it has
    /// left, and in how many seconds it is full again.
    pub remaining: bool,
}

impl Default for LimitHeaders {
    fn default() -> Self {
        Self {
            retry_after: true,
            remaining: false,
        }
    }
}

/// What a bucket came to when a token was asked of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Admission {
    /// How long until there is a token, if there was none.
    pub(super) wait: Option<Duration>,
    /// How many tokens it holds at most.
    pub(super) limit: u32,
    /// How many it has left, whole ones.
    pub(super) remaining: f64,
    /// How long until it is full.
    pub(super) reset: Duration,
}

/// The state of one service's [`RateLimit`].
#[derive(Debug)]
pub(super) struct Bucket {
    limit: RateLimit,
    tokens: f64,
    filled: Duration,
}

impl Bucket {
    pub(super) fn new(limit: RateLimit) -> Self {
        Self {
            limit,
            tokens: f64::from(limit.burst),
            filled: Duration::ZERO,
        }
    }

    /// Asks for a token at `now`, and says what is left.
    pub(super) fn admit(&mut self, now: Duration) -> Admission {
        let wait = self.take(now).err();
        let missing = (f64::from(self.limit.burst) - self.tokens) / self.limit.per_second;
        Admission {
            wait,
            limit: self.limit.burst,
            remaining: self.tokens.floor(),
            reset: Duration::try_from_secs_f64(missing).unwrap_or(Duration::from_hours(1)),
        }
    }

    /// Takes one token at `now` (time since the start), or says how long until there is one.
    fn take(&mut self, now: Duration) -> Result<(), Duration> {
        let since = now.saturating_sub(self.filled).as_secs_f64();
        self.tokens = since
            .mul_add(self.limit.per_second, self.tokens)
            .min(f64::from(self.limit.burst));
        self.filled = now;
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        let wait = (1.0 - self.tokens) / self.limit.per_second;
        // A rate of nothing never lets the next one through; an hour says that in a header.
        Err(Duration::try_from_secs_f64(wait).unwrap_or(Duration::from_hours(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_allows_its_burst_then_its_rate() {
        let mut bucket = Bucket::new(RateLimit {
            per_second: 2.0,
            burst: 3,
        });
        let second = Duration::from_secs(1);
        for _ in 0..3 {
            assert_eq!(bucket.take(second), Ok(()));
        }
        assert_eq!(bucket.take(second), Err(Duration::from_millis(500)));
        assert_eq!(bucket.take(second + Duration::from_millis(500)), Ok(()));
        assert_eq!(bucket.take(second * 100), Ok(()));
    }

    #[test]
    fn a_bucket_without_a_rate_never_fills() {
        let mut bucket = Bucket::new(RateLimit {
            per_second: 0.0,
            burst: 0,
        });
        assert_eq!(bucket.take(Duration::from_secs(9)), Err(Duration::from_hours(1)));
    }

    #[test]
    fn a_name_must_be_a_path_segment() {
        for (name, good) in [
            ("users", true),
            ("crm-2", true),
            ("", false),
            ("2x", false),
            ("a/b", false),
            ("Users", false),
        ] {
            assert_eq!(ServiceSpec::new(name).has_good_name(), good, "{name}");
        }
    }
}
