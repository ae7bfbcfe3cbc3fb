//! The runs that have no result yet, and the progress of each.

use std::collections::{BTreeMap, BTreeSet};

use crate::journal::Outcome;

/// The runs that have no result yet.
///
/// They are on the heap, once there are any, because many handlers that wait have none.
#[derive(Debug, Default)]
pub(super) struct Runs(Option<Box<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    by_handle: BTreeMap<u32, Run>,
    /// Completion ids proposed with the ack flag; only these may be acked.
    proposed: BTreeSet<u32>,
    unstarted: BTreeSet<u32>,
    executing: BTreeSet<u32>,
}

/// A run without a result.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) completion_id: u32,
    /// Its command index.
    pub(super) index: u32,
    /// Its entry name.
    pub(super) name: String,
    progress: Progress,
}

#[derive(Debug)]
enum Progress {
    Unstarted,
    Executing,
    /// With the ack flag, the result is kept here until the ack releases it.
    Proposed(Option<Outcome>),
}

impl Run {
    /// Whether its closure has started and no result was proposed yet.
    pub(super) fn is_executing(&self) -> bool {
        matches!(self.progress, Progress::Executing)
    }
}

impl Runs {
    pub(super) fn add(&mut self, handle: u32, completion_id: u32, index: u32, name: String) {
        let kept = self.0.get_or_insert_default();
        kept.unstarted.insert(handle);
        kept.by_handle.insert(
            handle,
            Run {
                completion_id,
                index,
                name,
                progress: Progress::Unstarted,
            },
        );
    }

    /// Removes the run of this handle, if it is one: the handler has its result.
    pub(super) fn finish(&mut self, handle: u32) {
        let Some(kept) = &mut self.0 else {
            return;
        };
        if kept.by_handle.remove(&handle).is_some() {
            kept.unstarted.remove(&handle);
            kept.executing.remove(&handle);
        }
    }

    /// The run of this handle, until it has its result.
    pub(super) fn get(&self, handle: u32) -> Option<&Run> {
        self.0.as_ref()?.by_handle.get(&handle)
    }

    /// Whether this handle is a run that has not started.
    pub(super) fn is_unstarted(&self, handle: u32) -> bool {
        self.0
            .as_ref()
            .is_some_and(|kept| kept.unstarted.contains(&handle))
    }

    /// The oldest awaited run that has not started.
    pub(super) fn first_unstarted(&self, is_awaited: impl Fn(u32) -> bool) -> Option<u32> {
        let unstarted = &self.0.as_ref()?.unstarted;
        unstarted.iter().copied().find(|run| is_awaited(*run))
    }

    /// Whether an awaited run is executing.
    pub(super) fn is_executing(&self, is_awaited: impl Fn(u32) -> bool) -> bool {
        self.0
            .as_ref()
            .is_some_and(|kept| kept.executing.iter().any(|run| is_awaited(*run)))
    }

    pub(super) fn is_any_executing(&self) -> bool {
        self.0
            .as_ref()
            .is_some_and(|kept| !kept.executing.is_empty())
    }

    pub(super) fn begin(&mut self, handle: u32) {
        let Some(kept) = &mut self.0 else {
            return;
        };
        if let Some(run) = kept.by_handle.get_mut(&handle) {
            run.progress = Progress::Executing;
            kept.unstarted.remove(&handle);
            kept.executing.insert(handle);
        }
    }

    /// Whether an ack for this completion id may arrive.
    pub(super) fn is_proposed(&self, completion_id: u32) -> bool {
        self.0
            .as_ref()
            .is_some_and(|kept| kept.proposed.contains(&completion_id))
    }

    /// Takes the result that an ack releases.
    pub(super) fn take_proposal(&mut self, handle: u32) -> Option<Outcome> {
        match &mut self.0.as_mut()?.by_handle.get_mut(&handle)?.progress {
            Progress::Proposed(kept) => kept.take(),
            Progress::Unstarted | Progress::Executing => None,
        }
    }

    /// Marks a run as proposed; its ack releases the `outcome`.
    pub(super) fn propose(&mut self, handle: u32, outcome: Option<Outcome>) {
        let Some(kept) = &mut self.0 else {
            return;
        };
        if let Some(run) = kept.by_handle.get_mut(&handle) {
            if outcome.is_some() {
                kept.proposed.insert(run.completion_id);
            }
            run.progress = Progress::Proposed(outcome);
            kept.executing.remove(&handle);
        }
    }
}
