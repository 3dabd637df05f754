//! Drafts: a configuration written from a preset, from a description of an API, or from recorded `curl` commands.
//!
//! Nothing here reads a file or asks anybody: text in, text out. Every guess is said beside it with where it was read, and what
//! is not known is left open. Foreign text reaches comments and messages by `foreign` alone.

mod answer;
mod block;
mod body;
mod candidate;
mod curl;
mod deletion;
mod description;
mod document;
mod family;
mod field;
mod foreign;
mod job;
mod listing;
mod name;
mod operation;
mod paging;
mod preset;
mod reader;
mod recorded;
mod request;
mod route;
mod security;
mod service;
mod shape;
mod shell;
mod value;
mod words;

pub use block::OPEN;
pub use description::{Choice, from_description};
pub use document::Beside;
pub use job::{Workflow, job};
pub use preset::from_preset;
pub use recorded::from_curl;

use block::{Block, Item};

/// A configuration, written.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The file.
    pub text: String,
    /// What its reader should know at once.
    pub notices: Vec<String>,
    /// How many values are open.
    pub open: usize,
    /// The variables that it reads, in the order in which they stand.
    pub variables: Vec<String>,
}

impl Draft {
    /// A configuration of one service, with what is said at its head.
    fn of(head: &[String], service: Block, notices: Vec<String>) -> Self {
        let mut account = Block::default();
        account.put("name", "test_user");
        let mut root = Block::default();
        for line in head {
            root.comment(line.clone());
        }
        root.put("services", Item::List(vec![service.into()]));
        root.put("accounts", Item::List(vec![account.into()]));
        let text = root.written();
        let mut variables: Vec<String> = Vec::new();
        for part in text.split("{{ env.").skip(1) {
            let name: String = part
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect();
            if !variables.contains(&name) {
                variables.push(name);
            }
        }
        Self {
            open: root.open(),
            text,
            notices,
            variables,
        }
    }
}
