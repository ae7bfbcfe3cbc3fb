//! The client's side: requests out, heads of responses in.

#[cfg(test)]
mod tests;

use crate::frame::{ErrorCode, PREFACE, setting};
use crate::head::{ResponseHead, check_response};
use crate::hpack::{self, Field};
use crate::limits::Limits;
use crate::stream::Stream;

use super::receive::require;
use super::{Engine, Event, HeaderBlock, Outcome, Role};

/// A connection takes no more streams after this one: well below the last id, and two months away at 200 a second.
const LAST_STREAM: u32 = 0x7fff_fbff;

/// The client's side of a connection.
#[derive(Debug)]
pub struct Client {
    encoder: hpack::Encoder,
    max_streams: u32,
}

impl Default for Client {
    fn default() -> Self {
        Self {
            encoder: hpack::Encoder::default(),
            max_streams: u32::MAX,
        }
    }
}

impl Role for Client {
    type Head = ResponseHead;

    const DISCARDS_AFTER_END: bool = false;
    /// It changes every stream, and no server changes its settings more than a few times.
    const SETTINGS_COST: u64 = 10;

    fn begin(output: &mut Vec<u8>, _limits: &Limits) -> (u16, u32) {
        output.extend_from_slice(PREFACE);
        (setting::ENABLE_PUSH, 0)
    }

    fn receive_preface(_engine: &mut Engine<Self>) -> Outcome<bool> {
        Ok(true) // that of a server consists of its SETTINGS
    }

    fn apply_setting(engine: &mut Engine<Self>, name: u16, value: u32) -> Outcome<()> {
        match name {
            setting::HEADER_TABLE_SIZE => engine.role.encoder.resize(value),
            setting::MAX_CONCURRENT_STREAMS => engine.role.max_streams = value,
            setting::ENABLE_PUSH => require(value == 0, "SETTINGS_ENABLE_PUSH is not 0")?,
            _ => {}
        }
        Ok(())
    }

    fn check_block(engine: &Engine<Self>, stream: u32) -> Outcome<()> {
        engine.require_known(stream, "HEADERS")
    }

    fn receive_fields(
        engine: &mut Engine<Self>,
        block: &HeaderBlock,
        fields: Vec<Field>,
        events: &mut Vec<Event<ResponseHead>>,
    ) -> Outcome<()> {
        let id = block.stream;
        let Some(stream) = engine.streams.get(&id) else {
            engine.control_frames += 1;
            return engine.receive_late(id, "HEADERS", 0);
        };
        if stream.is_head_due {
            engine.receive_head(block, fields, events);
        } else {
            engine.receive_trailers(block, &fields, events);
        }
        Ok(())
    }

    fn is_wasteful(is_open: bool) -> bool {
        !is_open // each stream is a request of ours, which may fail
    }

    fn last_stream(_engine: &Engine<Self>) -> u32 {
        0 // servers open none
    }
}

impl Engine<Client> {
    /// How many streams the peer allows at once; a very large number if it does not say.
    pub fn max_streams(&self) -> u32 {
        self.role.max_streams
    }

    /// Whether the connection has used up its streams.
    pub fn is_exhausted(&self) -> bool {
        self.highest_stream >= LAST_STREAM
    }

    /// Bytes that are ready to be taken. While nothing is taken, they answer frames of the peer.
    pub fn unsent_size(&self) -> usize {
        self.output.len() + self.farewell.len()
    }

    /// Begins a request, pseudo-headers first; names are lower case. Returns its stream, or `None` if the connection has
    /// used up its streams.
    pub fn open<'a>(
        &mut self,
        head: impl IntoIterator<Item = (&'a [u8], &'a [u8])>,
        is_end: bool,
    ) -> Option<u32> {
        if self.is_exhausted() || self.is_failed {
            return None;
        }
        let id = match self.highest_stream {
            0 => 1,
            last => last + 2,
        };
        self.highest_stream = id;
        let mut block = Vec::with_capacity(256);
        self.role.encoder.begin(&mut block);
        let mut stream = Stream::new(self.limits.stream_window, self.peer_stream_window);
        stream.is_head_due = true;
        for (name, value) in head {
            if name == b":method" && value == b"HEAD" {
                stream.expected = Some(0);
            }
            self.role.encoder.encode(&mut block, name, value);
        }
        self.streams.insert(id, stream);
        self.write_block(id, &block, is_end);
        if is_end {
            self.end(id);
        }
        Some(id)
    }

    /// How many bytes of this stream the peer takes beyond those that wait; 0 if it is gone or ended.
    pub fn window(&self, id: u32) -> usize {
        let Some(stream) = self.streams.get(&id).filter(|stream| !stream.is_ended) else {
            return 0;
        };
        usize::try_from(self.send_window.min(stream.send_window))
            .unwrap_or(0)
            .saturating_sub(stream.pending_size())
    }

    /// Receives the head of a response, or an informational one.
    fn receive_head(
        &mut self,
        block: &HeaderBlock,
        fields: Vec<Field>,
        events: &mut Vec<Event<ResponseHead>>,
    ) {
        let id = block.stream;
        let is_too_large = self.is_too_large(&fields);
        let head = check_response(fields);
        let (Ok(head), false, false) = (head, is_too_large, block.is_self_dependent) else {
            let reason = if is_too_large {
                "the head of the response is too large"
            } else {
                "the head of the response is malformed"
            };
            self.break_stream(id, ErrorCode::Protocol, reason, events);
            return;
        };
        if head.is_informational() {
            self.control_frames += 1;
            if block.is_end {
                let reason = "an informational response ends its stream";
                self.break_stream(id, ErrorCode::Protocol, reason, events);
            }
            return;
        }
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        stream.is_head_due = false;
        if stream.expected.is_none() && head.has_body() {
            stream.expected = head.content_length;
        }
        events.push(Event::HeadReceived(id, head));
        if block.is_end {
            self.end_body(id, events);
        }
    }
}
