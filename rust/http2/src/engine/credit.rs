//! What the peer may send: credit goes back once it is as much as the peer has left, rarely and yet before the peer has
//! to wait.
//!
//! The connection's credit goes back as bytes come. What lies unread counts towards the window of its own stream: a
//! receiver that takes nothing must not keep the other streams of the connection from going on.

use crate::frame;

use super::Engine;

impl Engine {
    /// Gives back the credit of `size` received bytes.
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

    /// As much as the peer has left is half the window where everything is acknowledged at once. Where much is held
    /// back it is less, and nothing acknowledged is kept from a peer that has run out.
    pub(super) fn give_stream_credit(&mut self, id: u32, size: usize) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        stream.credit += size;
        let Ok(credit) = u32::try_from(stream.credit) else {
            return;
        };
        let increment = i64::from(credit);
        if increment >= stream.receive_window && credit > 0 && !stream.is_request_ended {
            frame::write_window_update(&mut self.output, id, credit);
            stream.receive_window += increment;
            stream.credit = 0;
        }
    }

    /// Gives back credit for what nobody is going to consume any more.
    pub(super) fn release_request(&mut self, id: u32) {
        if let Some(stream) = self.streams.get_mut(&id) {
            let size = std::mem::take(&mut stream.unacknowledged);
            if size > 0 {
                self.give_stream_credit(id, size);
            }
        }
    }
}
