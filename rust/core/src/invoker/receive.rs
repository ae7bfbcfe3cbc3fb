//! The input of the invoker machine: every frame is checked before it becomes an effect.

use bytes::Bytes;
use prost::Message as _;

use crate::journal::{CANCEL_SIGNAL, command};
use crate::wire::{
    Command, Control, Feature, Flags, Frame, Message,
    generated::{self as pb, notification, propose_run_completion},
    message::{FIRST_COMMAND, FIRST_NOTIFICATION, name_of},
};

use super::check;
use super::effect::{Effect, Recorded};
use super::error::{Error, Result};
use super::machine::Machine;
use super::state::{Event, Reaction, State};

/// Type code of the Output command.
const OUTPUT: u16 = 0x0401;

impl Machine {
    /// Receives bytes. Never fails: a protocol violation becomes [`Effect::Failed`].
    pub fn receive(&mut self, data: Bytes) {
        if self.state == State::Closed {
            return;
        }
        self.decoder.receive(data);
        while self.state != State::Closed {
            match self.decoder.take_frame() {
                Ok(Some(frame)) => self.receive_frame(frame),
                Ok(None) => return,
                Err(error) => self.fail(&error.into(), None),
            }
        }
    }

    /// Ends the response. If no terminal frame arrived before, the attempt failed.
    pub fn receive_end(&mut self) {
        if self.state != State::Closed {
            self.fail(&Error::NoTerminal, None);
        }
    }

    fn receive_frame(&mut self, frame: Frame) {
        let code = frame.header.code;
        match code {
            FIRST_NOTIFICATION.. => self.refuse(Event::Foreign, code),
            FIRST_COMMAND.. => self.receive_command(frame),
            _ => {
                if let Err(error) = self.receive_control(&frame) {
                    self.fail(&error, None);
                }
            }
        }
    }

    fn receive_command(&mut self, frame: Frame) {
        let Frame { header, payload } = frame;
        let event = if header.code == OUTPUT {
            Event::Output
        } else {
            Event::Command
        };
        if self.state.on(event) == Reaction::Violation {
            return self.refuse(event, header.code);
        }
        let command = match Message::decode(header.code, payload.clone()) {
            Ok(Message::Command(Command::Input(_))) => {
                return self.refuse(Event::Foreign, header.code);
            }
            Ok(Message::Command(command)) => command,
            Ok(_) => {
                let error = Error::UnknownCommand { code: header.code };
                return self.fail(&error, Some((header.code, String::new())));
            }
            Err(error) => return self.fail(&error.into(), Some((header.code, String::new()))),
        };
        if let Err(error) = self.admit(&command) {
            let name = command::entry_name(&command).to_owned();
            return self.fail(&error, Some((header.code, name)));
        }
        self.effects.push_back(Effect::Recorded(Recorded {
            index: self.next_index,
            code: header.code,
            payload,
            is_ack_requested: header.flags.contains(Flags::REQUESTED_ACK),
            command,
        }));
        self.next_index += 1;
        self.enter(event);
    }

    /// Checks a command and takes its completion ids.
    fn admit(&mut self, command: &Command) -> Result<()> {
        let index = self.next_index;
        check::command(self.version, command).map_err(|reason| Error::InvalidCommand {
            index,
            command: command::describe(command),
            reason,
        })?;
        self.pending
            .add(command)
            .map_err(|(id, last)| Error::StaleCompletionId {
                index,
                command: command::describe(command),
                id,
                last,
            })
    }

    fn receive_control(&mut self, frame: &Frame) -> Result<()> {
        let code = frame.header.code;
        match frame.decode()? {
            Message::Control(Control::ProposeRunCompletion(proposal)) => {
                self.expect(Event::Proposal, code)?;
                let flags = frame.header.flags;
                self.receive_proposal(proposal, flags.contains(Flags::REQUESTED_ACK))
            }
            Message::Control(Control::AwaitingOn(hint))
                if self.version.supports(Feature::AwaitingOn) =>
            {
                self.expect(Event::AwaitingOn, code)?;
                let future = self.awaited(name_of(code), hint.awaiting_on)?;
                self.effects.push_back(Effect::AwaitingOn(future));
                Ok(())
            }
            Message::Control(Control::Suspension(suspension)) => {
                self.expect(Event::Suspension, code)?;
                let future = if self.version.supports(Feature::FutureTree) {
                    suspension.awaiting_on
                } else {
                    // These versions do not say how the lists combine.
                    Some(pb::Future {
                        waiting_completions: suspension.waiting_completions,
                        waiting_signals: suspension.waiting_signals,
                        waiting_named_signals: suspension.waiting_named_signals,
                        ..pb::Future::default()
                    })
                };
                let future = self.awaited(name_of(code), future)?;
                self.effects.push_back(Effect::Suspended(future));
                self.enter(Event::Suspension);
                Ok(())
            }
            Message::Control(Control::End(_)) => {
                if self.state == State::Open {
                    return Err(Error::EndWithoutOutput);
                }
                self.expect(Event::End, code)?;
                self.effects.push_back(Effect::Ended);
                self.enter(Event::End);
                Ok(())
            }
            Message::Control(Control::Error(error)) => {
                self.effects
                    .push_back(Effect::Failed(Box::new(error.into())));
                self.enter(Event::Error);
                Ok(())
            }
            _ => self.expect(Event::Foreign, code),
        }
    }

    fn receive_proposal(
        &mut self,
        proposal: pb::ProposeRunCompletion,
        is_ack_requested: bool,
    ) -> Result<()> {
        let id = proposal.result_completion_id;
        let result = match proposal.result {
            Some(propose_run_completion::Result::Value(content)) => {
                notification::Result::Value(pb::Value { content })
            }
            Some(propose_run_completion::Result::Failure(failure)) => {
                notification::Result::Failure(failure)
            }
            None => return Err(Error::EmptyProposal { id }),
        };
        self.pending.propose(id, is_ack_requested)?;
        let notification = pb::Notification {
            id: Some(notification::Id::CompletionId(id)),
            result: Some(result),
        };
        self.effects.push_back(Effect::RunProposed {
            completion_id: id,
            payload: notification.encode_to_vec().into(),
        });
        Ok(())
    }

    /// Checks that everything awaited exists.
    fn awaited(&self, name: &'static str, future: Option<pb::Future>) -> Result<pb::Future> {
        let future = future.ok_or(Error::NothingAwaited { name })?;
        let mut has_leaf = false;
        let mut nodes = vec![&future];
        while let Some(node) = nodes.pop() {
            nodes.extend(&node.nested_futures);
            has_leaf = has_leaf
                || !node.waiting_completions.is_empty()
                || !node.waiting_signals.is_empty()
                || !node.waiting_named_signals.is_empty();
            for id in &node.waiting_completions {
                if !self.pending.exists(*id) {
                    return Err(Error::UnknownAwaited {
                        name,
                        what: "completion",
                        id: *id,
                    });
                }
            }
            // Awakeables are not in the journal, so any other signal id may be one.
            if node.waiting_signals.iter().any(|id| *id < CANCEL_SIGNAL) {
                return Err(Error::UnknownAwaited {
                    name,
                    what: "signal",
                    id: 0,
                });
            }
        }
        if !has_leaf {
            return Err(Error::NothingAwaited { name });
        }
        Ok(future)
    }

    fn expect(&self, event: Event, code: u16) -> Result<()> {
        match self.state.on(event) {
            Reaction::Violation => Err(self.unexpected(code)),
            _ => Ok(()),
        }
    }

    /// Fails because of a frame that the table calls a violation.
    fn refuse(&mut self, event: Event, code: u16) {
        debug_assert_eq!(self.state.on(event), Reaction::Violation);
        self.fail(&self.unexpected(code), None);
    }

    fn unexpected(&self, code: u16) -> Error {
        Error::UnexpectedMessage {
            name: name_of(code),
            code,
            state: self.state.name(),
        }
    }
}
