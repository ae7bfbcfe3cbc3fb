//! Heads and bodies that we send, and the order in which waiting streams send.

use bytes::Bytes;

use crate::frame::{self, flag, kind};

use super::{Engine, Role};

impl<R: Role> Engine<R> {
    /// Sends a header block.
    pub(super) fn write_block(&mut self, id: u32, block: &[u8], is_end: bool) {
        let end_stream = if is_end { flag::END_STREAM } else { 0 };
        let mut rest = block;
        let mut kind = kind::HEADERS;
        loop {
            let (part, tail) = rest.split_at(rest.len().min(self.peer_max_frame_size));
            rest = tail;
            let end_headers = if rest.is_empty() {
                flag::END_HEADERS
            } else {
                0
            };
            let flags = if kind == kind::HEADERS {
                end_stream | end_headers
            } else {
                end_headers
            };
            frame::write_header(&mut self.output, part.len(), kind, flags, id);
            self.output.extend_from_slice(part);
            if rest.is_empty() {
                return;
            }
            kind = kind::CONTINUATION;
        }
    }

    /// Appends to our body. Bytes that exceed the peer's window are kept until it grows.
    pub fn send_data(&mut self, id: u32, data: Bytes, is_end: bool) {
        let (max_frame, window, high) = (
            self.peer_max_frame_size,
            self.send_window,
            self.limits.buffer_high,
        );
        let has_room = self.sent_size < self.limits.output_size;
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        if stream.is_ended {
            return;
        }
        let size = data.len();
        let fits = i64::try_from(size)
            .is_ok_and(|size| size == 0 || size <= window.min(stream.send_window));
        if !stream.is_waiting && has_room && size <= max_frame && fits {
            self.write_data(id, &data, is_end);
            if is_end {
                self.end(id);
            }
            return;
        }
        stream.keep(data);
        stream.is_stalled |= stream.pending_size() > high;
        if is_end {
            stream.is_end_pending = true;
            stream.is_ended = true;
            self.release_body(id);
        }
        self.enqueue(id);
    }

    fn write_data(&mut self, id: u32, data: &[u8], is_end: bool) {
        let flags = if is_end { flag::END_STREAM } else { 0 };
        frame::write_header(&mut self.output, data.len(), kind::DATA, flags, id);
        self.output.extend_from_slice(data);
        self.sent_size += data.len();
        let size = i64::try_from(data.len()).unwrap_or(i64::MAX);
        self.send_window -= size;
        if let Some(stream) = self.streams.get_mut(&id) {
            stream.send_window -= size;
        }
    }

    pub(super) fn enqueue(&mut self, id: u32) {
        if let Some(stream) = self.streams.get_mut(&id) {
            if stream.is_waiting && !stream.is_queued {
                stream.is_queued = true;
                self.queue.push_back(id);
            }
        }
    }

    /// Whether the window of the connection allows the next stream to send.
    fn can_pump(&self) -> bool {
        // A stream without pending bytes only has to send its end, which needs no window.
        self.queue
            .front()
            .is_some_and(|&id| self.send_window > 0 || self.pending_size(id) == 0)
    }

    /// Lets the waiting streams send in turn, one frame each.
    fn pump(&mut self) {
        while self.sent_size < self.limits.output_size && self.can_pump() {
            let Some(id) = self.queue.pop_front() else {
                return;
            };
            let connection_window = self.send_window;
            let max_frame = self.peer_max_frame_size;
            let Some(stream) = self.streams.get_mut(&id) else {
                continue;
            };
            stream.is_queued = false;
            if !stream.is_waiting {
                continue;
            }
            let window = usize::try_from(connection_window.min(stream.send_window)).unwrap_or(0);
            if window == 0 && stream.pending_size() > 0 {
                continue; // its own window is full; a WINDOW_UPDATE will enqueue it again
            }
            let chunk = stream.take_pending(window.min(max_frame));
            let is_end = stream.is_end_pending && stream.pending_size() == 0;
            if !chunk.is_empty() || is_end {
                self.write_data(id, &chunk, is_end);
                self.sent_size += usize::from(chunk.is_empty());
            }
            self.note_progress(id, is_end);
        }
    }

    fn note_progress(&mut self, id: u32, is_end: bool) {
        let low = self.limits.buffer_low;
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        if stream.is_stalled && stream.pending_size() <= low {
            stream.is_stalled = false;
            self.resumed.push(id);
        }
        if is_end {
            stream.drop_pending();
            self.end(id);
        } else if stream.pending_size() > 0 {
            self.enqueue(id);
        } else if !stream.is_end_pending {
            stream.is_waiting = false;
        }
    }

    /// Ends our side of a stream.
    pub(super) fn end(&mut self, id: u32) {
        if let Some(stream) = self.streams.get_mut(&id) {
            stream.is_ended = true;
            if stream.is_peer_ended {
                self.forget(id);
            } else {
                self.release_body(id);
            }
        }
    }

    /// Whether [`Self::take_output`] would return bytes.
    pub fn has_output(&self) -> bool {
        !self.output.is_empty() || !self.farewell.is_empty() || self.can_pump()
    }

    /// Takes bytes for the network. Streams take turns until about `output_size` bytes of bodies are written.
    pub fn take_output(&mut self) -> Vec<u8> {
        if !self.is_failed {
            self.pump();
        }
        self.sent_size = 0;
        self.output.append(&mut self.farewell);
        std::mem::take(&mut self.output)
    }
}
