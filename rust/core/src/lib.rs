//! The invocation protocol as a pure function of its input.
#![forbid(unsafe_code)]
pub mod wire;
