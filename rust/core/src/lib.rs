//! The invocation protocol as a pure function of its input.
//!
//! Nothing here opens, sleeps or spawns: time, seeds and limits are arguments, bytes and deadlines are results.
//!
//! ```text
//! runtime ─bytes─> wire::Decoder ─messages─> journal ─> endpoint machine ─results──> handler
//! runtime <─bytes─ wire::Encoder <─messages─ journal <─ endpoint machine <─commands─ handler
//!
//! endpoint ─bytes─> wire::Decoder ─messages─> journal ─> invoker machine ─effects─> host
//! endpoint <─bytes─ wire::Encoder <─messages─ journal <─ invoker machine <─entries─ host
//! ```
//!
//! | module | what it knows |
//! | --- | --- |
//! | [`error`] | one enum, one wire code per variant |
//! | [`identifier`] | invocation and awakeable ids: raw, as text, and what is in them |
//! | [`identity`] | request signatures |
//! | [`wire`] | frames, messages, size limits, protocol versions |
//! | [`journal`] | what the invocation did and learned: commands, notifications, what it awaits |
//! | [`endpoint`] | the service side of one attempt |
//! | [`invoker`] | the runtime side of one attempt |
//! | [`introspect`] | stored entries and awaited futures as JSON, in the shape that servers show |
//!
//! A later row may use the ones above it, never the other way round.
#![forbid(unsafe_code)]

pub mod endpoint;
pub mod error;
pub mod identifier;
pub mod identity;
pub mod introspect;
pub mod invoker;
pub mod journal;
pub mod wire;

pub use error::{Error, Result};
pub use identifier::{AwakeableId, InvocationId};
