//! Chaos before a real server: jobs against scim2-server behind a faulty proxy, with kills in between, and then the books.
//!
//! What the server itself said that it made and deleted must balance, and what it still holds must be nobody of ours.
//! `STANDIN_TEST_CHAOS` says how many rounds there are (the soak does many), `PROPTEST_RNG_SEED` repeats a run, and
//! `STANDIN_TEST_STORM` does the one round of it of that number.

use std::collections::BTreeMap;
use std::env;
use std::process::Command;
use std::str::FromStr;
use std::sync::Mutex;

use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};

use crate::kill::diary::Diary;
use crate::kill::stage::each;
use crate::runner::Runner;
use crate::runner::environment::of_host;
use crate::runner::interruption::{Interruption, Trigger};
use crate::runner::job::{Job, Step};
use crate::scim2::{CONFIG, Server, TOKEN};
use crate::services::put;

mod proxy;

use proxy::{Books, Proxy};

/// How many rounds there are if nobody says.
const ROUNDS: usize = 4;
/// How many accounts a round has.
const ACCOUNTS: usize = 8;

/// What all rounds came to.
#[derive(Default)]
struct Sum {
    made: usize,
    landed: usize,
    deleted: usize,
    adopted: usize,
    creates: usize,
    unclear: usize,
    kills: usize,
    fates: BTreeMap<String, usize>,
}

/// `standin cleanup` by hand on the same machine: its exit code and what it said.
fn clean_up(runner: &Runner, proxy: &Proxy) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_standin"));
    command.arg("cleanup").current_dir(runner.workspace()).env_clear();
    command
        .envs(of_host(runner))
        .env("SCIM_URL", proxy.url())
        .env("SCIM_TOKEN", TOKEN);
    command
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_REPOSITORY", "octocat/shop");
    command
        .env("GITHUB_RUN_ID", "17654321098")
        .env("RUNNER_TEMP", runner.temp());
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), said)
}

/// One round: a job in chaos, with kills by chance, and then a calm cleanup by hand.
fn round(seed: u64, index: usize) -> (Books, usize, usize) {
    let when = format!("round {index} of seed {seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(index as u64);
    let server = Server::start();
    server.door.add("somebody");
    let triggers = [Trigger::new(Interruption::Kill), Trigger::new(Interruption::Kill)];
    // At which create and at which delete the process is killed: some never come.
    let at = [
        random.random_range(1..=ACCOUNTS * 3 / 2),
        random.random_range(1..=ACCOUNTS * 3 / 2),
    ];
    let watch = {
        let triggers = triggers.clone();
        move |method: &str, count: usize| {
            let which = usize::from(method == "DELETE");
            if count == at[which] {
                triggers[which].fire();
            }
        }
    };
    let proxy = Proxy::start(server.door.port, random.random(), Box::new(watch));
    let runner = Runner::new();
    let config = CONFIG.replace("count: 19", &format!("count: {}", ACCOUNTS - 1));
    let config = config.replace(
        "    auth:",
        "    timeout: 1s\n    limits: { concurrency: 4 }\n    auth:",
    );
    put(&runner, "standin.yml", &config);
    let action = Step::action().id("accounts").env("SCIM_TOKEN", "${{ secrets.SCIM }}");
    let job = Job::new()
        .secret("SCIM", TOKEN)
        .env("SCIM_URL", &proxy.url())
        .step(action);
    let job = triggers.iter().fold(job, Job::interrupted_by);
    let result = job.run(&runner);
    let phases = [result.step("accounts"), result.post("accounts")];
    let kills = phases.iter().filter(|phase| phase.exit_code == Some(137)).count();
    for phase in phases {
        assert!(matches!(phase.exit_code, Some(0 | 1 | 137)), "{when}: {}", phase.log);
        assert!(!phase.stderr.contains("panicked"), "{when}: {}", phase.stderr);
    }
    if phases[1].exit_code == Some(0) {
        assert_balanced(&server, &proxy.books(), &when, &phases[1].log);
    }
    proxy.calm();
    let (code, said) = clean_up(&runner, &proxy);
    assert_eq!(code, Some(0), "{when}: {said}");
    let books = proxy.books();
    assert_balanced(&server, &books, &when, &said);
    let journal = Diary::in_directory(&runner.temp().join("standin")).expect("a journal");
    assert!(journal.is_settled(), "{when}");
    (books, journal.count("adopted"), kills)
}

/// The books balance: none was made twice, each that was made was deleted, and only somebody is left.
fn assert_balanced(server: &Server, books: &Books, when: &str, said: &str) {
    for (username, made) in &books.made {
        // The server refuses equal names, so a create may follow one that is still under way. When that one lands, its
        // name may be free again.
        let most = 1 + usize::from(books.late.contains(username));
        assert!(*made <= most, "{when}: {made} were made of `{username}`: {said}");
    }
    assert_eq!(books.total(), books.deleted, "{when}: made and deleted: {said}");
    assert_eq!(server.door.users(), 1, "{when}: left on the server: {said}");
}

#[test]
fn before_a_real_server_the_books_balance_whatever_the_network_does_and_whoever_is_killed() {
    let seed = number("PROPTEST_RNG_SEED").unwrap_or_else(rand::random);
    let rounds: Vec<usize> = match number("STANDIN_TEST_STORM") {
        Some(one) => vec![one],
        None => (0..number("STANDIN_TEST_CHAOS").unwrap_or(ROUNDS)).collect(),
    };
    let sum = Mutex::new(Sum::default());
    each(&rounds, |_, index| {
        let (books, adopted, kills) = round(seed, *index);
        let mut sum = sum.lock().unwrap();
        sum.made += books.total();
        sum.landed += books.total() - books.made.len();
        sum.deleted += books.deleted;
        sum.adopted += adopted;
        sum.creates += books.creates;
        sum.unclear += books.unclear;
        sum.kills += kills;
        for (fate, count) in books.fates {
            *sum.fates.entry(fate).or_default() += count;
        }
    });
    let sum = sum.into_inner().unwrap();
    tell(&format!(
        "chaos: {} rounds of seed {seed}, {} kills, {} creates sent, {} % of them unclear, {} made, {} adopted, {} deleted, 0 left, 0 made twice, {} landed after their deletion",
        rounds.len(),
        sum.kills,
        sum.creates,
        sum.unclear * 100 / sum.creates.max(1),
        sum.made,
        sum.adopted,
        sum.deleted,
        sum.landed
    ));
    for (fate, count) in &sum.fates {
        tell(&format!("chaos: fault {count:6} {fate}"));
    }
    assert_eq!(sum.made, sum.deleted);
    if rounds.len() >= ROUNDS {
        assert!(
            sum.unclear * 100 >= sum.creates * 30,
            "{} of {} creates",
            sum.unclear,
            sum.creates
        );
        assert!(sum.kills > 0, "nobody was killed");
    }
}

fn number<T: FromStr>(variable: &str) -> Option<T> {
    env::var(variable).ok()?.parse().ok()
}

#[expect(clippy::print_stdout, reason = "shown where the test fails, and by the soak")]
fn tell(line: &str) {
    println!("{line}");
}
