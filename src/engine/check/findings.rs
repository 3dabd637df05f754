//! The findings on one service, as they are made.

use std::cell::RefCell;

use super::super::exchange::Trouble;
use super::super::{Engine, Halt, Site};
use crate::config::Request;
use crate::domain::answer::Answer;
use crate::domain::finding::{Finding, Verdict};
use crate::domain::outcome::Delivery;
use crate::domain::why::Why;
use crate::language::Scope;
use crate::ports::{Doing, Identity, Outgoing, World};

/// A block, and what is tried of it.
pub(super) type Tried = (&'static str, &'static str);

/// One service under check, and what was found out about it so far.
pub(super) struct Findings<'c, 'a, W> {
    pub(super) engine: &'c Engine<'a, W>,
    /// The place of the account that is asked for.
    pub(super) place: usize,
    pub(super) site: &'c Site,
    found: RefCell<Vec<Finding>>,
}

impl<'c, 'a, W: World> Findings<'c, 'a, W> {
    pub(super) fn new(engine: &'c Engine<'a, W>, place: usize, site: &'c Site) -> Self {
        Self {
            engine,
            place,
            site,
            found: RefCell::default(),
        }
    }

    pub(super) fn end(self) -> Vec<Finding> {
        self.found.into_inner()
    }

    /// The block does what is relied on. The request is the one that was answered last.
    pub(super) fn proved(&self, tried: Tried, asked: Option<&Request>, why: impl Into<Why>) {
        self.add(tried, asked, Verdict::Proved, why.into());
    }

    /// It can't be shown, or a bad day would need more.
    pub(super) fn open(&self, tried: Tried, asked: Option<&Request>, why: impl Into<Why>) {
        self.add(tried, asked, Verdict::Open, why.into());
    }

    /// The block does not do what is relied on.
    pub(super) fn wrong(&self, tried: Tried, asked: Option<&Request>, why: impl Into<Why>) {
        self.add(tried, asked, Verdict::Wrong, why.into());
    }

    /// What was asked came to nothing. Where nothing new is started, that is no fault of the description.
    pub(super) fn failed(&self, tried: Tried, asked: &Request, trouble: &Trouble) {
        self.failed_unless(tried, asked, trouble, None);
    }

    /// The same, with what to write where the reason itself does not say it.
    pub(super) fn failed_unless(&self, tried: Tried, asked: &Request, trouble: &Trouble, hint: Option<String>) {
        let verdict = match trouble {
            Trouble::Halted(..) | Trouble::Journal(_) => Verdict::Open,
            Trouble::Unsendable(_)
            | Trouble::Unanswered(_)
            | Trouble::Refused(_)
            | Trouble::Useless(_)
            | Trouble::Nameless(_)
            | Trouble::Another
            | Trouble::Hopeless(_) => Verdict::Wrong,
        };
        let why = trouble.reason();
        let why = match hint {
            Some(hint) => why.or_hint(hint),
            None => why,
        };
        self.add(tried, Some(asked), verdict, why);
    }

    /// Nothing new is started.
    pub(super) fn halted(&self, tried: Tried, halt: Halt) {
        self.open(tried, None, format!("not tried: {}", halt.reason()));
    }

    fn add(&self, (block, tried): Tried, asked: Option<&Request>, verdict: Verdict, why: Why) {
        let heard = asked.and_then(|_| self.engine.last_heard(self.place));
        let (answered, took) = match heard {
            None => (None, None),
            Some((delivery, took)) => (Some(self.told(&delivery)), Some(took)),
        };
        self.found.borrow_mut().push(Finding {
            service: self.site.service.name.clone(),
            block,
            tried,
            asked: asked.map(|request| request.action.source().to_owned()),
            answered,
            took,
            verdict,
            why,
        });
        let checks = self.found.borrow().len();
        self.engine.busy(self.place, Doing::Checked(checks));
    }

    fn told(&self, delivery: &Delivery) -> String {
        match delivery {
            Delivery::Answered(answer) if answer.is_success() => answer.code().to_string(),
            Delivery::Answered(_)
            | Delivery::NotSent(_)
            | Delivery::Unsendable(_)
            | Delivery::Barred(_)
            | Delivery::Lost(_) => self.engine.describe(delivery).what,
        }
    }

    /// Asks as somebody else.
    pub(super) async fn ask_as(&self, identity: Identity, request: &Request, scope: &Scope) -> Result<Answer, Trouble> {
        let mut outgoing = Outgoing::render(request, scope, identity, self.engine.world.now())
            .map_err(|error| Trouble::Unsendable(error.into()))?;
        outgoing.tells_of_credentials = false;
        self.engine
            .repeat(self.place, "request with other credentials", &outgoing)
            .await
    }

    /// The names that a template of the account sees.
    pub(super) fn scope(&self) -> Scope {
        self.engine.scope(self.place, self.site)
    }

    pub(super) fn username(&self) -> String {
        self.engine.username(self.place)
    }
}
