//! What the runner's log hides: each secret and its encodings, as in `HostContext.cs` and `ValueEncoders.cs`.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The values that are replaced by `***` in everything that the runner prints.
#[derive(Clone, Default)]
pub(crate) struct Masker {
    values: Vec<String>,
}

impl Masker {
    /// Hides a value and its encodings from here on. There is no minimum length.
    pub(crate) fn add(&mut self, value: &str) {
        for hidden in std::iter::once(value.to_owned()).chain(encodings(value)) {
            if !hidden.is_empty() && !self.values.contains(&hidden) {
                self.values.push(hidden);
            }
        }
    }

    /// Hides a workflow's secret: trimmed, and each of its lines too.
    pub(crate) fn add_secret(&mut self, value: &str) {
        self.add(value.trim());
        self.add_lines(value);
    }

    /// Hides each line of a value, as `::add-mask::` does beside the value itself.
    pub(crate) fn add_lines(&mut self, value: &str) {
        for line in value.split(['\r', '\n']).map(str::trim) {
            if !line.is_empty() {
                self.add(line);
            }
        }
    }

    /// The text as it is printed. Ranges that overlap or touch become one `***`.
    pub(crate) fn mask(&self, text: &str) -> String {
        let mut ranges: Vec<(usize, usize)> = Vec::new();
        for value in &self.values {
            let mut start = 0;
            while let Some(found) = text[start..].find(value.as_str()) {
                ranges.push((start + found, start + found + value.len()));
                // One character on, not one value on: a value may overlap itself.
                start += found + text[start + found..].chars().next().map_or(1, char::len_utf8);
            }
        }
        ranges.sort_unstable();
        let mut masked = String::new();
        let (mut printed, mut ranges) = (0, ranges.into_iter().peekable());
        while let Some((start, mut end)) = ranges.next() {
            while let Some((_, next)) = ranges.next_if(|(next, _)| *next <= end) {
                end = end.max(next);
            }
            masked.push_str(&text[printed..start]);
            masked.push_str("***");
            printed = end;
        }
        masked.push_str(&text[printed..]);
        masked
    }
}

/// The eleven other forms in which the runner hides a value, in its own order. A form that doesn't apply is empty.
pub(crate) fn encodings(value: &str) -> [String; 11] {
    [
        base64_shifted(value, 0),
        base64_shifted(value, 1),
        base64_shifted(value, 2),
        value.replace('"', "\\\""),
        value.replace('\'', "''"),
        json_escaped(value),
        uri_escaped(value),
        xml_escaped(value),
        unquoted(value).to_owned(),
        before_ampersand(value).to_owned(),
        after_ampersand(value),
    ]
}

/// Base64 of the value from its `shift`th byte: what stands in a longer text's base64.
fn base64_shifted(value: &str, shift: usize) -> String {
    let bytes = value.as_bytes();
    STANDARD.encode(if bytes.len() > shift { &bytes[shift..] } else { bytes })
}

/// As Newtonsoft.Json writes a string, without the quotes.
fn json_escaped(value: &str) -> String {
    let mut escaped = String::new();
    for character in value.chars() {
        match character {
            '"' => escaped.push_str("\\\""),
            '\\' => escaped.push_str("\\\\"),
            '\u{8}' => escaped.push_str("\\b"),
            '\t' => escaped.push_str("\\t"),
            '\n' => escaped.push_str("\\n"),
            '\u{c}' => escaped.push_str("\\f"),
            '\r' => escaped.push_str("\\r"),
            '\0'..='\u{1f}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                write!(escaped, "\\u{:04x}", u32::from(character)).unwrap();
            }
            other => escaped.push(other),
        }
    }
    escaped
}

/// As `Uri.EscapeDataString` does: all but RFC 3986's unreserved characters.
fn uri_escaped(value: &str) -> String {
    let mut escaped = String::new();
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            write!(escaped, "%{byte:02X}").unwrap();
        }
    }
    escaped
}

/// As `SecurityElement.Escape` does.
fn xml_escaped(value: &str) -> String {
    value
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&apos;")
}

/// A value of more than eight characters without the double quotes around it.
fn unquoted(value: &str) -> &str {
    match value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) if value.chars().count() > 8 => inner,
        Some(_) | None => "",
    }
}

/// The part that PowerShell prints on its own when a command with an ampersand fails: up to `&+`, else up to the last `&`.
fn before_ampersand(value: &str) -> &str {
    let end = value
        .find("&+")
        .map(|at| at + 2)
        .or_else(|| value.rfind('&').map(|at| at + 1));
    end.map_or("", |end| {
        if value[..end].chars().count() >= 6 {
            &value[..end]
        } else {
            ""
        }
    })
}

/// The rest of it. After `&+` PowerShell colours one letter, which therefore stands apart.
fn after_ampersand(value: &str) -> String {
    let rest: String = match value.split_once("&+") {
        Some((_, rest)) => rest.chars().skip(1).collect(),
        None => value
            .rsplit_once('&')
            .map_or_else(String::new, |(_, rest)| rest.to_owned()),
    };
    if rest.chars().count() >= 6 { rest } else { String::new() }
}

#[test]
fn a_masked_value_is_hidden_in_all_its_encodings() {
    let secret = "p&ss \"wörd\"<'x'>";
    let mut masker = Masker::default();
    masker.add(secret);
    let forms = [
        secret,
        "cCZzcyAid8O2cmQiPCd4Jz4=",
        "JnNzICJ3w7ZyZCI8J3gnPg==",
        "c3MgInfDtnJkIjwneCc+",
        "p&ss \\\"wörd\\\"<'x'>",
        "p&ss \"wörd\"<''x''>",
        "p%26ss%20%22w%C3%B6rd%22%3C%27x%27%3E",
        "p&amp;ss &quot;wörd&quot;&lt;&apos;x&apos;&gt;",
    ];
    for form in forms {
        assert_eq!(masker.mask(&format!("a {form} b")), "a *** b", "{form}");
    }
    assert_eq!(
        masker.mask("after the ampersand: ss \"wörd\"<'x'>"),
        "after the ampersand: ***"
    );
    // What the runner does not know: base64url, hex and the form encoding of a blank stay in sight.
    assert_eq!(masker.mask("p%26ss+%22w"), "p%26ss+%22w");
}

#[test]
fn ranges_that_touch_or_overlap_become_one_mask() {
    let mut masker = Masker::default();
    for value in ["abab", "cd", "1"] {
        masker.add(value);
    }
    assert_eq!(masker.mask("x ababab cd"), "x *** ***");
    assert_eq!(masker.mask("x ababcd1-2"), "x ***-2");
    assert_eq!(masker.mask("é1é"), "é***é");
}

#[test]
fn a_secret_of_several_lines_hides_each_of_them() {
    let mut masker = Masker::default();
    masker.add_secret("{\n  \"key\": \"v\"\n}\n");
    assert_eq!(masker.mask("a { b"), "a *** b");
    assert_eq!(masker.mask("see \"key\": \"v\""), "see ***");
}

#[test]
fn the_rarer_encodings_are_those_of_the_runner() {
    assert_eq!(encodings("\"quoted value\"")[8], "quoted value");
    assert_eq!(encodings("\"short\"")[8], "");
    assert_eq!(
        encodings("first&second&third!")[9..],
        ["first&second&".to_owned(), "third!".to_owned()]
    );
    assert_eq!(
        encodings("first&+second&third")[9..],
        ["first&+".to_owned(), "econd&third".to_owned()]
    );
    assert_eq!(encodings("a&b")[9..], [String::new(), String::new()]);
    assert_eq!(encodings("\u{1}\u{2028}\t")[5], "\\u0001\\u2028\\t");
    assert_eq!(encodings("a")[1], "YQ==", "a value too short to shift is encoded whole");
}
