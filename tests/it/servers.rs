//! Whole jobs against real servers, each described by its preset and judged by its own API.

mod ejabberd;
mod jupyterhub;
mod life;
pub(crate) mod machine;
mod pocketbase;
mod rabbitmq;
mod redmine;
mod scim2;
mod server;
mod synapse;
