//! The recorded commands, and the position that the handler has reached.

use std::collections::VecDeque;

use bytes::Bytes;

/// One recorded command, decoded only when the handler reaches it.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The type code of its frame.
    pub code: u16,
    /// The payload of its frame.
    pub payload: Bytes,
}

/// The replay position.
#[derive(Debug, Default)]
pub struct Cursor {
    recorded: VecDeque<Recorded>,
    next_index: u32,
}

impl Cursor {
    /// Appends a command of the journal.
    pub fn push(&mut self, code: u16, payload: Bytes) {
        self.recorded.push_back(Recorded { code, payload });
    }

    /// The recorded command at the replay position.
    pub fn peek(&self) -> Option<&Recorded> {
        self.recorded.front()
    }

    /// Moves past the next command, recorded or new; returns the recorded one.
    pub fn advance(&mut self) -> Option<Recorded> {
        self.next_index = self.next_index.saturating_add(1);
        let recorded = self.recorded.pop_front();
        if self.recorded.is_empty() {
            self.recorded = VecDeque::new(); // gives its memory back: the handler may wait for long now
        }
        recorded
    }

    /// How many recorded commands the handler has not reached yet.
    pub fn remaining(&self) -> usize {
        self.recorded.len()
    }

    /// 0-based index of the next command; notifications do not count.
    pub fn next_index(&self) -> u32 {
        self.next_index
    }
}
