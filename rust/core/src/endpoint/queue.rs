//! The notifications and acks that wait to be taken, in journal order.

use std::collections::VecDeque;

use crate::journal::{Notification, Outcome};

/// Notifications and acks that wait to be taken.
#[derive(Debug, Default)]
pub(super) struct Queue {
    items: VecDeque<Queued>,
    size: usize,
}

/// One item of the queue.
#[derive(Debug)]
pub(super) enum Queued {
    /// With its size in bytes.
    Notification(Notification, usize),
    /// The ack of the proposal with this completion id.
    Ack(u32),
}

/// What happened to an item that was taken off the queue.
#[derive(Debug)]
pub(super) enum Taken {
    /// An awaited handle received this result, which counts as taken.
    Awaited(u32, Outcome),
    /// A result was stored for later or dropped.
    Other,
    /// The ack of the proposal with this completion id; the run has the result.
    Ack(u32),
    /// The invocation was cancelled.
    Cancel,
}

impl Queue {
    /// Bytes of all waiting notifications.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    pub(super) fn push(&mut self, notification: Notification, size: usize) {
        self.size += size;
        self.items
            .push_back(Queued::Notification(notification, size));
    }

    pub(super) fn push_ack(&mut self, completion_id: u32) {
        self.items.push_back(Queued::Ack(completion_id));
    }

    /// Takes the oldest item.
    pub(super) fn take(&mut self) -> Option<Queued> {
        let item = self.items.pop_front()?;
        if let Queued::Notification(_, size) = &item {
            self.size -= size;
        }
        Some(item)
    }
}
