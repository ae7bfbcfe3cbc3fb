//! The handles of one attempt, with indexes by what they wait for.

use std::collections::BTreeMap;

use crate::identifier::AwakeableId;
use crate::journal::{Outcome, awaiting::Leaf};

use super::error::{Error, Result};

/// Marks a completion id that was used up by an eager read and has no handle.
const NO_HANDLE: u32 = u32::MAX;

/// Every handle, numbered in the order of creation.
#[derive(Debug, Default)]
pub(super) struct Handles {
    all: Vec<Handle>,
    /// Handles by completion id. The ids are dense: position 0 is id 1.
    by_completion: Vec<u32>,
    /// Handles of recorded completion ids that differ from the ids this attempt would have chosen.
    by_other_completion: BTreeMap<u32, u32>,
    /// Handles by signal id. The ids are dense too: position 0 is the first awakeable.
    by_awakeable: Vec<u32>,
}

/// One handle. It gives its result once.
#[derive(Debug)]
pub(super) struct Handle {
    pub(super) source: Source,
    pub(super) slot: Slot,
    /// The round in which it was awaited last.
    pub(super) round: u64,
}

/// Where the result of a handle comes from.
#[derive(Debug)]
pub(super) enum Source {
    Completion { id: u32, code: u16 },
    Signal(u32),
    Named(String),
}

/// Where the result of a handle is.
#[derive(Debug)]
pub(super) enum Slot {
    Waiting,
    Ready(Stored),
    Taken,
}

/// A result taken off the queue.
#[derive(Debug)]
pub(super) struct Stored {
    /// Its position in the order in which results were taken.
    pub(super) position: u64,
    pub(super) code: u16,
    pub(super) outcome: Outcome,
    pub(super) size: usize,
}

impl Handle {
    pub(super) fn is_waiting(&self) -> bool {
        matches!(self.slot, Slot::Waiting)
    }
}

impl Handles {
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn get(&self, number: u32) -> Option<&Handle> {
        self.all.get(position(number))
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut Handle> {
        self.all.get_mut(position(number))
    }

    /// The completion id that the next command takes.
    pub(super) fn next_completion_id(&self) -> Result<u32> {
        u32::try_from(self.by_completion.len())
            .ok()
            .and_then(|count| count.checked_add(1))
            .ok_or(Error::Exhausted {
                what: "completion id",
            })
    }

    /// The signal id that the next awakeable takes.
    pub(super) fn next_signal_id(&self) -> Result<u32> {
        u32::try_from(self.by_awakeable.len())
            .ok()
            .and_then(|count| count.checked_add(AwakeableId::FIRST_INDEX))
            .ok_or(Error::Exhausted { what: "signal id" })
    }

    /// The number that the next handle takes.
    pub(super) fn next_number(&self) -> Result<u32> {
        u32::try_from(self.all.len())
            .ok()
            .filter(|number| *number != NO_HANDLE)
            .ok_or(Error::Exhausted { what: "handle" })
    }

    /// Uses up a completion id without a handle.
    pub(super) fn burn_completion_id(&mut self) {
        self.by_completion.push(NO_HANDLE);
    }

    /// Adds the handle of a completion; `id` is its id on the wire.
    pub(super) fn add_completion(&mut self, id: u32, code: u16, slot: Slot) -> Result<u32> {
        let number = self.next_number()?;
        if self.next_completion_id()? == id {
            self.by_completion.push(number);
        } else {
            // Sleeps are compared by name only, so the recorded id may be any number.
            self.by_completion.push(NO_HANDLE);
            self.by_other_completion.insert(id, number);
        }
        self.add(Source::Completion { id, code }, slot);
        Ok(number)
    }

    /// Adds the handle of the next awakeable.
    pub(super) fn add_awakeable(&mut self, id: u32, slot: Slot) -> Result<u32> {
        let number = self.next_number()?;
        self.by_awakeable.push(number);
        self.add(Source::Signal(id), slot);
        Ok(number)
    }

    /// Adds a handle for a signal with a name.
    pub(super) fn add_named(&mut self, name: String) -> Result<u32> {
        let number = self.next_number()?;
        self.add(Source::Named(name), Slot::Waiting);
        Ok(number)
    }

    /// The handle that waits for a completion id.
    pub(super) fn of_completion(&self, id: u32) -> Option<u32> {
        let dense = id
            .checked_sub(1)
            .and_then(|index| self.by_completion.get(position(index)))
            .copied()
            .filter(|number| *number != NO_HANDLE);
        dense.or_else(|| self.by_other_completion.get(&id).copied())
    }

    /// The handle of an awakeable.
    pub(super) fn of_signal(&self, id: u32) -> Option<u32> {
        id.checked_sub(AwakeableId::FIRST_INDEX)
            .and_then(|index| self.by_awakeable.get(position(index)))
            .copied()
    }

    /// The completion id and type that a handle waits for.
    pub(super) fn completion_of(&self, number: u32) -> Option<(u32, u16)> {
        match self.get(number)?.source {
            Source::Completion { id, code } => Some((id, code)),
            _ => None,
        }
    }

    /// The name on the wire of a handle that has no result.
    pub(super) fn unresolved(&self, number: u32) -> Option<Leaf<'_>> {
        let handle = self.get(number).filter(|handle| handle.is_waiting())?;
        Some(match &handle.source {
            Source::Completion { id, .. } => Leaf::Completion(*id),
            Source::Signal(id) => Leaf::Signal(*id),
            Source::Named(name) => Leaf::Named(name),
        })
    }

    fn add(&mut self, source: Source, slot: Slot) {
        if self.all.is_empty() {
            self.all.reserve_exact(1); // many handlers wait for one result, and the default is room for four
        }
        self.all.push(Handle {
            source,
            slot,
            round: 0,
        });
    }
}

/// Converts a number to a position. It is lossless, since `usize` has at least 32 bits on every supported platform.
fn position(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
