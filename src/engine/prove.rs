//! Absence needs proof: services answer "not found" or an empty list to a dead token too.

use super::exchange::{Trouble, render};
use super::{Engine, Site};
use crate::config::Request;
use crate::language::Scope;
use crate::ports::{Identity, Outgoing, Proof, World};

impl<W: World> Engine<'_, W> {
    /// How many answers have shown by now that the credentials are good; taken before the request whose "not there" is
    /// to be proved is sent.
    pub(super) fn proofs(&self, place: usize) -> u64 {
        self.proofs.get(self.places[place]).map_or(0, std::cell::Cell::get)
    }

    /// Proves that "not there", which `request` was answered with, is no lie told to a stranger.
    ///
    /// `before` is what [`Engine::proofs`] said after that answer. `None` means that it could not be proved.
    pub(super) async fn prove(
        &self,
        place: usize,
        site: &Site,
        request: &Request,
        scope: &Scope,
        before: u64,
    ) -> Result<Option<Proof>, Trouble> {
        if !site.has_auth {
            return Ok(Some(Proof::Open));
        }
        if self.proofs(place) > before {
            return Ok(Some(Proof::Credentials));
        }
        if let Some(probe) = &site.service.probe {
            let answer = self.ask(place, "probe", probe, scope).await?;
            let good = probe.expect.holds(&answer, &scope.clone().answer(&answer)).unwrap_or(false);
            if good {
                self.prove_credentials(place);
            }
            return Ok(good.then_some(Proof::Credentials));
        }
        let asked = render(request, scope, Identity::Anonymous).map_err(|error| Trouble::Unsendable(error.to_string()))?;
        let anonymous = Outgoing {
            method: "GET".to_owned(),
            payload: None,
            ..asked
        };
        let answer = match self.repeat(place, "request without credentials", &anonymous).await {
            Ok(answer) => Some(answer),
            Err(Trouble::Halted(halt)) => return Err(halt.into()),
            // No answer proves nothing, neither way.
            Err(Trouble::Unsendable(_) | Trouble::Unanswered(_)) => None,
        };
        if self.proofs(place) > before {
            return Ok(Some(Proof::Credentials));
        }
        let refused = answer.is_some_and(|answer| matches!(answer.status, 401 | 403));
        Ok(refused.then_some(Proof::StrangersRefused))
    }
}
