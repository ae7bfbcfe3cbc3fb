//! Errors of an attempt, with their wire codes and texts.

use super::advice::Advice;
use crate::journal::{Difference, awaiting::TooDeep, notification};

/// Shorthand for results of this module.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an attempt failed or a call was rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A frame, an id, a version or a size is wrong.
    #[error(transparent)]
    Core(#[from] crate::Error),
    /// A notification is incomplete or invalid for its type.
    #[error(transparent)]
    Notification(#[from] notification::Error),
    /// A tree of awaited futures is too deep.
    #[error(transparent)]
    TooDeep(#[from] TooDeep),

    /// Start announced an empty journal.
    #[error("Start announces 0 known entries, expected at least 1: the Input command")]
    NoEntries,
    /// A frame that is not allowed in this state.
    #[error("unexpected {name} message ({code:#06X}) while {state}")]
    UnexpectedMessage {
        /// Name in the message table.
        name: &'static str,
        /// Its type code.
        code: u16,
        /// The state of the attempt.
        state: &'static str,
    },
    /// An ack for a run of which this attempt proposed no result.
    #[error("ack for completion {id}, which this attempt did not propose")]
    UnexpectedAck {
        /// The completion id of the ack.
        id: u32,
    },
    /// The input ended in the middle of the journal.
    #[error("input ended after {arrived} of {known} known entries; the attempt will be retried")]
    InputEnded {
        /// Entries that arrived.
        arrived: u32,
        /// Entries that Start announced, 0 before Start.
        known: u32,
    },
    /// The journal has no command.
    #[error("none of the {known} known entries is a command, expected Input first")]
    NoInput {
        /// Entries that Start announced.
        known: u32,
    },
    /// More bytes are held than the limit allows.
    #[error(
        "journal of more than {size} bytes exceeds max_journal_size {limit}; raise the limit or store references"
    )]
    JournalTooLarge {
        /// Bytes held, including the entry that exceeded the limit.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// A completion has another type than the command that waits for it.
    #[error("completion {id} is a {found} notification, but {waiting} waits for it")]
    WrongCompletion {
        /// The completion id.
        id: u32,
        /// Name of the notification.
        found: &'static str,
        /// Name of the expected notification.
        waiting: &'static str,
    },
    /// A recorded eager read has no result.
    #[error("entry {index}: recorded {recorded} carries no result")]
    NoEagerResult {
        /// Command index.
        index: u32,
        /// The recorded command.
        recorded: String,
    },
    /// The handler ended before it had issued all recorded commands.
    #[error(
        "entry {index}: the handler ended while {remaining} recorded commands remain, the first is {recorded}; {advice}"
    )]
    EndedEarly {
        /// Command index of the first remaining command.
        index: u32,
        /// How many commands remain.
        remaining: usize,
        /// The first remaining command.
        recorded: String,
        /// What to do.
        advice: Advice,
    },
    /// The invocation id of a child is malformed and must not be sent back.
    #[error("cannot cancel child call {id}: {reason}")]
    UnusableChildId {
        /// Completion id of the child's invocation id.
        id: u32,
        /// What is wrong with it.
        reason: String,
    },

    /// Recorded and attempted command are of different types.
    #[error("entry {index}: recorded {recorded}, attempted {attempted}; {advice}")]
    CommandMismatch {
        /// Command index.
        index: u32,
        /// The recorded command.
        recorded: String,
        /// The attempted command.
        attempted: String,
        /// What to do.
        advice: Advice,
    },
    /// Recorded and attempted command differ in a field.
    #[error(
        "entry {index}: {command}: recorded {} {}, attempted {}; {advice}",
        .difference.field, .difference.recorded, .difference.attempted
    )]
    FieldMismatch {
        /// Command index.
        index: u32,
        /// The recorded command.
        command: String,
        /// What differs.
        difference: Difference,
        /// What to do.
        advice: Advice,
    },
    /// The handler awaits something that it did not await when the journal was recorded.
    #[error(
        "entry {index}: recorded {recorded}, attempted to await {awaited}, which had not completed then: an await was added; \
         {advice}"
    )]
    AwaitMismatch {
        /// Command index of the next recorded command.
        index: u32,
        /// That command.
        recorded: String,
        /// What is awaited.
        awaited: String,
        /// What to do.
        advice: Advice,
    },
    /// Nothing in the awaited tree can ever complete.
    #[error("nothing left to await: every future in the tree has already given its result")]
    NothingAwaited,

    /// The attempt is over.
    #[error("cannot {attempted}: this attempt of {invocation} is over, {how}")]
    Closed {
        /// What the caller attempted.
        attempted: String,
        /// The invocation id, empty before Start.
        invocation: String,
        /// How it ended.
        how: String,
    },
    /// The call is not possible in this state.
    #[error("cannot {attempted} while {state}: {hint}")]
    NotNow {
        /// What the caller attempted.
        attempted: &'static str,
        /// The state of the attempt.
        state: &'static str,
        /// What to do.
        hint: &'static str,
    },
    /// A handle that this machine never created.
    #[error("handle {handle} is unknown: this attempt created {count}")]
    UnknownHandle {
        /// The handle.
        handle: u32,
        /// How many handles this attempt has.
        count: usize,
    },
    /// A method for executing runs was called for something else.
    #[error("handle {handle} is not an executing run: wait for RunRequired, then propose once")]
    NotExecuting {
        /// The handle.
        handle: u32,
    },
    /// An optional text is given but empty.
    #[error("{field} of {command} is empty; leave it out or give it a value")]
    EmptyField {
        /// Name of the field.
        field: &'static str,
        /// The command.
        command: String,
    },
    /// A limit key without a scope.
    #[error(
        "{command} has limit_key {limit_key:?} but no scope; a limit key applies within a scope, so pass both"
    )]
    LimitKeyWithoutScope {
        /// The command.
        command: String,
        /// The limit key.
        limit_key: String,
    },
    /// All ids are used up.
    #[error("no {what} is left: this invocation used all 32-bit numbers")]
    Exhausted {
        /// The kind of id.
        what: &'static str,
    },
}

/// What kind of error it is, for callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Recorded and attempted differ; an Error frame is written.
    Mismatch,
    /// The version lacks a feature; an Error frame is written.
    Unsupported,
    /// The attempt is over, because of this error or since earlier.
    Closed,
    /// An id is malformed; nothing was journaled.
    InvalidId,
    /// The call is not possible; nothing was journaled.
    Refused,
}

impl Error {
    /// The code of the Error frame.
    pub fn code(&self) -> u32 {
        match self {
            Self::Core(error) => error.code().into(),
            Self::Notification(error) => error.wire_code(),
            Self::JournalTooLarge { .. } => 413,
            Self::CommandMismatch { .. }
            | Self::FieldMismatch { .. }
            | Self::AwaitMismatch { .. } => 570,
            Self::UnexpectedMessage { .. }
            | Self::UnexpectedAck { .. }
            | Self::InputEnded { .. }
            | Self::NoInput { .. }
            | Self::WrongCompletion { .. }
            | Self::NoEagerResult { .. }
            | Self::EndedEarly { .. }
            | Self::UnusableChildId { .. } => 571,
            Self::NoEntries
            | Self::TooDeep(_)
            | Self::NothingAwaited
            | Self::Closed { .. }
            | Self::NotNow { .. }
            | Self::UnknownHandle { .. }
            | Self::NotExecuting { .. }
            | Self::EmptyField { .. }
            | Self::LimitKeyWithoutScope { .. }
            | Self::Exhausted { .. } => 500,
        }
    }

    /// The kind of error.
    pub fn kind(&self) -> Kind {
        use crate::Error as Core;
        match self {
            Self::CommandMismatch { .. }
            | Self::FieldMismatch { .. }
            | Self::AwaitMismatch { .. } => Kind::Mismatch,
            Self::Core(Core::UnsupportedFeature { .. }) => Kind::Unsupported,
            Self::Core(
                Core::InvalidInvocationId { .. }
                | Core::InvalidAwakeableId { .. }
                | Core::LegacyAwakeableId { .. },
            ) => Kind::InvalidId,
            Self::Core(Core::PayloadTooLarge { .. } | Core::FutureTooDeep { .. })
            | Self::TooDeep(_)
            | Self::NotNow { .. }
            | Self::UnknownHandle { .. }
            | Self::NotExecuting { .. }
            | Self::EmptyField { .. }
            | Self::LimitKeyWithoutScope { .. }
            | Self::Exhausted { .. } => Kind::Refused,
            _ => Kind::Closed,
        }
    }
}

#[cfg(test)]
mod tests;
