//! The notifications and acks that wait to be taken, in journal order.

use std::collections::VecDeque;

use crate::journal::Notification;

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
