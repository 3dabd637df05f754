//! Any text as a configuration: it ends in a configuration or in mistakes with words, within bounds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use standin::config::{Config, render};
use standin::language::Environment;

fuzz_target!(|text: &str| {
    let variables = [("SET", "value"), ("HOSTILE", "{{ 7 * 7 }}\n- ::error::x")];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    match Config::parse("standin.yml", text, &Environment::new(variables, None)) {
        Ok(config) => assert!(
            !config.services.is_empty(),
            "a configuration without services asks for nothing, and is a mistake"
        ),
        Err(mistakes) => {
            assert!(!mistakes.is_empty(), "it was refused without a word");
            assert!(
                !render(&mistakes).what.trim().is_empty(),
                "it was refused without a word"
            );
        }
    }
});
