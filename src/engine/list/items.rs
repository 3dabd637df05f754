//! What a page holds.

use minijinja::value::{Value, ValueKind};
use ring::digest;

use crate::config::List;
use crate::domain::account::RemoteId;
use crate::engine::create::{id, text};
use crate::language::Scope;

/// What a page held.
pub(super) struct Items {
    pub(super) count: usize,
    /// Of its ids, in their order.
    pub(super) fingerprint: Vec<u8>,
}

/// Hands over each item that has a name and an id.
pub(super) fn read(
    list: &List,
    scope: &Scope,
    each: &mut impl FnMut(RemoteId, String, &Value),
) -> Result<Items, String> {
    let source = list.items.source();
    let items = list
        .items
        .eval(scope)
        .map_err(|error| format!("the list can't be read: {error}"))?;
    let mut context = digest::Context::new(&digest::SHA256);
    let mut count = 0;
    if !items.is_none() {
        if !matches!(items.kind(), ValueKind::Seq | ValueKind::Iterable) {
            return Err(format!("the list can't be read: `{source}` is no list"));
        }
        for item in items
            .try_iter()
            .map_err(|error| format!("the list can't be read: {error}"))?
        {
            count += 1;
            let scope = scope.clone().with("item", item.clone());
            let (id, name) = (id(Some(&list.id), &scope), text(Some(&list.name), &scope));
            context.update(id.as_ref().map_or("", RemoteId::as_str).as_bytes());
            context.update(&[0]);
            // An item without a name or an id is none of ours.
            if let (Some(id), Some(name)) = (id, name) {
                each(id, name, &item);
            }
        }
    }
    Ok(Items {
        count,
        fingerprint: context.finish().as_ref().to_vec(),
    })
}
