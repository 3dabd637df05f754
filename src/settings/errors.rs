//! What is wrong with settings.

use std::fmt;

/// One setting that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingError {
    /// What is wrong, naming the source as the user wrote it.
    pub message: String,
    /// What to do.
    pub hint: String,
}

/// Every setting that is wrong: exit code 2. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingErrors(pub Vec<SettingError>);

impl fmt::Display for SettingErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            let newline = if index == 0 { "" } else { "\n" };
            write!(f, "{newline}{}\nhint: {}", error.message, error.hint)?;
        }
        Ok(())
    }
}

impl std::error::Error for SettingErrors {}
