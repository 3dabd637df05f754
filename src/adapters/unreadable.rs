//! Why a document in JSON can't be read, in our own words: the parser's quote what it read, which may be a secret.

use serde_json::error::Category;

/// To be read after "it can't be read: ".
pub fn why(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    match error.classify() {
        Category::Io => "the system returned nothing".to_owned(),
        Category::Eof => "it ends too early".to_owned(),
        Category::Syntax => format!("it is not valid JSON at line {line}, column {column}"),
        Category::Data => format!("it has another form at line {line}, column {column}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_is_not_told() {
        for (text, expected) in [
            (r#"{"version": "hunter2"}"#, "it has another form at line 1, column 21"),
            (r#"{"version": 1} hunter2"#, "it is not valid JSON at line 1, column 16"),
            (r#"{"version": "#, "it ends too early"),
        ] {
            let error = serde_json::from_str::<std::collections::BTreeMap<String, u8>>(text).expect_err("broken");
            assert_eq!(why(&error), expected, "{text}");
        }
    }
}
