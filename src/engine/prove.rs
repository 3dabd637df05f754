//! Absence needs proof: services answer "not found" or an empty list to a dead token too.

use serde_json::Value;

use super::exchange::Trouble;
use super::{Engine, Site};
use crate::config::Request;
use crate::domain::answer::{Answer, Body};
use crate::language::Scope;
use crate::ports::{Identity, Outgoing, Proof, World};

impl<W: World> Engine<'_, W> {
    /// This moment, as the number of requests that were sent until now.
    pub(super) fn stamp(&self) -> u64 {
        self.requests.get()
    }

    /// An answer, to a request that was sent after the moment `asked`, was a success that credentials were needed for.
    ///
    /// An empty list shows nothing: that is what strangers are given.
    pub(super) fn prove_credentials(&self, place: usize, asked: u64, answer: &Answer) {
        let empty = matches!(&answer.body, Body::Json(Value::Array(items)) if items.is_empty());
        if let (false, Some(proofs)) = (empty, self.proofs.get(self.places[place])) {
            proofs.set(proofs.get().max(asked));
        }
    }

    /// Was a request that was sent after the moment `answered` such a success? One that was merely answered after it
    /// may have been let in before the credentials ended.
    fn is_proved(&self, place: usize, answered: u64) -> bool {
        self.proofs
            .get(self.places[place])
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
        if !site.has_auth {
            return Ok(Some(Proof::Open));
        }
        if let Some(probe) = &site.service.probe {
            let asked = self.stamp();
            let answer = self.ask(place, "probe", probe, scope).await?;
            if probe
                .expect
                .holds(&answer, &scope.clone().answer(&answer))
                .unwrap_or(false)
            {
                self.prove_credentials(place, asked, &answer);
            }
            return Ok(self.is_proved(place, answered).then_some(Proof::Credentials));
        }
        let asked = Outgoing::render(request, scope, Identity::Anonymous)
            .map_err(|error| Trouble::Unsendable(error.to_string()))?;
        let anonymous = Outgoing {
            method: "GET".to_owned(),
            payload: None,
            ..asked
        };
        let answer = match self.repeat(place, "request without credentials", &anonymous).await {
            Ok(answer) => Some(answer),
            Err(Trouble::Halted(halt)) => return Err(halt.into()),
            // No answer proves nothing, neither way.
            Err(Trouble::Unsendable(_) | Trouble::Unanswered(_) | Trouble::Another) => None,
        };
        if self.is_proved(place, answered) {
            return Ok(Some(Proof::Credentials));
        }
        let refused = answer.is_some_and(|answer| matches!(answer.status, 401 | 403));
        Ok(refused.then_some(Proof::StrangersRefused))
    }
}
