//! After the delete: does everything say that the account is gone, and what does a second delete say?

use super::super::Engine;
use super::super::eyes::{by_id, is_gone};
use super::findings::Findings;
use crate::domain::account::RemoteId;
use crate::domain::answer::Answer;
use crate::domain::evidence::Look;
use crate::domain::finding::Finding;
use crate::domain::ledger::Status;
use crate::domain::leftover::Leftover;
use crate::domain::why::Why;
use crate::language::Scope;
use crate::ports::World;

impl<W: World> Engine<'_, W> {
    /// What can be found out once the account at `place` was deleted; or why it is still there.
    pub async fn check_gone(&self, place: usize, left: Option<&Leftover>) -> Vec<Finding> {
        let Some(site) = self.site(place) else {
            return Vec::new();
        };
        let findings = Findings::new(self, place, site);
        let record = self.record(place);
        let Some(id) = record.known_as.clone() else {
            return findings.end();
        };
        if let Some(left) = left {
            findings.left(left);
            return findings.end();
        }
        if record.status != Status::Gone {
            findings.open(("delete", "as in setup"), None, "not tried: it was stopped");
            return findings.end();
        }
        findings.proved(("delete", "as in setup"), None, "the account is gone");
        let scope = self.scope(place, site).with("id", id.as_str());
        findings.seen_to_be_gone(&scope).await;
        findings.not_found().await;
        findings.delete_again(&id, scope).await;
        findings.allowance();
        findings.end()
    }
}

impl<W: World> Findings<'_, '_, W> {
    /// Why it is still there, or not seen to be gone, by the block that says so.
    fn left(&self, left: &Leftover) {
        let answer = self.engine.last_answer(self.place);
        let by_gone = self
            .site
            .service
            .gone
            .as_ref()
            .filter(|_| left.detail.what.contains("`gone` ("));
        let (block, hint) = match (by_gone, answer) {
            (Some(_), Some(answer)) => ("gone", line("gone", &answer)),
            _ => ("delete", "check the path, `expect` and `gone` of `delete`".to_owned()),
        };
        self.wrong((block, "as in setup"), None, left.detail.clone().or_hint(hint));
    }

    async fn seen_to_be_gone(&self, scope: &Scope) {
        let service = &self.site.service;
        if let Some(gone) = &service.gone {
            let tried = ("gone", "after the delete");
            match self
                .engine
                .look(self.place, "check that it is gone", &gone.request, scope)
                .await
            {
                Ok(answer) if is_gone(gone, &answer, &scope.clone().answer(&answer)) => {
                    self.proved(tried, Some(&gone.request), "it says that the account is gone");
                }
                Ok(answer) => {
                    let why = self.engine.answered(&gone.request, &answer, scope);
                    self.wrong(tried, Some(&gone.request), Why::hinted(why, line("gone", &answer)));
                }
                Err(trouble) => self.failed(tried, &gone.request, &trouble),
            }
            return;
        }
        let Some(verify) = by_id(self.site) else { return };
        let tried = ("verify", "after the delete");
        match self.engine.look(self.place, "read", &verify.request, scope).await {
            Ok(answer)
                if verify
                    .request
                    .gone
                    .holds(&answer, &scope.clone().answer(&answer))
                    .unwrap_or(false) =>
            {
                self.proved(tried, Some(&verify.request), "it says that the account is gone");
            }
            Ok(answer) => {
                let why = "its answer does not say that the account is gone";
                self.open(tried, Some(&verify.request), Why::hinted(why, line("verify", &answer)));
            }
            Err(trouble) => self.failed(tried, &verify.request, &trouble),
        }
    }

    async fn not_found(&self) {
        let tried = ("find", "after the delete");
        let Some(find) = &self.site.service.find else { return };
        match self.engine.find(self.place, self.site, find).await {
            Ok(ids) if ids.is_empty() => self.proved(tried, Some(&find.request), "it shows no account"),
            Ok(ids) => {
                let why = format!("it still shows `{}`", ids[0]);
                self.wrong(tried, Some(&find.request), why);
            }
            Err(trouble) => self.failed(tried, &find.request, &trouble),
        }
    }

    /// Deletes what is gone. It is read before: its id may be somebody else's by now.
    async fn delete_again(&self, id: &RemoteId, scope: Scope) {
        let tried = ("delete", "a second time");
        match self.engine.read(self.place, self.site, id).await {
            Ok(Look::Gone | Look::Nameless) => {}
            Ok(Look::Ours | Look::Other) => {
                return self.open(tried, None, "not tried: its id still shows an account");
            }
            Ok(Look::Blind { why, .. }) => return self.open(tried, None, why.context("not tried")),
            Err(halt) => return self.halted(tried, halt),
        }
        for delete in &self.site.service.delete {
            let answer = match self.engine.ask(self.place, "delete", delete, &scope).await {
                Ok(answer) => answer,
                Err(trouble) => return self.failed(tried, delete, &trouble),
            };
            let seen = scope.clone().answer(&answer);
            if delete.gone.holds(&answer, &seen).unwrap_or(false) {
                return self.proved(tried, Some(delete), "`gone` holds");
            }
            if !delete.expect.holds(&answer, &seen).unwrap_or(false) {
                let why = "neither `expect` nor `gone` holds: a cleanup that is cut off would never end with 0";
                let hint = format!("write `gone: [{}]` into `delete`", answer.code());
                return self.wrong(tried, Some(delete), Why::hinted(why, hint));
            }
        }
        self.proved(tried, self.site.service.delete.last(), "it is accepted");
    }
}

/// What to write where an answer does not say that an account is gone.
fn line(block: &str, answer: &Answer) -> String {
    if answer.is_success() {
        "give `gone` an `until` over what the answer says of a deleted account, such as `body.status == 'deleted'`"
            .to_owned()
    } else {
        format!("write `gone: [{}]` into `{block}`", answer.code())
    }
}
