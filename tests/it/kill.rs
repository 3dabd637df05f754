//! Kills: whatever dies and whenever, the services' own books must say that nothing is left.

pub(crate) mod diary;
pub(crate) mod stage;

mod bare;
mod every_fault;
mod every_request;
mod every_write;
mod moments;
mod post;
mod shim;
mod storm;
