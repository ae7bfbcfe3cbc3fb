//! Run closures: when they execute, how their results are proposed, and what happens when they fail.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;

use crate::journal::Outcome;
use crate::wire::{Control, Feature, Flags, Message, generated as pb};

use super::error::{Error, Result};
use super::machine::Machine;
use super::terminal::Related;

/// Type code of the Run command.
const RUN: u16 = 0x0411;

/// When a failing run is retried. All durations in milliseconds; `None` leaves a bound or the default of the field.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RetryPolicy {
    /// Delay after the first failure, by default 50.
    pub initial_interval_ms: Option<u64>,
    /// Factor from one delay to the next, by default 2.
    pub factor: Option<f64>,
    /// Longest delay, by default 10,000.
    pub max_interval_ms: Option<u64>,
    /// Executions in total, by default unbounded.
    pub max_attempts: Option<u32>,
    /// Time since the first execution, by default unbounded.
    pub max_duration_ms: Option<u64>,
}

/// A retryable failure of a run closure.
#[derive(Clone, Copy, Debug)]
pub struct RunFailure<'a> {
    /// Code of the failure.
    pub code: u32,
    /// Text of the exception.
    pub message: &'a str,
    /// Where it came from.
    pub stacktrace: &'a str,
    /// How long this execution took, in milliseconds.
    pub attempt_duration_ms: u64,
    /// A delay that the exception asks for, in milliseconds.
    pub next_retry_delay_ms: Option<u64>,
}

/// The runs that have no result yet.
#[derive(Debug, Default)]
pub(super) struct Runs {
    by_handle: BTreeMap<u32, Run>,
    /// Completion ids proposed with the ack flag, which alone may be acked.
    proposed: BTreeSet<u32>,
    unstarted: BTreeSet<u32>,
    executing: BTreeSet<u32>,
}

#[derive(Debug)]
struct Run {
    completion_id: u32,
    index: u32,
    name: String,
    progress: RunProgress,
}

#[derive(Debug)]
enum RunProgress {
    Unstarted,
    Executing,
    /// With the ack flag, the result is kept here until the ack releases it.
    Proposed(Option<Outcome>),
}

impl RetryPolicy {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn gives_up(&self, attempts: u32, elapsed_ms: u64) -> bool {
        self.max_attempts.is_some_and(|max| max <= attempts)
            || self.max_duration_ms.is_some_and(|max| max <= elapsed_ms)
    }

    /// The delay before the next execution, after `attempts` of them, in milliseconds.
    fn delay(&self, attempts: u32) -> u64 {
        let max = self.max_interval_ms.unwrap_or(10_000);
        // 32 bits of milliseconds are 49 days: far beyond any sensible first delay, and exact as a float.
        let initial = u32::try_from(self.initial_interval_ms.unwrap_or(50)).unwrap_or(u32::MAX);
        let exponent = i32::try_from(attempts.saturating_sub(1)).unwrap_or(i32::MAX);
        let delay = f64::from(initial) * self.factor.unwrap_or(2.0).powi(exponent);
        // Not a number, negative and infinite delays all mean a strange factor; the cap is the safe answer.
        Duration::try_from_secs_f64(delay / 1000.0)
            .ok()
            .and_then(|delay| u64::try_from(delay.as_millis()).ok())
            .map_or(max, |delay| delay.min(max))
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
                progress: RunProgress::Unstarted,
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
            run.progress = RunProgress::Executing;
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
            RunProgress::Proposed(kept) => kept.take(),
            RunProgress::Unstarted | RunProgress::Executing => None,
        }
    }

    fn propose(&mut self, handle: u32, kept: Option<Outcome>) {
        if let Some(run) = self.by_handle.get_mut(&handle) {
            if kept.is_some() {
                self.proposed.insert(run.completion_id);
            }
            run.progress = RunProgress::Proposed(kept);
            self.executing.remove(&handle);
        }
    }
}

impl Machine {
    /// Proposes the value of an executing run.
    ///
    /// # Errors
    /// When the handle is no executing run or the value is too large; nothing is written then.
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
    /// Answers true when the policy gave up: the failure is proposed as terminal. Otherwise the attempt ended with an
    /// Error frame that names the run and the delay; without any policy the runtime's own applies.
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
            .by_handle
            .get(&handle)
            .filter(|run| matches!(run.progress, RunProgress::Executing))
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

    /// Executions of the failed run so far and the time since the first, both with this one.
    ///
    /// What Start counts is about this run only when the run is the last thing the journal has: once this attempt wrote a
    /// command of its own, the counts belong to something older.
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
        let Some(run) = self.runs.by_handle.get(&handle) else {
            return match self.results.completion_of(handle) {
                // The runtime knew a result already; the handler has it and this one is late.
                Some((_, code)) if code == super::command::completion_code(RUN) => Ok(()),
                _ => Err(Error::NotExecuting { handle }),
            };
        };
        if !matches!(run.progress, RunProgress::Executing) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(initial: u64, factor: f64) -> RetryPolicy {
        RetryPolicy {
            initial_interval_ms: Some(initial),
            factor: Some(factor),
            ..RetryPolicy::default()
        }
    }

    #[test]
    fn delays_grow_by_the_factor_up_to_the_cap() {
        let doubling = policy(50, 2.0);
        assert_eq!(
            [1, 2, 6, 20, u32::MAX].map(|n| doubling.delay(n)),
            [50, 100, 1600, 10_000, 10_000]
        );
        assert_eq!([1, 2, 3].map(|n| policy(50, 3.0).delay(n)), [50, 150, 450]);
    }

    #[test]
    fn one_given_field_brings_the_defaults_of_the_others() {
        let bounded = RetryPolicy {
            max_attempts: Some(9),
            ..RetryPolicy::default()
        };
        assert_eq!([1, 2, 30].map(|n| bounded.delay(n)), [50, 100, 10_000]);
    }

    #[test]
    fn strange_factors_end_at_the_cap() {
        for factor in [f64::NAN, f64::INFINITY, -2.0] {
            assert_eq!(policy(50, factor).delay(2), 10_000, "{factor}");
        }
        assert_eq!(policy(u64::MAX, 1.0).delay(1), 10_000);
        assert_eq!(policy(50, 0.0).delay(2), 0);
    }

    #[test]
    fn three_attempts_are_three_executions_and_zero_is_one() {
        let at_most = |max_attempts| RetryPolicy {
            max_attempts: Some(max_attempts),
            ..RetryPolicy::default()
        };
        assert_eq!(
            [1, 2, 3].map(|n| at_most(3).gives_up(n, 0)),
            [false, false, true]
        );
        assert_eq!([1, 2].map(|n| at_most(1).gives_up(n, 0)), [true, true]);
        assert!(at_most(0).gives_up(1, 0));
    }

    #[test]
    fn a_duration_bound_gives_up_when_it_is_reached() {
        let bounded = RetryPolicy {
            max_duration_ms: Some(100),
            ..RetryPolicy::default()
        };
        assert_eq!(
            [99, 100, 101].map(|ms| bounded.gives_up(1, ms)),
            [false, true, true]
        );
    }
}
