//! Names in other letters: what the service takes for one and the same.

use unicode_normalization::UnicodeNormalization as _;

use super::findings::Findings;
use super::made::asks_for_the_account;
use crate::ports::World;

/// A name in other letters: what is tried, what its account is called, the name, and what differs.
type Variant = (&'static str, &'static str, String, &'static str);

impl<W: World> Findings<'_, '_, W> {
    /// Tells which spellings make two names, with one look-up for each. There is nothing to mend: a look-up is compared with
    /// the name that was sent.
    pub(super) async fn in_other_letters(&self) {
        let Some(find) = &self.site.service.find else { return };
        if !asks_for_the_account(&find.request) {
            return;
        }
        let username = self.username();
        for (tried, what, variant, difference) in variants(&username) {
            if variant == username {
                continue;
            }
            let place = self.nobody_of(what, &variant);
            // A refusal says no more than that: no account can have such a name.
            if self.engine.find(place, self.site, find).await.is_err() {
                continue;
            }
            let why = match self.shown_beside(find) {
                0 => "it shows no account: to the service these are two names".to_owned(),
                _ => format!("it shows the account: to the service {difference} are one name"),
            };
            self.proved(("find", tried), Some(&find.request), why);
        }
    }
}

fn variants(username: &str) -> [Variant; 4] {
    [
        (
            "for the name in capitals",
            "capitals",
            username.to_uppercase(),
            "upper and lower case",
        ),
        (
            "for the name and a blank",
            "blank",
            format!("{username} "),
            "names with and without a blank at the end",
        ),
        (
            "for the name in wide letters",
            "wide",
            at_the_last_letter(username, |letter| wide(letter).to_string()),
            "letters and their full-width forms",
        ),
        (
            "for the name with an accent",
            "accent",
            at_the_last_letter(username, |letter| [letter, '\u{301}'].into_iter().nfc().collect()),
            "letters with and without an accent",
        ),
    ]
}

/// The name with something else in place of its last ASCII letter.
fn at_the_last_letter(username: &str, other: impl Fn(char) -> String) -> String {
    match username.rfind(|c: char| c.is_ascii_alphabetic()) {
        None => username.to_owned(),
        Some(at) => {
            let letter = char::from(username.as_bytes()[at]);
            format!("{}{}{}", &username[..at], other(letter), &username[at + 1..])
        }
    }
}

/// The full-width form of a letter, which the compatible forms of Unicode take for the same.
fn wide(letter: char) -> char {
    char::from_u32(u32::from(letter) - u32::from('!') + u32::from('！')).unwrap_or(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_variant_differs_in_one_way() {
        let names = variants("sd-1-zoe-7").map(|(_, _, name, _)| name);
        assert_eq!(
            names,
            ["SD-1-ZOE-7", "sd-1-zoe-7 ", "sd-1-zo\u{ff45}-7", "sd-1-zo\u{e9}-7"]
        );
        assert_eq!(names[2].nfkc().collect::<String>(), "sd-1-zoe-7");
        let names = variants("17").map(|(_, _, name, _)| name);
        assert_eq!(names, ["17", "17 ", "17", "17"]);
    }
}
