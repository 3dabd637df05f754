//! The meaning of a setting's text: durations, switches, choices, lists.

use std::time::Duration;

use super::SettingError;
use super::sources::{Found, Layers, Texts};
use crate::domain::leg::Leg;
use crate::domain::secret::Secret;
use crate::language::nearest;

/// Longer than any job, and short enough that adding it to a point in time can't overflow.
const LONGEST: Duration = Duration::from_hours(30 * 24);

/// A shorter seed could be guessed from a password that was computed from it.
const SEED_MIN: usize = 32;

/// Reads typed values and gathers what is wrong, so that all of it is told at once.
pub(super) struct Reader<'a> {
    pub(super) layers: &'a Layers,
    pub(super) errors: Vec<SettingError>,
}

type Field = fn(&Texts) -> Option<&str>;

impl<'a> Reader<'a> {
    pub(super) fn found(&self, name: &str, field: Field) -> Option<Found<'a>> {
        self.layers.find(name, field)
    }

    /// A text as it was given, without the white space around it.
    pub(super) fn text(&self, name: &str, field: Field) -> Option<String> {
        self.found(name, field).map(|found| found.value.trim().to_owned())
    }

    /// A secret to compute others from. What is wrong with it is said without showing it.
    pub(super) fn seed(&mut self, name: &str, field: Field) -> Option<Secret> {
        let found = self.found(name, field)?;
        let value = found.value.trim();
        if value.chars().count() >= SEED_MIN {
            return Some(Secret::new(value));
        }
        self.errors.push(SettingError {
            message: format!("{} has fewer than {SEED_MIN} characters", found.source),
            hint: "make one with `openssl rand -base64 32`, and keep it as a secret".to_owned(),
        });
        None
    }

    pub(super) fn list(&self, name: &str, field: Field) -> Vec<String> {
        let Some(found) = self.found(name, field) else {
            return Vec::new();
        };
        let items = found.value.split([',', '\n']).map(str::trim);
        items.filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }

    pub(super) fn switch(&mut self, name: &str, field: Field) -> Option<bool> {
        const SPELLINGS: [(&str, bool); 6] = [
            ("true", true),
            ("True", true),
            ("TRUE", true),
            ("false", false),
            ("False", false),
            ("FALSE", false),
        ];
        self.choice(name, field, &SPELLINGS, "write `true` or `false`")
    }

    pub(super) fn one_of<T: Copy>(&mut self, name: &str, field: Field, choices: &[(&str, T)]) -> Option<T> {
        let names: Vec<String> = choices.iter().map(|(name, _)| format!("`{name}`")).collect();
        self.choice(name, field, choices, &format!("write one of {}", names.join(", ")))
    }

    fn choice<T: Copy>(&mut self, name: &str, field: Field, choices: &[(&str, T)], hint: &str) -> Option<T> {
        let found = self.found(name, field)?;
        let value = found.value.trim();
        let chosen = choices
            .iter()
            .find(|(name, _)| *name == value)
            .map(|(_, choice)| *choice);
        if chosen.is_none() {
            let hint = match nearest(value, choices.iter().map(|(name, _)| *name)) {
                Some(name) => format!("did you mean `{name}`?"),
                None => hint.to_owned(),
            };
            self.wrong(&found, "not a known value", &hint);
        }
        chosen
    }

    /// A duration of more than zero, or of zero where `zero` says that this means something.
    pub(super) fn duration(&mut self, name: &str, field: Field, zero: Zero) -> Option<Duration> {
        let found = self.found(name, field)?;
        let hint = "write a time such as `500ms`, `60s`, `5m` or `1h30m`";
        match humantime::parse_duration(found.value.trim()) {
            Err(_) => self.wrong(&found, "not a duration", hint),
            Ok(Duration::ZERO) if zero == Zero::Refused => {
                self.wrong(&found, "no time at all", hint);
            }
            Ok(duration) if duration > LONGEST => self.wrong(&found, "more than 30 days", hint),
            Ok(duration) => return Some(duration),
        }
        None
    }

    pub(super) fn port(&mut self, name: &str, field: Field) -> Option<u16> {
        let found = self.found(name, field)?;
        let port = found.value.trim().parse().ok();
        if port.is_none() {
            self.wrong(
                &found,
                "not a port",
                "write a whole number from 0 to 65535; 0 takes any that is free",
            );
        }
        port
    }

    /// A job of a matrix. A runner that has no matrix at all gives the action's input as a lone `/`.
    pub(super) fn leg(&mut self, name: &str, field: Field) -> Option<Leg> {
        let found = self.found(name, field).filter(|found| found.value.trim() != "/")?;
        let leg = found.value.trim().parse().ok();
        if leg.is_none() {
            self.wrong(
                &found,
                "not a job of a matrix",
                "write its index from 0 and how many there are, such as `3/16`",
            );
        }
        leg
    }

    pub(super) fn hits(&mut self, name: &str, field: Field) -> Option<u32> {
        let found = self.found(name, field)?;
        let hits = found.value.trim().parse().ok();
        if hits.is_none() {
            self.wrong(&found, "not a number of accounts", "write a whole number, such as 500");
        }
        hits
    }

    pub(super) fn count(&mut self, name: &str, field: Field) -> Option<u32> {
        let found = self.found(name, field)?;
        let count = found
            .value
            .trim()
            .parse()
            .ok()
            .filter(|count| (1..=1000).contains(count));
        if count.is_none() {
            self.wrong(&found, "not a count", "write a whole number from 1 to 1000");
        }
        count
    }

    fn wrong(&mut self, found: &Found<'_>, what: &str, hint: &str) {
        let value: String = found.value.trim().chars().take(80).collect();
        self.errors.push(SettingError {
            message: format!("{} is `{}`: {what}", found.source, value.escape_debug()),
            hint: hint.to_owned(),
        });
    }
}

/// May a duration be zero?
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Zero {
    Allowed,
    Refused,
}
