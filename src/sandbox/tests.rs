//! The sandbox through its socket: what a client sees, and what the books say.

mod client;
mod faults;
mod gates;
mod running;
mod service;
