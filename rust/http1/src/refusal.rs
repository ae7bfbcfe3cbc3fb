//! Why bytes of the peer are refused.

use std::fmt::{Display, Formatter, Result};

/// Bytes of a line that a reason quotes.
const QUOTED_SIZE: usize = 200;

/// The peer broke the protocol, or a limit. Its connection cannot be used any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status with which a server answers.
    pub status: u16,
    /// A sentence for people.
    pub reason: String,
}

impl Refusal {
    pub(crate) fn bad(reason: impl Into<String>) -> Self {
        Self::new(400, reason)
    }

    pub(crate) fn new(status: u16, reason: impl Into<String>) -> Self {
        Self {
            status,
            reason: reason.into(),
        }
    }

    /// Refuses a line, and quotes it.
    pub(crate) fn line(what: &str, line: &[u8]) -> Self {
        let quoted = line.get(..QUOTED_SIZE);
        let rest = if quoted.is_some() { "..." } else { "" };
        let text = quoted.unwrap_or(line).escape_ascii();
        Self::bad(format!("illegal {what}: '{text}{rest}'"))
    }
}

impl Display for Refusal {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        formatter.write_str(&self.reason)
    }
}

impl std::error::Error for Refusal {}
