//! What is taken out and what stays.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use proptest::prelude::*;

use super::*;

fn knowing(secrets: &[&str]) -> Redactor {
    let mut redactor = Redactor::default();
    for secret in secrets {
        redactor.learn(&Secret::new(*secret));
    }
    redactor
}

#[test]
fn a_secret_is_taken_out_in_every_spelling() {
    let secret = "p\"s'w<r>d& \u{e4}/x+9?";
    let redactor = knowing(&[secret]);
    let json = serde_json::to_string(secret).expect("JSON");
    let percent = "p%22s%27w%3Cr%3Ed%26%20%C3%A4%2Fx%2B9%3F";
    let spellings = [
        secret.to_owned(),
        STANDARD.encode(secret),
        STANDARD.encode(&secret.as_bytes()[1..]),
        STANDARD.encode(&secret.as_bytes()[2..]),
        URL_SAFE_NO_PAD.encode(secret),
        secret.replace('"', "\\\""),
        secret.replace('\'', "''"),
        json[1..json.len() - 1].to_owned(),
        "p\\\"s'w<r>d& \\u00e4/x+9?".to_owned(),
        "p\\\"s'w<r>d& \u{e4}\\/x+9?".to_owned(),
        percent.to_owned(),
        percent.to_lowercase(),
        percent.replace("%20", "+"),
        "p&quot;s&apos;w&lt;r&gt;d&amp; \u{e4}/x+9?".to_owned(),
        "p&quot;s&#39;w&lt;r&gt;d&amp; \u{e4}/x+9?".to_owned(),
        "7022732777".to_owned() + "3c723e642620c3a42f782b393f",
        "7022732777".to_owned() + "3C723E642620C3A42F782B393F",
        format!("{secret:?}").trim_matches('"').to_owned(),
    ];
    for spelling in spellings {
        let text = format!("before ({spelling}) after");
        assert_eq!(redactor.redact(&text), "before (***) after", "{spelling}");
    }
}

/// Encoders differ in what they leave as it is: JavaScript's, those of forms, of paths and of queries.
#[test]
fn a_secret_is_taken_out_whatever_the_percent_encoder_left_as_it_was() {
    let secret = "a!b*c'd(e)f~g@h:i$j,k;l=m+n/o?p q&r\"s";
    let redactor = knowing(&[secret]);
    for spelling in [
        "a!b*c'd(e)f~g%40h%3Ai%24j%2Ck%3Bl%3Dm%2Bn%2Fo%3Fp%20q%26r%22s",
        "a%21b*c%27d%28e%29f%7Eg%40h%3Ai%24j%2Ck%3Bl%3Dm%2Bn%2Fo%3Fp+q%26r%22s",
        "a!b*c'd(e)f~g@h:i$j,k;l=m+n%2Fo%3Fp%20q&r%22s",
        "a!b*c'd(e)f~g@h:i$j,k;l=m+n/o?p%20q&r%22s",
        "a!b*c%27d(e)f~g@h:i$j,k;l=m+n/o?p%20q&r%22s",
    ] {
        for spelling in [spelling.to_owned(), lower_escapes(spelling)] {
            assert_eq!(redactor.redact(&format!("<{spelling}>")), "<***>", "{spelling}");
        }
    }
}

fn lower_escapes(text: &str) -> String {
    let mut parts = text.split('%');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + "%" + &part[..2].to_lowercase() + &part[2..])
}

#[test]
fn a_secret_within_something_that_was_encoded_is_taken_out_at_every_place() {
    let secret = "hunter2hunter2";
    let redactor = knowing(&[secret]);
    for before in ["", "q", "qa", "qa:", "user:"] {
        for after in ["", "x", "xy", "xyz"] {
            let text = STANDARD.encode(format!("{before}{secret}{after}"));
            let redacted = redactor.redact(&text);
            assert!(redacted.contains(MASK), "{before} {after}: {redacted}");
            let kept: String = redacted.split(MASK).collect();
            assert!(
                kept.len() <= (before.len() + after.len()) * 4 / 3 + 8,
                "{before} {after}: {redacted}"
            );
        }
    }
}

#[test]
fn each_line_of_a_key_is_taken_out() {
    let redactor = knowing(&["-----BEGIN KEY-----\r\nMIIBVgIBADANBg\n}\n-----END KEY-----\n"]);
    assert_eq!(redactor.redact("x MIIBVgIBADANBg y"), "x *** y");
    assert_eq!(redactor.redact("{ } stays"), "{ } stays");
}

#[test]
fn overlapping_and_neighbouring_secrets_become_one_mask() {
    let redactor = knowing(&["abcdefgh", "efghijkl", "abcdef", "mnopqr"]);
    assert_eq!(redactor.redact("<abcdefghijklmnopqr>"), "<***>");
    assert_eq!(redactor.redact("abcdef abcdefgh"), "*** ***");
    assert_eq!(redactor.redact("aabcdefabcde"), "a***abcde");
}

#[test]
fn a_short_secret_is_taken_out_where_it_stands_alone() {
    let mut redactor = Redactor::default();
    assert_eq!(redactor.learn(&Secret::new("pw")), Lesson::Short);
    assert_eq!(redactor.learn(&Secret::new("admin")), Lesson::Short);
    assert_eq!(redactor.learn(&Secret::new("        ")), Lesson::Known);
    assert_eq!(redactor.learn(&Secret::new("hunter2hunter2")), Lesson::New);
    assert_eq!(redactor.learn(&Secret::new("hunter2hunter2")), Lesson::Known);
    for (text, expected) in [
        ("wrong password pw.", "wrong password ***."),
        (
            "{\"password\":\"pw\",\"user\":\"admin\"}",
            "{\"password\":\"***\",\"user\":\"***\"}",
        ),
        ("sd-1x2-admin at /admin/x pwd", "sd-1x2-admin at /admin/x pwd"),
        ("a   b", "a   b"),
    ] {
        assert_eq!(redactor.redact(text), expected);
    }
}

#[test]
fn a_name_would_change_exactly_where_redaction_changes_it() {
    for (name, value, changes) in [
        ("sd-1pw2x-alice", "pw", false),
        ("sd-pw-alice@example.com", "pw", false),
        ("users", "users", true),
        ("acme users", "users", true),
        ("orders-service", "orders", true),
        ("billing", "orders", false),
    ] {
        let secret = Secret::new(value);
        assert_eq!(would_change(name, &secret), changes, "{value} in {name}");
        assert_eq!(knowing(&[value]).redact(name) != name, changes, "{value} in {name}");
    }
}

#[test]
fn text_without_secrets_is_not_copied() {
    let redactor = knowing(&["hunter2hunter2"]);
    assert!(matches!(
        redactor.redact("nothing to see, hunter2 \u{e4}\u{1f469}"),
        Cow::Borrowed(_)
    ));
    assert!(matches!(Redactor::default().redact("nothing"), Cow::Borrowed(_)));
    assert_eq!(redactor.redact("\u{e4}hunter2hunter2\u{e4}"), "\u{e4}***\u{e4}");
}

#[test]
fn many_secrets_are_each_found_and_masks_are_not_masked_again() {
    let secrets: Vec<String> = (0..3_000).map(|n| format!("eyJhbGciOi.secret-{n:05}")).collect();
    let redactor = knowing(&secrets.iter().map(String::as_str).collect::<Vec<_>>());
    let text = secrets.join(" ");
    let redacted = redactor.redact(&text).into_owned();
    assert_eq!(redacted, vec![MASK; secrets.len()].join(" "));
    assert_eq!(redactor.redact(&redacted), redacted);
}

proptest! {
    #[test]
    fn no_learnt_secret_is_left_in_any_text(
        secrets in proptest::collection::vec("[a-c]{6,9}|[a-z\u{e4}\\\\\"]{6,12}", 1..5),
        between in proptest::collection::vec("[a-c \u{1f469}]{0,4}", 5),
    ) {
        let redactor = knowing(&secrets.iter().map(String::as_str).collect::<Vec<_>>());
        let mut text = between[0].clone();
        for (secret, more) in secrets.iter().zip(&between[1..]) {
            text.extend([secret.clone(), STANDARD.encode(secret), more.clone(), format!("{secret:?}")]);
        }
        let redacted = redactor.redact(&text);
        for secret in &secrets {
            prop_assert!(!redacted.contains(secret.as_str()), "{secret:?} in {redacted:?}");
            prop_assert!(!redacted.contains(&STANDARD.encode(secret)), "{secret:?} in {redacted:?}");
        }
    }
}
