//! Bodies and their ends.

use bytes::Bytes;

use crate::frame::{ErrorCode, Header, flag};

use super::receive::{flow_control, unpad};
use super::{ConnectionError, Engine, Event, Outcome, Role};

const WRONG_LENGTH: &str = "the body has another size than its content-length";

impl<R: Role> Engine<R> {
    pub(super) fn receive_data(
        &mut self,
        header: Header,
        mut payload: Bytes,
        events: &mut Vec<Event<R::Head>>,
    ) -> Outcome<()> {
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
        if size == 0 && !is_end {
            self.control_frames += 1;
        }
        let Some(stream) = self.streams.get_mut(&id) else {
            return self.receive_late(id, "DATA", length);
        };
        if stream.is_peer_ended {
            let reason = "DATA after the end of the body";
            self.break_stream(id, ErrorCode::StreamClosed, reason, events);
            return Ok(());
        }
        if stream.is_head_due {
            let reason = "DATA before the head of the response";
            self.break_stream(id, ErrorCode::Protocol, reason, events);
            return Ok(());
        }
        stream.receive_window -= signed(length);
        if stream.receive_window < 0 {
            return Err(exceeded(id));
        }
        if let Some(expected) = &mut stream.expected {
            match expected.checked_sub(size as u64) {
                Some(rest) if rest == 0 || !is_end => *expected = rest,
                _ => {
                    self.break_stream(id, ErrorCode::Protocol, WRONG_LENGTH, events);
                    return Ok(());
                }
            }
        }
        let is_dropped = R::DISCARDS_AFTER_END && stream.is_ended;
        if !is_dropped {
            stream.unacknowledged += size;
        }
        // Padding counts as consumed. Other credit may be due as well, since the peer has less left now.
        self.give_stream_credit(id, length - size);
        if is_dropped {
            self.discard(id, size);
        } else if size > 0 {
            events.push(Event::BodyReceived(id, payload));
        }
        if is_end {
            self.end_body(id, events);
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

    /// Ends the peer's side of a stream.
    pub(super) fn end_body(&mut self, id: u32, events: &mut Vec<Event<R::Head>>) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        if stream.expected.is_some_and(|rest| rest > 0) {
            self.break_stream(id, ErrorCode::Protocol, WRONG_LENGTH, events);
            return;
        }
        stream.is_peer_ended = true;
        if stream.is_ended && !stream.is_end_pending {
            self.forget(id);
        }
        events.push(Event::BodyEnded(id));
    }

    /// Handles a frame of a closed stream: if we reset the stream, it may have been in flight. Such frames have no
    /// answer, so that what a peer may send of them is bounded by the window that the stream had.
    pub(super) fn receive_late(&mut self, id: u32, what: &str, size: usize) -> Outcome<()> {
        let Some(window) = self.resets.get_mut(&id) else {
            let reason = format!("{what} on stream {id}, which is closed");
            return Err(ConnectionError::new(ErrorCode::StreamClosed, reason));
        };
        *window -= signed(size);
        if *window < 0 {
            return Err(exceeded(id));
        }
        Ok(())
    }
}

fn exceeded(id: u32) -> ConnectionError {
    flow_control(format!("DATA exceeds the window of stream {id}"))
}

fn signed(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}
