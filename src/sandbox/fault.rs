//! The fault language: one line says which requests are struck, and how.
//!
//! Only data and matching by number here; `parse` reads the text. What a strike does to an answer is `answer` and `handler`'s part.

mod parse;

use std::fmt;
use std::time::Duration;

use hyper::header::HeaderValue;
use hyper::{Method, StatusCode};

/// One line of the fault language:
///
/// ```text
/// SERVICE METHOD [PATHKIND] [@TEXT] NTH KIND [ARGUMENT]
///
/// users  POST         2    lost             the second create is applied, its answer is lost
/// *      POST         *    slow 300ms       every create answers late
/// users  POST @-bob   1    drop             the first create whose user name holds `-bob`
/// orders GET  find    1-3  status 503       the first three look-ups by user name
/// users  GET  health  2+   html             every health check from the second on
/// ```
///
/// - SERVICE is a service's name, METHOD an HTTP method; `*` is any.
/// - PATHKIND is one of [`PathKind`]; without it a line strikes the account paths, but neither `/me` nor `/health`
///   (`token-dies` and `anonymous` strike every path).
/// - `@TEXT` narrows the line to requests about a user name that holds TEXT, which keeps a line exact where
///   requests come in no fixed order.
/// - NTH counts the requests that *this line* matches, from 1: `2`, `2-4`, `2+` or `*`.
/// - KIND is one of [`Strike`]. Where two lines strike the same request, the first of them does, and both count it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The service that is struck; `None` is any.
    pub service: Option<String>,
    /// The method that is struck; `None` is any.
    pub method: Option<Method>,
    /// The paths that are struck.
    pub path: PathKind,
    /// What the user name must hold, if that matters.
    pub username: Option<String>,
    /// Which of the matching requests.
    pub nth: Nth,
    /// What happens to them.
    pub strike: Strike,
}

/// Which paths of a service a fault is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathKind {
    /// `accounts`, `find` and `account` together: what a line without a path kind means.
    AccountPaths,
    /// `accounts`: `/accounts` as a whole, that is creates and lists.
    Accounts,
    /// `find`: `/accounts?username=...`.
    Find,
    /// `account`: `/accounts/ID`.
    Account,
    /// `me`: `/me`.
    Me,
    /// `health`: `/health`.
    Health,
    /// `any`: every path of the service, known or not.
    Any,
}

/// Which of the requests that a line matches are struck, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nth {
    first: u64,
    last: u64,
}

impl Nth {
    /// Whether the `count`th match is struck.
    pub fn strikes(self, count: u64) -> bool {
        (self.first..=self.last).contains(&count)
    }
}

/// What happens to a request that is struck. "Applied" means that the service did what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Strike {
    /// `status CODE`: answered with CODE, not applied.
    Status(StatusCode),
    /// `status-after CODE`: applied, then answered with CODE.
    StatusAfter(StatusCode),
    /// `retry-after CODE DURATION`: not applied, CODE with `Retry-After` in whole seconds, rounded up.
    RetryAfter(StatusCode, Duration),
    /// `drop`: the connection is closed, nothing was applied.
    Drop,
    /// `lost`: applied, then the connection is closed without an answer.
    Lost,
    /// `slow DURATION`: applied at once, answered that much later.
    Slow(Duration),
    /// `late DURATION`: the connection is closed without an answer, and the request is applied that much later.
    Late(Duration),
    /// `truncate`: applied, the full `Content-Length`, half of the body, end of connection.
    Truncate,
    /// `html`: a login page with 200, not applied.
    Html,
    /// `html-after`: applied, a login page with 200.
    HtmlAfter,
    /// `garbage`: applied, a body that is neither JSON nor UTF-8.
    Garbage,
    /// `empty`: applied, no body and no `Location`.
    Empty,
    /// `huge`: applied, a streamed JSON body of 64 MiB without a `Content-Length`.
    Huge,
    /// `gzip-bomb`: applied, a small gzip body that unfolds to 64 MiB.
    GzipBomb,
    /// `redirect URL`: 307 to URL, not applied.
    Redirect(HeaderValue),
    /// `wrong-name NAME`: applied, but the answer shows NAME as the user name.
    WrongName(String),
    /// `stranger`: a create is answered 201 with the id of a human's account (a seeded one; where there is none, one is
    /// seeded at the start), under the name that was asked for. Nothing is made.
    Stranger,
    /// `vanish`: a GET is answered 404.
    Vanish,
    /// `refuse-duplicate`: a create is answered 409, nothing is made. (`status-after 409` makes it first.)
    RefuseDuplicate,
    /// `token-dies COUNT`: the service's credentials count for nothing after COUNT requests that bore them. NTH must be `*`.
    TokenDies(u64),
    /// `anonymous`: the credentials of this request count for nothing.
    Anonymous,
}

impl Strike {
    /// The one method that the strike makes sense for, if there is but one.
    fn only_method(&self) -> Option<Method> {
        match self {
            Self::Stranger | Self::RefuseDuplicate => Some(Method::POST),
            Self::Vanish => Some(Method::GET),
            Self::Status(_)
            | Self::StatusAfter(_)
            | Self::RetryAfter(..)
            | Self::Drop
            | Self::Lost
            | Self::Slow(_)
            | Self::Late(_)
            | Self::Truncate
            | Self::Html
            | Self::HtmlAfter
            | Self::Garbage
            | Self::Empty
            | Self::Huge
            | Self::GzipBomb
            | Self::Redirect(_)
            | Self::WrongName(_)
            | Self::TokenDies(_)
            | Self::Anonymous => None,
        }
    }

    /// Whether the strike is about who asks, not about the answer.
    pub(super) fn is_about_credentials(&self) -> bool {
        matches!(self, Self::TokenDies(_) | Self::Anonymous)
    }
}

impl fmt::Display for Strike {
    /// A few words for a log line: what a reader should know happened.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(code) => write!(f, "{} instead of doing it", code.as_u16()),
            Self::StatusAfter(code) => write!(f, "done, but answered {}", code.as_u16()),
            Self::RetryAfter(code, wait) => {
                write!(
                    f,
                    "{}, retry after {}",
                    code.as_u16(),
                    humantime::format_duration(*wait)
                )
            }
            Self::Drop => f.write_str("connection dropped before it was done"),
            Self::Lost => f.write_str("answer lost"),
            Self::Slow(by) => write!(f, "answer {} late", humantime::format_duration(*by)),
            Self::Late(by) => write!(f, "no answer, done {} later", humantime::format_duration(*by)),
            Self::Truncate => f.write_str("answer cut in half"),
            Self::Html => f.write_str("login page instead of doing it"),
            Self::HtmlAfter => f.write_str("done, but answered a login page"),
            Self::Garbage => f.write_str("unreadable answer"),
            Self::Empty => f.write_str("empty answer"),
            Self::Huge => f.write_str("answer of 64 MiB"),
            Self::GzipBomb => f.write_str("answer that unfolds to 64 MiB"),
            Self::Redirect(_) => f.write_str("redirected instead of doing it"),
            Self::WrongName(_) => f.write_str("answer shows another name"),
            Self::Stranger => f.write_str("answer shows a human's id"),
            Self::Vanish => f.write_str("said to be absent"),
            Self::RefuseDuplicate => f.write_str("name said to be taken"),
            Self::TokenDies(_) => f.write_str("credentials dead"),
            Self::Anonymous => f.write_str("credentials ignored"),
        }
    }
}
