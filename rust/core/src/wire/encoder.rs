//! Messages in, bytes out.

use bytes::{BufMut, Bytes, BytesMut};

use super::generated as pb;
use super::header::{Flags, HEADER_LENGTH, Header};
use super::message::{Control, Message, name_of};
use crate::error::{Error, Result};

/// Largest payload sent by default, in bytes: 32 MiB + 256 KiB - 1.
///
/// Precedent: server 1.7.12 fails the attempt when it reads the header of a larger message (its `message-size-limit` of
/// 32 MiB plus 256 KiB of slack), and would fail every retry too.
pub const DEFAULT_MAX_OUTBOUND_SIZE: usize = 32 * 1024 * 1024 + 256 * 1024 - 1;

/// Deepest tree of awaited futures that is sent.
///
/// Precedent: by default protobuf decoders, including ours, reject more than 100 nested messages.
pub const MAX_FUTURE_DEPTH: usize = 100;

/// Largest buffer that is used again, in bytes. The unused rest of a larger one, however small, would hold all of its
/// memory until the attempt ends.
const MAX_KEPT_CAPACITY: usize = 64 * 1024;

/// Turns messages into bytes, collected in one buffer until they are taken.
///
/// If a message is rejected, the buffer stays as it was.
#[derive(Debug)]
pub struct Encoder {
    max_message_size: usize,
    buffer: BytesMut,
}

impl Encoder {
    /// Creates an encoder that rejects payloads above `max_message_size` bytes.
    pub fn new(max_message_size: usize) -> Self {
        Self {
            max_message_size,
            buffer: BytesMut::new(),
        }
    }

    /// Appends one frame.
    ///
    /// # Errors
    /// If the peer cannot handle the message: [`Error::PayloadTooLarge`] (413), [`Error::UnsendableMessage`] or
    /// [`Error::FutureTooDeep`] (500). Nothing is written then.
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
        // Behind a large message is room for End: growing would copy all of it.
        let room = if size > MAX_KEPT_CAPACITY {
            HEADER_LENGTH
        } else {
            0
        };
        self.buffer.reserve(HEADER_LENGTH + size + room);
        self.buffer.put_slice(&header.to_bytes());
        message.encode_raw(&mut self.buffer);
        Ok(())
    }

    /// Appends the frame of a stored entry with its payload unchanged.
    ///
    /// # Errors
    /// [`Error::PayloadTooLarge`] (413); nothing is written then.
    pub fn encode_entry(&mut self, code: u16, payload: &Bytes) -> Result<()> {
        self.buffer.reserve(HEADER_LENGTH + payload.len());
        self.encode_entry_head(code, payload.len())?;
        self.buffer.put_slice(payload);
        Ok(())
    }

    /// Appends the head of such a frame. Its payload has to follow the output at once.
    ///
    /// # Errors
    /// [`Error::PayloadTooLarge`] (413); nothing is written then.
    pub fn encode_entry_head(&mut self, code: u16, size: usize) -> Result<()> {
        let length = u32::try_from(size)
            .ok()
            .filter(|_| size <= self.max_message_size)
            .ok_or(Error::PayloadTooLarge {
                name: name_of(code),
                size,
                limit: self.max_message_size,
            })?;
        let header = Header {
            code,
            flags: Flags::NONE,
            length,
        };
        self.buffer.put_slice(&header.to_bytes());
        Ok(())
    }

    /// Takes everything encoded so far.
    pub fn take_output(&mut self) -> Bytes {
        if self.buffer.capacity() > MAX_KEPT_CAPACITY {
            return std::mem::take(&mut self.buffer).freeze();
        }
        self.buffer.split().freeze()
    }

    /// Discards what was encoded after the first `length` bytes of the output.
    pub fn truncate(&mut self, length: usize) {
        self.buffer.truncate(length);
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

/// Rejects trees that peers cannot decode. It works level by level, since encoding is recursive.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Command, Decoder};

    fn set_state(size: usize) -> Message {
        let content = Bytes::from(vec![7; size]);
        Command::SetState(pb::SetStateCommand {
            value: Some(pb::Value { content }),
            ..Default::default()
        })
        .into()
    }

    fn suspension(depth: usize) -> Message {
        let mut tree = pb::Future {
            waiting_completions: vec![1],
            ..Default::default()
        };
        for _ in 1..depth {
            tree = pb::Future {
                nested_futures: vec![tree],
                ..Default::default()
            };
        }
        Control::Suspension(pb::Suspension {
            awaiting_on: Some(tree),
            ..Default::default()
        })
        .into()
    }

    #[test]
    fn frames_follow_each_other_in_one_buffer() {
        let mut encoder = Encoder::default();
        encoder
            .encode(
                &Control::CommandAck(pb::CommandAck { command_index: 1 }).into(),
                Flags::NONE,
            )
            .unwrap();
        encoder
            .encode(&Control::End(pb::End {}).into(), Flags::REQUESTED_ACK)
            .unwrap();
        assert_eq!(encoder.len(), 18);

        let output = encoder.take_output();

        assert_eq!(
            output,
            [0, 4, 0, 0, 0, 0, 0, 2, 8, 1, 0, 3, 0x80, 0, 0, 0, 0, 0].as_slice()
        );
        assert!(encoder.is_empty());
    }

    #[test]
    fn largest_default_payload_is_what_a_server_accepts() {
        assert_eq!(DEFAULT_MAX_OUTBOUND_SIZE, 33_816_576 - 1);
    }

    #[test]
    fn too_large_payload_is_refused_and_nothing_is_written() {
        let overhead = set_state(100).encoded_len() - 100;
        let mut encoder = Encoder::new(100 + overhead);
        assert_eq!(encoder.encode(&set_state(100), Flags::NONE), Ok(()));
        let written = encoder.len();

        let refused = encoder.encode(&set_state(101), Flags::NONE);

        let (size, limit) = (101 + overhead, 100 + overhead);
        assert_eq!(
            refused,
            Err(Error::PayloadTooLarge {
                name: "SetState",
                size,
                limit
            })
        );
        assert_eq!(encoder.len(), written);
    }

    #[test]
    fn memory_of_a_large_message_goes_with_its_bytes() {
        let mut encoder = Encoder::default();
        let value = Bytes::from(vec![0; 1 << 20]);

        encoder.encode_entry(0x8011, &value).unwrap();
        let large = encoder.take_output();

        assert_eq!(large.len(), HEADER_LENGTH + (1 << 20));
        assert_eq!(encoder.buffer.capacity(), 0);
        encoder.encode_entry(0x8011, &Bytes::new()).unwrap();
        assert_eq!(encoder.take_output().len(), HEADER_LENGTH);
    }

    #[test]
    fn a_large_message_is_not_moved_for_the_end_behind_it() {
        let mut encoder = Encoder::default();
        encoder.encode(&set_state(1 << 20), Flags::NONE).unwrap();
        let before = (encoder.buffer.as_ptr(), encoder.buffer.capacity());

        encoder
            .encode(&Control::End(pb::End {}).into(), Flags::NONE)
            .unwrap();

        assert_eq!((encoder.buffer.as_ptr(), encoder.buffer.capacity()), before);
    }

    #[test]
    fn messages_of_unknown_types_are_refused() {
        let command = Message::UnknownCommand {
            code: 0x0415,
            payload: Bytes::new(),
        };
        let notification = Message::UnknownNotification {
            code: 0x8001,
            body: pb::Notification::default(),
        };

        for (message, name) in [
            (command, "unknown command"),
            (notification, "unknown notification"),
        ] {
            let mut encoder = Encoder::default();

            let refused = encoder.encode(&message, Flags::NONE);

            assert_eq!(
                refused,
                Err(Error::UnsendableMessage {
                    name,
                    code: message.code()
                })
            );
            assert!(encoder.is_empty());
        }
    }

    #[test]
    fn deepest_tree_that_is_sent_is_the_deepest_that_decodes() {
        let mut encoder = Encoder::default();
        let mut decoder = Decoder::default();
        encoder
            .encode(&suspension(MAX_FUTURE_DEPTH), Flags::NONE)
            .unwrap();
        decoder.receive(encoder.take_output());
        assert_eq!(
            decoder.take_message(),
            Ok(Some(suspension(MAX_FUTURE_DEPTH)))
        );

        let too_deep = suspension(MAX_FUTURE_DEPTH + 1);

        let refused = encoder.encode(&too_deep, Flags::NONE);
        assert_eq!(
            refused,
            Err(Error::FutureTooDeep {
                name: "Suspension",
                limit: MAX_FUTURE_DEPTH
            })
        );
        let mut payload = Vec::new();
        too_deep.encode_raw(&mut payload);
        assert_eq!(
            Message::decode(too_deep.code(), payload.into())
                .unwrap_err()
                .code(),
            500
        );
    }
}
