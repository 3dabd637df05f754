//! The accounts of one tenant at one address: ours, and those of people.

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) id: String,
    /// As the create gave it.
    pub(super) asked: String,
    /// As it is stored.
    pub(super) name: String,
    pub(super) email: String,
    pub(super) human: bool,
    pub(super) state: State,
    pub(super) member: bool,
    /// Something beside it was changed, such as its password.
    pub(super) touched: bool,
    pub(super) born: u64,
    /// When it was deleted or binned.
    pub(super) ended: u64,
}

/// Where an account stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Alive,
    Binned,
    /// It can be read, and is of no use.
    Inactive,
    Deleted,
}

/// The books.
#[derive(Clone, Debug)]
pub(super) struct Book {
    /// `HOST TENANT`
    pub(super) place: String,
    pub(super) held: Vec<Held>,
    humans: Vec<Held>,
    next: u64,
    /// How often a second account was made of a name that was there.
    pub(super) twins: Vec<String>,
}

impl Book {
    /// Books in which people stand.
    pub(super) fn new(place: String, humans: &[String], id: impl Fn(usize, &str) -> String) -> Self {
        let human = |(index, name): (usize, &String)| Held {
            id: id(index, name),
            asked: name.clone(),
            name: name.clone(),
            email: format!("{name}@people.example"),
            human: true,
            state: State::Alive,
            member: false,
            touched: false,
            born: 0,
            ended: 0,
        };
        let humans: Vec<Held> = humans.iter().enumerate().map(human).collect();
        Self {
            place,
            held: humans.clone(),
            humans,
            next: 100,
            twins: Vec::new(),
        }
    }

    /// A number that no account had; the highest of those that are there and one, where ids are given again.
    pub(super) fn number(&mut self, reuses: bool) -> u64 {
        if reuses {
            let numbers = self.held.iter().filter(|held| held.state != State::Deleted);
            let highest = numbers.filter_map(|held| held.id.parse::<u64>().ok()).max();
            return highest.unwrap_or(100).max(100) + 1;
        }
        self.next += 1;
        self.next
    }

    /// What is left of ours: alive or in the bin.
    pub(super) fn left(&self) -> impl Iterator<Item = &Held> {
        self.held
            .iter()
            .filter(|held| !held.human && matches!(held.state, State::Alive | State::Binned))
    }

    /// The people who are not as they were.
    pub(super) fn hurt(&self) -> Vec<&str> {
        self.humans
            .iter()
            .filter(|human| !self.held.contains(human))
            .map(|human| human.name.as_str())
            .collect()
    }

    /// The account of an id that is in one of these states.
    pub(super) fn get(&mut self, id: &str, states: &[State]) -> Option<&mut Held> {
        self.held
            .iter_mut()
            .rev()
            .find(|held| held.id == id && states.contains(&held.state))
    }
}
