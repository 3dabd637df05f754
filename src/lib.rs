//! Standin: test accounts for CI jobs, created and verified in every service, and gone afterwards whatever happens.
//!
//! This file is only the map. Arrows point one way:
//! `main -> commands -> {engine, adapters, report, sandbox, draft} -> ports -> plan -> config -> language -> domain`.
//! `lint` stands between the commands and the engine: it says what a description lacks of what the engine relies on.
//!
//! What is public here, the tests, the benchmarks and the fuzz targets use; of all else the compiler says when it is dead.

pub mod adapters;
pub mod cli;
pub mod commands;
pub mod config;
pub mod domain;
pub mod draft;
mod engine;
pub mod language;
pub mod lint;
pub mod plan;
pub mod ports;
mod report;
pub mod sandbox;
pub mod settings;
