//! How long a look-up lags behind a create.

use std::time::Duration;

use super::findings::Findings;
use crate::config::Find;
use crate::domain::account::RemoteId;
use crate::engine::exchange::Trouble;
use crate::ports::World;

/// So long a look-up is asked at least before it is said not to show the account.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(200);

impl<W: World> Findings<'_, '_, W> {
    /// The ids under which `find` shows the account, and how long after its create it did. No ids: it never did.
    pub(super) async fn find_at_last(&self, find: &Find) -> Result<(Vec<RemoteId>, Duration), Trouble> {
        let engine = self.engine;
        let created = engine
            .record(self.place)
            .last_intent
            .unwrap_or_else(|| engine.world.now());
        let patience = PATIENCE.max(find.settle * 2);
        let begun = engine.world.now();
        // What is shown at once does not lag: the create's own time is none of the look-up's.
        let mut lag = Duration::ZERO;
        loop {
            let ids = engine.find(self.place, self.site, find).await?;
            if !ids.is_empty() || engine.world.now().since(begun) >= patience {
                return Ok((ids, lag));
            }
            engine
                .pause_until(self.place, "`find` shows new accounts", PAUSE)
                .await?;
            lag = engine.world.now().since(created);
        }
    }
}
