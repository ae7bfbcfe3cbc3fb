//! Run closures: when they execute, how their results are proposed, and what happens when they fail.

use bytes::Bytes;

use crate::journal::{Outcome, RUN_COMPLETION};
use crate::wire::{Command, Control, Feature, Flags, Message, generated as pb};

use super::ending::Related;
use super::error::{Error, Result};
use super::machine::Machine;
use super::retry_policy::RetryPolicy;

/// Type code of the Run command.
const RUN: u16 = 0x0411;

/// A retryable failure of a run closure.
#[derive(Clone, Copy, Debug)]
pub struct RunFailure<'a> {
    /// Code of the failure.
    pub code: u32,
    /// Text of the exception.
    pub message: &'a str,
    /// Its stack trace.
    pub stacktrace: &'a str,
    /// How long this execution took, in milliseconds.
    pub attempt_duration_ms: u64,
    /// A delay that the exception asks for, in milliseconds.
    pub next_retry_delay_ms: Option<u64>,
}

impl Machine {
    /// Records a run; its closure executes when it is first awaited.
    ///
    /// # Errors
    /// Those of every command.
    pub fn run(&mut self, name: &str) -> Result<u32> {
        self.require_active(|| format!("run {name:?}"))?;
        let index = self.cursor.next_index();
        let result_completion_id = self.results.next_completion_id()?;
        let command = self.issue(Command::Run(pb::RunCommand {
            result_completion_id,
            name: name.to_owned(),
        }))?;
        let handle = self.add_completion(result_completion_id, command.code())?;
        let name = match command {
            Command::Run(run) => run.name,
            _ => String::new(),
        };
        self.runs.add(handle, result_completion_id, index, name);
        Ok(handle)
    }

    /// Proposes the value of an executing run.
    ///
    /// # Errors
    /// If the handle is not an executing run or the value is too large; nothing is written then.
    pub fn propose_run_value(&mut self, handle: u32, value: Bytes) -> Result<()> {
        self.require_active(|| "propose a run value".to_owned())?;
        let kept = Outcome::Value(value.clone());
        self.propose(
            handle,
            pb::propose_run_completion::Result::Value(value),
            kept,
        )
    }

    /// Proposes a terminal failure of an executing run.
    ///
    /// # Errors
    /// Those of [`Machine::propose_run_value`], and 573 for metadata below version 6.
    pub fn propose_run_failure(&mut self, handle: u32, failure: pb::Failure) -> Result<()> {
        self.require_active(|| "propose a run failure".to_owned())?;
        self.require_failure(&failure)?;
        let kept = Outcome::Failure(Box::new(failure.clone()));
        self.propose(
            handle,
            pb::propose_run_completion::Result::Failure(failure),
            kept,
        )
    }

    /// Applies the retry policy to a retryable failure of an executing run.
    ///
    /// Returns true if the policy gives up: the failure is then proposed as terminal. Otherwise the attempt ends with
    /// an Error frame that names the run and the delay; without a policy the runtime's own applies.
    ///
    /// # Errors
    /// Those of [`Machine::propose_run_value`].
    pub fn retry_run(
        &mut self,
        handle: u32,
        failure: RunFailure<'_>,
        policy: Option<RetryPolicy>,
    ) -> Result<bool> {
        self.require_active(|| "retry a run".to_owned())?;
        let run = self
            .runs
            .get(handle)
            .filter(|run| run.is_executing())
            .ok_or(Error::NotExecuting { handle })?;
        let policy = policy.filter(|policy| !policy.is_empty());
        let (attempts, elapsed_ms) = self.run_history(failure.attempt_duration_ms);
        if policy.is_some_and(|policy| policy.gives_up(attempts, elapsed_ms)) {
            let terminal = pb::Failure {
                code: failure.code,
                message: failure.message.to_owned(),
                metadata: Vec::new(),
            };
            self.propose_run_failure(handle, terminal)?;
            return Ok(true);
        }
        let related = Related {
            index: run.index,
            code: RUN,
            name: run.name.clone(),
        };
        self.close_with(pb::Error {
            code: failure.code,
            message: failure.message.to_owned(),
            stacktrace: failure.stacktrace.to_owned(),
            related_command_index: Some(related.index),
            related_command_name: Some(related.name).filter(|name| !name.is_empty()),
            related_command_type: Some(related.code.into()),
            next_retry_delay: failure
                .next_retry_delay_ms
                .or_else(|| policy.map(|policy| policy.delay(attempts))),
            ..pb::Error::default()
        });
        Ok(false)
    }

    /// How often the failed run was executed and the time since its first execution, both including this one.
    ///
    /// The counts of Start are about this run only if it is the last command of the journal. Once this attempt has
    /// written a new command, they belong to an older one.
    fn run_history(&self, attempt_duration_ms: u64) -> (u32, u64) {
        let failed_before = if self.has_written_command {
            0
        } else {
            self.start.retry_count_since_last_stored_entry
        };
        let elapsed_before = if failed_before > 0 {
            self.start.duration_since_last_stored_entry
        } else {
            0
        };
        (
            failed_before.saturating_add(1),
            elapsed_before.saturating_add(attempt_duration_ms),
        )
    }

    fn propose(
        &mut self,
        handle: u32,
        result: pb::propose_run_completion::Result,
        kept: Outcome,
    ) -> Result<()> {
        let Some(run) = self.runs.get(handle) else {
            return match self.results.completion_of(handle) {
                // The runtime already had a result, which the handler has received; this one is late.
                Some((_, code)) if code == RUN_COMPLETION => Ok(()),
                _ => Err(Error::NotExecuting { handle }),
            };
        };
        if !run.is_executing() {
            return Err(Error::NotExecuting { handle });
        }
        let wants_ack = self.version.supports(Feature::ProposalAck);
        let flags = if wants_ack {
            Flags::REQUESTED_ACK
        } else {
            Flags::NONE
        };
        let proposal = pb::ProposeRunCompletion {
            result_completion_id: run.completion_id,
            result: Some(result),
        };
        let message = Message::Control(Control::ProposeRunCompletion(proposal));
        self.encoder.encode(&message, flags)?;
        self.runs.propose(handle, wants_ack.then_some(kept));
        Ok(())
    }
}
