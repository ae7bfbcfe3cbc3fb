//! The server's side: requests in, heads of responses out.

use bytes::Buf;

use crate::frame::{ErrorCode, PREFACE, setting};
use crate::head::{RequestHead, check_request};
use crate::hpack::{self, Field};
use crate::limits::Limits;
use crate::stream::Stream;

use super::receive::{protocol, require};
use super::{Engine, Event, HeaderBlock, Outcome, Role, as_setting};

/// The server's side of a connection.
#[derive(Debug, Default)]
pub struct Server {
    encoder: hpack::PlainEncoder,
}

impl Role for Server {
    type Head = RequestHead;

    const DISCARDS_AFTER_END: bool = true;
    const SETTINGS_COST: u64 = 1;

    fn begin(_output: &mut Vec<u8>, limits: &Limits) -> (u16, u32) {
        (setting::MAX_CONCURRENT_STREAMS, as_setting(limits.streams))
    }

    fn receive_preface(engine: &mut Engine<Self>) -> Outcome<bool> {
        let given = engine.input.len().min(PREFACE.len());
        if engine.input.get(..given) != PREFACE.get(..given) {
            return Err(protocol(
                "the connection does not begin with the preface of HTTP/2",
            ));
        }
        if given < PREFACE.len() {
            return Ok(false);
        }
        engine.input.advance(PREFACE.len());
        Ok(true)
    }

    fn apply_setting(_engine: &mut Engine<Self>, name: u16, value: u32) -> Outcome<()> {
        require(
            name != setting::ENABLE_PUSH || value <= 1,
            "SETTINGS_ENABLE_PUSH is neither 0 nor 1",
        )
    }

    fn check_block(_engine: &Engine<Self>, stream: u32) -> Outcome<()> {
        if stream % 2 == 0 {
            return Err(protocol(format!(
                "HEADERS on stream {stream}, which a client cannot open"
            )));
        }
        Ok(())
    }

    fn receive_fields(
        engine: &mut Engine<Self>,
        block: &HeaderBlock,
        fields: Vec<Field>,
        events: &mut Vec<Event<RequestHead>>,
    ) -> Outcome<()> {
        let id = block.stream;
        if id > engine.highest_stream {
            engine.highest_stream = id;
            engine.open(block, fields, events);
        } else if engine.is_open(id) {
            engine.receive_trailers(block, &fields, events);
        } else {
            engine.receive_late(id, "HEADERS", 0)?;
        }
        Ok(())
    }

    fn is_wasteful(_is_open: bool) -> bool {
        true
    }

    fn last_stream(engine: &Engine<Self>) -> u32 {
        engine.highest_stream
    }
}

impl Engine<Server> {
    fn open(
        &mut self,
        block: &HeaderBlock,
        fields: Vec<Field>,
        events: &mut Vec<Event<RequestHead>>,
    ) {
        let id = block.stream;
        if id > self.last_allowed_stream || self.streams.len() >= self.limits.streams {
            self.refuse(id, ErrorCode::RefusedStream);
            return;
        }
        let is_too_large = self.is_too_large(&fields);
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
        let mut stream = Stream::new(self.limits.stream_window, self.peer_stream_window);
        stream.expected = head.content_length;
        stream.is_peer_ended = block.is_end;
        self.streams.insert(id, stream);
        if is_too_large {
            self.send_headers(id, 431, [], true);
            return;
        }
        events.push(Event::HeadReceived(id, head));
        if block.is_end {
            events.push(Event::BodyEnded(id));
        }
    }

    /// Refuses a new stream.
    fn refuse(&mut self, id: u32, code: ErrorCode) {
        self.wasted_streams += 1;
        self.write_reset(id, code, self.limits.stream_window.into());
    }

    /// Begins the response of a stream; names are lower case.
    pub fn send_headers<'a>(
        &mut self,
        id: u32,
        status: u16,
        fields: impl IntoIterator<Item = (&'a [u8], &'a [u8])>,
        is_end: bool,
    ) {
        self.send_encoded(id, &hpack::encode_head(status, fields), is_end);
    }

    /// Begins the response of a stream with a head that [`hpack::encode_head`] has encoded, for any connection.
    pub fn send_encoded(&mut self, id: u32, head: &[u8], is_end: bool) {
        if !self.streams.contains_key(&id) {
            return;
        }
        let mut block = Vec::new();
        self.role.encoder.begin(&mut block);
        if block.is_empty() {
            self.write_block(id, head, is_end);
        } else {
            block.extend_from_slice(head);
            self.write_block(id, &block, is_end);
        }
        if is_end {
            self.end(id);
        }
    }
}
