//! Header blocks, and the fields after a body.

use crate::frame::{ErrorCode, Header, flag};
use crate::head::check_trailers;
use crate::hpack::{DecodeError, Field};

use super::receive::{protocol, unpad};
use super::{ConnectionError, Engine, Event, HeaderBlock, Outcome, Role};

/// Most CONTINUATION frames of one header block; the h2 package and nghttp2 allow far fewer.
const MAX_BLOCK_FRAMES: u32 = 64;

impl<R: Role> Engine<R> {
    pub(super) fn receive_headers(
        &mut self,
        header: Header,
        payload: &[u8],
        events: &mut Vec<Event<R::Head>>,
    ) -> Outcome<()> {
        let id = header.stream;
        R::check_block(self, id)?;
        let mut fragment = unpad(header, payload)?;
        let mut is_self_dependent = false;
        if header.has(flag::PRIORITY) {
            let Some((&[d0, d1, d2, d3, _], rest)) = fragment.split_first_chunk::<5>() else {
                return Err(protocol("HEADERS is too short for its priority"));
            };
            is_self_dependent = u32::from_be_bytes([d0, d1, d2, d3]) & 0x7fff_ffff == id;
            fragment = rest;
        }
        let block = HeaderBlock {
            stream: id,
            is_end: header.has(flag::END_STREAM),
            is_self_dependent,
            bytes: Vec::new(),
            frames: 0,
        };
        if header.has(flag::END_HEADERS) {
            return self.receive_block(&block, fragment, events);
        }
        self.block = Some(HeaderBlock {
            bytes: fragment.to_vec(),
            ..block
        });
        Ok(())
    }

    pub(super) fn receive_continuation(
        &mut self,
        header: Header,
        payload: &[u8],
        events: &mut Vec<Event<R::Head>>,
    ) -> Outcome<()> {
        let Some(mut block) = self.block.take() else {
            return Err(protocol("CONTINUATION without HEADERS"));
        };
        block.frames += 1;
        block.bytes.extend_from_slice(payload);
        let size = block.bytes.len();
        if block.frames > MAX_BLOCK_FRAMES || size > self.limits.header_block_size {
            let reason = format!(
                "a header block of {size} bytes in {} frames is too much",
                block.frames + 1
            );
            return Err(ConnectionError::new(ErrorCode::EnhanceYourCalm, reason));
        }
        if header.has(flag::END_HEADERS) {
            let bytes = std::mem::take(&mut block.bytes);
            return self.receive_block(&block, &bytes, events);
        }
        self.block = Some(block);
        Ok(())
    }

    fn receive_block(
        &mut self,
        block: &HeaderBlock,
        bytes: &[u8],
        events: &mut Vec<Event<R::Head>>,
    ) -> Outcome<()> {
        // Every block is decoded, even if its stream is refused: later blocks depend on it.
        let fields = self
            .decoder
            .decode(bytes, self.limits.decoded_headers_size)
            .map_err(|error| match error {
                DecodeError::Malformed => {
                    ConnectionError::new(ErrorCode::Compression, "a header block does not decode")
                }
                DecodeError::TooLarge => ConnectionError::new(
                    ErrorCode::EnhanceYourCalm,
                    format!(
                        "a header block unpacks to more than {} bytes",
                        self.limits.decoded_headers_size
                    ),
                ),
            })?;
        R::receive_fields(self, block, fields, events)
    }

    /// Whether a header list is larger than we announced.
    pub(super) fn is_too_large(&self, fields: &[Field]) -> bool {
        let size: usize = fields.iter().map(Field::size).sum();
        fields.len() > self.limits.headers_count || size > self.limits.headers_size
    }

    /// Receives the fields after a body, which are checked and not used. The stream is open.
    pub(super) fn receive_trailers(
        &mut self,
        block: &HeaderBlock,
        fields: &[Field],
        events: &mut Vec<Event<R::Head>>,
    ) {
        let id = block.stream;
        if self
            .streams
            .get(&id)
            .is_some_and(|stream| stream.is_peer_ended)
        {
            let reason = "HEADERS after the end of the body";
            self.break_stream(id, ErrorCode::StreamClosed, reason, events);
        } else if !block.is_end || block.is_self_dependent || check_trailers(fields).is_err() {
            let reason = "the fields after the body are malformed";
            self.break_stream(id, ErrorCode::Protocol, reason, events);
        } else {
            self.end_body(id, events);
        }
    }
}
