//! Why a stream or a connection ends early.

/// The codes of RFC 9113, section 7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum ErrorCode {
    /// Nothing is wrong.
    NoError = 0x0,
    /// The peer broke a rule that has no code of its own.
    Protocol = 0x1,
    /// We failed.
    Internal = 0x2,
    /// A window was exceeded, or grew too large.
    FlowControl = 0x3,
    /// A frame came for a stream that is closed.
    StreamClosed = 0x5,
    /// A frame has a size that its kind cannot have.
    FrameSize = 0x6,
    /// The stream was not processed.
    RefusedStream = 0x7,
    /// The stream is no longer needed.
    Cancel = 0x8,
    /// A header block does not decode.
    Compression = 0x9,
    /// The peer asks too much.
    EnhanceYourCalm = 0xb,
}

impl ErrorCode {
    /// The code with this number, if this side uses it.
    pub fn from_number(number: u32) -> Option<Self> {
        [
            Self::NoError,
            Self::Protocol,
            Self::Internal,
            Self::FlowControl,
            Self::StreamClosed,
            Self::FrameSize,
            Self::RefusedStream,
            Self::Cancel,
            Self::Compression,
            Self::EnhanceYourCalm,
        ]
        .into_iter()
        .find(|code| *code as u32 == number)
    }
}

/// The peer broke the protocol in a way that ends the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionError {
    /// What the GOAWAY frame says.
    pub code: ErrorCode,
    /// What happened, with values.
    pub reason: String,
}

impl ConnectionError {
    pub(crate) fn new(code: ErrorCode, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
        }
    }
}

impl std::fmt::Display for ConnectionError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.reason)
    }
}

impl std::error::Error for ConnectionError {}
