//! Child calls, and how far cancelling them has come.

use std::collections::{BTreeMap, VecDeque};

use crate::journal::CANCEL_SIGNAL;
use crate::wire::{Command, generated as pb};

/// Child calls, and how far telling them has come.
#[derive(Debug, Default)]
pub(super) struct Cancellation {
    /// Completion ids of the children's invocation ids, in the order the calls were issued.
    calls: VecDeque<u32>,
    /// Invocation ids by completion id. Noted when they arrive, so that telling the children takes nothing off the
    /// queue that the handler may want.
    children: BTreeMap<u32, String>,
    is_telling: bool,
    is_consumed: bool,
}

impl Cancellation {
    /// Notes a call. Finished ones stay: the journal of the official SDK has a signal for them too.
    pub(super) fn add_call(&mut self, id: u32) {
        self.calls.push_back(id);
    }

    /// Notes the invocation id of a child.
    pub(super) fn learn(&mut self, id: u32, child: &str) {
        self.children.insert(id, child.to_owned());
    }

    /// A CANCEL was taken off the queue.
    pub(super) fn begin(&mut self) {
        self.is_telling = true;
        self.is_consumed = true;
    }

    /// The call that is next: its completion id, and its child where that is known.
    pub(super) fn next(&self) -> Option<(u32, Option<&str>)> {
        let id = *self.calls.front()?;
        Some((id, self.children.get(&id).map(String::as_str)))
    }

    /// The next child was told.
    pub(super) fn advance(&mut self) {
        self.calls.pop_front();
    }

    /// Every child was told.
    pub(super) fn finish(&mut self) {
        self.is_telling = false;
    }

    /// Whether children are still to be told.
    pub(super) fn is_telling(&self) -> bool {
        self.is_telling
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
