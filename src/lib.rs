//! Standin: test accounts for CI jobs, created and verified in every service, and gone afterwards whatever happens.
//!
//! This file is only the map. Arrows point one way:
//! `main -> commands -> {engine, adapters, report} -> ports -> config -> language -> domain`.

pub mod config;
pub mod domain;
pub mod language;
