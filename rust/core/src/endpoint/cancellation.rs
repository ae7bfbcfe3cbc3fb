//! Implicit cancellation: a CANCEL reaches the handler at an await, after every child call was told.

use std::collections::{BTreeMap, VecDeque};

use crate::identifier::InvocationId;
use crate::journal::CANCEL_SIGNAL;
use crate::wire::{Command, generated as pb};

use super::error::{Error, Result};
use super::machine::Machine;

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

    /// Whether children are still to be told.
    pub(super) fn is_telling(&self) -> bool {
        self.is_telling
    }

    /// Whether this attempt consumed a CANCEL.
    pub(super) fn is_consumed(&self) -> bool {
        self.is_consumed
    }
}

impl Machine {
    /// Sends a cancel to each child in order; answers the completion id whose invocation id has to arrive first.
    pub(super) fn tell_children(&mut self) -> Result<Option<u32>> {
        while let Some(id) = self.cancellation.calls.front().copied() {
            let Some(child) = self.cancellation.children.get(&id).cloned() else {
                return Ok(Some(id));
            };
            // It came from the runtime, and an id that does not parse must not go back there.
            if let Err(error) = child.parse::<InvocationId>() {
                let error = Error::UnusableChildId {
                    id,
                    reason: error.to_string(),
                };
                return Err(self.fail_with(error, None));
            }
            self.issue(cancel_command(child, String::new()))?;
            self.cancellation.calls.pop_front();
        }
        self.cancellation.is_telling = false;
        Ok(None)
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
