//! Bytes to messages and back.

pub mod message;

/// Protobuf messages, compiled from `proto/awaken/service/protocol.proto`; never edited.
#[allow(missing_docs, clippy::pedantic)]
#[rustfmt::skip]
#[path = "generated/awaken.service.rs"]
pub mod generated;
