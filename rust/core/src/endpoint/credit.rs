//! How much flow-control credit the input may be refused.
//!
//! Credit is held back for one reason: whole messages pile up that the handler has not come to. It is never held back
//! from a message that has begun, since the handler cannot come to what is not there.

use super::machine::Machine;

impl Machine {
    /// How many received bytes may go unacknowledged, towards a peer that sends at most `window` bytes beyond what was
    /// acknowledged.
    ///
    /// None of them before the handler starts, which needs the whole journal; the journal's own limit bounds that.
    /// Afterwards the window, once half of it lies unread, less what the message that has begun still needs. So the
    /// machine holds at most the unread half, the window, and one message.
    pub fn unacknowledged_limit(&self, window: usize) -> usize {
        if !self.is_ready() || self.unread_size() < window / 2 {
            return 0;
        }
        window.saturating_sub(self.decoder.missing())
    }

    /// Bytes of whole messages that the handler has not come to.
    ///
    /// A result that was taken off the queue for a handle nobody awaits yet does not count: holding its credit back
    /// could keep out the very notification the handler waits for. The journal size limit bounds those.
    pub fn unread_size(&self) -> usize {
        self.recorded_size + self.results.queued_size()
    }
}
