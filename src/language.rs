//! The one language of the configuration: Jinja expressions, strict and bounded.
//!
//! Text goes in, values come out. Nothing here reads a file, a clock, the process's environment or the network, and what a variable,
//! a field or an answer holds is data: it is never parsed or rendered again.

mod arguments;
mod convert;
mod encoding;
mod environment;
mod error;
mod expression;
mod filters;
mod jinja;
mod json_template;
mod moment;
mod nearest;
mod pattern;
mod readings;
mod scope;
mod shown;
mod syntax;
mod target;
mod template;
mod tokens;
mod vocabulary;

pub use encoding::in_base32;
pub use environment::{Access, Environment, glob};
pub use error::{EvalError, EvalErrorKind, LanguageError};
pub use expression::Expression;
pub use json_template::JsonTemplate;
pub use moment::one_time_code;
pub use nearest::nearest;
pub use scope::Scope;
pub use target::{Method, Target};
pub use template::Template;
pub use tokens::EnvUse;
