//! Protocol violations of an endpoint, and calls that a host must not make.

use crate::journal::notification;

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

    /// A frame that is not allowed in this state.
    #[error("unexpected {name} message ({code:#06X}) from the endpoint while {state}")]
    UnexpectedMessage {
        /// Name in the message table.
        name: &'static str,
        /// Its type code.
        code: u16,
        /// The state of the attempt.
        state: &'static str,
    },
    /// A command whose type is unknown in versions 5 to 7.
    #[error("unknown command {code:#06X}; does the endpoint speak a newer protocol version?")]
    UnknownCommand {
        /// Its type code.
        code: u16,
    },
    /// The endpoint ended without a result.
    #[error("End without an Output command: the invocation would have no result")]
    EndWithoutOutput,
    /// A completion id that is not above all ids in use.
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
    /// A command lacks a field or has an invalid one.
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
    /// A proposal for something that is not a run.
    #[error("proposal for completion {id}, which is not a run of this invocation")]
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
    /// A suspension that could never end.
    #[error("{name} message awaits nothing: the invocation would never resume")]
    NothingAwaited {
        /// Suspension or `AwaitingOn`.
        name: &'static str,
    },
    /// A suspension on an id that does not exist.
    #[error("{name} message awaits {what} {id}, which does not exist")]
    UnknownAwaited {
        /// Suspension or `AwaitingOn`.
        name: &'static str,
        /// completion or signal.
        what: &'static str,
        /// The id.
        id: u32,
    },
    /// The response ended without a terminal frame.
    #[error("the response ended without End, Suspension or Error; did the endpoint stop?")]
    NoTerminal,

    /// The host made a call at the wrong time.
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
        /// 0-based entry index, including notifications.
        entry: u32,
        /// What is wrong with it.
        reason: String,
    },
    /// A stored notification whose type is unknown in versions 5 to 7.
    #[error("{code:#06X} is not a notification of protocol versions 5 to 7")]
    UnknownNotification {
        /// Its type code.
        code: u16,
    },
    /// A completion that no command waits for.
    #[error("cannot notify of {name} completion {id}: {reason}")]
    UnexpectedCompletion {
        /// Name of the notification.
        name: &'static str,
        /// Its id.
        id: u32,
        /// Why it is unexpected.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// One example of each variant with its code and text. A variant that is not listed does not compile.
    macro_rules! examples {
        ($($pattern:pat, $error:expr => $code:literal $text:expr,)*) => {
            fn examples() -> Vec<(Error, u32, String)> {
                use Error::*;
                vec![$(($error, $code, $text.to_string()),)*]
            }

            /// The position under which a variant is listed.
            fn listed_as(error: &Error) -> usize {
                use Error::*;
                let mut position = 0;
                $(
                    if matches!(error, $pattern) {
                        return position;
                    }
                    position += 1;
                )*
                // Only a variant without an example could reach this, and such a variant does not compile.
                match error { $($pattern => position,)* }
            }
        };
    }

    examples! {
        Core(_), Core(crate::Error::CustomMessage { code: 0xFC01, length: 3 }) => 571
            "custom message 0xFC01 of 3 bytes; types from 0xFC00 on are not part of the protocol",
        Notification(_), Notification(notification::Error::NoId("Sleep")) => 500
            "Sleep notification carries no id",
        UnexpectedMessage { .. }, UnexpectedMessage { name: "End", code: 3, state: "replaying" } => 571
            "unexpected End message (0x0003) from the endpoint while replaying",
        UnknownCommand { .. }, UnknownCommand { code: 0x0415 } => 571
            "unknown command 0x0415; does the endpoint speak a newer protocol version?",
        EndWithoutOutput, EndWithoutOutput => 571
            "End without an Output command: the invocation would have no result",
        StaleCompletionId { .. },
        StaleCompletionId { index: 3, command: "sleep".to_owned(), id: 1, last: 2 } => 571
            "entry 3: sleep takes completion id 1, expected one above 2",
        InvalidCommand { .. },
        InvalidCommand { index: 3, command: "output".to_owned(), reason: "it carries no result".to_owned() } => 571
            "entry 3: output: it carries no result",
        EmptyProposal { .. }, EmptyProposal { id: 1 } => 571
            "proposal for run 1 carries no result",
        UnknownRun { .. }, UnknownRun { id: 1 } => 571
            "proposal for completion 1, which is not a run of this invocation",
        RunCompleted { .. }, RunCompleted { id: 1 } => 571
            "proposal for run 1, which has a result already",
        NothingAwaited { .. }, NothingAwaited { name: "Suspension" } => 571
            "Suspension message awaits nothing: the invocation would never resume",
        UnknownAwaited { .. }, UnknownAwaited { name: "Suspension", what: "completion", id: 2 } => 571
            "Suspension message awaits completion 2, which does not exist",
        NoTerminal, NoTerminal => 500
            "the response ended without End, Suspension or Error; did the endpoint stop?",
        NotNow { .. }, NotNow { attempted: "replay", state: "idle", hint: "start first" } => 571
            "cannot replay while idle; start first",
        InvalidJournal { .. }, InvalidJournal { entry: 4, reason: "a command follows Output".to_owned() } => 571
            "cannot replay entry 4: a command follows Output",
        UnknownNotification { .. }, UnknownNotification { code: 0xFC01 } => 571
            "0xFC01 is not a notification of protocol versions 5 to 7",
        UnexpectedCompletion { .. },
        UnexpectedCompletion { name: "Sleep", id: 2, reason: "it has arrived before" } => 571
            "cannot notify of Sleep completion 2: it has arrived before",
    }

    #[test]
    fn every_variant_has_its_code_and_text() {
        for (error, code, text) in examples() {
            assert_eq!(error.to_string(), text);
            assert_eq!(error.code(), code, "{text}");
        }
    }

    #[test]
    fn every_variant_is_listed_once() {
        let listed: Vec<_> = examples()
            .iter()
            .map(|(error, ..)| listed_as(error))
            .collect();

        assert_eq!(listed, (0..listed.len()).collect::<Vec<_>>());
    }
}
