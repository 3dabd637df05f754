//! Before the creates: is the service there, do the credentials prove themselves, and do its eyes show nobody yet?

use std::time::Duration;

use super::super::Engine;
use super::findings::Findings;
use crate::domain::finding::Finding;
use crate::domain::why::Why;
use crate::engine::{Extent, Regard};
use crate::ports::{Identity, World};

impl<W: World> Engine<'_, W> {
    /// What can be found out before the account at `place` is created. Waits for the service that long.
    pub async fn check_before(&self, place: usize, wait: Duration) -> Vec<Finding> {
        let Some(site) = self.site(place) else {
            return Vec::new();
        };
        let findings = Findings::new(self, place, site);
        let ready = site.service.ready.as_ref();
        match self.ready(place, site, wait).await {
            Ok(()) => {
                if let Some(request) = ready {
                    findings.proved(("ready", "at the start"), Some(request), "the service is ready");
                }
                // One cause is told once.
                if findings.probe().await {
                    findings.nobody_yet().await;
                    findings.nobody_listed().await;
                }
            }
            Err(why) => findings.wrong(("ready", "at the start"), ready, why),
        }
        findings.end()
    }
}

impl<W: World> Findings<'_, '_, W> {
    /// Says whether the credentials work, as far as it is known.
    async fn probe(&self) -> bool {
        let Some(probe) = &self.site.service.probe else {
            if self.site.has_auth {
                let why = "there is none, so nothing but other requests shows whether the credentials still work";
                let hint = match self.site.service.list.as_ref() {
                    Some(list) => format!("write `probe: {{ request: {} }}`", list.request.action.source()),
                    None => "give `probe` a request that needs the right to see accounts".to_owned(),
                };
                self.open(("probe", "is it given"), None, Why::hinted(why, hint));
            }
            return true;
        };
        let scope = self.site.scope.clone();
        let tried = ("probe", "with the credentials");
        match self.engine.ask(self.place, "probe", probe, &scope).await {
            Ok(answer)
                if probe
                    .expect
                    .holds(&answer, &scope.clone().answer(&answer))
                    .unwrap_or(false) =>
            {
                self.proved(tried, Some(probe), "the credentials work");
            }
            Ok(answer) => {
                let why = Why::from(self.engine.unexpected(probe, &answer, &scope));
                let hint = "check the credentials, and the request of `probe`";
                self.wrong(tried, Some(probe), why.or_hint(hint));
                return !answer.meaning().is_about_credentials();
            }
            Err(trouble) => {
                self.failed(tried, probe, &trouble);
                return false;
            }
        }
        if !self.site.has_auth || probe.is_sent_by_the_account() {
            return true;
        }
        for (identity, tried) in [
            (Identity::Anonymous, ("probe", "without credentials")),
            (Identity::Spoilt, ("probe", "with broken credentials")),
        ] {
            match self.ask_as(identity, probe, &scope).await {
                Ok(answer)
                    if probe
                        .expect
                        .holds(&answer, &scope.clone().answer(&answer))
                        .unwrap_or(false) =>
                {
                    let why = "it succeeds, so it doesn't prove that the credentials work";
                    let hint = "let `probe` ask for something that needs the right to see accounts";
                    self.wrong(tried, Some(probe), Why::hinted(why, hint));
                }
                Ok(_) => self.proved(tried, Some(probe), "it is refused"),
                Err(trouble) => self.open(tried, Some(probe), trouble.reason()),
            }
        }
        true
    }

    async fn nobody_yet(&self) {
        let tried = ("find", "before the create");
        let Some(find) = &self.site.service.find else {
            if !self.site.powers.by_name || self.site.service.list.is_some() {
                let why = "there is none: an account whose create is not answered can only be named as a leftover";
                self.open(("find", "is it given"), None, Why::hinted(why, "give `find`"));
            }
            return;
        };
        match self.engine.find(self.place, self.site, find).await {
            Ok(ids) if ids.is_empty() => self.proved(tried, Some(&find.request), "it shows no account"),
            Ok(ids) => {
                let why = format!("it shows `{}`, although no account of this name was created", ids[0]);
                self.wrong(tried, Some(&find.request), Why::hinted(why, "correct `name` of `find`"));
            }
            Err(trouble) => self.failed(tried, &find.request, &trouble),
        }
    }

    async fn nobody_listed(&self) {
        let tried = ("list", "before the create");
        let Some(list) = &self.site.service.list else {
            let why = "there is none, so accounts can't be swept";
            self.open(("list", "is it given"), None, Why::hinted(why, "give `list`"));
            return;
        };
        let listed = self
            .engine
            .list(self.place, Extent::Whole, |_, _, _| Regard::Stranger)
            .await;
        match (&listed.incomplete, &listed.doubt) {
            // An empty list may prove nothing yet of the credentials. Whether it shows the account is seen soon.
            (Some(_), _) if listed.accounts == 0 && listed.pages > 0 => {}
            (Some(why), _) => self.wrong(tried, Some(&list.request), why.clone()),
            (None, Some(why)) => self.open(tried, Some(&list.request), why.clone()),
            (None, None) => {
                let pages = if listed.pages == 1 {
                    "1 page".to_owned()
                } else {
                    format!("{} pages", listed.pages)
                };
                self.proved(tried, Some(&list.request), format!("it ends after {pages}"));
            }
        }
    }
}
