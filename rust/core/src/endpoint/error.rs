//! What can go wrong in an attempt, and what the runtime or the handler is told about it.

use super::advice::Advice;
use crate::journal::{Difference, awaiting::TooDeep, notification};

/// Shorthand for results of this module.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an attempt failed or a call was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A frame, an id, a version or a size is wrong.
    #[error(transparent)]
    Core(#[from] crate::Error),
    /// A notification is not whole or carries what it cannot.
    #[error(transparent)]
    Notification(#[from] notification::Error),
    /// A tree of awaited futures is too deep.
    #[error(transparent)]
    TooDeep(#[from] TooDeep),

    /// Start announced an empty journal.
    #[error("Start announces 0 known entries, expected at least 1: the Input command")]
    NoEntries,
    /// A frame that does not belong there.
    #[error("unexpected {name} message ({code:#06X}) while {state}")]
    UnexpectedMessage {
        /// Name in the message table.
        name: &'static str,
        /// Its type code.
        code: u16,
        /// The state of the attempt.
        state: &'static str,
    },
    /// An ack for a run this attempt proposed nothing for.
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
    /// The journal starts with nothing to run.
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
        /// Bytes held, with the entry that was too much.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// A completion answers another type of command than the one that waits.
    #[error("completion {id} is a {found} notification, but {waiting} waits for it")]
    WrongCompletion {
        /// The completion id.
        id: u32,
        /// Name of the notification.
        found: &'static str,
        /// Name of the notification that was due.
        waiting: &'static str,
    },
    /// A recorded eager read without an answer.
    #[error("entry {index}: recorded {recorded} carries no result")]
    NoEagerResult {
        /// Command index.
        index: u32,
        /// The recorded command.
        recorded: String,
    },
    /// The handler ended before its journal did.
    #[error(
        "entry {index}: the handler ended while {remaining} recorded commands remain, the first is {recorded}; {advice}"
    )]
    EndedEarly {
        /// Command index of the first one left over.
        index: u32,
        /// How many are left over.
        remaining: usize,
        /// The first one left over.
        recorded: String,
        /// What to do.
        advice: Advice,
    },
    /// A child's id came in a form that must not be sent back.
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
    /// The handler awaits what it did not await when the journal was recorded.
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
        /// What was tried.
        attempted: String,
        /// The invocation id, empty before Start.
        invocation: String,
        /// How it ended.
        how: String,
    },
    /// Not possible in this state.
    #[error("cannot {attempted} while {state}: {hint}")]
    NotNow {
        /// What was tried.
        attempted: &'static str,
        /// The state of the attempt.
        state: &'static str,
        /// What to do.
        hint: &'static str,
    },
    /// A handle that this machine never gave out.
    #[error("handle {handle} is unknown: this attempt gave out {count}")]
    UnknownHandle {
        /// The handle.
        handle: u32,
        /// How many there are.
        count: usize,
    },
    /// A run method for something that is not an executing run.
    #[error("handle {handle} is not an executing run: wait for RunRequired, then propose once")]
    NotExecuting {
        /// The handle.
        handle: u32,
    },
    /// An optional text that must not be empty when it is there.
    #[error("{field} of {command} is empty; leave it out or give it a value")]
    EmptyField {
        /// Name of the field.
        field: &'static str,
        /// The command.
        command: String,
    },
    /// A limit key alone.
    #[error(
        "{command} has limit_key {limit_key:?} and no scope; a limit key counts within a scope, give both"
    )]
    LimitKeyWithoutScope {
        /// The command.
        command: String,
        /// The limit key.
        limit_key: String,
    },
    /// No id is left.
    #[error("no {what} is left: this invocation used all 32-bit numbers")]
    Exhausted {
        /// The kind of id.
        what: &'static str,
    },
}

/// What a caller does about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Recorded and attempted differ; an Error frame is written.
    Mismatch,
    /// The version lacks a feature; an Error frame is written.
    Unsupported,
    /// The attempt is over, now or before.
    Closed,
    /// An id does not parse; nothing happened.
    InvalidId,
    /// The call is not possible; nothing happened.
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

    /// What the caller does about it.
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
