//! Messages in, bytes out.

use bytes::{BufMut, Bytes, BytesMut};

use super::generated as pb;
use super::header::{Flags, HEADER_LENGTH, Header};
use super::message::{Control, Message};
use crate::error::{Error, Result};

/// Largest payload sent by default, in bytes: 32 MiB + 256 KiB - 1.
///
/// Precedent: server 1.7.12 fails the attempt over anything larger, from the header alone (its `message-size-limit` of
/// 32 MiB with 256 KiB of slack), and would fail every retry too.
pub const DEFAULT_MAX_OUTBOUND_SIZE: usize = 32 * 1024 * 1024 + 256 * 1024 - 1;

/// Deepest tree of awaited futures that is sent.
///
/// Precedent: protobuf decoders stop at 100 nested messages, and the message around the tree is one of them.
pub const MAX_FUTURE_DEPTH: usize = 99;

/// Turns messages into bytes, all in one buffer until they are taken.
///
/// A refused message leaves the buffer as it was.
#[derive(Debug)]
pub struct Encoder {
    max_message_size: usize,
    buffer: BytesMut,
}

impl Encoder {
    /// Creates an encoder that refuses payloads above `max_message_size` bytes.
    pub fn new(max_message_size: usize) -> Self {
        Self {
            max_message_size,
            buffer: BytesMut::new(),
        }
    }

    /// Appends one frame.
    ///
    /// # Errors
    /// Nothing is written when the peer would not survive the message: [`Error::PayloadTooLarge`] (413),
    /// [`Error::UnsendableMessage`] or [`Error::FutureTooDeep`] (500).
    pub fn encode(&mut self, message: &Message, flags: Flags) -> Result<()> {
        if !message.is_known() {
            return Err(Error::UnsendableMessage {
                name: message.name(),
                code: message.code(),
            });
        }
        check_depth(message)?;
        let size = message.encoded_len();
        let too_large = || Error::PayloadTooLarge {
            name: message.name(),
            size,
            limit: self.max_message_size,
        };
        if size > self.max_message_size {
            return Err(too_large());
        }
        let length = u32::try_from(size).map_err(|_| too_large())?;
        let header = Header {
            code: message.code(),
            flags,
            length,
        };
        self.buffer.reserve(HEADER_LENGTH + size);
        self.buffer.put_slice(&header.to_bytes());
        message.encode_raw(&mut self.buffer);
        Ok(())
    }

    /// Takes everything encoded so far.
    pub fn take_output(&mut self) -> Bytes {
        self.buffer.split().freeze()
    }

    /// Bytes encoded and not yet taken.
    pub fn len(&self) -> usize {
        self.buffer.len()
    }

    /// Whether there is nothing to take.
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }
}

impl Default for Encoder {
    fn default() -> Self {
        Self::new(DEFAULT_MAX_OUTBOUND_SIZE)
    }
}

/// Refuses trees that peers cannot decode. Level by level, since encoding itself recurses.
fn check_depth(message: &Message) -> Result<()> {
    let Message::Control(
        Control::Suspension(pb::Suspension { awaiting_on, .. })
        | Control::AwaitingOn(pb::AwaitingOn { awaiting_on, .. }),
    ) = message
    else {
        return Ok(());
    };
    let mut level: Vec<&pb::Future> = awaiting_on.iter().collect();
    for _ in 0..MAX_FUTURE_DEPTH {
        if level.is_empty() {
            return Ok(());
        }
        level = level.iter().flat_map(|node| &node.nested_futures).collect();
    }
    if level.is_empty() {
        return Ok(());
    }
    Err(Error::FutureTooDeep {
        name: message.name(),
        limit: MAX_FUTURE_DEPTH,
    })
}
