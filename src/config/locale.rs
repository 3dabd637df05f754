//! The languages that made names may be of.

use super::decode::Decoder;
use super::tree::Node;
use crate::language::nearest;

/// A language of first and last names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Locale {
    /// English.
    #[default]
    En,
    /// German.
    De,
    /// French.
    Fr,
    /// Italian.
    It,
    /// Japanese.
    Ja,
    /// Dutch.
    Nl,
    /// Portuguese of Portugal.
    Pt,
    /// Portuguese of Brazil.
    PtBr,
    /// Turkish.
    Tr,
    /// Chinese.
    Zh,
}

/// How each is written.
const WORDS: [(&str, Locale); 10] = [
    ("en", Locale::En),
    ("de", Locale::De),
    ("fr", Locale::Fr),
    ("it", Locale::It),
    ("ja", Locale::Ja),
    ("nl", Locale::Nl),
    ("pt", Locale::Pt),
    ("pt_br", Locale::PtBr),
    ("tr", Locale::Tr),
    ("zh", Locale::Zh),
];
/// A country that is said with a language and changes no name, as in `de-DE`.
const COUNTRIES: [&str; 10] = [
    "en_us", "en_gb", "de_de", "fr_fr", "it_it", "ja_jp", "nl_nl", "pt_pt", "tr_tr", "zh_cn",
];

impl Locale {
    /// Reads `de`, `DE` or `de-DE`.
    pub fn parse(text: &str) -> Option<Self> {
        let asked = text.to_lowercase().replace('-', "_");
        let asked = if COUNTRIES.contains(&asked.as_str()) {
            &asked[..2]
        } else {
            &asked
        };
        let found = WORDS.iter().find(|(word, _)| *word == asked);
        found.map(|(_, locale)| *locale)
    }
}

/// `locale` of a persona.
pub(super) fn decode(decoder: &mut Decoder, node: &Node, key: &str) -> Option<Locale> {
    let text = decoder.text(node, key)?;
    let locale = Locale::parse(&text);
    if locale.is_none() {
        let words = || WORDS.iter().map(|(word, _)| *word);
        let hint = match nearest(&text, words()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("the locales are {}", words().collect::<Vec<_>>().join(", ")),
        };
        let shown: String = text.chars().take(60).collect();
        decoder.error_with_hint(node.span, format!("unknown locale `{shown}`"), hint);
    }
    locale
}
