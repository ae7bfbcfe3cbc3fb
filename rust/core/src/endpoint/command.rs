//! Sleeps, awakeables and signals. Each method replays or records one command.

use bytes::Bytes;

use crate::identifier::{AwakeableId, InvocationId};
use crate::wire::{Command, generated as pb};

use super::children::cancel_command;
use super::error::{Error, Result};
use super::machine::Machine;

/// The type code of the notification that completes a command.
const fn completion_code(command: u16) -> u16 {
    command + 0x7C00
}

impl Machine {
    /// Sleeps until an absolute time in milliseconds since the epoch.
    ///
    /// # Errors
    /// Those of every command.
    pub fn sleep(&mut self, wake_up_time_ms: u64, name: &str) -> Result<u32> {
        self.timer(wake_up_time_ms, name).map(|(handle, _)| handle)
    }

    /// Sleeps until an absolute time; also returns the time that counts, which on replay is the recorded one.
    ///
    /// # Errors
    /// Those of [`Machine::sleep`].
    pub fn timer(&mut self, wake_up_time_ms: u64, name: &str) -> Result<(u32, u64)> {
        self.require_active(|| format!("sleep {name:?}"))?;
        let attempted = Command::Sleep(pb::SleepCommand {
            wake_up_time: wake_up_time_ms,
            result_completion_id: self.results.next_completion_id()?,
            name: name.to_owned(),
        });
        let command = self.issue(attempted)?;
        // The id is not compared on replay, so the recorded one is the one to wait for.
        let (id, wake_up_time) = match &command {
            Command::Sleep(sleep) => (sleep.result_completion_id, sleep.wake_up_time),
            _ => (0, 0),
        };
        Ok((self.add_completion(id, command.code())?, wake_up_time))
    }

    /// Creates the next awakeable; returns its id and handle. Nothing is journaled.
    ///
    /// # Errors
    /// If the attempt is over.
    pub fn awakeable(&mut self) -> Result<(String, u32)> {
        self.require_active(|| "create an awakeable".to_owned())?;
        let (signal_id, handle) = self.results.add_awakeable()?;
        let id = AwakeableId::new(self.start.id.clone(), signal_id);
        Ok((id.to_string(), handle))
    }

    /// Waits for the next signal of this name. Nothing is journaled.
    ///
    /// # Errors
    /// If the attempt is over.
    pub fn signal(&mut self, name: &str) -> Result<u32> {
        self.require_active(|| format!("wait for signal {name:?}"))?;
        self.results.add_named(name.to_owned())
    }

    /// Resolves an awakeable.
    ///
    /// # Errors
    /// Those of every command; an id that is malformed or legacy is rejected before anything is journaled.
    pub fn resolve_awakeable(&mut self, id: &str, value: Bytes, name: &str) -> Result<()> {
        let value = pb::Value { content: value };
        self.complete_awakeable(
            id,
            pb::complete_awakeable_command::Result::Value(value),
            name,
        )
    }

    /// Rejects an awakeable.
    ///
    /// # Errors
    /// Those of [`Machine::resolve_awakeable`], and 573 for metadata below version 6.
    pub fn reject_awakeable(&mut self, id: &str, failure: pb::Failure, name: &str) -> Result<()> {
        self.require_active(|| format!("reject awakeable {id}"))?;
        self.require_failure(&failure)?;
        self.complete_awakeable(
            id,
            pb::complete_awakeable_command::Result::Failure(failure),
            name,
        )
    }

    /// Sends a named signal with a value.
    ///
    /// # Errors
    /// Those of every command; a malformed invocation id is rejected before anything is journaled.
    pub fn resolve_signal(
        &mut self,
        invocation_id: &str,
        signal: &str,
        value: Bytes,
        name: &str,
    ) -> Result<()> {
        let value = pb::Value { content: value };
        self.send_signal(
            invocation_id,
            signal,
            pb::send_signal_command::Result::Value(value),
            name,
        )
    }

    /// Sends a named signal with a failure.
    ///
    /// # Errors
    /// Those of [`Machine::resolve_signal`], and 573 for metadata below version 6.
    pub fn reject_signal(
        &mut self,
        invocation_id: &str,
        signal: &str,
        failure: pb::Failure,
        name: &str,
    ) -> Result<()> {
        self.require_active(|| format!("signal {invocation_id}"))?;
        self.require_failure(&failure)?;
        self.send_signal(
            invocation_id,
            signal,
            pb::send_signal_command::Result::Failure(failure),
            name,
        )
    }

    /// Cancels another invocation.
    ///
    /// # Errors
    /// Those of every command; a malformed invocation id is rejected before anything is journaled.
    pub fn cancel_invocation(&mut self, invocation_id: &str, name: &str) -> Result<()> {
        self.require_active(|| format!("cancel {invocation_id}"))?;
        invocation_id.parse::<InvocationId>()?;
        self.issue(cancel_command(invocation_id.to_owned(), name.to_owned()))?;
        Ok(())
    }

    /// Issues a command with one completion; returns the handle of its result.
    pub(super) fn completing(
        &mut self,
        attempted: impl FnOnce() -> String,
        command: impl FnOnce(u32) -> Command,
    ) -> Result<u32> {
        self.require_active(attempted)?;
        let id = self.results.next_completion_id()?;
        let command = self.issue(command(id))?;
        self.add_completion(id, command.code())
    }

    fn complete_awakeable(
        &mut self,
        id: &str,
        result: pb::complete_awakeable_command::Result,
        name: &str,
    ) -> Result<()> {
        self.require_active(|| format!("complete awakeable {id}"))?;
        id.parse::<AwakeableId>()?.require_current()?;
        self.issue(Command::CompleteAwakeable(pb::CompleteAwakeableCommand {
            awakeable_id: id.to_owned(),
            result: Some(result),
            name: name.to_owned(),
        }))?;
        Ok(())
    }

    fn send_signal(
        &mut self,
        invocation_id: &str,
        signal: &str,
        result: pb::send_signal_command::Result,
        name: &str,
    ) -> Result<()> {
        self.require_active(|| format!("signal {invocation_id}"))?;
        invocation_id.parse::<InvocationId>()?;
        self.issue(Command::SendSignal(pb::SendSignalCommand {
            target_invocation_id: invocation_id.to_owned(),
            signal_id: Some(pb::send_signal_command::SignalId::Name(signal.to_owned())),
            result: Some(result),
            entry_name: name.to_owned(),
        }))?;
        Ok(())
    }

    /// Creates the handle for the completion of a command of type `command`.
    pub(super) fn add_completion(&mut self, id: u32, command: u16) -> Result<u32> {
        self.add(id, completion_code(command))
    }

    pub(super) fn add(&mut self, id: u32, code: u16) -> Result<u32> {
        match self.results.add_completion(id, code) {
            // Its completion arrived before it, and is for another type of command.
            Err(error @ Error::WrongCompletion { .. }) => Err(self.fail_with(error, None)),
            added => added,
        }
    }
}
