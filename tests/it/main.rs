//! The integration tests: one binary, one module for each thing that they show.

mod tidy;
