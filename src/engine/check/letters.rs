//! Names in other letters: what the service takes for one and the same.

use super::findings::Findings;
use super::made::asks_for_the_account;
use crate::ports::World;

impl<W: World> Findings<'_, '_, W> {
    /// Tells whether upper and lower case make two names. There is nothing to mend: a look-up is compared with the name that
    /// was sent.
    pub(super) async fn in_capitals(&self) {
        let Some(find) = &self.site.service.find else { return };
        let username = self.username();
        let capitals = username.to_uppercase();
        if capitals == username || !asks_for_the_account(&find.request) {
            return;
        }
        let place = self.nobody_of("capitals", &capitals);
        if self.engine.find(place, self.site, find).await.is_err() {
            return;
        }
        let why = match self.shown_beside(find) {
            0 => "it shows no account: to the service these are two names",
            _ => "it shows the account: to the service upper and lower case are one name",
        };
        self.proved(("find", "for the name in capitals"), Some(&find.request), why);
    }
}
