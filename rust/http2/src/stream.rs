//! One open stream: its windows, what waits to be sent, what was received and is not yet consumed.

use std::collections::VecDeque;

use bytes::{Buf, Bytes};

/// One stream that is open in at least one direction.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each side has an end, and what waits has a place"
)]
pub struct Stream {
    /// Received and handed out, and not acknowledged, in bytes.
    pub unacknowledged: usize,
    /// Acknowledged, and the peer does not know it, in bytes.
    pub credit: usize,
    /// Received for nobody, in bytes.
    pub discarded: usize,
    /// What the peer may still send, in bytes.
    pub receive_window: i64,
    /// What we may still send, in bytes; negative after the peer made its windows smaller.
    pub send_window: i64,
    /// What is left of the body that the request announced.
    pub expected: Option<u64>,
    /// Whether bytes or the end wait, so that later ones wait behind them.
    pub is_waiting: bool,
    /// Whether the stream stands in the queue of those that wait.
    pub is_queued: bool,
    /// Whether its writer was told to pause.
    pub is_stalled: bool,
    /// Whether the response's end follows the pending bytes.
    pub is_end_pending: bool,
    /// Whether our side wrote its end, sent or pending.
    pub is_ended: bool,
    /// Whether the request is complete.
    pub is_request_ended: bool,
    pending: VecDeque<Bytes>,
    pending_size: usize,
}

impl Stream {
    /// Opens a stream with these windows, in bytes, and the size that the request announced for its body.
    pub fn new(
        receive_window: u32,
        send_window: u32,
        expected: Option<u64>,
        is_request_ended: bool,
    ) -> Self {
        Self {
            receive_window: i64::from(receive_window),
            send_window: i64::from(send_window),
            expected,
            is_request_ended,
            ..Self::default()
        }
    }

    /// How many bytes wait for the peer's window.
    pub fn pending_size(&self) -> usize {
        self.pending_size
    }

    /// Appends bytes to what waits.
    pub fn keep(&mut self, data: Bytes) {
        self.is_waiting = true;
        if !data.is_empty() {
            self.pending_size += data.len();
            self.pending.push_back(data);
        }
    }

    /// Takes up to `size` bytes of what waits, out of one piece.
    pub fn take_pending(&mut self, size: usize) -> Bytes {
        let Some(first) = self.pending.front_mut() else {
            return Bytes::new();
        };
        let size = size.min(first.remaining());
        let chunk = first.split_to(size);
        if first.is_empty() {
            self.pending.pop_front();
        }
        self.pending_size -= size;
        chunk
    }

    /// Forgets what waits.
    pub fn drop_pending(&mut self) {
        self.pending.clear();
        self.pending_size = 0;
        self.is_waiting = false;
        self.is_end_pending = false;
    }
}
