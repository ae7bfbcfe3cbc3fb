//! The runs that have no result yet, and how far each is.

use std::collections::{BTreeMap, BTreeSet};

use crate::journal::Outcome;

/// The runs that have no result yet.
#[derive(Debug, Default)]
pub(super) struct Runs {
    by_handle: BTreeMap<u32, Run>,
    /// Completion ids proposed with the ack flag, which alone may be acked.
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
    /// Whether its closure was started and no result was proposed.
    pub(super) fn is_executing(&self) -> bool {
        matches!(self.progress, Progress::Executing)
    }
}

impl Runs {
    pub(super) fn add(&mut self, handle: u32, completion_id: u32, index: u32, name: String) {
        self.unstarted.insert(handle);
        self.by_handle.insert(
            handle,
            Run {
                completion_id,
                index,
                name,
                progress: Progress::Unstarted,
            },
        );
    }

    /// The handler has the result of this handle: if it is a run, it is done.
    pub(super) fn finish(&mut self, handle: u32) {
        if self.by_handle.is_empty() {
            return;
        }
        self.by_handle.remove(&handle);
        self.unstarted.remove(&handle);
        self.executing.remove(&handle);
    }

    /// The run of this handle, until it has its result.
    pub(super) fn get(&self, handle: u32) -> Option<&Run> {
        self.by_handle.get(&handle)
    }

    /// The oldest run that has not started, of those that are awaited.
    pub(super) fn first_unstarted(&self, is_awaited: impl Fn(u32) -> bool) -> Option<u32> {
        self.unstarted.iter().copied().find(|run| is_awaited(*run))
    }

    /// Whether one of the awaited runs executes.
    pub(super) fn is_executing(&self, is_awaited: impl Fn(u32) -> bool) -> bool {
        self.executing.iter().any(|run| is_awaited(*run))
    }

    pub(super) fn is_any_executing(&self) -> bool {
        !self.executing.is_empty()
    }

    pub(super) fn begin(&mut self, handle: u32) {
        if let Some(run) = self.by_handle.get_mut(&handle) {
            run.progress = Progress::Executing;
            self.unstarted.remove(&handle);
            self.executing.insert(handle);
        }
    }

    /// Whether an ack for this completion id can come.
    pub(super) fn is_proposed(&self, completion_id: u32) -> bool {
        self.proposed.contains(&completion_id)
    }

    /// Takes the result that an ack releases.
    pub(super) fn take_proposal(&mut self, handle: u32) -> Option<Outcome> {
        match &mut self.by_handle.get_mut(&handle)?.progress {
            Progress::Proposed(kept) => kept.take(),
            Progress::Unstarted | Progress::Executing => None,
        }
    }

    /// Notes a proposal; with `kept`, its ack will release that.
    pub(super) fn propose(&mut self, handle: u32, kept: Option<Outcome>) {
        if let Some(run) = self.by_handle.get_mut(&handle) {
            if kept.is_some() {
                self.proposed.insert(run.completion_id);
            }
            run.progress = Progress::Proposed(kept);
            self.executing.remove(&handle);
        }
    }
}
