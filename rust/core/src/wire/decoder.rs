//! Bytes in, messages out.
//!
//! Segments are queued as they come. A payload that lies inside one segment is cut out of it without copying; one that
//! spans segments is collected in a buffer of its own, which grows with the bytes that have arrived and never with the
//! length a header merely claims. How the input is cut into segments changes nothing about what comes out.

use std::collections::VecDeque;

use bytes::{Buf, Bytes, BytesMut};

use super::header::{HEADER_LENGTH, Header};
use super::message::{Message, name_of};
use crate::error::{Error, Result};

/// Largest frame payload accepted by default, in bytes: 64 MiB.
///
/// Precedent: server 1.7.12 accepts 32 MiB + 256 KiB - 1 from an endpoint, and what it stored it may send back with a
/// little around it. Twice its limit leaves room for servers that are configured a bit more generously.
pub const DEFAULT_MAX_MESSAGE_SIZE: usize = 64 * 1024 * 1024;

/// A frame: a header and the payload it announced, not yet decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Type, flags and length.
    pub header: Header,
    /// The payload; it may share memory with the bytes that were pushed in.
    pub payload: Bytes,
}

impl Frame {
    /// Decodes the payload.
    ///
    /// # Errors
    /// [`Error::InvalidPayload`] (500) when it is not valid protobuf for its type.
    pub fn decode(&self) -> Result<Message> {
        Message::decode(self.header.code, self.payload.clone())
    }
}

/// Turns pushed-in bytes into frames and messages.
///
/// Pull until `None` after each push: bytes that wait for the rest of their frame are then held once and compactly.
/// The first error ends decoding: what is buffered is dropped, later input is ignored, and the error returned again.
#[derive(Debug)]
pub struct Decoder {
    max_message_size: usize,
    segments: VecDeque<Bytes>,
    /// Bytes in `segments`.
    queued: usize,
    /// The header of the frame whose payload is not complete.
    header: Option<Header>,
    /// What arrived of a header or payload that spans segments.
    partial: BytesMut,
    error: Option<Error>,
}

impl Decoder {
    /// Creates a decoder that refuses payloads above `max_message_size` bytes, from their header alone.
    pub fn new(max_message_size: usize) -> Self {
        Self {
            max_message_size,
            segments: VecDeque::new(),
            queued: 0,
            header: None,
            partial: BytesMut::new(),
            error: None,
        }
    }

    /// Pushes bytes in. They are kept without copying where that is possible.
    pub fn receive(&mut self, data: Bytes) {
        if self.error.is_some() || data.is_empty() {
            return;
        }
        self.queued += data.len();
        self.segments.push_back(data);
    }

    /// Takes the next whole message out; `None` when more bytes are needed.
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

    /// Takes the next whole frame out without decoding its payload; `None` when more bytes are needed.
    ///
    /// # Errors
    /// [`Error::MessageTooLarge`] (413), [`Error::UnknownControl`] (500) or [`Error::CustomMessage`] (571), each as soon
    /// as the header is there.
    pub fn take_frame(&mut self) -> Result<Option<Frame>> {
        if let Some(error) = &self.error {
            return Err(error.clone());
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
        let Some(payload) = self.take_bytes(length) else {
            return Ok(None);
        };
        self.header = None;
        Ok(Some(Frame { header, payload }))
    }

    /// Bytes received and not yet taken out, an incomplete frame's header not counted.
    pub fn buffered_len(&self) -> usize {
        self.queued + self.partial.len()
    }

    /// Whether nothing is left over: the input ended between two frames.
    pub fn is_empty(&self) -> bool {
        self.header.is_none() && self.buffered_len() == 0
    }

    fn take_header(&mut self) -> Result<Option<Header>> {
        let Some(bytes) = self.take_bytes(HEADER_LENGTH) else {
            return Ok(None);
        };
        let mut raw = [0; HEADER_LENGTH];
        raw.copy_from_slice(&bytes);
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

    /// Takes exactly `length` bytes, or moves all there is into `partial` and returns `None`.
    fn take_bytes(&mut self, length: usize) -> Option<Bytes> {
        if self.partial.is_empty() {
            if length == 0 {
                return Some(Bytes::new());
            }
            if let Some(front) = self
                .segments
                .front_mut()
                .filter(|front| front.len() >= length)
            {
                self.queued -= length;
                let bytes = front.split_to(length);
                if front.is_empty() {
                    self.segments.pop_front();
                }
                return Some(bytes);
            }
        }
        while let Some(front) = self.segments.front_mut() {
            let missing = length - self.partial.len();
            let size = missing.min(front.len());
            // Doubling keeps the copying linear; it stops at the length, so that a whole payload has no slack.
            self.partial
                .reserve(missing.min(size.max(self.partial.len())));
            self.partial
                .extend_from_slice(front.get(..size).unwrap_or_default());
            self.queued -= size;
            front.advance(size);
            if front.is_empty() {
                self.segments.pop_front();
            }
            if size == missing {
                return Some(self.partial.split().freeze());
            }
        }
        None
    }

    fn fail(&mut self, error: Error) -> Error {
        self.segments = VecDeque::new();
        self.queued = 0;
        self.header = None;
        self.partial = BytesMut::new();
        self.error.insert(error).clone()
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new(DEFAULT_MAX_MESSAGE_SIZE)
    }
}
