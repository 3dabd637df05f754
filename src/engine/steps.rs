//! The steps before and after a create, and what is read of answers: for later requests, for the outputs, and as secrets.

use super::Engine;
use super::exchange::Trouble;
use crate::config::Request;
use crate::domain::secret::Secret;
use crate::domain::why::Why;
use crate::language::{Expression, Scope};
use crate::ports::{World, lets_in};

impl<W: World> Engine<'_, W> {
    /// Sends steps in their order, and reads their answers.
    pub(super) async fn steps(&self, place: usize, what: &'static str, steps: &[Request]) -> Result<(), Trouble> {
        let Some(site) = self.site(place) else { return Ok(()) };
        for request in steps {
            let scope = self.scope(place, site);
            if !applies(request, &scope)? {
                continue;
            }
            let answer = self.ask(place, what, request, &scope).await?;
            let scope = scope.answer(&answer);
            if !request.expect.holds(&answer, &scope).unwrap_or(false) {
                return Err(Trouble::Unanswered(self.unexpected(request, &answer, &scope).into()));
            }
            self.learn(place, request, &scope).map_err(Trouble::Unanswered)?;
        }
        Ok(())
    }

    /// Takes captures, outputs and secrets out of an answer. `scope` has it.
    pub(super) fn learn(&self, place: usize, request: &Request, scope: &Scope) -> Result<(), Why> {
        if !request.is_read() {
            return Ok(());
        }
        let mut learnt = self.learnt.borrow()[place].clone();
        self.capture(&mut learnt.captures, request, scope)?;
        for (name, expression) in &request.outputs {
            let value = value(request, "outputs", (name, expression), scope)?;
            learnt.outputs.insert(name.clone(), value);
        }
        for (name, expression) in &request.secrets {
            let place = format!("`{}.secrets.{name}`", request.place);
            let value = expression
                .eval_text(scope)
                .map_err(|error| Why::from(error).context(&place))?;
            let value = value.ok_or_else(|| format!("{place} is not in the answer"))?;
            let secret = Secret::new(value);
            self.world.keep_secret(&secret);
            learnt.secrets.retain(|(known, _)| known != name);
            learnt.secrets.push((name.clone(), secret));
        }
        self.learnt.borrow_mut()[place] = learnt;
        self.keep(place).map_err(|broken| broken.to_string().into())
    }

    /// Reads what a request captures out of its answer, for the requests that follow. What lets somebody in is kept as a
    /// secret: it may stand in the path of one.
    pub(super) fn capture(
        &self,
        captures: &mut serde_json::Map<String, serde_json::Value>,
        request: &Request,
        scope: &Scope,
    ) -> Result<(), Why> {
        for (name, expression) in &request.captures {
            let value = value(request, "capture", (name, expression), scope)?;
            let read = expression.source().rsplit(['.', '[']).next().unwrap_or_default();
            let is_cookie = expression.names().iter().any(|name| name == "cookies");
            if let Some(text) = value.as_str().filter(|_| is_cookie || lets_in(name) || lets_in(read)) {
                self.world.keep_secret(&Secret::new(text));
            }
            captures.insert(name.clone(), value);
        }
        Ok(())
    }
}

/// Is the step sent, by its `when`?
pub(super) fn applies(request: &Request, scope: &Scope) -> Result<bool, Trouble> {
    let Some(when) = &request.when else { return Ok(true) };
    when.eval_bool(scope)
        .map_err(|error| Trouble::Unsendable(Why::from(error).context(format_args!("`{}.when`", request.place))))
}

fn value(
    request: &Request,
    key: &str,
    (name, expression): (&str, &Expression),
    scope: &Scope,
) -> Result<serde_json::Value, Why> {
    let place = format!("`{}.{key}.{name}`", request.place);
    let value = expression
        .eval(scope)
        .map_err(|error| Why::from(error).context(&place))?;
    serde_json::to_value(&value).map_err(|error| format!("{place}: {error}").into())
}
