//! Bytes to messages and back.
//!
//! ```text
//! bytes ─> Decoder ─> Frame ─> Message        Message + Flags ─> Encoder ─> bytes
//!          header, size limit  by type code   size and depth limits, header
//! ```

mod decoder;
mod encoder;
mod header;
pub mod message;
mod segments;
mod version;

pub use decoder::{DEFAULT_MAX_MESSAGE_SIZE, Decoder, Frame};
pub use encoder::{DEFAULT_MAX_OUTBOUND_SIZE, Encoder, MAX_FUTURE_DEPTH};
pub use header::{Flags, HEADER_LENGTH, Header};
pub use message::{Command, Control, Message, Notification};
pub use version::{Feature, Version};

/// Protobuf messages, compiled from `proto/awaken/service/protocol.proto`; never edited.
#[allow(missing_docs, clippy::pedantic)]
#[rustfmt::skip]
#[path = "generated/awaken.service.rs"]
pub mod generated;
