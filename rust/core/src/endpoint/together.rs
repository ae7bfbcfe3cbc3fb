//! The handles that are awaited together, kept between calls.
//!
//! A handler that awaits ten thousand results gets them one at a time. Were all that it awaits given with each call, ten
//! thousand results would cost a hundred million looks at handles. So they join and leave, and the next result is found
//! in a tree.

use std::collections::{BTreeMap, BTreeSet};

/// Fewer members than this are told to the runtime after each change.
const FEW: usize = 64;

/// The members, without those whose result was taken.
#[derive(Debug, Default)]
pub(super) struct Together {
    /// Their places in the order of joining.
    places: BTreeMap<u32, u64>,
    in_order: BTreeMap<u64, u32>,
    next_place: u64,
    /// Those whose result was taken off the queue, by its position there.
    ready: BTreeSet<(u64, u32)>,
    /// Those that wait for a signal by its name.
    named: BTreeSet<u32>,
    /// How many there were when the runtime was told; `None` if others have joined since.
    told: Option<usize>,
}

impl Together {
    /// Adds a handle; one that is a member keeps its place.
    pub(super) fn join(&mut self, handle: u32, is_named: bool) {
        if self.places.contains_key(&handle) {
            return;
        }
        self.places.insert(handle, self.next_place);
        self.in_order.insert(self.next_place, handle);
        self.next_place += 1;
        self.told = None;
        if is_named {
            self.named.insert(handle);
        }
    }

    /// Removes a handle, if it is a member, and the position of its result.
    pub(super) fn leave(&mut self, handle: u32, position: Option<u64>) {
        let Some(place) = self.places.remove(&handle) else {
            return;
        };
        self.in_order.remove(&place);
        self.named.remove(&handle);
        if let Some(position) = position {
            self.ready.remove(&(position, handle));
        }
    }

    /// Notes the position of a member's result.
    pub(super) fn note_ready(&mut self, handle: u32, position: u64) {
        self.ready.insert((position, handle));
    }

    pub(super) fn contains(&self, handle: u32) -> bool {
        self.places.contains_key(&handle)
    }

    /// The result that was taken off the queue first: its position, and the handle.
    pub(super) fn first_ready(&self) -> Option<(u64, u32)> {
        self.ready.first().copied()
    }

    /// The members that wait for a signal by its name.
    pub(super) fn named(&self) -> impl Iterator<Item = u32> + '_ {
        self.named.iter().copied()
    }

    /// How many have no result yet.
    pub(super) fn pending(&self) -> usize {
        self.places.len() - self.ready.len()
    }

    /// The members, in the order of joining.
    pub(super) fn handles(&self) -> impl Iterator<Item = u32> + '_ {
        self.in_order.values().copied()
    }

    /// Whether the runtime should be told again what is awaited, which takes time and bytes for each member: when some
    /// have joined, when there are few, or when an eighth is gone. People see it, and can tell what has a result.
    pub(super) fn is_worth_telling(&self) -> bool {
        self.told
            .is_none_or(|told| self.places.len() < FEW || self.places.len() <= told - told / 8)
    }

    /// Notes that the runtime was told.
    pub(super) fn note_told(&mut self) {
        self.told = Some(self.places.len());
    }
}
