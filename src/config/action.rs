//! What a request sends, by the kind of protocol that it is sent by.
//!
//! What is asked of a kind stands here, so that nobody else has to know what its requests are made of.

mod decode;
mod http;

use std::borrow::Cow;

use crate::language::{Expression, JsonTemplate, Template};

pub(super) use decode::{decode, header_name, headers};
pub use http::{HttpRequest, Payload, is_credential};

/// What a request sends. Each kind of protocol has its own.
#[derive(Clone, Debug)]
pub enum Action {
    /// A request of HTTP.
    Http(HttpRequest),
}

/// What a request does to accounts, as far as its protocol says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It changes nothing.
    Reads,
    /// It makes or changes something.
    Changes,
    /// It puts something in the place of what is there.
    Replaces,
    /// It deletes.
    Deletes,
}

/// An expression of a request, and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Part<'r> {
    /// Where it stands.
    pub spot: Spot<'r>,
    /// The expression.
    pub expression: &'r Expression,
}

/// A place in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot<'r> {
    /// In what is asked for, as a path.
    Address,
    /// In a field that says who asks and how, by its name: a header field or a query parameter.
    Field(&'r str),
    /// In what is carried, with the name of its field where that says what it is.
    Body(Option<&'r str>),
}

/// A value of a request that stands under a name.
#[derive(Clone, Debug)]
pub struct Named<'r> {
    /// Its name, behind those of the maps that hold it. Never empty.
    pub names: Vec<Cow<'r, str>>,
    /// The value.
    pub value: Cow<'r, Template>,
}

impl Action {
    /// The request as it is written, such as `POST /users`.
    pub fn source(&self) -> &str {
        match self {
            Self::Http(request) => request.target.source(),
        }
    }

    /// What it does to accounts.
    pub fn effect(&self) -> Effect {
        match self {
            Self::Http(request) => request.effect(),
        }
    }

    /// Does it ask the service to refuse where there is something already?
    pub fn is_conditional(&self) -> bool {
        match self {
            Self::Http(request) => request.is_conditional(),
        }
    }

    /// Does it bring what lets its sender in, beside the service's own?
    pub fn brings_credentials(&self) -> bool {
        match self {
            Self::Http(request) => request.headers.iter().any(|(name, value)| is_credential(name, value)),
        }
    }

    /// Does it carry JSON, so that a value can be set in it as it is sent?
    pub fn has_json(&self) -> bool {
        match self {
            Self::Http(request) => matches!(request.payload, Payload::Json(_)),
        }
    }

    /// Puts other query parameters and another body in the place of its own.
    pub(super) fn replace(&mut self, query: Vec<(String, Template)>, json: Option<JsonTemplate>) {
        match self {
            Self::Http(request) => request.replace(query, json),
        }
    }

    /// Every expression in it, in the order in which it is written.
    pub fn parts(&self) -> Vec<Part<'_>> {
        match self {
            Self::Http(request) => request.parts(),
        }
    }

    /// Every value in it that stands under a name.
    pub fn named(&self) -> Vec<Named<'_>> {
        match self {
            Self::Http(request) => request.named(),
        }
    }
}
