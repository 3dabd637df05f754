//! From one page to the next, and whether a list ends where its description says so.

use crate::config::{Carrier, List, Next};
use crate::domain::answer::Answer;
use crate::domain::paging;
use crate::language::{Expression, Scope};
use crate::ports::Outgoing;

/// What leads to the next page; nothing where it is undefined, null, empty or false. What is no text, or fails in another
/// way, is no end of a list.
pub(super) fn pointer(expression: &Expression, scope: &Scope) -> Result<Option<String>, String> {
    let text = expression
        .eval_text(scope)
        .map_err(|error| format!("its `next` can't be read: {error}"))?;
    Ok(text.filter(|text| text != "false"))
}

/// Does the last page that was read say itself that there are more? Then `next`, or that there is none, is a mistake. Pages
/// that are counted, or linked to, end where no more are shown.
pub(super) fn is_cut(list: &List, page: &Answer, shown: usize, is_filtered: bool) -> bool {
    match &list.next {
        Some(Next::Page { .. } | Next::Offset { .. } | Next::Link) => false,
        Some(Next::Cursor { .. } | Next::Url { .. }) | None => {
            let shown = u64::try_from(shown).unwrap_or(u64::MAX);
            let counts_more = || list.total.is_none() && paging::total(page).is_some_and(|total| total > shown);
            paging::points_on(page) || (!is_filtered && counts_more())
        }
    }
}

/// Has the next request ask for another page.
pub(super) fn turn(page: &mut Outgoing, carrier: Carrier, param: &str, value: serde_json::Value) -> Result<(), String> {
    match (carrier, value) {
        (Carrier::Json, value) => page
            .set_json(param, value)
            .map_err(|key| format!("`{param}` is no place in the body: `{key}` is no map there"))?,
        (Carrier::Query, serde_json::Value::String(text)) => page.set_query(param, &text),
        (Carrier::Query, value) => page.set_query(param, &value.to_string()),
    }
    Ok(())
}
