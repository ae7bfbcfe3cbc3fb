//! The invoker machine: the calls of the host, and the output.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::identifier::InvocationId;
use crate::journal::{Notification, notification};
use crate::wire::{
    Command, Control, DEFAULT_MAX_OUTBOUND_SIZE, Decoder, Encoder, Feature, Flags, Version,
    generated::{self as pb, StateEntry},
    message::{FIRST_COMMAND, FIRST_NOTIFICATION},
};

use super::effect::{Effect, Failed};
use super::error::{Error, Result};
use super::pending::{Pending, Progress};
use super::state::{Event, Reaction, State};

/// Largest frame payload accepted from an endpoint by default, in bytes: 32 MiB + 256 KiB - 1.
///
/// Precedent: the limit of server 1.7.12, which endpoints respect.
pub const DEFAULT_MAX_MESSAGE_SIZE: usize = DEFAULT_MAX_OUTBOUND_SIZE;

/// The contents of the Start message.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// Number of entries of the journal, commands and notifications.
    pub known_entries: u32,
    /// Key of the object or workflow, empty for services.
    pub key: String,
    /// The current state: keys and values.
    pub state: Vec<(String, Bytes)>,
    /// Whether other state entries may exist.
    pub is_state_partial: bool,
    /// Failed attempts since the last new command.
    pub retry_count: u32,
    /// Milliseconds since the journal last changed.
    pub duration_since_last_stored_entry_ms: u64,
    /// The seed of random numbers, equal in all attempts of an invocation; see [`InvocationId::random_seed`].
    pub random_seed: u64,
    /// Scope of the invocation; sent from version 7 on.
    pub scope: Option<String>,
    /// Limit key within the scope; sent from version 7 on.
    pub limit_key: Option<String>,
    /// Idempotency key of the call; sent from version 7 on.
    pub idempotency_key: Option<String>,
}

/// Runtime side of one attempt.
#[derive(Debug)]
pub struct Machine {
    pub(super) version: Version,
    pub(super) state: State,
    pub(super) decoder: Decoder,
    pub(super) encoder: Encoder,
    pub(super) effects: VecDeque<Effect>,
    known_entries: u32,
    replayed: u32,
    /// Index of the next command, replayed or new.
    pub(super) next_index: u32,
    has_output: bool,
    is_input_open: bool,
    pub(super) pending: Pending,
}

impl Machine {
    /// Creates a machine that rejects frames of more than `max_message_size` bytes.
    pub fn new(version: Version, max_message_size: usize) -> Self {
        Self {
            version,
            state: State::Idle,
            decoder: Decoder::new(max_message_size),
            // Stored entries were checked when they arrived, so that only the 32 bits of the header limit them now.
            encoder: Encoder::new(usize::MAX),
            effects: VecDeque::new(),
            known_entries: 0,
            replayed: 0,
            next_index: 0,
            has_output: false,
            is_input_open: true,
            pending: Pending::default(),
        }
    }

    /// Writes Start. Exactly `known_entries` calls of [`Machine::replay`] follow.
    ///
    /// # Errors
    /// If it is not the first call, or there are no known entries.
    pub fn start(&mut self, invocation: InvocationId, start: Start) -> Result<()> {
        self.permit(Event::Start, "start", "start once, first")?;
        if start.known_entries == 0 {
            return Err(Error::InvalidJournal {
                entry: 0,
                reason: "a journal has at least its Input command".to_owned(),
            });
        }
        let is_supported = self.version.supports(Feature::Scope);
        let message = pb::Start {
            id: Bytes::copy_from_slice(invocation.as_bytes()),
            debug_id: invocation.to_string(),
            known_entries: start.known_entries,
            state_map: start
                .state
                .into_iter()
                .map(|(key, value)| StateEntry {
                    key: key.into(),
                    value,
                })
                .collect(),
            partial_state: start.is_state_partial,
            key: start.key,
            retry_count_since_last_stored_entry: start.retry_count,
            duration_since_last_stored_entry: start.duration_since_last_stored_entry_ms,
            random_seed: start.random_seed,
            scope: start.scope.filter(|_| is_supported),
            limit_key: start.limit_key.filter(|_| is_supported),
            idempotency_key: start.idempotency_key.filter(|_| is_supported),
        };
        self.encoder
            .encode(&Control::Start(message).into(), Flags::NONE)?;
        self.known_entries = start.known_entries;
        self.enter(Event::Start);
        Ok(())
    }

    /// Writes one recorded entry, in journal order. Does nothing if the endpoint has already failed.
    ///
    /// # Errors
    /// If the entry cannot be part of a journal.
    pub fn replay(&mut self, code: u16, payload: &Bytes) -> Result<()> {
        if self.check_replayed(code, payload)? {
            self.encoder.encode_entry(code, payload)?;
            self.note_replayed()?;
        }
        Ok(())
    }

    /// Does what `replay` does, but writes only the head of the frame. The payload has to follow the output at once, if
    /// this returns true.
    ///
    /// # Errors
    /// As those of [`Machine::replay`].
    pub fn replay_head(&mut self, code: u16, payload: &Bytes) -> Result<bool> {
        let is_written = self.check_replayed(code, payload)?;
        if is_written {
            self.encoder.encode_entry_head(code, payload.len())?;
            self.note_replayed()?;
        }
        Ok(is_written)
    }

    /// Checks a recorded entry and learns from it. Returns whether it is to be written.
    fn check_replayed(&mut self, code: u16, payload: &Bytes) -> Result<bool> {
        match self.state.on(Event::Replay) {
            Reaction::Ignore => return Ok(false),
            Reaction::Refuse if self.state != State::Idle => {
                return Err(self.invalid_journal("there are more entries than known_entries"));
            }
            _ => self.permit(Event::Replay, "replay", "start first")?,
        }
        match code {
            FIRST_NOTIFICATION.. => {
                let notification = Notification::decode(code, payload.clone())
                    .map_err(|error| self.invalid_journal(error.to_string()))?;
                self.pending
                    .complete(&notification)
                    .map_err(|error| self.invalid_journal(error.to_string()))?;
            }
            FIRST_COMMAND.. => self.learn(code, payload.clone())?,
            _ => return Err(self.invalid_journal(format!("{code:#06X} is not an entry"))),
        }
        Ok(true)
    }

    fn note_replayed(&mut self) -> Result<()> {
        self.replayed += 1;
        if self.replayed == self.known_entries {
            if self.next_index == 0 {
                return Err(self.invalid_journal("the journal has no Input command"));
            }
            self.enter(Event::JournalComplete);
            if self.has_output {
                self.enter(Event::Output);
            }
        }
        Ok(())
    }

    /// Sends the endpoint a notification that is now durable. Returns whether it was sent.
    ///
    /// If this attempt proposed the result of a run and asked for an ack, the ack is sent instead. Nothing is sent
    /// after the input has ended or the attempt is over: the next attempt replays the notification.
    ///
    /// # Errors
    /// If no command waits for the notification.
    pub fn notify(&mut self, code: u16, payload: &Bytes) -> Result<bool> {
        if self.state == State::Closed || !self.is_input_open {
            return Ok(false);
        }
        self.permit(
            Event::Notify,
            "notify",
            "replay all known entries first; it is one of them",
        )?;
        let notification = Notification::decode(code, payload.clone())?;
        match self.pending.complete(&notification)? {
            Some(Progress::Proposed {
                is_ack_requested: true,
            }) if self.version.supports(Feature::ProposalAck) => {
                let notification::Id::Completion(completion_id) = notification.id else {
                    return Ok(false);
                };
                let ack = pb::ProposeRunCompletionAck { completion_id };
                self.encoder
                    .encode(&Control::ProposeRunCompletionAck(ack).into(), Flags::NONE)?;
            }
            _ => self.encoder.encode_entry(code, payload)?,
        }
        Ok(true)
    }

    /// Acknowledges that a command is stored, if the command asked for that.
    ///
    /// # Errors
    /// If the output is too large.
    pub fn acknowledge_command(&mut self, command_index: u32) -> Result<()> {
        if self.state != State::Closed && self.is_input_open {
            let ack = pb::CommandAck { command_index };
            self.encoder
                .encode(&Control::CommandAck(ack).into(), Flags::NONE)?;
        }
        Ok(())
    }

    /// Ends the input: nothing more is sent, and the endpoint may suspend.
    pub fn end_input(&mut self) {
        self.is_input_open = false;
    }

    /// Takes the next effect; `None` if more bytes are needed.
    pub fn take_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// Takes the bytes that are ready to be sent.
    pub fn take_output(&mut self) -> Bytes {
        self.encoder.take_output()
    }

    /// Whether there are bytes to be sent.
    pub fn is_output_pending(&self) -> bool {
        !self.encoder.is_empty()
    }

    /// The state of the attempt.
    pub fn state(&self) -> State {
        self.state
    }

    /// Whether the attempt is over; its last effect may still have to be taken.
    pub fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// Whether notifications still reach the endpoint.
    pub fn is_input_open(&self) -> bool {
        self.is_input_open && self.state != State::Closed
    }

    /// Bytes of an incomplete frame.
    pub fn buffered_size(&self) -> usize {
        self.decoder.buffered_len()
    }

    pub(super) fn enter(&mut self, event: Event) {
        if let Reaction::Enter(next) = self.state.on(event) {
            self.state = next;
            if next == State::Closed {
                self.decoder = Decoder::new(0);
                self.pending = Pending::default();
            }
        }
    }

    /// Ends the attempt because of an error of the endpoint.
    pub(super) fn fail(&mut self, error: &Error, related: Option<(u16, String)>) {
        let index = related.as_ref().map(|_| self.next_index);
        let (code, name) = related.unzip();
        self.effects.push_back(Effect::Failed(Box::new(Failed {
            code: error.code(),
            message: error.to_string(),
            stacktrace: String::new(),
            related_index: index,
            related_name: name.filter(|name| !name.is_empty()),
            related_code: code.map(u32::from),
            next_retry_delay_ms: None,
            behavior: pb::ErrorBehavior::Retry,
            is_violation: *error != Error::NoTerminal,
        })));
        self.enter(Event::Violation);
    }

    /// Learns from a recorded command.
    fn learn(&mut self, code: u16, mut payload: Bytes) -> Result<()> {
        let command = match Command::decode(code, &mut payload) {
            Some(Ok(command)) => command,
            Some(Err(error)) => return Err(self.invalid_journal(error.to_string())),
            None => return Err(self.invalid_journal(format!("{code:#06X} is not a command"))),
        };
        if (self.next_index == 0) != matches!(command, Command::Input(_)) {
            return Err(self.invalid_journal("Input must be the first command, and no other"));
        }
        if self.has_output {
            return Err(self.invalid_journal("a command follows Output"));
        }
        self.has_output = matches!(command, Command::Output(_));
        self.pending
            .add(&command)
            .map_err(|(id, last)| self.invalid_journal(stale(id, last)))?;
        self.next_index += 1;
        Ok(())
    }

    fn permit(&self, event: Event, attempted: &'static str, hint: &'static str) -> Result<()> {
        match self.state.on(event) {
            Reaction::Refuse => Err(Error::NotNow {
                attempted,
                state: self.state.name(),
                hint,
            }),
            _ => Ok(()),
        }
    }

    fn invalid_journal(&self, reason: impl Into<String>) -> Error {
        Error::InvalidJournal {
            entry: self.replayed,
            reason: reason.into(),
        }
    }
}

fn stale(id: u32, last: u32) -> String {
    format!("it takes completion id {id}, expected one above {last}")
}
