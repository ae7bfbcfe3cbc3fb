//! The endpoint machine: construction, output, queries, and the replay of commands.

use bytes::Bytes;

use crate::journal::{self, Cursor, command};
use crate::wire::{
    Command, DEFAULT_MAX_MESSAGE_SIZE, Decoder, Encoder, Flags, HEADER_LENGTH, Message, Version,
    generated as pb, message::name_of,
};

use super::advice::Memory;
use super::children::Cancellation;
use super::eager_state::EagerState;
use super::ending::{Ending, UnsentError};
use super::error::{Error, Result};
use super::opening::Opening;
use super::results::Results;
use super::runs::Runs;
use super::state::{Event, Reaction, State};

/// Largest journal accepted by default, all known entries together, in bytes: 256 MiB.
///
/// Precedent: server 1.7.12 spends at most 32 MiB of memory on one direction of one invocation. Eight times that leaves
/// room for servers with higher limits, and still bounds the memory that one stream can use.
pub const DEFAULT_MAX_JOURNAL_SIZE: usize = 256 * 1024 * 1024;

/// Limits and switches of a machine.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Largest frame payload accepted, in bytes.
    pub max_message_size: usize,
    /// Most bytes of the journal held for the handler.
    pub max_journal_size: usize,
    /// Whether success payloads are compared on replay. Turn it off for serializers whose output varies.
    pub verify_payloads: bool,
    /// Whether a mismatch shows the values that differ instead of their lengths and hashes; for development.
    pub reveal_payloads: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_message_size: DEFAULT_MAX_MESSAGE_SIZE,
            max_journal_size: DEFAULT_MAX_JOURNAL_SIZE,
            verify_payloads: true,
            reveal_payloads: false,
        }
    }
}

/// Service side of one attempt.
///
/// Bytes go in with [`Machine::receive`] and come out with [`Machine::take_output`]; neither fails: a protocol
/// error closes the machine with an Error frame. In between, the handler issues commands and awaits handles.
#[derive(Debug)]
pub struct Machine {
    pub(super) version: Version,
    pub(super) options: Options,
    pub(super) state: State,
    pub(super) decoder: Decoder,
    pub(super) encoder: Encoder,
    pub(super) start: Opening,
    /// Known entries that have arrived.
    pub(super) arrived: u32,
    /// Bytes of recorded commands that the handler has not reached.
    pub(super) recorded_size: usize,
    pub(super) cursor: Cursor,
    pub(super) results: Results,
    pub(super) eager_state: EagerState,
    pub(super) runs: Runs,
    pub(super) cancellation: Cancellation,
    pub(super) is_input_open: bool,
    pub(super) is_input_taken: bool,
    /// Whether this attempt has written a new command.
    pub(super) has_written_command: bool,
    pub(super) last_command: LastCommand,
    /// What the process remembers of an earlier attempt.
    memory: Option<Box<Memory>>,
    pub(super) last_awaiting_on: Option<Box<pb::Future>>,
    pub(super) ending: Option<Ending>,
    /// The Error frame, while it is in the output and can be changed.
    pub(super) unsent_error: Option<Box<UnsentError>>,
}

/// The last command the handler issued, replayed or new.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LastCommand {
    /// 0-based command index.
    pub index: u32,
    /// Its type code.
    pub code: u16,
    /// Its entry name.
    pub name: String,
}

impl LastCommand {
    /// The name of its type, empty before the first command.
    pub fn type_name(&self) -> &'static str {
        if self.code == 0 {
            ""
        } else {
            name_of(self.code)
        }
    }
}

impl Machine {
    /// Creates a machine that waits for Start.
    pub fn new(version: Version, options: Options) -> Self {
        Self {
            version,
            options,
            state: State::WaitingStart,
            decoder: Decoder::new(options.max_message_size),
            encoder: Encoder::default(),
            start: Opening::default(),
            arrived: 0,
            recorded_size: 0,
            cursor: Cursor::default(),
            results: Results::default(),
            eager_state: EagerState::default(),
            runs: Runs::default(),
            cancellation: Cancellation::default(),
            is_input_open: true,
            is_input_taken: false,
            has_written_command: false,
            last_command: LastCommand::default(),
            memory: None,
            last_awaiting_on: None,
            ending: None,
            unsent_error: None,
        }
    }

    /// From now on, a mismatch shows the values that differ; for development.
    pub fn reveal_payloads(&mut self) {
        self.options.reveal_payloads = true;
    }

    /// Whether the last command is an Output: the handler has ended the invocation.
    pub fn has_output(&self) -> bool {
        self.last_command.type_name() == "Output"
    }

    /// How many journal entries the attempt began with; 0 before Start has arrived.
    pub fn known_entries(&self) -> u32 {
        self.start.known_entries
    }

    /// Sets what this process remembers of an earlier attempt by the same code, for the texts of mismatches.
    pub fn remember(&mut self, memory: Memory) {
        self.memory = Some(Box::new(memory));
    }

    /// What this process remembers of an earlier attempt.
    pub(super) fn memory(&self) -> &Memory {
        self.memory.as_deref().unwrap_or(Memory::NONE)
    }

    /// Takes the bytes that are ready to be sent.
    pub fn take_output(&mut self) -> Bytes {
        self.unsent_error = None;
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

    /// Whether all known entries have arrived and the attempt is not over.
    pub fn is_ready(&self) -> bool {
        matches!(self.state, State::Replaying | State::Processing)
    }

    /// Whether the terminal frame is written; it may still be in the output.
    pub fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// Whether recorded commands remain.
    pub fn is_replaying(&self) -> bool {
        self.state == State::Replaying
    }

    /// Whether more input may come.
    pub fn is_input_open(&self) -> bool {
        self.is_input_open
    }

    /// Code and message of the Error frame that ended the attempt.
    pub fn error(&self) -> Option<(u32, &str)> {
        match &self.ending {
            Some(Ending::Failed { code, message }) => Some((*code, message)),
            _ => None,
        }
    }

    /// The invocation id as text, empty before Start.
    pub fn invocation_id(&self) -> &str {
        &self.start.debug_id
    }

    /// The last command, for messages and logs.
    pub fn last_command(&self) -> &LastCommand {
        &self.last_command
    }

    /// Replays or records a command; returns the recorded one if there is one.
    pub(super) fn issue(&mut self, attempted: Command) -> Result<Command> {
        let index = self.cursor.next_index();
        let command = if self.state == State::Replaying {
            self.replay(&attempted)?
        } else {
            self.write_command(attempted)?
        };
        self.last_command = LastCommand {
            index,
            code: command.code(),
            name: command::entry_name(&command).to_owned(),
        };
        Ok(command)
    }

    /// Checks that the handler may act now.
    pub(super) fn require_active(&self, attempted: impl FnOnce() -> String) -> Result<()> {
        match self.state.on(Event::AttemptCommand) {
            Reaction::Stay if self.is_input_taken => Ok(()),
            _ if self.state == State::Closed => Err(self.closed_error(attempted())),
            _ => Err(Error::NotNow {
                attempted: "issue a command",
                state: self.state.name(),
                hint: "call take_input() first, once is_ready()",
            }),
        }
    }

    pub(super) fn enter(&mut self, event: Event) {
        if let Reaction::Enter(next) = self.state.on(event) {
            self.state = next;
        }
    }

    fn replay(&mut self, attempted: &Command) -> Result<Command> {
        match self.match_recorded(attempted) {
            Ok(recorded) => {
                if let Some(taken) = self.cursor.advance() {
                    self.recorded_size -= taken.payload.len() + HEADER_LENGTH;
                }
                if self.cursor.remaining() == 0 {
                    self.enter(Event::LastCommandReplayed);
                }
                Ok(recorded)
            }
            Err(error) => Err(self.fail_at_cursor(error)),
        }
    }

    fn match_recorded(&self, attempted: &Command) -> Result<Command> {
        let index = self.cursor.next_index();
        let Some(recorded) = self.cursor.peek() else {
            return Err(Error::NoInput {
                known: self.start.known_entries,
            });
        };
        let recorded = match Message::decode(recorded.code, recorded.payload.clone())? {
            Message::Command(recorded) => recorded,
            other => {
                return Err(Error::CommandMismatch {
                    index,
                    recorded: format!("{} {:#06X}", other.name(), other.code()),
                    attempted: command::describe(attempted),
                    advice: self.memory().advise(index, false),
                });
            }
        };
        if !journal::is_same_type(&recorded, attempted) {
            return Err(Error::CommandMismatch {
                index,
                recorded: self.memory().locate(index, command::describe(&recorded)),
                attempted: command::describe(attempted),
                advice: self.memory().advise(index, false),
            });
        }
        let Options {
            verify_payloads,
            reveal_payloads,
            ..
        } = self.options;
        match journal::difference(&recorded, attempted, verify_payloads, reveal_payloads) {
            None => Ok(recorded),
            Some(mut difference) => {
                difference.recorded = self.memory().locate(index, difference.recorded);
                Err(Error::FieldMismatch {
                    index,
                    command: command::describe(&recorded),
                    advice: self.memory().advise(index, difference.is_volatile),
                    difference,
                })
            }
        }
    }

    /// Describes the recorded command at the replay position, with the location where it was issued.
    pub(super) fn recorded_text(&self) -> String {
        let Some(recorded) = self.cursor.peek() else {
            return String::new();
        };
        let text = match Message::decode(recorded.code, recorded.payload.clone()) {
            Ok(Message::Command(decoded)) => command::describe(&decoded),
            _ => format!("{:#06X}", recorded.code),
        };
        self.memory().locate(self.cursor.next_index(), text)
    }

    fn write_command(&mut self, attempted: Command) -> Result<Command> {
        let message = Message::Command(attempted);
        self.encoder.encode(&message, Flags::NONE)?;
        self.cursor.advance();
        self.has_written_command = true;
        match message {
            Message::Command(command) => Ok(command),
            _ => unreachable!("the message was made from a command"),
        }
    }
}
