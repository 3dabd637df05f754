//! Reads a line of the fault language, or says what is wrong with it and how to write it.

use std::str::FromStr;
use std::time::Duration;

use hyper::header::HeaderValue;
use hyper::{Method, StatusCode};

use super::{Fault, Nth, PathKind, Strike};
use crate::domain::why::Why;

impl FromStr for Fault {
    type Err = Why;

    fn from_str(line: &str) -> Result<Self, Self::Err> {
        let form = "write `SERVICE METHOD [PATHKIND] [@TEXT] NTH KIND [ARGUMENT]`, as in `users POST 2 lost`";
        parse(line).map_err(|problem| Why::hinted(format!("`{line}` is not a fault: {problem}"), form))
    }
}

const KINDS: &str = "status, status-after, retry-after, drop, lost, slow, late, truncate, html, html-after, garbage, empty, \
     huge, gzip-bomb, redirect, wrong-name, stranger, vanish, refuse-duplicate, token-dies, anonymous";

fn parse(line: &str) -> Result<Fault, String> {
    let mut words = line.split_whitespace().peekable();
    let service = words.next().ok_or("it is empty")?;
    let method = words.next().ok_or("the method is missing")?;
    let mut method = match method {
        "*" => None,
        name => Some(parse_method(name)?),
    };
    let path = words.peek().and_then(|word| parse_path(word));
    if path.is_some() {
        words.next();
    }
    let username = words
        .next_if(|word| word.starts_with('@'))
        .map(|word| word[1..].to_owned());
    let nth_word = words.next().ok_or("the number is missing")?;
    let nth = parse_nth(nth_word)?;
    let kind = words
        .next()
        .ok_or_else(|| format!("the kind is missing, one of {KINDS}"))?;
    let strike = parse_strike(kind, &words.collect::<Vec<_>>())?;

    if let Some(only) = strike.only_method() {
        if method.as_ref().is_some_and(|given| *given != only) {
            return Err(format!("`{kind}` strikes {only} only"));
        }
        method = Some(only);
    }
    if matches!(strike, Strike::TokenDies(_)) && nth_word != "*" {
        return Err(format!("`{kind}` counts by itself, so its number is `*`"));
    }
    let default_path = if strike.is_about_credentials() {
        PathKind::Any
    } else {
        PathKind::AccountPaths
    };
    Ok(Fault {
        service: (service != "*").then(|| service.to_owned()),
        method,
        path: path.unwrap_or(default_path),
        username,
        nth,
        strike,
    })
}

fn parse_method(name: &str) -> Result<Method, String> {
    [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::HEAD,
        Method::OPTIONS,
    ]
    .into_iter()
    .find(|method| method.as_str() == name)
    .ok_or_else(|| format!("`{name}` is not a method (upper case, or `*`)"))
}

fn parse_path(word: &str) -> Option<PathKind> {
    Some(match word {
        "accounts" => PathKind::Accounts,
        "find" => PathKind::Find,
        "account" => PathKind::Account,
        "me" => PathKind::Me,
        "health" => PathKind::Health,
        "any" => PathKind::Any,
        _ => return None,
    })
}

fn parse_nth(word: &str) -> Result<Nth, String> {
    let number = |text: &str| {
        text.parse::<u64>()
            .ok()
            .filter(|number| *number > 0)
            .ok_or_else(|| format!("`{word}` is not a number: `2`, `2-4`, `2+` or `*`"))
    };
    let (first, last) = if word == "*" {
        (1, u64::MAX)
    } else if let Some(first) = word.strip_suffix('+') {
        (number(first)?, u64::MAX)
    } else if let Some((first, last)) = word.split_once('-') {
        (number(first)?, number(last)?)
    } else {
        (number(word)?, number(word)?)
    };
    if first > last {
        return Err(format!("`{word}` ends before it starts"));
    }
    Ok(Nth { first, last })
}

fn parse_strike(kind: &str, arguments: &[&str]) -> Result<Strike, String> {
    Ok(match (kind, arguments) {
        ("status", [code]) => Strike::Status(parse_status(code)?),
        ("status-after", [code]) => Strike::StatusAfter(parse_status(code)?),
        ("retry-after", [code, wait]) => Strike::RetryAfter(parse_status(code)?, parse_duration(wait)?),
        ("drop", []) => Strike::Drop,
        ("lost", []) => Strike::Lost,
        ("slow", [by]) => Strike::Slow(parse_duration(by)?),
        ("late", [by]) => Strike::Late(parse_duration(by)?),
        ("truncate", []) => Strike::Truncate,
        ("html", []) => Strike::Html,
        ("html-after", []) => Strike::HtmlAfter,
        ("garbage", []) => Strike::Garbage,
        ("empty", []) => Strike::Empty,
        ("huge", []) => Strike::Huge,
        ("gzip-bomb", []) => Strike::GzipBomb,
        ("redirect", [url]) => Strike::Redirect(
            HeaderValue::from_str(url).map_err(|_| format!("`{url}` can't stand in a `Location` header"))?,
        ),
        ("wrong-name", [name]) => Strike::WrongName((*name).to_owned()),
        ("stranger", []) => Strike::Stranger,
        ("vanish", []) => Strike::Vanish,
        ("refuse-duplicate", []) => Strike::RefuseDuplicate,
        ("token-dies", [count]) => Strike::TokenDies(
            count
                .parse()
                .map_err(|_| format!("`{count}` is not a number of requests"))?,
        ),
        ("anonymous", []) => Strike::Anonymous,
        (known, _) if KINDS.split(", ").any(|kind| kind.trim() == known) => {
            return Err(format!("`{known}` does not take {} arguments", arguments.len()));
        }
        (unknown, _) => return Err(format!("`{unknown}` is no kind, but one of {KINDS}")),
    })
}

fn parse_status(code: &str) -> Result<StatusCode, String> {
    code.parse::<u16>()
        .ok()
        // A 1xx is not the end of an exchange, so it can't be an answer.
        .filter(|code| (200..=599).contains(code))
        .and_then(|code| StatusCode::from_u16(code).ok())
        .ok_or_else(|| format!("`{code}` is not a status from 200 to 599"))
}

fn parse_duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|_| format!("`{text}` is not a duration such as `500ms` or `2s`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(line: &str) -> Fault {
        line.parse().unwrap()
    }

    #[test]
    fn a_line_reads_as_it_is_written() {
        assert_eq!(
            fault("users POST 2 lost"),
            Fault {
                service: Some("users".into()),
                method: Some(Method::POST),
                path: PathKind::AccountPaths,
                username: None,
                nth: Nth { first: 2, last: 2 },
                strike: Strike::Lost,
            }
        );
        assert_eq!(
            fault("* GET find @-bob 2-4 slow 1s500ms"),
            Fault {
                service: None,
                method: Some(Method::GET),
                path: PathKind::Find,
                username: Some("-bob".into()),
                nth: Nth { first: 2, last: 4 },
                strike: Strike::Slow(Duration::from_millis(1500)),
            }
        );
    }

    #[test]
    fn every_kind_has_a_line() {
        for line in [
            "u POST 1 status 503",
            "u POST 1 status-after 500",
            "u POST 1 retry-after 429 2s",
            "u POST 1 drop",
            "u POST 1 lost",
            "u POST 1 slow 2s",
            "u POST 1 late 2s",
            "u POST 1 truncate",
            "u POST 1 html",
            "u POST 1 html-after",
            "u POST 1 garbage",
            "u POST 1 empty",
            "u POST 1 huge",
            "u POST 1 gzip-bomb",
            "u POST 1 redirect http://127.0.0.1:1/elsewhere",
            "u POST 1 wrong-name someone-else",
            "u POST 1 stranger",
            "u GET 1 vanish",
            "u POST 1 refuse-duplicate",
            "u * * token-dies 3",
            "u GET 1 anonymous",
        ] {
            assert!(!fault(line).strike.to_string().is_empty());
        }
        assert_eq!(KINDS.split(", ").count(), 21);
    }

    #[test]
    fn a_number_strikes_what_it_names() {
        let struck = |nth: &str| -> Vec<u64> {
            let nth = fault(&format!("u POST {nth} drop")).nth;
            (1..=6).filter(|count| nth.strikes(*count)).collect()
        };
        assert_eq!(struck("2"), [2]);
        assert_eq!(struck("2-4"), [2, 3, 4]);
        assert_eq!(struck("5+"), [5, 6]);
        assert_eq!(struck("*"), [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn a_kind_for_one_method_narrows_the_line_or_refuses_it() {
        assert_eq!(fault("u * 1 vanish").method, Some(Method::GET));
        assert_eq!(fault("u * 1 stranger").method, Some(Method::POST));
        assert!(message("u DELETE 1 stranger").contains("`stranger` strikes POST only"));
    }

    #[test]
    fn credentials_die_on_every_path_and_answers_on_the_account_paths() {
        assert_eq!(fault("u * * token-dies 3").path, PathKind::Any);
        assert_eq!(fault("u * * drop").path, PathKind::AccountPaths);
    }

    fn message(line: &str) -> String {
        line.parse::<Fault>().unwrap_err().in_line()
    }

    #[test]
    fn a_bad_line_says_what_is_bad_and_how_to_write_it() {
        for (line, problem) in [
            ("", "it is empty"),
            ("users", "the method is missing"),
            ("users post 1 lost", "`post` is not a method"),
            ("users POST", "the number is missing"),
            ("users POST 0 lost", "`0` is not a number"),
            ("users POST 4-2 lost", "`4-2` ends before it starts"),
            ("users POST two lost", "`two` is not a number"),
            ("users POST 2", "the kind is missing, one of status"),
            ("users POST 2 explode", "`explode` is no kind, but one of status"),
            ("users POST 2 lost 3", "`lost` does not take 1 arguments"),
            ("users POST 2 status", "`status` does not take 0 arguments"),
            ("users POST 2 status 99", "`99` is not a status"),
            ("users POST 2 slow soon", "`soon` is not a duration"),
            ("users * 3 token-dies 2", "`token-dies` counts by itself"),
        ] {
            let message = message(line);
            assert!(message.contains(problem), "{line}: {message}");
            assert!(message.contains("hint: write"), "{message}");
        }
    }
}
