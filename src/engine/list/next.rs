//! From one page to the next, and whether a list ends where its description says so.

use crate::config::{List, Next};
use crate::domain::answer::Answer;
use crate::domain::paging;
use crate::domain::why::Why;
use crate::language::{Expression, Scope};

/// What leads to the next page; nothing where it is undefined, null, empty or false. What is no text, or fails in another
/// way, is no end of a list.
pub(super) fn pointer(expression: &Expression, scope: &Scope) -> Result<Option<String>, Why> {
    let text = expression
        .eval_text(scope)
        .map_err(|error| Why::from(error).context("its `next` can't be read"))?;
    Ok(text.filter(|text| text != "false"))
}

/// Does the last page that was read say itself that there are more? Then `next`, or that there is none, is a mistake. Pages
/// that are counted, or linked to, end where no more are shown.
pub(super) fn is_cut(list: &List, page: &Answer, shown: usize, is_filtered: bool) -> bool {
    match &list.next {
        Some(Next::Page { .. } | Next::Offset { .. } | Next::Link) => false,
        Some(Next::Cursor { .. } | Next::Url { .. }) | None => {
            let shown = u64::try_from(shown).unwrap_or(u64::MAX);
            // A total that is the length of what is shown knows of no others.
            let is_own = |total: &Expression| total.source().contains("length");
            let is_told = !list.total.as_ref().is_none_or(is_own);
            let counts_more = || !is_told && paging::total(page).is_some_and(|total| total > shown);
            paging::points_on(page) || (!is_filtered && counts_more())
        }
    }
}

/// Why a list that was read to its end may show a part alone: nothing says where it ends.
pub(super) fn doubt(list: &List, items: usize, is_cut: bool, is_told: bool) -> Option<Why> {
    if is_cut {
        return Some(Why::hinted(
            "its answer says that there are more",
            "give `list` its `next`",
        ));
    }
    let may_go_on = list.next.is_none() && !is_told && paging::is_round(items);
    may_go_on.then(|| {
        Why::hinted(
            format!("it shows {items} accounts on one page, and may be cut short"),
            format!(
                "give `list` its `next` or its `total`; where one page always shows all, write `total: {} | length`",
                list.items.source()
            ),
        )
    })
}
