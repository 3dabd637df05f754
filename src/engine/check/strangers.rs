//! What the blocks that look and delete say to broken credentials: could a stranger's "not there" be told from the truth?

use super::super::exchange::Trouble;
use super::super::eyes::{by_id, is_gone};
use super::findings::{Findings, Tried};
use super::made::is_empty;
use crate::config::{Condition, Request};
use crate::domain::answer::Answer;
use crate::domain::evidence::Look;
use crate::domain::why::Why;
use crate::language::Scope;
use crate::ports::{Identity, World};

impl<W: World> Findings<'_, '_, W> {
    /// Asks with broken credentials. The delete comes last.
    pub(super) async fn strangers(&self) {
        if !self.site.has_auth {
            return;
        }
        let service = &self.site.service;
        let scope = self.scope();
        if let Some(find) = &service.find {
            let is_absence = |answer: &Answer, scope: &Scope| {
                let nobody = find.items.eval(scope).ok().and_then(|items| items.len()) == Some(0);
                let expected = find.request.expect.holds(answer, scope).unwrap_or(false);
                find.absent.holds(answer, scope).unwrap_or(false) || (expected && nobody)
            };
            self.stranger(("find", "with broken credentials"), &find.request, &scope, is_absence)
                .await;
        }
        if let Some(list) = &service.list {
            let is_absence = |answer: &Answer, scope: &Scope| {
                let nobody = list.items.eval(scope).ok().and_then(|items| items.len()) == Some(0);
                answer.is_success() && nobody
            };
            let scope = &self.site.scope;
            self.stranger(("list", "with broken credentials"), &list.request, scope, is_absence)
                .await;
        }
        if let Some(poll) = by_id(self.site) {
            let is_verify = service.verify.is_some();
            let block = if is_verify { "verify" } else { "gone" };
            let is_absence = |answer: &Answer, scope: &Scope| {
                if is_verify {
                    poll.request.gone.holds(answer, scope).unwrap_or(false)
                } else {
                    is_gone(poll, answer, scope)
                }
            };
            self.stranger((block, "with broken credentials"), &poll.request, &scope, is_absence)
                .await;
        }
        self.delete_as_a_stranger(&scope).await;
    }

    async fn stranger(
        &self,
        tried: Tried,
        request: &Request,
        scope: &Scope,
        is_absence: impl Fn(&Answer, &Scope) -> bool,
    ) {
        if request.is_sent_by_the_account() || request.logs_in() {
            return;
        }
        let answer = match self.ask_as(Identity::Spoilt, request, scope).await {
            Ok(answer) => answer,
            Err(Trouble::Halted(halt, _)) => return self.halted(tried, halt),
            Err(trouble) => return self.open(tried, Some(request), trouble.reason()),
        };
        let seen = scope.clone().answer(&answer);
        if is_absence(&answer, &seen) {
            let why = "it says \"not there\" of an account that is there";
            match &self.site.service.probe {
                _ if answer.meaning().is_about_credentials() => {
                    let why = format!("{why}: it takes {} for that", answer.told());
                    let hint = "leave 401 and 403 out of `absent` and `gone`";
                    self.wrong(tried, Some(request), Why::hinted(why, hint));
                }
                Some(_) => self.proved(
                    tried,
                    Some(request),
                    format!("{why}; `probe` tells that from the truth"),
                ),
                None => self.wrong(
                    tried,
                    Some(request),
                    Why::hinted(why, "give `probe` a request that only valid credentials may send"),
                ),
            }
        } else if request.expect.holds(&answer, &seen).unwrap_or(false) && !is_empty(&answer) {
            self.open(
                tried,
                Some(request),
                "it answers anyone, so its answers prove nothing about the credentials",
            );
        } else {
            self.proved(
                tried,
                Some(request),
                "it is refused, so it isn't mistaken for \"not there\"",
            );
        }
    }

    async fn delete_as_a_stranger(&self, scope: &Scope) {
        let tried = ("delete", "with broken credentials");
        let Some(delete) = self.site.service.delete.first() else {
            return;
        };
        if delete.is_sent_by_the_account() {
            return;
        }
        let answer = match self.ask_as(Identity::Spoilt, delete, scope).await {
            Ok(answer) => answer,
            Err(Trouble::Halted(halt, _)) => return self.halted(tried, halt),
            Err(trouble) => return self.open(tried, Some(delete), trouble.reason()),
        };
        let seen = scope.clone().answer(&answer);
        let is_gone = delete.gone.holds(&answer, &seen).unwrap_or(false);
        let is_accepted = delete.expect.holds(&answer, &seen).unwrap_or(false);
        if !is_gone && !is_accepted {
            return self.proved(tried, Some(delete), "it is refused, so it isn't mistaken for a delete");
        }
        let has_one_step = self.site.service.delete.len() == 1;
        let is_there = match self.engine.record(self.place).ids.first() {
            Some(id) => matches!(self.engine.read(self.place, self.site, id).await, Ok(Look::Ours)),
            None => true,
        };
        if is_accepted && !is_there && has_one_step {
            return self.open(
                tried,
                None,
                "the service deletes for anyone, so the credentials prove nothing there",
            );
        }
        if is_accepted && has_one_step {
            let why = format!(
                "`expect` takes {} for a delete, and the account is still there",
                answer.told()
            );
            let hint = "leave that code out of `expect`, or give an expression that tells them apart";
            return self.wrong(tried, None, Why::hinted(why, hint));
        }
        let own = matches!(&delete.gone, Condition::Codes(codes) if codes.contains(&401) || codes.contains(&403));
        let why = format!(
            "`gone` takes {} for \"not there\" of an account that is there",
            answer.told()
        );
        if own {
            let hint = "leave 401 and 403 out of `gone`";
            self.wrong(tried, None, Why::hinted(why, hint));
        } else if self.site.service.probe.is_some() {
            self.proved(tried, None, format!("{why}; `probe` tells that from the truth"));
        } else {
            let hint = "give `probe` a request that only valid credentials may send";
            self.wrong(tried, None, Why::hinted(why, hint));
        }
    }
}
