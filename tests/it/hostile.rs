//! Services that lie, and configurations by people who don't own the workflow: nothing of theirs reaches another path,
//! another host, another account, a runner's command or a terminal, and none of them can hold a command up for ever.

mod bounds;
mod ids;
mod policy;
mod strangers;
mod text;

use std::time::{Duration, Instant};

use crate::desk::{Desk, Ended};
use crate::liar::{Asked, Liar, Reply, answer};

/// What a service answers to a create of this user name with this id: the id as it stands in JSON.
fn created(asked: &Asked, id: &str) -> Reply {
    let name = asked.username();
    answer(
        201,
        &["Content-Type: application/json"],
        format!("{{\"id\": {id}, \"username\": \"{name}\"}}").as_bytes(),
    )
}

/// A setup, and the cleanup after it, against one service that answers so.
struct Tried {
    setup: Ended,
    cleanup: Ended,
    asked: Vec<String>,
    took: Duration,
}

impl Tried {
    /// All that people could read.
    fn told(&self) -> String {
        format!(
            "{}{}{}{}",
            self.setup.stdout, self.setup.stderr, self.cleanup.stdout, self.cleanup.stderr
        )
    }
}

/// The article's convention with a short time-out.
fn of_one(url: &str) -> Desk {
    Desk::new().configured(&format!(
        "services:\n  - {{ name: users, url: \"{url}\", timeout: 2s }}\naccounts: [{{ name: alice }}]\n"
    ))
}

fn try_with(desk: &Desk, liar: &Liar) -> Tried {
    let begun = Instant::now();
    let limits = ["--cleanup-deadline", "8s"];
    let setup = desk.run(
        &[
            &["setup", "--wait", "1s", "--deadline", "8s", "--on-failure", "keep"] as &[&str],
            &limits,
        ]
        .concat(),
    );
    let cleanup = desk.run(&["cleanup"]);
    let tried = Tried {
        setup,
        cleanup,
        asked: liar.lines(),
        took: begun.elapsed(),
    };
    assert!(
        tried.setup.is_orderly() && tried.cleanup.is_orderly(),
        "{}",
        tried.told()
    );
    tried
}

fn try_reply(reply: impl FnMut(&Asked) -> Reply + Send + 'static) -> Tried {
    let liar = Liar::start(reply);
    try_with(&of_one(&liar.url()), &liar)
}
