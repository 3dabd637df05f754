//! What Standin computes between two requests, and before the first: timed within the process, where a command line would
//! time the start of a process and the writing of its output as well.
//!
//! `cargo bench` runs it, and `scripts/bench micro` puts what came of it into docs/performance.md.

use std::time::Duration;

use divan::{Bencher, black_box};
use rand::SeedableRng as _;
use rand::rngs::ChaCha8Rng;
use standin::adapters::journal;
use standin::config::Config;
use standin::domain::account::RemoteId;
use standin::domain::event::{Entry, Event};
use standin::domain::marker::{Marker, Origin};
use standin::domain::time::Timestamp;
use standin::language::Environment;
use standin::plan::{self, Draft, Passwords, Run, Selection};
use standin::ports::{Identity, Outgoing};

/// Copies of the one persona, each in all ten services.
const COPIES: usize = 10_000;
/// Lines of the journal, beside the plan.
const LINES: usize = 100_000;
const NOW: Timestamp = Timestamp::from_millis(1_795_421_259_000);

fn main() {
    divan::main();
}

fn run() -> Run {
    let origin = Origin {
        repository: "a/b",
        run: "7",
        attempt: 1,
    };
    Run {
        repository: "a/b".to_owned(),
        id: "7".to_owned(),
        attempt: 1,
        url: None,
        marker: Marker::new("sd", NOW, Duration::from_hours(24), &origin, "k3x9q"),
    }
}

fn environment() -> Environment {
    Environment::new([], None)
}

fn config() -> Config {
    let services: Vec<String> = (0..10)
        .map(|number| format!("{{ name: s{number}, url: \"http://127.0.0.1:1/s{number}\" }}"))
        .collect();
    let text = format!(
        "services: [{}]\naccounts: [{{ name: buyer, count: {COPIES} }}]\n",
        services.join(", ")
    );
    Config::parse("standin.yml", &text, &environment()).expect("a good configuration")
}

fn draw(config: &Config) -> Draft {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let drawn = plan::draw_up(
        config,
        &environment(),
        &run(),
        &Selection::default(),
        NOW,
        Passwords::Drawn(&mut random),
    );
    drawn.expect("a plan")
}

/// The journal of a setup: the plan, and of each account that it intended, made and verified it.
fn written(draft: &Draft) -> Vec<u8> {
    let mut bytes = serde_json::to_vec(&draft.planned).expect("JSON");
    let steps = draft.planned.accounts.iter().flat_map(|account| {
        let id = RemoteId::new("0198d6b2-7c9e-7d55-b0f5-3e8a5b6c7d8e").expect("an id");
        [Event::CreateIntended, Event::Created(id), Event::Verified].map(|event| Entry {
            at: NOW,
            account: account.key.clone(),
            event,
        })
    });
    for entry in steps.take(LINES) {
        bytes.push(b'\n');
        bytes.extend(serde_json::to_vec(&entry).expect("JSON"));
    }
    bytes.push(b'\n');
    bytes
}

/// Is a name one of ours?
#[divan::bench(args = ["ours", "a person's"])]
fn one_look_for_a_marker(bencher: Bencher, whose: &str) {
    let name = if whose == "ours" {
        format!("{}-buyer-7", run().marker.as_str())
    } else {
        "sandra-mueller-1987-marketing-berlin".to_owned()
    };
    bencher.bench_local(|| Marker::at_front_of(black_box(&name)).is_some());
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn planning_100_000_accounts(bencher: Bencher) {
    let config = config();
    bencher.bench_local(|| draw(black_box(&config)));
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn replaying_100_000_lines_of_a_journal(bencher: Bencher) {
    let bytes = written(&draw(&config()));
    bencher.bench_local(|| {
        let reading = journal::parse(black_box(&bytes)).expect("a journal");
        assert!(reading.remarks.is_empty());
        reading
    });
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn rendering_100_000_creates(bencher: Bencher) {
    let config = config();
    let draft = draw(&config);
    let scope = plan::scope(&environment(), &run());
    let create = &config.services[0].create.request;
    bencher.bench_local(|| {
        for (account, person) in draft.planned.accounts.iter().zip(&draft.person_of) {
            let person = draft.people[*person].value(&account.username, &account.email);
            let scope = scope.clone().with("account", person);
            black_box(Outgoing::render(create, &scope, Identity::Own, NOW).expect("a request"));
        }
    });
}
