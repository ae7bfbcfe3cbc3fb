//! Results on their way from the queue to handles.
//!
//! Notifications wait in one queue, in journal order. Taking one moves its result to the handle that waits for it, or
//! keeps it for a handle that is created later. A handle gives its result once.

use std::collections::{BTreeMap, VecDeque};

use crate::journal::{
    Awaiting, CANCEL_SIGNAL, Notification, Outcome, awaiting::Leaf, notification,
};
use crate::wire::message::name_of;

use super::error::{Error, Result};
use super::handles::{Handle, Handles, Slot, Source, Stored};
use super::queue::{Queue, Queued, Taken};
use super::together::Together;

/// Handles, the queue, and results without a handle.
#[derive(Debug, Default)]
pub(super) struct Results {
    queue: Queue,
    handles: Handles,
    named: BTreeMap<String, Named>,
    unclaimed_completions: BTreeMap<u32, Stored>,
    unclaimed_signals: BTreeMap<u32, Stored>,
    taken: u64,
    round: u64,
    /// Whether this round awaits the handles in `together`, rather than those marked with its number.
    is_together: bool,
    together: Option<Box<Together>>,
    stored_size: usize,
}

/// The awaited tree before anything is taken off the queue.
#[derive(Debug, Default)]
pub(super) struct Marked {
    /// The handle whose result was taken off the queue first.
    pub ready: Option<u32>,
    /// Leaves without a result.
    pub pending: usize,
}

/// The signals of one name, first in first out, and the handles that wait for them.
#[derive(Debug, Default)]
struct Named {
    waiting: VecDeque<u32>,
    arrived: VecDeque<Stored>,
}

impl Results {
    /// Bytes that wait in the queue.
    pub(super) fn queued_size(&self) -> usize {
        self.queue.size()
    }

    /// Bytes taken off the queue and not awaited yet.
    pub(super) fn stored_size(&self) -> usize {
        self.stored_size
    }

    pub(super) fn push(&mut self, notification: Notification, size: usize) {
        self.queue.push(notification, size);
    }

    pub(super) fn push_ack(&mut self, completion_id: u32) {
        self.queue.push_ack(completion_id);
    }

    /// The completion id that the next command takes.
    pub(super) fn next_completion_id(&self) -> Result<u32> {
        self.handles.next_completion_id()
    }

    /// Uses up a completion id without a handle.
    pub(super) fn burn_completion_id(&mut self) {
        self.handles.burn_completion_id();
    }

    /// Creates the handle of a completion of type `code`; `id` is its id on the wire.
    pub(super) fn add_completion(&mut self, id: u32, code: u16) -> Result<u32> {
        let slot = match self.unclaimed_completions.remove(&id) {
            Some(stored) => {
                check_code(id, stored.code, code)?;
                Slot::Ready(stored)
            }
            None => Slot::Waiting,
        };
        self.handles.add_completion(id, code, slot)
    }

    /// Creates the handle of the next awakeable; returns its signal id and the handle.
    pub(super) fn add_awakeable(&mut self) -> Result<(u32, u32)> {
        let id = self.handles.next_signal_id()?;
        let slot = match self.unclaimed_signals.remove(&id) {
            Some(stored) => Slot::Ready(stored),
            None => Slot::Waiting,
        };
        let handle = self.handles.add_awakeable(id, slot)?;
        Ok((id, handle))
    }

    /// Creates a handle for the next signal of this name that no other handle takes.
    pub(super) fn add_named(&mut self, name: String) -> Result<u32> {
        let handle = self.handles.add_named(name.clone())?;
        let named = self.named.entry(name).or_default();
        named.waiting.push_back(handle);
        Ok(handle)
    }

    /// Starts a round: marks the leaves of the tree as awaited.
    pub(super) fn mark(&mut self, awaited: &Awaiting) -> Result<Marked> {
        self.round += 1;
        self.is_together = false;
        let mut marked = Marked::default();
        let mut first = u64::MAX;
        let mut unknown = None;
        awaited.each_handle(&mut |number| {
            let Some(handle) = self.handles.get_mut(number) else {
                unknown = Some(number);
                return;
            };
            handle.round = self.round;
            let ready = match (&handle.slot, &handle.source) {
                (Slot::Taken, _) => return,
                (Slot::Ready(stored), _) => Some(stored.position),
                (Slot::Waiting, Source::Named(name)) => self
                    .named
                    .get(name)
                    .and_then(|named| named.arrived.front())
                    .map(|stored| stored.position),
                (Slot::Waiting, _) => None,
            };
            match ready {
                // Of two handles for one name, the older takes the signal.
                Some(position)
                    if position < first
                        || (position == first && marked.ready.is_some_and(|r| number < r)) =>
                {
                    first = position;
                    marked.ready = Some(number);
                }
                Some(_) => {}
                None => marked.pending += 1,
            }
        });
        match unknown {
            Some(handle) => Err(Error::UnknownHandle {
                handle,
                count: self.handles.len(),
            }),
            None => Ok(marked),
        }
    }

    /// Starts a round that awaits the handles in `together`.
    pub(super) fn mark_together(&mut self) -> Marked {
        self.round += 1;
        self.is_together = true;
        let Some(together) = &self.together else {
            return Marked::default();
        };
        // Of two handles for one name, the older takes the signal: it is the lower number.
        let named = together.named().filter_map(|number| {
            let handle = self.handles.get(number)?;
            let Source::Named(name) = &handle.source else {
                return None;
            };
            let arrived = self.named.get(name)?.arrived.front()?;
            Some((arrived.position, number))
        });
        Marked {
            ready: named
                .chain(together.first_ready())
                .min()
                .map(|(_, number)| number),
            pending: together.pending(),
        }
    }

    /// Adds a handle to those awaited together.
    pub(super) fn join(&mut self, number: u32) -> Result<()> {
        let Some(handle) = self.handles.get(number) else {
            return Err(Error::UnknownHandle {
                handle: number,
                count: self.handles.len(),
            });
        };
        let together = self.together.get_or_insert_default();
        match &handle.slot {
            Slot::Taken => {}
            Slot::Waiting => together.join(number, matches!(handle.source, Source::Named(_))),
            Slot::Ready(stored) => {
                together.join(number, false);
                together.note_ready(number, stored.position);
            }
        }
        Ok(())
    }

    /// Removes a handle from those awaited together.
    pub(super) fn leave(&mut self, number: u32) {
        let position = match self.handles.get(number).map(|handle| &handle.slot) {
            Some(Slot::Ready(stored)) => Some(stored.position),
            _ => None,
        };
        if let Some(together) = &mut self.together {
            together.leave(number, position);
        }
    }

    /// The handles awaited together.
    pub(super) fn together(&self) -> Option<&Together> {
        self.together.as_deref()
    }

    /// Notes that the runtime was told of the handles awaited together.
    pub(super) fn note_told(&mut self) {
        if let Some(together) = &mut self.together {
            together.note_told();
        }
    }

    /// Whether this round awaits a handle that has no result.
    pub(super) fn is_awaited(&self, number: u32) -> bool {
        self.handles
            .get(number)
            .is_some_and(|handle| handle.is_waiting() && self.is_of_round(number, handle))
    }

    fn is_of_round(&self, number: u32, handle: &Handle) -> bool {
        if self.is_together {
            self.together
                .as_ref()
                .is_some_and(|together| together.contains(number))
        } else {
            handle.round == self.round
        }
    }

    /// Takes the stored result of a handle.
    pub(super) fn take_ready(&mut self, number: u32) -> Option<Outcome> {
        self.leave(number);
        let handle = self.handles.get_mut(number)?;
        let stored = match (&mut handle.slot, &handle.source) {
            (slot @ Slot::Ready(_), _) => match std::mem::replace(slot, Slot::Taken) {
                Slot::Ready(stored) => stored,
                Slot::Waiting | Slot::Taken => return None,
            },
            (slot @ Slot::Waiting, Source::Named(name)) => {
                let named = self.named.get_mut(name)?;
                let stored = named.arrived.pop_front()?;
                named.waiting.retain(|waiting| *waiting != number);
                *slot = Slot::Taken;
                stored
            }
            _ => return None,
        };
        self.stored_size -= stored.size;
        Some(stored.outcome)
    }

    /// Takes one item off the queue; `None` when it is empty.
    pub(super) fn take_next(&mut self) -> Option<Result<Taken>> {
        match self.queue.take()? {
            Queued::Ack(id) => Some(Ok(Taken::Ack(id))),
            Queued::Notification(notification, size) => Some(self.route(notification, size)),
        }
    }

    /// Gives a result to the handle of this completion id, as if its notification had been taken.
    pub(super) fn complete(&mut self, id: u32, code: u16, outcome: Outcome) -> Result<Taken> {
        self.route(
            Notification {
                code,
                id: notification::Id::Completion(id),
                outcome,
            },
            0,
        )
    }

    /// The handle that waits for a completion id.
    pub(super) fn handle_of_completion(&self, id: u32) -> Option<u32> {
        self.handles.of_completion(id)
    }

    /// The completion id and type that a handle waits for.
    pub(super) fn completion_of(&self, number: u32) -> Option<(u32, u16)> {
        self.handles.completion_of(number)
    }

    /// The name on the wire of a handle that has no result.
    pub(super) fn unresolved(&self, number: u32) -> Option<Leaf<'_>> {
        self.handles.unresolved(number)
    }

    fn route(&mut self, notification: Notification, size: usize) -> Result<Taken> {
        let Notification { code, id, outcome } = notification;
        self.taken += 1;
        let stored = Stored {
            position: self.taken,
            code,
            outcome,
            size,
        };
        let (waiting, unclaimed) = match id {
            notification::Id::Signal(CANCEL_SIGNAL) => return Ok(Taken::Cancel),
            notification::Id::Named(name) => return Ok(self.deliver_named(name, stored)),
            notification::Id::Completion(id) => {
                let waiting = self.handle_of_completion(id);
                if let Some((_, due)) = waiting.and_then(|number| self.completion_of(number)) {
                    check_code(id, code, due)?;
                }
                (waiting, self.unclaimed_completions.entry(id))
            }
            notification::Id::Signal(id) => {
                let waiting = self.handles.of_signal(id);
                (waiting, self.unclaimed_signals.entry(id))
            }
        };
        if let Some(number) = waiting {
            return Ok(self.deliver(number, stored));
        }
        // Here too, the first result counts.
        unclaimed.or_insert_with(|| {
            self.stored_size += stored.size;
            stored
        });
        Ok(Taken::Other)
    }

    /// Gives a result to its handle. Only the first counts: a server stores and sends every resolution of an awakeable.
    fn deliver(&mut self, number: u32, stored: Stored) -> Taken {
        let Some(handle) = self.handles.get(number) else {
            return Taken::Other;
        };
        if !handle.is_waiting() {
            return Taken::Other;
        }
        if self.is_of_round(number, handle) {
            self.leave(number);
            self.fill(number, Slot::Taken);
            return Taken::Awaited(number, stored.outcome);
        }
        self.stored_size += stored.size;
        if let Some(together) = &mut self.together {
            if together.contains(number) {
                together.note_ready(number, stored.position);
            }
        }
        self.fill(number, Slot::Ready(stored));
        Taken::Other
    }

    /// Gives a named signal to the oldest handle that awaits its name now, or keeps it for the next one.
    fn deliver_named(&mut self, name: String, stored: Stored) -> Taken {
        let mut named = self.named.remove(&name).unwrap_or_default();
        let awaited = named
            .waiting
            .iter()
            .position(|number| self.is_awaited(*number))
            .and_then(|index| named.waiting.remove(index));
        let taken = if let Some(number) = awaited {
            self.leave(number);
            self.fill(number, Slot::Taken);
            Taken::Awaited(number, stored.outcome)
        } else {
            self.stored_size += stored.size;
            named.arrived.push_back(stored);
            Taken::Other
        };
        self.named.insert(name, named);
        taken
    }

    fn fill(&mut self, number: u32, slot: Slot) {
        if let Some(handle) = self.handles.get_mut(number) {
            handle.slot = slot;
        }
    }
}

fn check_code(id: u32, found: u16, waiting: u16) -> Result<()> {
    if found == waiting {
        return Ok(());
    }
    Err(Error::WrongCompletion {
        id,
        found: name_of(found),
        waiting: name_of(waiting),
    })
}
