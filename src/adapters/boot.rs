//! Which boot of the machine this is: what was not synced to disk is lost with the one before.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the adapter that asks the system for it"
)]

/// The kernel's id of this boot, where it tells one (Linux: `random(4)`, `/proc/sys/kernel/random/boot_id`).
pub fn id() -> Option<String> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let id = id.trim();
    (!id.is_empty()).then(|| id.to_owned())
}
