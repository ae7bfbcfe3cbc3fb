//! Flow-control credit: how much the peer may send.
//!
//! Credit of a stream is returned once it reaches the size of the window that the peer has left. That is rare, but
//! happens before the peer has to wait. The connection's credit is returned as bytes arrive: unread bytes only count
//! towards the window of their own stream, so that a slow receiver cannot block the other streams.

use crate::frame;

use super::{Engine, Role};

impl<R: Role> Engine<R> {
    /// Returns the credit of `size` received bytes to the peer.
    pub fn acknowledge(&mut self, id: u32, size: usize) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        let size = size.min(stream.unacknowledged);
        stream.unacknowledged -= size;
        self.give_stream_credit(id, size);
    }

    pub(super) fn give_connection_credit(&mut self, size: usize) {
        self.credit += size;
        let Ok(credit) = u32::try_from(self.credit) else {
            return;
        };
        if credit >= self.limits.connection_window / 2 && credit > 0 {
            frame::write_window_update(&mut self.output, 0, credit);
            self.receive_window += i64::from(credit);
            self.credit = 0;
        }
    }

    /// Returns credit once it reaches what the peer has left. If everything is acknowledged at once, that is half of
    /// the window. If much is unacknowledged it is less, so that a peer without any credit left gets all there is.
    pub(super) fn give_stream_credit(&mut self, id: u32, size: usize) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        stream.credit += size;
        let Ok(credit) = u32::try_from(stream.credit) else {
            return;
        };
        let increment = i64::from(credit);
        if increment >= stream.receive_window && credit > 0 && !stream.is_peer_ended {
            frame::write_window_update(&mut self.output, id, credit);
            stream.receive_window += increment;
            stream.credit = 0;
        }
    }

    /// Returns the credit of bytes that will never be consumed.
    pub(super) fn release_body(&mut self, id: u32) {
        if !R::DISCARDS_AFTER_END {
            return;
        }
        if let Some(stream) = self.streams.get_mut(&id) {
            let size = std::mem::take(&mut stream.unacknowledged);
            if size > 0 {
                self.give_stream_credit(id, size);
            }
        }
    }
}
