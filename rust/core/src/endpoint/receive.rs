//! The input of the endpoint machine.

use bytes::Bytes;

use crate::journal::{Notification, Outcome, notification};
use crate::wire::{
    Control, Feature, Frame, HEADER_LENGTH, Message,
    message::{FIRST_COMMAND, FIRST_NOTIFICATION, name_of},
};

use super::eager_state::EagerState;
use super::error::{Error, Result};
use super::machine::Machine;
use super::opening::Opening;
use super::state::{Event, Reaction, State};

impl Machine {
    /// Receives bytes. Never fails: a protocol error ends the attempt with an Error frame.
    ///
    /// What arrives after [`Machine::receive_end`] is dropped: it is in the journal of the next attempt.
    pub fn receive(&mut self, data: Bytes) {
        if self.state == State::Closed || !self.is_input_open {
            return;
        }
        self.decoder.receive(data);
        while self.state != State::Closed {
            let frame = match self.decoder.take_frame() {
                Ok(Some(frame)) => frame,
                Ok(None) => return,
                Err(error) => {
                    self.fail_with(error.into(), None);
                    return;
                }
            };
            if let Err(error) = self.receive_frame(frame) {
                self.fail_with(error, None);
            }
        }
    }

    /// Ends the input. An incomplete frame is dropped.
    pub fn receive_end(&mut self) {
        self.is_input_open = false;
        if self.state.on(Event::InputEnd) == Reaction::Violation {
            let error = Error::InputEnded {
                arrived: self.arrived,
                known: self.start.known_entries,
            };
            self.fail_with(error, None);
        }
    }

    fn receive_frame(&mut self, frame: Frame) -> Result<()> {
        match frame.header.code {
            code @ FIRST_NOTIFICATION.. => self.receive_notification(code, frame.payload),
            code @ FIRST_COMMAND.. => self.receive_command(code, frame.payload),
            _ => self.receive_control(&frame),
        }
    }

    fn receive_command(&mut self, code: u16, payload: Bytes) -> Result<()> {
        self.expect(Event::Command, code)?;
        let size = self.hold(&payload)?;
        self.recorded_size += size;
        self.cursor.push(code, payload);
        self.count_entry();
        Ok(())
    }

    fn receive_notification(&mut self, code: u16, payload: Bytes) -> Result<()> {
        self.expect(Event::Notification, code)?;
        let size = self.hold(&payload)?;
        let notification = Notification::decode(code, payload)?;
        if let (notification::Id::Completion(id), Outcome::InvocationId(child)) =
            (&notification.id, &notification.outcome)
        {
            self.cancellation.learn(*id, child);
        }
        self.results.push(notification, size);
        if self.state == State::WaitingEntries {
            self.count_entry();
        }
        Ok(())
    }

    fn receive_control(&mut self, frame: &Frame) -> Result<()> {
        let code = frame.header.code;
        match frame.decode()? {
            Message::Control(Control::Start(mut start)) => {
                self.expect(Event::Start, code)?;
                if start.known_entries == 0 {
                    return Err(Error::NoEntries);
                }
                let entries = std::mem::take(&mut start.state_map);
                let is_partial = start.partial_state;
                self.start = Opening::new(start);
                self.eager_state = EagerState::new(entries, is_partial)?;
                self.enter(Event::Start);
                Ok(())
            }
            Message::Control(Control::ProposeRunCompletionAck(ack))
                if self.version.supports(Feature::ProposalAck) =>
            {
                self.expect(Event::Ack, code)?;
                if !self.runs.is_proposed(ack.completion_id) {
                    return Err(Error::UnexpectedAck {
                        id: ack.completion_id,
                    });
                }
                self.results.push_ack(ack.completion_id);
                Ok(())
            }
            _ => self.expect(Event::Foreign, code),
        }
    }

    fn expect(&self, event: Event, code: u16) -> Result<()> {
        match self.state.on(event) {
            Reaction::Stay | Reaction::Enter(_) | Reaction::Ignore => Ok(()),
            Reaction::Violation | Reaction::Refuse => Err(Error::UnexpectedMessage {
                name: name_of(code),
                code,
                state: self.state.name(),
            }),
        }
    }

    /// Checks that an entry may be held until the handler reaches it; returns its size.
    fn hold(&self, payload: &Bytes) -> Result<usize> {
        let size = payload.len() + HEADER_LENGTH;
        let held =
            self.recorded_size + self.results.queued_size() + self.results.stored_size() + size;
        if held > self.options.max_journal_size {
            return Err(Error::JournalTooLarge {
                size: held,
                limit: self.options.max_journal_size,
            });
        }
        Ok(size)
    }

    fn count_entry(&mut self) {
        self.arrived += 1;
        if self.arrived == self.start.known_entries {
            self.enter(Event::JournalComplete);
        }
    }
}
