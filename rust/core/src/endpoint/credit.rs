//! How much flow-control credit may be withheld from the peer.
//!
//! Credit is withheld for one reason: complete messages pile up that the handler has not reached. It is never withheld
//! from an incomplete message, since the handler can only reach it once all of it has arrived.

use super::machine::Machine;

impl Machine {
    /// How many received bytes may stay unacknowledged, if the peer sends at most `window` bytes beyond the
    /// acknowledged ones.
    ///
    /// None after the end of the input, since the rest of it is dropped. Before the handler starts, none: it needs the
    /// whole journal, whose size has a limit of its own. Afterwards, once
    /// half of the window is unread: the window, minus the bytes missing from an incomplete message. So the machine
    /// holds at most the unread half, the window, and one message.
    pub fn unacknowledged_limit(&self, window: usize) -> usize {
        if !self.is_input_open || !self.is_ready() || self.unread_size() < window / 2 {
            return 0;
        }
        window.saturating_sub(self.decoder.missing())
    }

    /// Bytes of complete messages that the handler has not reached.
    ///
    /// A result that was taken off the queue for a handle that is not awaited yet does not count: withholding its
    /// credit could block the very notification that the handler awaits. The limit on the journal size bounds such
    /// results.
    pub fn unread_size(&self) -> usize {
        self.recorded_size + self.results.queued_size()
    }
}
