//! Effects: what the host must make durable, in this order.

use bytes::Bytes;

use crate::wire::{
    Command,
    generated::{self as pb, ErrorBehavior},
};

/// Something for the host to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Store this command, the next entry of the journal.
    Recorded(Recorded),
    /// Store this result of a run, the next entry of the journal, then notify the endpoint of it.
    RunProposed {
        /// The completion id of the run.
        completion_id: u32,
        /// The payload of the run completion notification (0x8011).
        payload: Bytes,
    },
    /// What the handler waits for, to be shown by introspection.
    AwaitingOn(pb::Future),
    /// The attempt is over until something awaited happens. In versions 5 and 6 the lists become one node of unknown
    /// type.
    Suspended(pb::Future),
    /// The attempt and the invocation are over; the journal has the Output.
    Ended,
    /// The attempt ended with an error.
    Failed(Box<Failed>),
}

/// A command to be stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// 0-based command index; Input is 0.
    pub index: u32,
    /// Its type code.
    pub code: u16,
    /// Its payload, byte for byte as received.
    pub payload: Bytes,
    /// Whether the endpoint asks for an ack once it is stored.
    pub is_ack_requested: bool,
    /// Its fields, which were checked.
    pub command: Command,
}

impl Recorded {
    /// Where the value of an Output begins in the payload, if the payload ends with it.
    pub fn value_offset(&self) -> Option<usize> {
        let Command::Output(pb::OutputCommand {
            result: Some(pb::output_command::Result::Value(value)),
            ..
        }) = &self.command
        else {
            return None;
        };
        // Decoding cuts the value out of the payload without copying it.
        let payload = self.payload.as_ptr_range();
        let content = value.content.as_ptr_range();
        let is_within = payload.start <= content.start && content.end == payload.end;
        is_within.then(|| self.payload.len() - value.content.len())
    }
}

/// How an attempt failed.
#[derive(Clone, Debug, PartialEq)]
pub struct Failed {
    /// Code of the Error frame, or the code of a protocol violation such as 571.
    pub code: u32,
    /// What happened.
    pub message: String,
    /// The stack trace; empty if unknown.
    pub stacktrace: String,
    /// 0-based index of the command it is about.
    pub related_index: Option<u32>,
    /// Entry name of that command.
    pub related_name: Option<String>,
    /// Type code of that command.
    pub related_code: Option<u32>,
    /// Delay before the next attempt, in milliseconds; overrides the one of the retry policy.
    pub next_retry_delay_ms: Option<u64>,
    /// What should happen next.
    pub behavior: ErrorBehavior,
    /// Whether the endpoint violated the protocol, instead of reporting an error itself.
    pub is_violation: bool,
}

impl From<pb::Error> for Failed {
    fn from(error: pb::Error) -> Self {
        Self {
            behavior: error.behavior(),
            code: error.code,
            message: error.message,
            stacktrace: error.stacktrace,
            related_index: error.related_command_index,
            related_name: error.related_command_name,
            related_code: error.related_command_type,
            next_retry_delay_ms: error.next_retry_delay,
            is_violation: false,
        }
    }
}
