//! The two engines: one that is strict, and one in which a look into what is not there gives undefined.
//!
//! Neither can load anything, and both stop when an evaluation's fuel is used up.

use std::sync::LazyLock;

use minijinja::{Environment, UndefinedBehavior};

use super::filters;

/// One unit pays for one instruction or 64 bytes that an evaluation makes or reads, so this is about 32 MB: an answer of 8 MiB can be
/// searched, and doubling ends long before the machine feels it.
const FUEL: u64 = 500_000;

/// What is not there is an error wherever its value is needed.
pub(super) static STRICT: LazyLock<Environment<'static>> = LazyLock::new(|| build(UndefinedBehavior::Strict));

/// What is not there is undefined, at any depth.
pub(super) static OPTIONAL: LazyLock<Environment<'static>> = LazyLock::new(|| build(UndefinedBehavior::Chainable));

fn build(behavior: UndefinedBehavior) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(behavior);
    environment.set_fuel(Some(FUEL));
    // `debug` would print the scope, secrets included; `namespace` makes sense with statements alone.
    environment.remove_global("debug");
    environment.remove_global("namespace");
    filters::add(&mut environment);
    environment
}

/// The functions that may be called.
pub(super) const FUNCTIONS: &[&str] = &["dict", "range"];
