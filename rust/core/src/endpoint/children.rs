//! Child calls, and how far cancelling them has come.

use std::collections::{BTreeMap, VecDeque};

use crate::journal::CANCEL_SIGNAL;
use crate::wire::{Command, generated as pb};

/// Child calls, and how far cancelling them has come. What is on the heap is there once there are calls.
#[derive(Debug, Default)]
pub(super) struct Cancellation {
    known: Option<Box<Calls>>,
    is_cancelling: bool,
    is_consumed: bool,
}

#[derive(Debug, Default)]
struct Calls {
    /// Completion ids of the children's invocation ids, in the order the calls were issued.
    calls: VecDeque<u32>,
    /// Invocation ids by completion id. They are recorded on arrival, so that cancelling the children does not have to
    /// take anything off the queue that the handler may want.
    children: BTreeMap<u32, String>,
}

impl Cancellation {
    /// Adds a call. Finished calls stay: the official SDK sends them a signal too.
    pub(super) fn add_call(&mut self, id: u32) {
        let known = self.known.get_or_insert_default();
        known.calls.push_back(id);
    }

    /// Records the invocation id of a child.
    pub(super) fn learn(&mut self, id: u32, child: &str) {
        let known = self.known.get_or_insert_default();
        known.children.insert(id, child.to_owned());
    }

    /// Begins to cancel the children: a CANCEL was taken off the queue.
    pub(super) fn begin(&mut self) {
        self.is_cancelling = true;
        self.is_consumed = true;
    }

    /// The next call to cancel: its completion id, and its invocation id if that is known.
    pub(super) fn next(&self) -> Option<(u32, Option<&str>)> {
        let known = self.known.as_ref()?;
        let id = *known.calls.front()?;
        Some((id, known.children.get(&id).map(String::as_str)))
    }

    /// Moves on after the next call was cancelled.
    pub(super) fn advance(&mut self) {
        if let Some(known) = &mut self.known {
            known.calls.pop_front();
        }
    }

    /// Ends: every child was cancelled.
    pub(super) fn finish(&mut self) {
        self.is_cancelling = false;
    }

    /// Whether children are still to be cancelled.
    pub(super) fn is_cancelling(&self) -> bool {
        self.is_cancelling
    }

    /// Whether this attempt consumed a CANCEL.
    pub(super) fn is_consumed(&self) -> bool {
        self.is_consumed
    }
}

/// The command that cancels an invocation.
pub(super) fn cancel_command(target: String, name: String) -> Command {
    Command::SendSignal(pb::SendSignalCommand {
        target_invocation_id: target,
        signal_id: Some(pb::send_signal_command::SignalId::Idx(CANCEL_SIGNAL)),
        result: Some(pb::send_signal_command::Result::Void(pb::Void {})),
        entry_name: name,
    })
}
