//! How an attempt ended, and its Error frame while it can still be changed.

use crate::wire::generated as pb;

/// How the attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Output and End.
    Ended,
    /// Suspension.
    Suspended,
    /// Error.
    Failed {
        /// Its code.
        code: u32,
        /// Its message.
        message: String,
    },
}

/// An Error frame that is still in the output, and where it starts.
#[derive(Clone, Debug)]
pub(super) struct UnsentError {
    pub(super) start: usize,
    pub(super) frame: pb::Error,
}

/// The command that an Error frame is about.
#[derive(Clone, Debug)]
pub(super) struct Related {
    pub(super) index: u32,
    pub(super) code: u16,
    pub(super) name: String,
}
