//! Whole jobs against real servers, each described by its preset and judged by its own API.

mod ejabberd;
mod eyes;
mod gateway;
mod jupyterhub;
mod keycloak;
mod keystone;
mod life;
pub(crate) mod machine;
mod moto;
mod pocketbase;
mod rabbitmq;
mod redmine;
mod scim2;
pub(crate) mod server;
mod synapse;
mod variants;
mod wordpress;
