//! Blocks that are there and prove less than they seem to.

use super::Found;
use crate::config::{List, Service};

/// A list of one page, of which nothing says that it is all.
pub(super) fn list_end(service: &Service) -> Vec<Found> {
    let open = |list: &&List| list.next.is_none() && list.total.is_none() && list.filter.is_none();
    let note = |list: &List| {
        let lost = "nothing says where `list` ends: a page of 10, 20, 100 or another round number of accounts may be cut \
                    short, so it proves no absence, and a sweep may miss the rest";
        let write = format!(
            "next: link   # or `total: {} | length`, if one page always shows all",
            list.items.source()
        );
        Found::new(&list.request.place, lost, write)
    };
    service.list.as_ref().filter(open).map(note).into_iter().collect()
}
