//! How an attempt ends: exactly one terminal frame.

use crate::journal::Awaiting;
use crate::journal::{awaiting::flatten, command};
use crate::wire::{
    Command, Control, Feature, Flags, Message, generated as pb, message::Control as C,
};

use super::ending::{Ending, Related, UnsentError};
use super::error::{Error, Result};
use super::machine::Machine;
use super::state::{Event, State};

/// Longest message of an Error frame, in bytes. People read it, and the frame must always fit.
const MAX_MESSAGE: usize = 64 * 1024;
/// Longest stacktrace of an Error frame, in bytes.
const MAX_STACKTRACE: usize = 1024 * 1024;

impl Machine {
    /// Ends the invocation with a value.
    ///
    /// # Errors
    /// Those of every command, and 571 if recorded commands remain after a recorded Output.
    pub fn succeed(&mut self, value: bytes::Bytes) -> Result<()> {
        let value = pb::Value { content: value };
        self.end(pb::output_command::Result::Value(value))
    }

    /// Ends the invocation with a terminal failure.
    ///
    /// # Errors
    /// Those of [`Machine::succeed`], and 573 for metadata below version 6.
    pub fn fail(&mut self, failure: pb::Failure) -> Result<()> {
        self.require_active(|| "fail".to_owned())?;
        self.require_failure(&failure)?;
        self.end(pb::output_command::Result::Failure(failure))
    }

    /// Ends the attempt with an Error frame, so that the runtime retries it. Works in every open state.
    ///
    /// # Errors
    /// If the attempt is over, and 573 for `pause` below version 7.
    pub fn retry(
        &mut self,
        code: u32,
        message: &str,
        stacktrace: &str,
        next_retry_delay_ms: Option<u64>,
        pause: bool,
    ) -> Result<()> {
        if self.state == State::Closed {
            return Err(self.closed_error(format!("retry with error {code} {message:?}")));
        }
        let mut error = pb::Error {
            code,
            message: message.to_owned(),
            stacktrace: stacktrace.to_owned(),
            next_retry_delay: next_retry_delay_ms,
            ..pb::Error::default()
        };
        if pause {
            self.require(Feature::ErrorBehavior)?;
            error.set_behavior(pb::ErrorBehavior::Pause);
        }
        self.close_with(error);
        Ok(())
    }

    /// Adds to the Error frame that ended the attempt where in the handler the error happened.
    ///
    /// Returns false if there is no Error frame, or if it was already taken with the output.
    ///
    /// # Arguments
    /// * `context`: is put before the message.
    /// * `stacktrace`: is used if the frame has none.
    pub fn explain(&mut self, context: &str, stacktrace: &str) -> bool {
        let Some(unsent) = self.unsent_error.take() else {
            return false;
        };
        let UnsentError { start, mut frame } = *unsent;
        frame.message.insert_str(0, context);
        shorten(&mut frame.message, MAX_MESSAGE);
        if frame.stacktrace.is_empty() {
            stacktrace.clone_into(&mut frame.stacktrace);
            shorten(&mut frame.stacktrace, MAX_STACKTRACE);
        }
        let explained = frame.message.clone();
        self.encoder.truncate(start);
        let is_written = self
            .encoder
            .encode(&Message::Control(C::Error(frame)), Flags::NONE)
            .is_ok();
        if let Some(Ending::Failed { message, .. }) = &mut self.ending {
            *message = explained;
        }
        is_written
    }

    /// Checks that the negotiated version has a feature; if not, the attempt ends with Error 573.
    pub(super) fn require(&mut self, feature: Feature) -> Result<()> {
        match self.version.require(feature) {
            Ok(()) => Ok(()),
            Err(error) => Err(self.fail_with(error.into(), None)),
        }
    }

    /// Checks that a failure can be sent.
    pub(super) fn require_failure(&mut self, failure: &pb::Failure) -> Result<()> {
        if failure.metadata.is_empty() {
            return Ok(());
        }
        self.require(Feature::FailureMetadata)
    }

    /// Ends the attempt with an Error frame about `error`, and returns `error`.
    pub(super) fn fail_with(&mut self, error: Error, related: Option<Related>) -> Error {
        let (index, code, name) = match related {
            Some(related) => (
                Some(related.index),
                Some(related.code.into()),
                Some(related.name).filter(|name| !name.is_empty()),
            ),
            None => (None, None, None),
        };
        self.close_with(pb::Error {
            code: error.code(),
            message: error.to_string(),
            related_command_index: index,
            related_command_name: name,
            related_command_type: code,
            ..pb::Error::default()
        });
        error
    }

    /// As [`Machine::fail_with`], about the recorded command at the replay position.
    pub(super) fn fail_at_cursor(&mut self, error: Error) -> Error {
        let related = self.cursor.peek().map(|recorded| {
            let name = match Message::decode(recorded.code, recorded.payload.clone()) {
                Ok(Message::Command(decoded)) => command::entry_name(&decoded).to_owned(),
                _ => String::new(),
            };
            Related {
                index: self.cursor.next_index(),
                code: recorded.code,
                name,
            }
        });
        self.fail_with(error, related)
    }

    /// Writes an Error frame, which always fits, and closes.
    pub(super) fn close_with(&mut self, mut error: pb::Error) {
        if self.state == State::Closed {
            return;
        }
        shorten(&mut error.message, MAX_MESSAGE);
        shorten(&mut error.stacktrace, MAX_STACKTRACE);
        if let Some(name) = &mut error.related_command_name {
            shorten(name, MAX_MESSAGE);
        }
        let ending = Ending::Failed {
            code: error.code,
            message: error.message.clone(),
        };
        let unsent = UnsentError {
            start: self.encoder.len(),
            frame: error.clone(),
        };
        self.close(C::Error(error), ending);
        self.unsent_error = Some(Box::new(unsent));
    }

    /// Writes the Suspension that says what is awaited, and closes.
    pub(super) fn suspend(&mut self, remainder: Option<pb::Future>) {
        let Some(future) = remainder else {
            // The runtime would never resume the invocation.
            self.fail_with(Error::NothingAwaited, None);
            return;
        };
        let suspension = if self.version.supports(Feature::FutureTree) {
            pb::Suspension {
                awaiting_on: Some(future),
                ..pb::Suspension::default()
            }
        } else {
            flatten(&future)
        };
        self.close(C::Suspension(suspension), Ending::Suspended);
    }

    /// What is awaited, in its wire form. Once a CANCEL was consumed, its signal is no longer listed: the runtime
    /// checks all stored notifications, so it would resume the invocation at once, again and again.
    pub(super) fn remainder(&self, awaited: &Awaiting) -> Option<pb::Future> {
        awaited.remainder(
            &|handle| self.results.unresolved(handle),
            !self.cancellation.is_consumed(),
        )
    }

    pub(super) fn closed_error(&self, attempted: String) -> Error {
        Error::Closed {
            attempted,
            invocation: self.start.debug_id.clone(),
            how: match &self.ending {
                Some(Ending::Failed { code, message }) => {
                    format!("failed with {code}: {message}")
                }
                Some(Ending::Suspended) => {
                    "suspended; find the `except BaseException` that hid it".to_owned()
                }
                Some(Ending::Ended) | None => "its output is written".to_owned(),
            },
        }
    }

    fn end(&mut self, result: pb::output_command::Result) -> Result<()> {
        self.require_active(|| "end the invocation".to_owned())?;
        self.issue(Command::Output(pb::OutputCommand {
            result: Some(result),
            ..pb::OutputCommand::default()
        }))?;
        let remaining = self.cursor.remaining();
        if remaining > 0 {
            let index = self.cursor.next_index();
            let error = Error::EndedEarly {
                index,
                remaining,
                recorded: self.recorded_text(),
                advice: self.memory().advise(index, false),
            };
            return Err(self.fail_at_cursor(error));
        }
        self.close(C::End(pb::End {}), Ending::Ended);
        Ok(())
    }

    fn close(&mut self, terminal: Control, ending: Ending) {
        if self
            .encoder
            .encode(&Message::Control(terminal), Flags::NONE)
            .is_err()
        {
            // Only a Suspension can be too large, if it awaits millions of futures; Error frames are kept short.
            let message = "what this attempt awaits does not fit into one Suspension; await fewer futures at once";
            let error = pb::Error {
                code: 413,
                message: message.to_owned(),
                ..pb::Error::default()
            };
            self.close_with(error);
            return;
        }
        self.ending = Some(ending);
        self.enter(Event::Terminal);
        self.release();
    }

    /// Drops everything that a closed attempt no longer needs.
    fn release(&mut self) {
        self.cursor = crate::journal::Cursor::default();
        self.results = super::results::Results::default();
        self.eager_state = super::eager_state::EagerState::default();
        self.runs = super::runs::Runs::default();
        self.decoder = crate::wire::Decoder::default();
        self.recorded_size = 0;
        self.last_awaiting_on = None;
    }
}

fn shorten(text: &mut String, limit: usize) {
    if text.len() <= limit {
        return;
    }
    let mut end = limit;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text.push_str("...");
}
