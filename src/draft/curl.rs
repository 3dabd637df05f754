//! A `curl` command as the request that it sends. Its flags are those of curl's manual; those that only say how curl itself
//! behaves are passed over.

use percent_encoding::percent_decode_str;

use super::shell::Pasted;

/// A request, as it was recorded. It holds secrets, so it has no `Debug`.
#[derive(Clone, Default)]
pub(super) struct Recorded {
    pub(super) method: String,
    /// `http://host:port`; empty where it is none.
    pub(super) origin: String,
    /// Each segment of the path, decoded.
    pub(super) path: Vec<String>,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: Vec<(String, String)>,
    /// User name and password of basic auth.
    pub(super) has_user: bool,
    /// The password of that pair; empty where there is none.
    pub(super) pass: String,
    pub(super) body: Option<String>,
    /// Parts of a form with a file, or a file that is sent.
    pub(super) has_file: bool,
    pub(super) is_json: bool,
    /// What was pasted below it.
    pub(super) below: String,
}

/// Flags that have a value which says nothing of the request.
const VALUED: [&str; 42] = [
    "-o",
    "--output",
    "-w",
    "--write-out",
    "-m",
    "--max-time",
    "--connect-timeout",
    "--retry",
    "--retry-delay",
    "--retry-max-time",
    "-x",
    "--proxy",
    "-c",
    "--cookie-jar",
    "--cacert",
    "--cert",
    "-E",
    "--key",
    "--resolve",
    "--max-redirs",
    "-D",
    "--dump-header",
    "-A",
    "--user-agent",
    "-e",
    "--referer",
    "--limit-rate",
    "--ciphers",
    "--tls-max",
    "--interface",
    "-T",
    "--upload-file",
    "-r",
    "--range",
    "-C",
    "-K",
    "--config",
    "--netrc-file",
    "-U",
    "--proxy-user",
    "--stderr",
    "--capath",
];

/// Reads a command; none where it names no address.
pub(super) fn read(pasted: &Pasted) -> Option<Recorded> {
    let mut recorded = Recorded {
        below: pasted.below.clone(),
        ..Recorded::default()
    };
    let mut method = None;
    let mut address = None;
    let mut data: Vec<String> = Vec::new();
    let mut in_query = false;
    let mut form: Vec<String> = Vec::new();
    let mut words = expanded(&pasted.words).into_iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().unwrap_or_default();
        match word.as_str() {
            "-X" | "--request" => method = Some(value().to_ascii_uppercase()),
            "-H" | "--header" => {
                if let Some((name, value)) = value().split_once(':') {
                    recorded.headers.push((name.trim().to_owned(), value.trim().to_owned()));
                }
            }
            "-d" | "--data" | "--data-ascii" | "--data-binary" | "--json" => {
                let value = value();
                recorded.is_json |= word == "--json";
                recorded.has_file |= value.starts_with('@');
                data.push(value);
            }
            "--data-raw" => data.push(value()),
            "--data-urlencode" => data.push(encoded(&value())),
            "-F" | "--form" | "--form-string" => {
                let value = value();
                recorded.has_file |= value.contains("=@");
                form.push(encoded(&value));
            }
            "-u" | "--user" => {
                let pair = value();
                pair.split_once(':')
                    .map_or("", |(_, pass)| pass)
                    .clone_into(&mut recorded.pass);
                recorded.has_user = true;
            }
            "--oauth2-bearer" => recorded
                .headers
                .push(("Authorization".to_owned(), format!("Bearer {}", value()))),
            "-b" | "--cookie" => recorded.headers.push(("Cookie".to_owned(), value())),
            "-G" | "--get" => in_query = true,
            "-I" | "--head" => method = Some("HEAD".to_owned()),
            "--url" => address = Some(value()),
            flag if VALUED.contains(&flag) => {
                value();
            }
            flag if flag.starts_with('-') && flag.len() > 1 => {}
            _ if address.is_none() => address = Some(word),
            _ => {}
        }
    }
    let has_data = !data.is_empty() || !form.is_empty();
    set_address(&mut recorded, &address?);
    if in_query {
        recorded.query.extend(pairs(&data.join("&")));
    } else if !form.is_empty() {
        recorded.body = Some(form.join("&"));
    } else if has_data {
        recorded.body = Some(data.join(if recorded.is_json { "" } else { "&" }));
    }
    let usual = if has_data && !in_query { "POST" } else { "GET" };
    recorded.method = method.unwrap_or_else(|| usual.to_owned());
    let kind = recorded
        .headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    recorded.is_json |= kind.is_some_and(|(_, kind)| kind.contains("json"));
    let starts_as_json = recorded
        .body
        .as_deref()
        .is_some_and(|body| body.trim_start().starts_with(['{', '[']));
    // People leave the header out, and services take it all the same.
    recorded.is_json |= kind.is_none() && starts_as_json;
    Some(recorded)
}

/// The words with short flags apart: `-sSXPOST` is `-s`, `-S`, `-X`, `POST`, and `--request=POST` two words.
fn expanded(words: &[String]) -> Vec<String> {
    const TAKE: &str = "XHdFubAeomwxcKTrCDEU";
    let mut all = Vec::new();
    let mut is_value = false;
    for word in words.iter().skip(1) {
        if std::mem::take(&mut is_value) {
            all.push(word.clone());
            continue;
        }
        if word.starts_with("--") {
            let (flag, value) = word
                .split_once('=')
                .map_or((word.as_str(), None), |(flag, value)| (flag, Some(value)));
            all.push(flag.to_owned());
            all.extend(value.map(str::to_owned));
            let takes = VALUED.contains(&flag)
                || [
                    "--request",
                    "--header",
                    "--data",
                    "--data-raw",
                    "--data-ascii",
                    "--data-binary",
                    "--data-urlencode",
                    "--json",
                    "--form",
                    "--form-string",
                    "--user",
                    "--cookie",
                    "--url",
                    "--oauth2-bearer",
                ]
                .contains(&flag);
            is_value = takes && value.is_none();
            continue;
        }
        if !word.starts_with('-') || word.len() < 2 {
            all.push(word.clone());
            continue;
        }
        let mut rest = &word[1..];
        while let Some(c) = rest.chars().next() {
            rest = &rest[c.len_utf8()..];
            all.push(format!("-{c}"));
            if TAKE.contains(c) {
                if rest.is_empty() {
                    is_value = true;
                } else {
                    all.push(rest.to_owned());
                }
                break;
            }
        }
    }
    all
}

/// `name=value` of a form, encoded as `pairs` reads it.
fn encoded(text: &str) -> String {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    let value = percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC);
    format!("{name}={value}")
}

/// The pairs of a query or a form.
pub(super) fn pairs(text: &str) -> Vec<(String, String)> {
    let decode = |text: &str| {
        percent_decode_str(&text.replace('+', " "))
            .decode_utf8_lossy()
            .into_owned()
    };
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

fn set_address(recorded: &mut Recorded, address: &str) {
    let address = address.split('#').next().unwrap_or_default();
    let (address, query) = address.split_once('?').unwrap_or((address, ""));
    recorded.query = pairs(query);
    let whole = if address.contains("://") {
        address.to_owned()
    } else {
        format!("http://{address}")
    };
    let (scheme, rest) = whole.split_once("://").unwrap_or(("", &whole));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = match authority.rsplit_once('@') {
        Some((pair, host)) => {
            pair.split_once(':')
                .map_or("", |(_, pass)| pass)
                .clone_into(&mut recorded.pass);
            recorded.has_user = true;
            host
        }
        None => authority,
    };
    let is_host = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || "-.:[]_".contains(c));
    if is_host && ["http", "https"].contains(&scheme) {
        recorded.origin = format!("{scheme}://{host}");
    }
    let decode = |segment: &str| percent_decode_str(segment).decode_utf8_lossy().into_owned();
    recorded.path = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .map(decode)
        .collect();
}

#[cfg(test)]
mod tests {
    use super::super::shell::commands;
    use super::*;

    fn recorded(text: &str) -> Recorded {
        read(&commands(text)[0]).unwrap()
    }

    #[test]
    fn flags_give_a_request() {
        let it = recorded(
            "curl -sSXPOST -u admin:pw --compressed -o /dev/null -H 'Content-Type: application/json' -d '{\"a\": 1}' 'https://api.example.com:8443/v1/users?notify=no'",
        );
        assert_eq!(
            (it.method.as_str(), it.origin.as_str(), it.path.join("/")),
            ("POST", "https://api.example.com:8443", "v1/users".to_owned())
        );
        assert!(it.has_user && it.is_json && it.body.as_deref() == Some("{\"a\": 1}"));
        assert_eq!(it.query, [("notify".to_owned(), "no".to_owned())]);
    }

    #[test]
    fn methods_follow_the_data() {
        for (text, method, body) in [
            ("curl http://a/users", "GET", None),
            ("curl http://a/users -d 'a=b' -d c=d", "POST", Some("a=b&c=d")),
            ("curl -G http://a/users --data-urlencode 'q=a b'", "GET", None),
            ("curl --request=DELETE http://a/users/1", "DELETE", None),
            ("curl -F name=x http://a/users", "POST", Some("name=x")),
            ("curl http://me:secret@a/users", "GET", None),
        ] {
            let it = recorded(text);
            assert_eq!((it.method.as_str(), it.body.as_deref()), (method, body), "{text}");
        }
        let it = recorded("curl http://me:secret@a/users");
        assert!(it.has_user && it.origin == "http://a");
    }
}
