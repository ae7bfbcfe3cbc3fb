//! Awaiting: releases at most one result per call, in journal order.

use std::borrow::Cow;

use crate::journal::{Awaiting, Outcome, RUN_COMPLETION, awaiting::Leaf};
use crate::wire::{
    Control, Feature, Flags, Message,
    generated::{self as pb, CombinatorType},
    message::name_of,
};

use super::ending::Ending;
use super::error::{Error, Result};
use super::machine::Machine;
use super::queue::Taken;
use super::state::State;
use super::together::Together;

/// The outcome of an await.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// An awaited handle has its result, which this call takes.
    Completed(u32, Outcome),
    /// The closure of this run must be executed now.
    RunRequired(u32),
    /// The handler has to wait until more input arrives or an executing run ends.
    InputRequired,
    /// The invocation was cancelled, and so were its child calls.
    Cancelled,
    /// The attempt is over: Suspension is written.
    Suspended,
    /// The attempt is over.
    Closed,
}

/// What one call awaits.
#[derive(Clone, Copy)]
enum Awaited<'a> {
    Tree(&'a Awaiting),
    /// The handles that have joined.
    Together,
}

impl Machine {
    /// Releases the next result of an awaited leaf, or says what has to happen first.
    ///
    /// # Errors
    /// If a handle is unknown or the input was not taken; nothing happens then. A protocol error or a mismatch is
    /// [`Progress::Closed`] instead.
    pub fn progress(&mut self, awaited: &Awaiting) -> Result<Progress> {
        self.progress_of(Awaited::Tree(awaited))
    }

    /// Adds a handle to those that [`Machine::progress_together`] awaits, until its result is released.
    ///
    /// # Errors
    /// If the handle is unknown.
    pub fn join(&mut self, handle: u32) -> Result<()> {
        self.results.join(handle)
    }

    /// Removes a handle from those that [`Machine::progress_together`] awaits.
    pub fn leave(&mut self, handle: u32) {
        self.results.leave(handle);
    }

    /// Does what [`Machine::progress`] does for the handles that have joined, any of them. It costs the same however
    /// many there are, but for a suspension and for what the runtime is told, which name all of them.
    ///
    /// # Errors
    /// If the input was not taken.
    pub fn progress_together(&mut self) -> Result<Progress> {
        self.progress_of(Awaited::Together)
    }

    fn progress_of(&mut self, awaited: Awaited<'_>) -> Result<Progress> {
        if self.state == State::Closed {
            return Ok(self.ended());
        }
        self.require_active(|| "await".to_owned())?;
        if self.cancellation.is_cancelling() {
            return Ok(self.cancel());
        }
        let marked = match awaited {
            Awaited::Tree(tree) => self.results.mark(tree)?,
            Awaited::Together => self.results.mark_together(),
        };
        if let Some(handle) = marked.ready {
            if let Some(outcome) = self.results.take_ready(handle) {
                return Ok(self.completed(handle, outcome));
            }
        }
        if marked.pending == 0 {
            self.fail_with(Error::NothingAwaited, None);
            return Ok(Progress::Closed);
        }
        Ok(match self.drain() {
            Ok(Some(progress)) => progress,
            Ok(None) => self.unsatisfied(awaited),
            Err(error) => {
                self.fail_with(error, None);
                Progress::Closed
            }
        })
    }

    /// Takes notifications one at a time until one concerns this await.
    fn drain(&mut self) -> Result<Option<Progress>> {
        while let Some(taken) = self.results.take_next() {
            let taken = match taken? {
                Taken::Ack(id) => self.release_proposal(id)?,
                taken => taken,
            };
            match taken {
                Taken::Awaited(handle, outcome) => {
                    return Ok(Some(self.completed(handle, outcome)));
                }
                Taken::Cancel => {
                    self.cancellation.begin();
                    return Ok(Some(self.cancel()));
                }
                Taken::Other | Taken::Ack(_) => {}
            }
        }
        Ok(None)
    }

    /// Handles an ack, which stands for the notification of the run's result at this position of the queue.
    fn release_proposal(&mut self, completion_id: u32) -> Result<Taken> {
        let kept = self
            .results
            .handle_of_completion(completion_id)
            .and_then(|handle| self.runs.take_proposal(handle));
        match kept {
            Some(outcome) => self
                .results
                .complete(completion_id, RUN_COMPLETION, outcome),
            // The complete notification arrived before its ack.
            None => Ok(Taken::Other),
        }
    }

    fn completed(&mut self, handle: u32, outcome: Outcome) -> Progress {
        self.runs.finish(handle);
        Progress::Completed(handle, outcome)
    }

    fn unsatisfied(&mut self, awaited: Awaited<'_>) -> Progress {
        if self.state == State::Replaying {
            let what = self.awaited_text(&self.tree(awaited));
            return self.await_mismatch(what);
        }
        if let Some(handle) = self.first_unstarted(awaited) {
            self.runs.begin(handle);
            return Progress::RunRequired(handle);
        }
        if self.is_input_open {
            if self.is_worth_telling(awaited) {
                self.hint(self.remainder(&self.tree(awaited)));
                self.results.note_told();
            }
            return Progress::InputRequired;
        }
        if self
            .runs
            .is_executing(|handle| self.results.is_awaited(handle))
        {
            return Progress::InputRequired;
        }
        let remainder = self.remainder(&self.tree(awaited));
        self.suspend(remainder);
        self.ended()
    }

    /// The oldest awaited run that has not started.
    fn first_unstarted(&self, awaited: Awaited<'_>) -> Option<u32> {
        match awaited {
            // Others that have not started may be many.
            Awaited::Tree(Awaiting::Handle(handle)) => {
                self.runs.is_unstarted(*handle).then_some(*handle)
            }
            _ => self
                .runs
                .first_unstarted(|handle| self.results.is_awaited(handle)),
        }
    }

    fn tree<'a>(&self, awaited: Awaited<'a>) -> Cow<'a, Awaiting> {
        match awaited {
            Awaited::Tree(tree) => Cow::Borrowed(tree),
            Awaited::Together => {
                let handles = self.results.together().into_iter();
                Cow::Owned(Awaiting::any_of(handles.flat_map(Together::handles)))
            }
        }
    }

    /// Whether the runtime should be told what is awaited; a small tree always.
    fn is_worth_telling(&self, awaited: Awaited<'_>) -> bool {
        self.version.supports(Feature::AwaitingOn)
            && !self.runs.is_any_executing()
            && match awaited {
                Awaited::Tree(_) => true,
                Awaited::Together => self
                    .results
                    .together()
                    .is_none_or(Together::is_worth_telling),
            }
    }

    /// Cancels the children, waiting for the id of a child if necessary.
    fn cancel(&mut self) -> Progress {
        match self.cancel_children() {
            Ok(None) => Progress::Cancelled,
            Ok(Some(id)) => self.wait_for_child(id),
            Err(error) => {
                // If the signal to a child did not match the journal, its Error frame is already written.
                self.fail_with(error, None);
                Progress::Closed
            }
        }
    }

    fn wait_for_child(&mut self, id: u32) -> Progress {
        if self.state == State::Replaying {
            return self.await_mismatch(format!("the invocation id of a call (completion {id})"));
        }
        let future = pb::Future {
            waiting_completions: vec![id],
            combinator_type: CombinatorType::FirstCompleted.into(),
            ..pb::Future::default()
        };
        if self.is_input_open {
            if self.version.supports(Feature::AwaitingOn) {
                self.hint(Some(future));
            }
            return Progress::InputRequired;
        }
        self.suspend(Some(future));
        self.ended()
    }

    fn await_mismatch(&mut self, awaited: String) -> Progress {
        let index = self.cursor.next_index();
        let error = Error::AwaitMismatch {
            index,
            recorded: self.recorded_text(),
            awaited,
            advice: self.memory().advise(index, false),
        };
        self.fail_at_cursor(error);
        Progress::Closed
    }

    /// Sends the runtime the hint on what is awaited, if it has changed; people see it in introspection. Only for
    /// versions that have it.
    fn hint(&mut self, awaiting_on: Option<pb::Future>) {
        let Some(awaiting_on) = awaiting_on else {
            return;
        };
        if self.runs.is_any_executing() || self.last_awaiting_on.as_deref() == Some(&awaiting_on) {
            return;
        }
        let hint = pb::AwaitingOn {
            awaiting_on: Some(awaiting_on.clone()),
            executing_side_effects: false,
        };
        // A hint that is too large is dropped: it is informational.
        if self
            .encoder
            .encode(&Message::Control(Control::AwaitingOn(hint)), Flags::NONE)
            .is_ok()
        {
            self.last_awaiting_on = Some(Box::new(awaiting_on));
        }
    }

    fn awaited_text(&self, awaited: &Awaiting) -> String {
        const SHOWN: usize = 5;
        let mut names = Vec::new();
        awaited.each_handle(&mut |handle| {
            if let Some(leaf) = self.results.unresolved(handle) {
                names.push(self.leaf_text(handle, leaf));
            }
        });
        match names.len().checked_sub(SHOWN) {
            None | Some(0) => names.join(", "),
            Some(more) => {
                names.truncate(SHOWN);
                format!("{} and {more} more", names.join(", "))
            }
        }
    }

    fn leaf_text(&self, handle: u32, leaf: Leaf<'_>) -> String {
        match leaf {
            Leaf::Completion(id) => {
                let code = self
                    .results
                    .completion_of(handle)
                    .map_or(0, |(_, code)| code);
                format!("{} (completion {id})", name_of(code))
            }
            Leaf::Signal(id) => format!("an awakeable (signal {id})"),
            Leaf::Named(name) => format!("signal {name:?}"),
        }
    }

    fn ended(&self) -> Progress {
        match self.ending {
            Some(Ending::Suspended) => Progress::Suspended,
            _ => Progress::Closed,
        }
    }
}
