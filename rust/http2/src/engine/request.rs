//! Header blocks, bodies and ends of requests.

use bytes::Bytes;

use crate::frame::{ErrorCode, Header, flag};
use crate::head::{check_request, check_trailers};
use crate::hpack::{DecodeError, Field};
use crate::stream::Stream;

use super::receive::{flow_control, protocol};
use super::{ConnectionError, Engine, Event, OpenBlock};

/// Most CONTINUATION frames of one header block; the h2 package and nghttp2 allow far fewer.
const MAX_BLOCK_FRAMES: u32 = 64;

type Outcome = Result<(), ConnectionError>;

impl Engine {
    pub(super) fn receive_headers(
        &mut self,
        header: Header,
        payload: &[u8],
        events: &mut Vec<Event>,
    ) -> Outcome {
        let id = header.stream;
        if id % 2 == 0 {
            return Err(protocol(format!(
                "HEADERS on stream {id}, which a client cannot open"
            )));
        }
        let mut fragment = unpad(header, payload)?;
        let mut is_self_dependent = false;
        if header.has(flag::PRIORITY) {
            let Some((&[d0, d1, d2, d3, _], rest)) = fragment.split_first_chunk::<5>() else {
                return Err(protocol("HEADERS is too short for its priority"));
            };
            is_self_dependent = u32::from_be_bytes([d0, d1, d2, d3]) & 0x7fff_ffff == id;
            fragment = rest;
        }
        let block = OpenBlock {
            stream: id,
            is_end: header.has(flag::END_STREAM),
            is_self_dependent,
            bytes: Vec::new(),
            frames: 0,
        };
        if header.has(flag::END_HEADERS) {
            return self.receive_block(&block, fragment, events);
        }
        self.block = Some(OpenBlock {
            bytes: fragment.to_vec(),
            ..block
        });
        Ok(())
    }

    pub(super) fn receive_continuation(
        &mut self,
        header: Header,
        payload: &[u8],
        events: &mut Vec<Event>,
    ) -> Outcome {
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
        block: &OpenBlock,
        bytes: &[u8],
        events: &mut Vec<Event>,
    ) -> Outcome {
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
        let id = block.stream;
        if id > self.highest_stream {
            self.highest_stream = id;
            self.open(block, fields, events);
            return Ok(());
        }
        let Some(stream) = self.streams.get(&id) else {
            return self.receive_late(id, "HEADERS");
        };
        if stream.is_request_ended {
            self.break_stream(id, ErrorCode::StreamClosed, events);
        } else if !block.is_end || block.is_self_dependent || check_trailers(&fields).is_err() {
            self.break_stream(id, ErrorCode::Protocol, events);
        } else {
            self.end_request(id, events);
        }
        Ok(())
    }

    fn open(&mut self, block: &OpenBlock, fields: Vec<Field>, events: &mut Vec<Event>) {
        let id = block.stream;
        if id > self.last_allowed_stream || self.streams.len() >= self.limits.streams {
            self.refuse(id, ErrorCode::RefusedStream);
            return;
        }
        let size: usize = fields.iter().map(Field::size).sum();
        let is_too_large =
            fields.len() > self.limits.headers_count || size > self.limits.headers_size;
        let Ok(head) = check_request(fields) else {
            self.refuse(id, ErrorCode::Protocol);
            return;
        };
        if block.is_self_dependent
            || (block.is_end && head.content_length.is_some_and(|length| length > 0))
        {
            self.refuse(id, ErrorCode::Protocol);
            return;
        }
        self.streams.insert(
            id,
            Stream::new(
                self.limits.stream_window,
                self.peer_stream_window,
                head.content_length,
                block.is_end,
            ),
        );
        if is_too_large {
            self.send_headers(id, 431, [], true);
            return;
        }
        events.push(Event::RequestReceived(id, head));
        if block.is_end {
            events.push(Event::RequestEnded(id));
        }
    }

    pub(super) fn receive_data(
        &mut self,
        header: Header,
        mut payload: Bytes,
        events: &mut Vec<Event>,
    ) -> Outcome {
        let id = header.stream;
        self.require_known(id, "DATA")?;
        let length = payload.len();
        self.receive_window -= signed(length);
        if self.receive_window < 0 {
            return Err(flow_control("DATA exceeds the connection's window"));
        }
        self.give_connection_credit(length);
        let body = unpad(header, &payload)?;
        let size = body.len();
        if size != length {
            payload = payload.slice_ref(body);
        }
        let is_end = header.has(flag::END_STREAM);
        let Some(stream) = self.streams.get_mut(&id) else {
            return self.receive_late(id, "DATA");
        };
        if stream.is_request_ended {
            self.break_stream(id, ErrorCode::StreamClosed, events);
            return Ok(());
        }
        stream.receive_window -= signed(length);
        if stream.receive_window < 0 {
            return Err(flow_control(format!(
                "DATA exceeds the window of stream {id}"
            )));
        }
        if let Some(expected) = &mut stream.expected {
            match expected.checked_sub(size as u64) {
                Some(rest) if rest == 0 || !is_end => *expected = rest,
                _ => {
                    self.break_stream(id, ErrorCode::Protocol, events);
                    return Ok(());
                }
            }
        }
        let is_response_ended = stream.is_ended;
        if !is_response_ended {
            stream.unacknowledged += size;
        }
        if size == 0 && !is_end {
            self.control_frames += 1;
        }
        // Padding counts as consumed. Other credit may be due as well, since the peer has less left now.
        self.give_stream_credit(id, length - size);
        if is_response_ended {
            self.discard(id, size);
        } else if size > 0 {
            events.push(Event::BodyReceived(id, payload));
        }
        if is_end {
            self.end_request(id, events);
        }
        Ok(())
    }

    /// Drops bytes that arrived after the response ended: the peer may not know that yet.
    fn discard(&mut self, id: u32, size: usize) {
        self.give_stream_credit(id, size);
        let limit = self.limits.discard_size;
        if let Some(stream) = self.streams.get_mut(&id) {
            stream.discarded += size;
            if stream.discarded > limit && stream.pending_size() == 0 {
                // RFC 9113, section 8.1: the response is complete, and the peer should send no more.
                self.reset(id, ErrorCode::NoError);
            }
        }
    }

    fn end_request(&mut self, id: u32, events: &mut Vec<Event>) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        if stream.expected.is_some_and(|rest| rest > 0) {
            self.break_stream(id, ErrorCode::Protocol, events);
            return;
        }
        stream.is_request_ended = true;
        if stream.is_ended && !stream.is_end_pending {
            self.forget(id);
        }
        events.push(Event::RequestEnded(id));
    }

    /// Handles a frame of a closed stream: it is allowed if we reset the stream, since it was in flight then.
    fn receive_late(&self, id: u32, what: &str) -> Outcome {
        if self.resets.contains(&id) {
            return Ok(());
        }
        let reason = format!("{what} on stream {id}, which is closed");
        Err(ConnectionError::new(ErrorCode::StreamClosed, reason))
    }
}

/// Removes the padding.
fn unpad(header: Header, payload: &[u8]) -> Result<&[u8], ConnectionError> {
    if !header.has(flag::PADDED) {
        return Ok(payload);
    }
    let Some((&padding, rest)) = payload.split_first() else {
        return Err(ConnectionError::new(
            ErrorCode::FrameSize,
            "a padded frame without its padding's length",
        ));
    };
    let size = rest.len().checked_sub(usize::from(padding));
    size.and_then(|size| rest.get(..size)).ok_or_else(|| {
        protocol(format!(
            "{padding} bytes of padding in a payload of {}",
            payload.len()
        ))
    })
}

fn signed(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}
