//! What a description lacks on a bad day: an answer that is lost, a machine that dies, credentials that end.
//!
//! Each rule is a row of [`RULES`]: a code that never changes, and a function from a service to notes. A note says what would
//! be lost, and gives the line to write for this very service. None says what the engine does not rely on; a description
//! that is complete gets none. Nothing here reads a file, a variable or an answer.

mod absent;
mod doubtful;
mod draft;
mod reach;
mod refusal;
#[cfg(test)]
mod tests;

use crate::config::Service;

/// What should be known of a service before it is relied on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Which rule says so; never changes.
    pub code: &'static str,
    /// The keys that lead to what is meant, such as `services[0].delete`.
    pub place: String,
    /// What is lacking, and what would be lost: a fragment in lower case.
    pub text: String,
    /// The line to write at the place, where one would mend it.
    pub write: Option<String>,
}

/// A rule.
pub struct Rule {
    /// Its code, in kebab case.
    pub code: &'static str,
    /// What it finds, for documents.
    pub finds: &'static str,
    notes: fn(&Service) -> Vec<Found>,
}

/// What a rule finds.
struct Found {
    place: String,
    text: String,
    write: Option<String>,
}

/// Every rule, in the order in which notes are told.
pub const RULES: [Rule; 12] = [
    Rule {
        code: "no-find",
        finds: "no `find`: a create without an answer can't be looked up by name",
        notes: absent::find,
    },
    Rule {
        code: "no-list",
        finds: "no `list`: `sweep` finds nothing of a lost machine",
        notes: absent::list,
    },
    Rule {
        code: "no-probe",
        finds: "credentials and no `probe`: \"not found\" may be what dead credentials are told",
        notes: absent::probe,
    },
    Rule {
        code: "no-verify",
        finds: "no `verify`: nothing reads an account back by its id",
        notes: absent::verify,
    },
    Rule {
        code: "no-name",
        finds: "`verify` without `name`: an id that leads to somebody else's account is not noticed",
        notes: absent::name,
    },
    Rule {
        code: "no-duplicate",
        finds: "`find` and no `duplicate`: after a lost answer, setup may not create the account again",
        notes: absent::duplicate,
    },
    Rule {
        code: "list-end",
        finds: "`list` without `next`, `total` or `filter`: its one page may be cut short",
        notes: doubtful::list_end,
    },
    Rule {
        code: "absent-refusal",
        finds: "`absent` of `find` holds for a refusal or a failure",
        notes: refusal::absent,
    },
    Rule {
        code: "gone-refusal",
        finds: "`gone` holds for a refusal, a failure or a success",
        notes: refusal::gone,
    },
    Rule {
        code: "expect-refusal",
        finds: "`expect` holds for an answer that is no success",
        notes: refusal::expect,
    },
    Rule {
        code: "kept-reads",
        finds: "`find`, `delete` or `gone` reads what only the job of the setup has",
        notes: reach::kept_reads,
    },
    Rule {
        code: "unproved-variable",
        finds: "`delete` or `gone` reads a variable that no request of setup uses",
        notes: reach::unproved_variables,
    },
];

/// All that is to be said of a service, by every rule.
pub fn notes(service: &Service) -> Vec<Note> {
    let of_rule = |rule: &Rule| {
        let code = rule.code;
        let note = move |found: Found| Note {
            code,
            place: found.place,
            text: found.text,
            write: found.write,
        };
        (rule.notes)(service).into_iter().map(note)
    };
    RULES.iter().flat_map(of_rule).collect()
}

impl Found {
    fn new(place: impl Into<String>, text: impl Into<String>, write: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            text: text.into(),
            write: Some(write.into()),
        }
    }
}

/// The keys that lead to a service.
fn place(service: &Service) -> &str {
    let create = &service.create.request.place;
    create.split_once('.').map_or(create.as_str(), |(service, _)| service)
}
