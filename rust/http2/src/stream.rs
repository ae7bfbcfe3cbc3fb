//! An open stream: its windows, the bytes that wait to be sent, and the bytes received but not yet consumed.

use std::collections::VecDeque;

use bytes::{Buf, Bytes};

/// One stream that is open in at least one direction.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about each side and the queue"
)]
pub struct Stream {
    /// Bytes that were handed out but not acknowledged yet.
    pub unacknowledged: usize,
    /// Bytes that were acknowledged but not yet returned to the peer as credit.
    pub credit: usize,
    /// Bytes that were received after our side ended, and dropped.
    pub discarded: usize,
    /// How many bytes the peer may still send.
    pub receive_window: i64,
    /// How many bytes we may still send; negative after the peer reduced its windows.
    pub send_window: i64,
    /// How many bytes of the announced body are still missing.
    pub expected: Option<u64>,
    /// Whether bytes or the end wait to be sent; later bytes then wait behind them.
    pub is_waiting: bool,
    /// Whether the stream is in the queue of waiting streams.
    pub is_queued: bool,
    /// Whether its writer should pause.
    pub is_stalled: bool,
    /// Whether the end of our body follows the pending bytes.
    pub is_end_pending: bool,
    /// Whether our side has written its end, sent or pending.
    pub is_ended: bool,
    /// Whether the peer has sent everything.
    pub is_peer_ended: bool,
    /// Whether the head of the response is still to come.
    pub is_head_due: bool,
    /// On the heap, because most streams never have to wait.
    pending: Option<Box<Pending>>,
}

/// Bytes that wait to be sent.
#[derive(Debug, Default)]
struct Pending {
    chunks: VecDeque<Bytes>,
    size: usize,
}

impl Stream {
    /// Opens a stream with these windows, in bytes.
    pub fn new(receive_window: u32, send_window: u32) -> Self {
        Self {
            receive_window: i64::from(receive_window),
            send_window: i64::from(send_window),
            ..Self::default()
        }
    }

    /// How many bytes wait for the peer's window.
    pub fn pending_size(&self) -> usize {
        self.pending.as_ref().map_or(0, |pending| pending.size)
    }

    /// Appends pending bytes.
    pub fn keep(&mut self, data: Bytes) {
        self.is_waiting = true;
        if !data.is_empty() {
            let pending = self.pending.get_or_insert_default();
            pending.size += data.len();
            pending.chunks.push_back(data);
        }
    }

    /// Takes up to `size` pending bytes, all from one chunk.
    pub fn take_pending(&mut self, size: usize) -> Bytes {
        let Some(pending) = &mut self.pending else {
            return Bytes::new();
        };
        let Some(first) = pending.chunks.front_mut() else {
            return Bytes::new();
        };
        let size = size.min(first.remaining());
        let chunk = first.split_to(size);
        if first.is_empty() {
            pending.chunks.pop_front();
        }
        pending.size -= size;
        if pending.size == 0 {
            self.pending = None;
        }
        chunk
    }

    /// Drops the pending bytes.
    pub fn drop_pending(&mut self) {
        self.pending = None;
        self.is_waiting = false;
        self.is_end_pending = false;
    }
}
