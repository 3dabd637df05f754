//! What was found, made as small as it gets, in groups: for whoever has to mend it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::description::Description;
use super::history::{Between, History, Mishap};
use super::life::{self, Went};
use super::nature::Lie;
use super::slip::Slip;
use super::stage::Stage;
use super::trial::Find;
use super::verdict::{Wrong, judge};

/// A life by what it began with.
#[derive(Clone, PartialEq)]
struct Seen<'d> {
    description: &'d Description,
    slip: Option<Slip>,
    history: History,
}

impl PartialEq for Description {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// What is alike: the wrong, the place of the mistake, and the events.
type Groups<'d> = BTreeMap<(Wrong, String, String), Vec<Seen<'d>>>;

impl Seen<'_> {
    fn place(&self) -> String {
        self.slip.as_ref().map_or_else(String::new, Slip::place)
    }

    async fn live(&self, traced: bool) -> Option<Went> {
        let stage = Stage::new(&self.description.document(self.slip.as_ref())).ok()?;
        Some(life::live(self.description, &stage, &self.history, traced).await)
    }

    async fn comes_to(&self, wrong: Wrong) -> bool {
        let Some(went) = self.live(false).await else {
            return false;
        };
        let (found, _) = judge(self.description, self.slip.as_ref(), &self.history, &went);
        found.contains(&wrong)
    }

    /// Takes everything away that is not needed for the same wrong.
    async fn shrink(mut self, wrong: Wrong) -> Self {
        let quiet = History::QUIET;
        for step in (0..7).chain(0..6) {
            let mut smaller = self.clone();
            match step {
                0 => smaller.slip = None,
                1 => smaller.history.lie = Lie::None,
                2 => smaller.history.between = Between::Nothing,
                3 => smaller.history.setup = Mishap::None,
                4 => smaller.history.cleanup = None,
                5 => smaller.history.lines_lost = 0,
                _ => smaller.history = quiet,
            }
            if smaller != self && smaller.comes_to(wrong).await {
                self = smaller;
            }
        }
        self
    }

    /// All that is needed to live it again.
    fn tell(&self) -> String {
        let slip = self
            .slip
            .as_ref()
            .map_or_else(|| "no slip".to_owned(), ToString::to_string);
        format!("{}: {slip}; {}", self.description.name, self.history)
    }
}

/// The groups with the smallest lives of each, and so many of them in full.
pub(super) async fn report(descriptions: &[Description], found: &[Find], in_full: usize) -> String {
    let groups = group(descriptions, found).await;
    let mut text = String::new();
    let mut last = None;
    for ((wrong, place, label), lives) in &groups {
        if last.replace(*wrong) != Some(*wrong) {
            add(&mut text, &format!("\n## {wrong:?}\n"));
        }
        let mut names: Vec<&str> = lives.iter().map(|seen| seen.description.name).collect();
        names.sort_unstable();
        names.dedup();
        let slip = if place.is_empty() {
            "no slip".to_owned()
        } else {
            format!("slip in `{place}`")
        };
        add(&mut text, &format!("- {slip}; {label}: {}", names.join(", ")));
        for seen in lives.iter().take(2) {
            let went = seen.live(false).await.unwrap_or_default();
            add(&mut text, &format!("  - {}; {}", seen.tell(), end(&went)));
        }
    }
    for ((wrong, ..), lives) in groups.iter().take(in_full) {
        let Some(seen) = lives.first() else { continue };
        let went = seen.live(true).await.unwrap_or_default();
        add(&mut text, &format!("\n### {wrong:?}: {}\n", seen.tell()));
        add(&mut text, &seen.description.document(seen.slip.as_ref()).to_string());
        add(
            &mut text,
            &format!("{}; setup failed: {:?}\n", end(&went), went.failures),
        );
        add(&mut text, &format!("{}\n\n{}", went.trace.join("\n"), went.journal));
    }
    text
}

fn add(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("text takes everything");
}

fn end(went: &Went) -> String {
    if let Some(panicked) = &went.panicked {
        return format!("panicked: {panicked}");
    }
    let left: Vec<String> = went
        .left
        .iter()
        .map(|(place, held)| format!("{} {:?} at {place}", held.name, held.state))
        .collect();
    let mut text = format!("left {left:?}, named {:?}", went.leftovers);
    if !went.hurt.is_empty() {
        add(&mut text, &format!("touched {:?}", went.hurt));
    }
    if !went.twins.is_empty() {
        add(&mut text, &format!("twice {:?}", went.twins));
    }
    text
}

async fn group<'d>(descriptions: &'d [Description], found: &[Find]) -> Groups<'d> {
    let mut groups = Groups::new();
    let mut met: BTreeMap<_, usize> = BTreeMap::new();
    for find in found {
        let named = |description: &&Description| description.name == find.description;
        let seen = Seen {
            description: descriptions.iter().find(named).expect("it is one of them"),
            slip: find.slip.clone(),
            history: find.history,
        };
        // Of what looks alike at first sight two are enough.
        let times = met
            .entry((find.wrong, seen.place(), find.history.label(), find.description))
            .or_default();
        *times += 1;
        if *times > 2 {
            continue;
        }
        let seen = seen.shrink(find.wrong).await;
        let group = groups
            .entry((find.wrong, seen.place(), seen.history.label()))
            .or_default();
        if !group.contains(&seen) {
            group.push(seen);
        }
    }
    groups
}
