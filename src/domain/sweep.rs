//! Which of the accounts that a service lists are to be swept: the rules, without a list and without a clock.

use std::time::Duration;

use super::marker::{Marker, Origin};
use super::time::Timestamp;

/// What a sweep goes by.
#[derive(Clone, Debug)]
pub struct Rules<'a> {
    /// Whose accounts.
    pub whose: Whose<'a>,
    /// How old they must be at least, beside their own time to live; nothing to whoever names a run.
    pub older_than: Duration,
    /// Names that are left alone: does this one match?
    pub is_protected: fn(&[String], &str) -> bool,
    /// What is protected.
    pub protected: &'a [String],
    /// Only accounts of these personas; empty: of all.
    pub personas: &'a [String],
    /// The time.
    pub now: Timestamp,
}

/// Whose accounts a sweep is for.
#[derive(Clone, Debug)]
pub enum Whose<'a> {
    /// Those of this repository.
    Repository(&'a str),
    /// Those of one run, in all its attempts and however young.
    Run(Origin<'a>),
    /// Anybody's.
    Anybody,
}

/// What becomes of a listed account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It carries no marker: it is none of ours, and nothing is said of it.
    Unmarked,
    /// It goes.
    Sweep(Marker),
    /// It carries a marker, and stays.
    Keep(&'static str),
}

/// Judges one account by its name; `shown` is all else that the service shows of it, which never makes it ours.
pub fn judge(name: &str, rules: &Rules<'_>, shown: impl FnOnce() -> String) -> Verdict {
    let Some(marker) = Marker::at_front_of(name) else {
        return if Marker::has_form(name) {
            Verdict::Keep("it looks like a marker, but its check code is wrong")
        } else if Marker::within(&shown()).is_some() {
            Verdict::Keep("its marker is not at the beginning of its name")
        } else {
            Verdict::Unmarked
        };
    };
    let age = rules.now.since(marker.created());
    match &rules.whose {
        Whose::Repository(repository) if !marker.is_of_repository(repository) => {
            return Verdict::Keep("it belongs to another repository");
        }
        Whose::Run(origin) if !marker.is_of_run(origin) => return Verdict::Keep("it belongs to another run"),
        Whose::Run(_) => {}
        Whose::Repository(_) | Whose::Anybody => {
            if age < marker.ttl() {
                return Verdict::Keep("its time to live is not over");
            }
            if age < rules.older_than {
                return Verdict::Keep("it is younger than `older-than`");
            }
        }
    }
    if !rules.personas.is_empty()
        && !rules
            .personas
            .iter()
            .any(|persona| is_of(persona, &name[marker.as_str().len()..]))
    {
        return Verdict::Keep("it belongs to another persona");
    }
    if (rules.is_protected)(rules.protected, name) {
        return Verdict::Keep("it is protected");
    }
    Verdict::Sweep(marker)
}

/// Is what follows the marker the name of this persona, or of one of its copies?
fn is_of(persona: &str, rest: &str) -> bool {
    let name = persona.to_lowercase().replace('_', "-");
    let rest = rest.trim_start_matches(|c: char| !c.is_alphanumeric());
    match rest.strip_prefix(name.as_str()) {
        Some("") => true,
        Some(copy) => copy
            .strip_prefix('-')
            .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: Origin<'_> = Origin {
        repository: "a/b",
        run: "7",
        attempt: 1,
    };

    fn at(minutes: u64) -> Timestamp {
        Timestamp::from_millis(1_795_420_800_000 + minutes * 60_000)
    }

    fn name(ttl: Duration) -> String {
        format!("{}-alice", Marker::new("sd", at(0), ttl, &ORIGIN, "k3x9q"))
    }

    fn rules(whose: Whose<'_>, now: u64) -> Rules<'_> {
        Rules {
            whose,
            older_than: Duration::from_hours(24),
            is_protected: |protected, name| protected.iter().any(|one| name.ends_with(one.as_str())),
            protected: &[],
            personas: &[],
            now: at(now),
        }
    }

    #[test]
    fn age_counts_from_the_minute_of_the_marker_and_is_over_when_it_is_equal() {
        let name = name(Duration::from_hours(30));
        let day = 24 * 60;
        let own = || Whose::Repository("a/b");
        assert_eq!(
            judge(&name, &rules(own(), day), String::new),
            Verdict::Keep("its time to live is not over")
        );
        assert_eq!(
            judge(&name, &rules(own(), 30 * 60 - 1), String::new),
            Verdict::Keep("its time to live is not over")
        );
        assert!(matches!(
            judge(&name, &rules(own(), 30 * 60), String::new),
            Verdict::Sweep(_)
        ));
    }

    #[test]
    fn a_short_life_still_waits_for_older_than() {
        let name = name(Duration::ZERO);
        let day = 24 * 60;
        let own = || Whose::Repository("a/b");
        assert_eq!(
            judge(&name, &rules(own(), day - 1), String::new),
            Verdict::Keep("it is younger than `older-than`")
        );
        assert!(matches!(
            judge(&name, &rules(own(), day), String::new),
            Verdict::Sweep(_)
        ));
    }

    #[test]
    fn only_the_owner_sweeps_unless_all_are_meant() {
        let name = name(Duration::ZERO);
        let later = 3 * 24 * 60;
        let kept = judge(&name, &rules(Whose::Repository("a/c"), later), String::new);
        assert_eq!(kept, Verdict::Keep("it belongs to another repository"));
        assert!(matches!(
            judge(&name, &rules(Whose::Anybody, later), String::new),
            Verdict::Sweep(_)
        ));
    }

    #[test]
    fn a_run_takes_its_own_however_young_and_in_every_attempt() {
        let name = name(Duration::from_hours(24));
        let run = |run| {
            Whose::Run(Origin {
                run,
                attempt: 3,
                ..ORIGIN
            })
        };
        assert!(matches!(
            judge(&name, &rules(run("7"), 0), String::new),
            Verdict::Sweep(_)
        ));
        assert_eq!(
            judge(&name, &rules(run("8"), 0), String::new),
            Verdict::Keep("it belongs to another run")
        );
    }

    #[test]
    fn what_only_looks_like_ours_stays_and_is_told() {
        let later = rules(Whose::Anybody, 100 * 24 * 60);
        let mut changed = name(Duration::ZERO);
        changed.replace_range(4..5, if changed.as_bytes()[4] == b'7' { "8" } else { "7" });
        let wrong = judge(&changed, &later, String::new);
        assert_eq!(
            wrong,
            Verdict::Keep("it looks like a marker, but its check code is wrong")
        );
        for shown in [name(Duration::ZERO), format!("<{}@example.com>", name(Duration::ZERO))] {
            let elsewhere = judge("maria", &later, || shown);
            assert_eq!(
                elsewhere,
                Verdict::Keep("its marker is not at the beginning of its name")
            );
        }
    }

    #[test]
    fn of_some_personas_those_of_others_stay() {
        let marked = |rest: &str| format!("{}{rest}", Marker::new("sd", at(0), Duration::ZERO, &ORIGIN, "k3x9q"));
        let personas = ["Test_User".to_owned(), "buyer".to_owned()];
        let rules = Rules {
            personas: &personas,
            ..rules(Whose::Anybody, 100 * 24 * 60)
        };
        for rest in ["-test-user", "-buyer", "-buyer-7", ".buyer-12"] {
            assert!(
                matches!(judge(&marked(rest), &rules, String::new), Verdict::Sweep(_)),
                "{rest}"
            );
        }
        for rest in ["", "-alice", "-buyers", "-buyer-x", "-buyer-", "-test"] {
            assert!(
                matches!(
                    judge(&marked(rest), &rules, String::new),
                    Verdict::Keep(_) | Verdict::Unmarked
                ),
                "{rest}"
            );
        }
    }

    #[test]
    fn people_and_the_protected_stay() {
        let later = rules(Whose::Anybody, 100 * 24 * 60);
        for human in ["maria.keller", "sd-keller", "sdk-2", ""] {
            assert_eq!(judge(human, &later, String::new), Verdict::Unmarked);
        }
        let protected = ["-alice".to_owned()];
        let rules = Rules {
            protected: &protected,
            ..later
        };
        assert_eq!(
            judge(&name(Duration::ZERO), &rules, String::new),
            Verdict::Keep("it is protected")
        );
    }
}
