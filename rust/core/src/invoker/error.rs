//! What an endpoint can break, and what a host may not do.

use crate::journal::NotificationError;

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
    Notification(#[from] NotificationError),

    /// A frame that does not belong there.
    #[error("unexpected {name} message ({code:#06X}) from the endpoint while {state}")]
    UnexpectedMessage {
        /// Name in the message table.
        name: &'static str,
        /// Its type code.
        code: u16,
        /// The state of the attempt.
        state: &'static str,
    },
    /// A command of a type that no version from 5 to 7 has.
    #[error("unknown command {code:#06X}; does the endpoint speak a newer protocol version?")]
    UnknownCommand {
        /// Its type code.
        code: u16,
    },
    /// The endpoint ended without a result.
    #[error("End without an Output command: the invocation would have no result")]
    EndWithoutOutput,
    /// A completion id that is taken, or below one that is.
    #[error("entry {index}: {command} takes completion id {id}, expected one above {last}")]
    StaleCompletionId {
        /// Command index.
        index: u32,
        /// The command in words.
        command: String,
        /// The id it takes.
        id: u32,
        /// The largest id in use, 0 for none.
        last: u32,
    },
    /// A command lacks a field, or has one that cannot be.
    #[error("entry {index}: {command}: {reason}")]
    InvalidCommand {
        /// Command index.
        index: u32,
        /// The command in words.
        command: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A proposal without a result.
    #[error("proposal for run {id} carries no result")]
    EmptyProposal {
        /// The completion id.
        id: u32,
    },
    /// A proposal for something that is no run.
    #[error("proposal for completion {id}, which belongs to no run of this invocation")]
    UnknownRun {
        /// The completion id.
        id: u32,
    },
    /// A second proposal, or one for a run that has its result.
    #[error("proposal for run {id}, which has a result already")]
    RunCompleted {
        /// The completion id.
        id: u32,
    },
    /// A suspension that nothing could end.
    #[error("{name} message names nothing that is awaited: the invocation would never go on")]
    NothingAwaited {
        /// Suspension or `AwaitingOn`.
        name: &'static str,
    },
    /// A suspension on an id that nobody took.
    #[error("{name} message awaits {what} {id}, which does not exist")]
    UnknownAwaited {
        /// Suspension or `AwaitingOn`.
        name: &'static str,
        /// completion or signal.
        what: &'static str,
        /// The id.
        id: u32,
    },
    /// The response ended in the middle.
    #[error("the response ended without End, Suspension or Error; did the endpoint stop?")]
    NoTerminal,

    /// The host calls something at the wrong time.
    #[error("cannot {attempted} while {state}; {hint}")]
    NotNow {
        /// What was called.
        attempted: &'static str,
        /// The state of the attempt.
        state: &'static str,
        /// What to do instead.
        hint: &'static str,
    },
    /// The stored journal cannot be replayed.
    #[error("cannot replay entry {entry}: {reason}")]
    InvalidJournal {
        /// 0-based entry index, notifications counted.
        entry: u32,
        /// What is wrong with it.
        reason: String,
    },
    /// A completion that nobody waits for.
    #[error("cannot notify of {name} completion {id}: {reason}")]
    UnexpectedCompletion {
        /// Name of the notification.
        name: &'static str,
        /// Its id.
        id: u32,
        /// Why not.
        reason: &'static str,
    },
}

impl Error {
    /// The code under which the attempt is recorded as failed.
    pub fn code(&self) -> u32 {
        match self {
            Self::Core(error) => error.code().into(),
            Self::Notification(error) => error.wire_code(),
            Self::NoTerminal => 500,
            _ => 571,
        }
    }
}
