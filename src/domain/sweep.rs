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

/// Judges one account by its name.
pub fn judge(name: &str, rules: &Rules<'_>) -> Verdict {
    let Some(marker) = Marker::at_front_of(name) else {
        return Verdict::Unmarked;
    };
    let age = rules.now.since(marker.created());
    match &rules.whose {
        Whose::Repository(repository) if !marker.is_of_repository(repository) => {
            return Verdict::Keep("it is of another repository");
        }
        Whose::Run(origin) if !marker.is_of_run(origin) => return Verdict::Keep("it is of another run"),
        Whose::Run(_) => {}
        Whose::Repository(_) | Whose::Anybody => {
            if age < marker.ttl() {
                return Verdict::Keep("its own time to live is not over");
            }
            if age < rules.older_than {
                return Verdict::Keep("it is younger than `older-than`");
            }
        }
    }
    if (rules.is_protected)(rules.protected, name) {
        return Verdict::Keep("it is protected");
    }
    Verdict::Sweep(marker)
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
            now: at(now),
        }
    }

    #[test]
    fn age_counts_from_the_minute_of_the_marker_and_is_over_when_it_is_equal() {
        let name = name(Duration::from_hours(30));
        let day = 24 * 60;
        let own = || Whose::Repository("a/b");
        assert_eq!(
            judge(&name, &rules(own(), day)),
            Verdict::Keep("its own time to live is not over")
        );
        assert_eq!(
            judge(&name, &rules(own(), 30 * 60 - 1)),
            Verdict::Keep("its own time to live is not over")
        );
        assert!(matches!(judge(&name, &rules(own(), 30 * 60)), Verdict::Sweep(_)));
    }

    #[test]
    fn a_short_life_still_waits_for_older_than() {
        let name = name(Duration::ZERO);
        let day = 24 * 60;
        let own = || Whose::Repository("a/b");
        assert_eq!(
            judge(&name, &rules(own(), day - 1)),
            Verdict::Keep("it is younger than `older-than`")
        );
        assert!(matches!(judge(&name, &rules(own(), day)), Verdict::Sweep(_)));
    }

    #[test]
    fn only_the_owner_sweeps_unless_all_are_meant() {
        let name = name(Duration::ZERO);
        let later = 3 * 24 * 60;
        let kept = judge(&name, &rules(Whose::Repository("a/c"), later));
        assert_eq!(kept, Verdict::Keep("it is of another repository"));
        assert!(matches!(judge(&name, &rules(Whose::Anybody, later)), Verdict::Sweep(_)));
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
        assert!(matches!(judge(&name, &rules(run("7"), 0)), Verdict::Sweep(_)));
        assert_eq!(judge(&name, &rules(run("8"), 0)), Verdict::Keep("it is of another run"));
    }

    #[test]
    fn people_and_the_protected_stay() {
        let later = rules(Whose::Anybody, 100 * 24 * 60);
        for human in ["maria.keller", "sd-keller", "sdk-2", ""] {
            assert_eq!(judge(human, &later), Verdict::Unmarked);
        }
        let protected = ["-alice".to_owned()];
        let rules = Rules {
            protected: &protected,
            ..later
        };
        assert_eq!(judge(&name(Duration::ZERO), &rules), Verdict::Keep("it is protected"));
    }
}
