//! What a page holds.

use minijinja::value::{Value, ValueKind};
use ring::digest;

use crate::config::List;
use crate::domain::account::RemoteId;
use crate::domain::marker::Marker;
use crate::domain::why::Why;
use crate::engine::create::{id, is_nameless, text};
use crate::language::Scope;

/// What a page held.
pub(super) struct Items {
    pub(super) shown: Tally,
    /// Of its ids, in their order.
    pub(super) fingerprint: Vec<u8>,
}

/// How many items were shown, and how many of them could be read.
#[derive(Clone, Copy, Default)]
pub(super) struct Tally {
    pub(super) items: usize,
    named: usize,
    /// Those that have a name and an id.
    readable: usize,
    /// Was one seen that carries a marker and has no id?
    is_one_lost: bool,
    /// Was one seen to be without a name, as others' accounts may well be?
    is_one_nameless: bool,
}

impl Tally {
    pub(super) fn add(&mut self, page: Self) {
        self.items += page.items;
        self.named += page.named;
        self.readable += page.readable;
        self.is_one_lost |= page.is_one_lost;
        self.is_one_nameless |= page.is_one_nameless;
    }

    /// The expression that gives nothing for any item, if there is one. Then ours may be among them all.
    pub(super) fn unreadable(&self, list: &List) -> Option<String> {
        if self.is_one_lost {
            return Some(format!(
                "`{}` gives no id for an account that carries a marker",
                list.id.source()
            ));
        }
        if self.items == 0 || self.readable > 0 {
            return None;
        }
        let of = match self.items {
            1 => "the one item that was shown".to_owned(),
            items => format!("any of {items} items"),
        };
        if self.named > 0 {
            return Some(format!("`{}` gives no id for {of}", list.id.source()));
        }
        (!self.is_one_nameless).then(|| {
            format!(
                "`{}` gives no name for {of}; let it end in `| default(\"\")` if others' accounts have none",
                list.name.source()
            )
        })
    }
}

/// Hands over each item that has an id, with an empty name where it has none.
pub(super) fn read(list: &List, scope: &Scope, each: &mut impl FnMut(RemoteId, String, &Value)) -> Result<Items, Why> {
    let source = list.items.source();
    let items = list
        .items
        .eval(scope)
        .map_err(|error| Why::from(error).context("the list can't be read"))?;
    let mut context = digest::Context::new(&digest::SHA256);
    let mut shown = Tally::default();
    if !items.is_none() {
        if !matches!(items.kind(), ValueKind::Seq | ValueKind::Iterable) {
            return Err(format!("the list can't be read: `{source}` is no list").into());
        }
        for item in items
            .try_iter()
            .map_err(|error| format!("the list can't be read: {error}"))?
        {
            shown.items += 1;
            let scope = scope.clone().with("item", item.clone());
            let (id, name) = (id(Some(&list.id), &scope), text(Some(&list.name), &scope));
            context.update(id.as_ref().map_or("", RemoteId::as_str).as_bytes());
            context.update(&[0]);
            shown.named += usize::from(name.is_some());
            shown.is_one_lost |=
                id.is_none() && name.as_deref().is_some_and(|name| Marker::at_front_of(name).is_some());
            // One is enough: most items of a list may have no name.
            shown.is_one_nameless |= name.is_none() && !shown.is_one_nameless && is_nameless(&list.name, &scope);
            // One without a name is nobody whom we know; whoever lists may know it by what else it shows.
            if let Some(id) = id {
                shown.readable += usize::from(name.is_some());
                each(id, name.unwrap_or_default(), &item);
            }
        }
    }
    Ok(Items {
        shown,
        fingerprint: context.finish().as_ref().to_vec(),
    })
}
