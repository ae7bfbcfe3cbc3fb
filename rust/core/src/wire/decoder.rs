//! Bytes in, messages out. The result does not depend on how the input is cut into segments.

use bytes::Bytes;

use super::header::{HEADER_LENGTH, Header};
use super::message::{Message, name_of};
use super::segments::Segments;
use crate::error::{Error, Result};

/// Largest frame payload accepted by default, in bytes: 64 MiB.
///
/// Precedent: server 1.7.12 accepts 32 MiB + 256 KiB - 1 from an endpoint, and may send what it stored back with a few
/// bytes around it. Twice its limit leaves room for servers with a slightly higher limit.
pub const DEFAULT_MAX_MESSAGE_SIZE: usize = 64 * 1024 * 1024;

/// A frame: a header and the payload it announced, not yet decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Type, flags and length.
    pub header: Header,
    /// The payload; it may share memory with the received bytes.
    pub payload: Bytes,
}

impl Frame {
    /// Decodes the payload.
    ///
    /// # Errors
    /// [`Error::InvalidPayload`] (500) if it is not valid protobuf for its type.
    pub fn decode(&self) -> Result<Message> {
        Message::decode(self.header.code, self.payload.clone())
    }
}

/// Turns bytes into frames and messages.
///
/// After each [`Decoder::receive`], take until `None`: the bytes of an incomplete frame are then buffered only once.
/// The first error ends decoding: the buffer is dropped, later input is ignored, and every call returns the same error.
#[derive(Debug)]
pub struct Decoder {
    max_message_size: usize,
    segments: Segments,
    /// The header of the frame whose payload is incomplete.
    header: Option<Header>,
    error: Option<Box<Error>>,
}

impl Decoder {
    /// Creates a decoder that rejects payloads above `max_message_size` bytes as soon as it has read their header.
    pub fn new(max_message_size: usize) -> Self {
        Self {
            max_message_size,
            segments: Segments::default(),
            header: None,
            error: None,
        }
    }

    /// Receives bytes, without copying them where possible.
    pub fn receive(&mut self, data: Bytes) {
        if self.error.is_none() {
            self.segments.push(data);
        }
    }

    /// Returns the next complete message; `None` if more bytes are needed.
    ///
    /// # Errors
    /// Those of [`Decoder::take_frame`], and [`Error::InvalidPayload`] (500).
    pub fn take_message(&mut self) -> Result<Option<Message>> {
        let Some(frame) = self.take_frame()? else {
            return Ok(None);
        };
        match Message::decode(frame.header.code, frame.payload) {
            Ok(message) => Ok(Some(message)),
            Err(error) => Err(self.fail(error)),
        }
    }

    /// Returns the next complete frame without decoding its payload; `None` if more bytes are needed.
    ///
    /// # Errors
    /// [`Error::MessageTooLarge`] (413), [`Error::UnknownControl`] (500) or [`Error::CustomMessage`] (571), each as soon
    /// as the header has arrived.
    pub fn take_frame(&mut self) -> Result<Option<Frame>> {
        if let Some(error) = &self.error {
            return Err(Error::clone(error));
        }
        let header = match self.header {
            Some(header) => header,
            None => match self.take_header()? {
                Some(header) => *self.header.insert(header),
                None => return Ok(None),
            },
        };
        // Lossless: the header passed the limit, and the limit is a usize.
        let length = usize::try_from(header.length).unwrap_or(usize::MAX);
        let Some(payload) = self.segments.take(length) else {
            return Ok(None);
        };
        self.header = None;
        Ok(Some(Frame { header, payload }))
    }

    /// Bytes received and not yet returned, without the header of an incomplete frame.
    pub fn buffered_len(&self) -> usize {
        self.segments.len()
    }

    /// Bytes missing from the current header or payload; 0 between frames. Only accurate after every complete frame was
    /// taken.
    pub fn missing(&self) -> usize {
        let collected = self.segments.collected();
        match self.header {
            Some(header) => usize::try_from(header.length)
                .unwrap_or(usize::MAX)
                .saturating_sub(collected),
            None if collected == 0 => 0,
            None => HEADER_LENGTH - collected,
        }
    }

    /// Whether no bytes are left over, so that the input may end here.
    pub fn is_empty(&self) -> bool {
        self.header.is_none() && self.buffered_len() == 0
    }

    fn take_header(&mut self) -> Result<Option<Header>> {
        let Some(raw) = self.segments.take_array() else {
            return Ok(None);
        };
        let header = Header::from_bytes(raw);
        self.check(header).map_err(|error| self.fail(error))?;
        Ok(Some(header))
    }

    fn check(&self, header: Header) -> Result<()> {
        Message::check_code(header.code, header.length)?;
        let size = usize::try_from(header.length).unwrap_or(usize::MAX);
        if size > self.max_message_size {
            return Err(Error::MessageTooLarge {
                name: name_of(header.code),
                code: header.code,
                size,
                limit: self.max_message_size,
            });
        }
        Ok(())
    }

    fn fail(&mut self, error: Error) -> Error {
        self.segments = Segments::default();
        self.header = None;
        self.error = Some(Box::new(error.clone()));
        error
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new(DEFAULT_MAX_MESSAGE_SIZE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Command, Flags, generated as pb};

    const OUTPUT: u16 = 0x0401;

    fn header(code: u16, length: u32) -> [u8; HEADER_LENGTH] {
        Header {
            code,
            flags: Flags::NONE,
            length,
        }
        .to_bytes()
    }

    fn decoder_with(parts: &[&[u8]]) -> Decoder {
        let mut decoder = Decoder::new(1024);
        for part in parts {
            decoder.receive(Bytes::copy_from_slice(part));
        }
        decoder
    }

    #[test]
    fn payload_inside_one_segment_is_not_copied() {
        let value = [0x72, 0x06, 0x0A, 0x04, b'a', b'b', b'c', b'd'];
        let segment = Bytes::from([header(OUTPUT, 8).as_slice(), &value, &[0; 3]].concat());
        let mut decoder = Decoder::default();

        decoder.receive(segment.clone());

        let Some(Message::Command(Command::Output(output))) = decoder.take_message().unwrap()
        else {
            panic!("not an Output")
        };
        let Some(pb::output_command::Result::Value(value)) = output.result else {
            panic!("not a value")
        };
        assert_eq!(
            value.content.as_ptr(),
            segment[HEADER_LENGTH + 4..].as_ptr()
        );
    }

    #[test]
    fn too_large_frame_is_refused_from_its_header_alone() {
        let mut decoder = Decoder::new(1024);
        decoder.receive(Bytes::copy_from_slice(&header(0x0403, 1024)));
        assert_eq!(decoder.take_frame(), Ok(None));

        let mut decoder = Decoder::new(1024);
        decoder.receive(Bytes::copy_from_slice(&header(0x0403, 1025)));

        assert_eq!(
            decoder.take_frame(),
            Err(Error::MessageTooLarge {
                name: "SetState",
                code: 0x0403,
                size: 1025,
                limit: 1024
            })
        );
    }

    #[test]
    fn buffer_holds_what_arrived_and_not_what_a_header_claims() {
        let mut decoder = Decoder::default();
        decoder.receive(Bytes::copy_from_slice(&header(OUTPUT, 60_000_000)));
        for _ in 0..100 {
            decoder.receive(Bytes::from_static(&[0; 10]));
            assert_eq!(decoder.take_frame(), Ok(None));
        }

        assert_eq!(decoder.buffered_len(), 1000);
        assert_eq!(decoder.missing(), 60_000_000 - 1000);
    }

    #[test]
    fn unknown_control_and_custom_messages_are_refused_from_their_header_alone() {
        for code in [0x0008, 0x03FF] {
            let error = decoder_with(&[&header(code, 9)]).take_frame().unwrap_err();
            assert_eq!(error, Error::UnknownControl { code, length: 9 });
        }
        for code in [0xFC00, 0xFFFF] {
            let error = decoder_with(&[&header(code, 9)]).take_frame().unwrap_err();
            assert_eq!(error, Error::CustomMessage { code, length: 9 });
        }
    }

    #[test]
    fn unknown_command_is_kept_as_it_came() {
        for code in [0x040F, 0x0415, 0x7FFF] {
            let message = decoder_with(&[&header(code, 3), &[0xFF; 3]]).take_message();

            let payload = Bytes::from_static(&[0xFF; 3]);
            assert_eq!(message, Ok(Some(Message::UnknownCommand { code, payload })));
        }
    }

    #[test]
    fn unknown_notification_is_read_with_the_common_layout() {
        for code in [0x8000, 0x8003, 0xFBFE] {
            let message =
                decoder_with(&[&header(code, 4), &[0x08, 0x05, 0x22, 0x00]]).take_message();

            let body = pb::Notification {
                id: Some(pb::notification::Id::CompletionId(5)),
                result: Some(pb::notification::Result::Void(pb::Void {})),
            };
            assert_eq!(
                message,
                Ok(Some(Message::UnknownNotification { code, body }))
            );
        }
    }

    #[test]
    fn first_error_ends_decoding_and_comes_again() {
        let end = header(0x0003, 0);
        let mut decoder = decoder_with(&[&end, &header(0x0401, 1), &[0xFF], &end]);
        assert!(decoder.take_message().unwrap().is_some());

        let error = decoder.take_message().unwrap_err();

        assert!(matches!(
            error,
            Error::InvalidPayload {
                name: "Output",
                code: OUTPUT,
                size: 1,
                ..
            }
        ));
        decoder.receive(Bytes::copy_from_slice(&end));
        assert_eq!(decoder.take_message(), Err(error.clone()));
        assert_eq!(decoder.take_frame(), Err(error));
        assert!(decoder.is_empty());
    }

    #[test]
    fn incomplete_frame_knows_how_many_bytes_it_needs() {
        let mut decoder = Decoder::new(1024);
        let frame = [header(0x0403, 10).as_slice(), &[0; 10]].concat();
        let mut missing = Vec::new();

        for byte in &frame {
            decoder.receive(Bytes::copy_from_slice(&[*byte]));
            let _ = decoder.take_frame();
            missing.push(decoder.missing());
        }

        assert_eq!(
            missing,
            [7, 6, 5, 4, 3, 2, 1, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
        );
    }

    #[test]
    fn decoder_is_empty_only_between_frames() {
        let mut decoder = decoder_with(&[&header(OUTPUT, 2)]);
        assert_eq!(decoder.take_frame(), Ok(None));
        assert!(!decoder.is_empty());

        decoder.receive(Bytes::from_static(&[0x72, 0x00]));

        assert!(decoder.take_frame().unwrap().is_some());
        assert!(decoder.is_empty());
    }
}
