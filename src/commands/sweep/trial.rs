//! A list that shows nobody at all: an account is made to see whether it shows any, and deleted again.

use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;

use crate::adapters::world::LiveWorld;
use crate::commands::context::Context;
use crate::commands::ground::Ground;
use crate::domain::account::ServiceName;
use crate::domain::ledger::Ledger;
use crate::domain::time::Timestamp;
use crate::domain::why::Why;
use crate::engine::{Engine, Extent, Settled, Site, Unshown};
use crate::plan::{self, Draft, Selection};

/// What such an account is made of.
pub(super) struct Trial<'t> {
    pub(super) ground: &'t Ground,
    pub(super) sites: &'t [Site],
    pub(super) deadline: Timestamp,
}

/// What came of it.
pub(super) struct Tried {
    /// Why the list does not show everybody, if so.
    pub(super) incomplete: Option<Why>,
    /// What became of the account that was made.
    pub(super) settled: Settled,
    pub(super) requests: u64,
}

/// Says that a list shows nobody and was not tried: a list that hides everybody looks like one of which all are gone.
pub(super) fn warn(context: &Context, service: &ServiceName, why: impl Into<Why>) {
    let unseen =
        format!("{service}: its list is empty, and no test account could be created to see whether it shows any");
    let hint = "our accounts may exist unseen; a sweep that is allowed to create accounts can tell";
    context.console.warning(why.into().context(unseen).or_hint(hint));
}

impl Trial<'_> {
    /// Tries the list of a service.
    pub(super) async fn of(&self, context: &Context, world: &LiveWorld<'_>, service: &ServiceName) -> Tried {
        let mut tried = Tried {
            incomplete: None,
            settled: Settled::default(),
            requests: 0,
        };
        let warn = |why: Why| warn(context, service, why);
        let draft = match self.draft(context, service) {
            Ok(draft) => draft,
            Err(why) => {
                warn(why);
                return tried;
            }
        };
        let account = |place: usize| {
            let account = &draft.planned.accounts[place];
            draft.people[draft.person_of[place]].value(&account.username, &account.email)
        };
        let ledger = Ledger::new(draft.planned.clone());
        let engine = Engine::new(world, self.sites, ledger, account, self.deadline);
        match Box::pin(engine.show_in_list(0, Extent::Whole)).await {
            Ok(()) => context.console.info(format!(
                "{service}: its list is empty, but shows a test account: it sees accounts"
            )),
            Err(Unshown::Unmade(why)) => warn(why),
            Err(Unshown::Hidden(_)) => {
                tried.incomplete = Some("it is empty, and doesn't show a test account that was just created".into());
            }
        }
        tried.settled = engine.settle().await;
        tried.requests = engine.requests();
        tried
    }

    fn draft(&self, context: &Context, service: &ServiceName) -> Result<Draft, Why> {
        let selection = Selection {
            services: vec![service.to_string()],
            personas: Vec::new(),
        };
        let random = &mut UnwrapErr(SysRng);
        let passwords = plan::Passwords::Drawn(random);
        let now = context.clock.now();
        let Ground {
            config, variables, run, ..
        } = self.ground;
        let draft = plan::draw_up(config, variables, run, &selection, now, passwords)?;
        if draft.planned.accounts.is_empty() {
            return Err("no persona has an account there".into());
        }
        Ok(draft)
    }
}
