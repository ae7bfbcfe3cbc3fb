//! The named promises of a workflow.

use bytes::Bytes;

use crate::wire::{Command, generated as pb};

use super::error::Result;
use super::machine::Machine;

impl Machine {
    /// Waits for a promise of the workflow.
    ///
    /// # Errors
    /// Those of every command.
    pub fn get_promise(&mut self, key: &str, name: &str) -> Result<u32> {
        self.completing(
            || format!("get promise {key:?}"),
            |result_completion_id| {
                Command::GetPromise(pb::GetPromiseCommand {
                    key: key.to_owned(),
                    result_completion_id,
                    name: name.to_owned(),
                })
            },
        )
    }

    /// Reads a promise of the workflow without waiting for it.
    ///
    /// # Errors
    /// Those of every command.
    pub fn peek_promise(&mut self, key: &str, name: &str) -> Result<u32> {
        self.completing(
            || format!("peek promise {key:?}"),
            |result_completion_id| {
                Command::PeekPromise(pb::PeekPromiseCommand {
                    key: key.to_owned(),
                    result_completion_id,
                    name: name.to_owned(),
                })
            },
        )
    }

    /// Resolves a promise of the workflow.
    ///
    /// # Errors
    /// Those of every command.
    pub fn resolve_promise(&mut self, key: &str, value: Bytes, name: &str) -> Result<u32> {
        let value = pb::Value { content: value };
        let completion = pb::complete_promise_command::Completion::CompletionValue(value);
        self.complete_promise(key, completion, name)
    }

    /// Rejects a promise of the workflow.
    ///
    /// # Errors
    /// Those of every command, and 573 for metadata below version 6.
    pub fn reject_promise(&mut self, key: &str, failure: pb::Failure, name: &str) -> Result<u32> {
        self.require_active(|| format!("reject promise {key:?}"))?;
        self.require_failure(&failure)?;
        let completion = pb::complete_promise_command::Completion::CompletionFailure(failure);
        self.complete_promise(key, completion, name)
    }

    fn complete_promise(
        &mut self,
        key: &str,
        completion: pb::complete_promise_command::Completion,
        name: &str,
    ) -> Result<u32> {
        self.completing(
            || format!("complete promise {key:?}"),
            |result_completion_id| {
                Command::CompletePromise(pb::CompletePromiseCommand {
                    key: key.to_owned(),
                    completion: Some(completion),
                    result_completion_id,
                    name: name.to_owned(),
                })
            },
        )
    }
}
