//! Absence needs proof: services answer "not found" or an empty list to a dead token too.

use serde_json::Value;

use super::exchange::Trouble;
use super::steps::applies;
use super::{Engine, Site};
use crate::config::Request;
use crate::domain::answer::{Answer, Body};
use crate::domain::why::Why;
use crate::language::Scope;
use crate::ports::{Outgoing, Proof, World};

impl<W: World> Engine<'_, W> {
    /// This moment, as the number of requests that were sent until now.
    pub(super) fn stamp(&self) -> u64 {
        self.requests.get()
    }

    /// An answer, to a request that was sent after the moment `asked`, was a success that credentials were needed for.
    ///
    /// An empty list shows nothing: that is what strangers are given.
    /// Nor does the answer to somebody who comes with the account's own credentials.
    pub(super) fn prove_credentials(&self, place: usize, asked: u64, request: &Request, answer: &Answer) {
        if request.is_sent_by_the_account() || !request.is_signed() || answer.is_overruled() {
            return;
        }
        if let (false, Some(proofs)) = (shows_nothing(answer), self.proofs.get(self.site_of(place))) {
            proofs.set(proofs.get().max(asked));
        }
    }

    /// The same of a request that reads an account back.
    pub(super) fn prove_by_reading(&self, place: usize, asked: u64, request: &Request, answer: &Answer) {
        if !request.logs_in() {
            self.prove_credentials(place, asked, request, answer);
        }
    }

    /// Why something that was seen does not count: `what`, and what is known of the credentials.
    pub(super) fn unproved(&self, place: usize, what: &str) -> Why {
        let why = format!("{what}, and nothing proves that the credentials still work");
        let has_probe = self.site(place).is_some_and(|site| site.service.probe.is_some());
        match self.probes.borrow().get(&self.site_of(place)) {
            Some(said) => format!("{why}: `probe` was answered with {said}").into(),
            None if has_probe => format!("{why}: `probe` proves nothing").into(),
            None => Why::hinted(why, "add a `probe` that only valid credentials may send"),
        }
    }

    /// Was a request that was sent after the moment `answered` such a success? One that was merely answered after it
    /// may have been let in before the credentials ended.
    fn is_proved(&self, place: usize, answered: u64) -> bool {
        self.proofs
            .get(self.site_of(place))
            .is_some_and(|proofs| proofs.get() >= answered)
    }

    /// Proves that "not there", which `request` was answered with, is no lie told to a stranger.
    ///
    /// `answered` is the moment of that answer. `None` means that it could not be proved.
    pub(super) async fn prove(
        &self,
        place: usize,
        site: &Site,
        request: &Request,
        scope: &Scope,
        answered: u64,
    ) -> Result<Option<Proof>, Trouble> {
        if !site.has_auth || !(request.is_signed() || request.action.brings_credentials()) {
            return Ok(Some(Proof::Open));
        }
        let probe = site.service.probe.as_ref();
        if let Some(probe) = probe.filter(|probe| applies(probe, &site.scope).unwrap_or(true)) {
            let scope = &site.scope;
            let asked = self.stamp();
            let answer = self.ask(place, "probe", probe, scope).await?;
            if probe
                .expect
                .holds(&answer, &scope.clone().answer(&answer))
                .unwrap_or(false)
            {
                self.prove_credentials(place, asked, probe, &answer);
            }
            let is_proved = self.is_proved(place, answered);
            if !is_proved {
                let mut said = self.status_in_words(probe, &answer, scope);
                if shows_nothing(&answer) {
                    said.push_str(" and an empty list, which some services show strangers too");
                }
                self.probes.borrow_mut().insert(self.site_of(place), said);
            }
            return Ok(is_proved.then_some(Proof::Credentials));
        }
        let anonymous = Outgoing::of_a_stranger(request, scope, self.world.now())
            .map_err(|error| Trouble::Unsendable(error.into()))?;
        let answer = match self.repeat(place, "request without credentials", &anonymous).await {
            Ok(answer) => Some(answer),
            Err(Trouble::Halted(halt, _)) => return Err(halt.into()),
            // No answer proves nothing, neither way.
            Err(
                Trouble::Unsendable(_)
                | Trouble::Unanswered(_)
                | Trouble::Refused(_)
                | Trouble::Useless(_)
                | Trouble::Nameless(_)
                | Trouble::Another
                | Trouble::Hopeless(_)
                | Trouble::Journal(_),
            ) => None,
        };
        if self.is_proved(place, answered) {
            return Ok(Some(Proof::Credentials));
        }
        let refused = answer.is_some_and(|answer| answer.meaning().is_about_credentials());
        Ok(refused.then_some(Proof::StrangersRefused))
    }
}

fn shows_nothing(answer: &Answer) -> bool {
    matches!(&answer.body, Body::Json(Value::Array(items)) if items.is_empty())
}
