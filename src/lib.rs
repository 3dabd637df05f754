//! Standin: test accounts for CI jobs, created and verified in every service, and gone afterwards whatever happens.
//!
//! This file is only the map. Arrows point one way:
//! `main -> commands -> {engine, adapters, report} -> ports -> plan -> config -> language -> domain`.

pub mod adapters;
pub mod cli;
pub mod commands;
pub mod config;
pub mod domain;
pub mod engine;
pub mod language;

pub mod plan;
pub mod ports;
pub mod report;
pub mod sandbox;
pub mod settings;
