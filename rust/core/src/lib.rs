//! The invocation protocol as a pure function of its input.
//!
//! The crate opens no sockets or files, never sleeps and never spawns: time, seeds and limits are arguments, bytes and
//! deadlines are results.
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
//! | [`error`] | the errors shared by all modules, each with its wire code |
//! | [`identifier`] | invocation and awakeable ids, raw and as text |
//! | [`identity`] | request signatures |
//! | [`wire`] | frames, messages, size limits, protocol versions |
//! | [`journal`] | commands, notifications, and the tree of awaited futures |
//! | [`endpoint`] | the service side of one attempt |
//! | [`invoker`] | the runtime side of one attempt |
//! | [`introspect`] | stored entries and awaited futures as JSON, in the shape that servers show |
//!
//! Each module may use the modules in the rows above it, and no others.
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
