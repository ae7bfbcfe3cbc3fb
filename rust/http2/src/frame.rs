//! The 9-byte frame header (RFC 9113, section 4.1), kinds, flags and error codes, and the frames that we write.

/// Size of a frame's header, in bytes.
pub const HEADER_LENGTH: usize = 9;

/// What a client sends first (RFC 9113, section 3.4).
pub const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Largest payload that every receiver accepts by default, in bytes.
pub const DEFAULT_MAX_FRAME_SIZE: u32 = 16_384;

/// Kinds of frames (RFC 9113, section 6).
pub mod kind {
    #![allow(missing_docs, reason = "the names of the RFC")]
    pub const DATA: u8 = 0x0;
    pub const HEADERS: u8 = 0x1;
    pub const PRIORITY: u8 = 0x2;
    pub const RST_STREAM: u8 = 0x3;
    pub const SETTINGS: u8 = 0x4;
    pub const PUSH_PROMISE: u8 = 0x5;
    pub const PING: u8 = 0x6;
    pub const GOAWAY: u8 = 0x7;
    pub const WINDOW_UPDATE: u8 = 0x8;
    pub const CONTINUATION: u8 = 0x9;
}

/// Flags of frames.
pub mod flag {
    #![allow(missing_docs, reason = "the names of the RFC")]
    pub const ACK: u8 = 0x1;
    pub const END_STREAM: u8 = 0x1;
    pub const END_HEADERS: u8 = 0x4;
    pub const PADDED: u8 = 0x8;
    pub const PRIORITY: u8 = 0x20;
}

/// Names of settings (RFC 9113, section 6.5.2).
pub mod setting {
    #![allow(missing_docs, reason = "the names of the RFC")]
    pub const HEADER_TABLE_SIZE: u16 = 0x1;
    pub const ENABLE_PUSH: u16 = 0x2;
    pub const MAX_CONCURRENT_STREAMS: u16 = 0x3;
    pub const INITIAL_WINDOW_SIZE: u16 = 0x4;
    pub const MAX_FRAME_SIZE: u16 = 0x5;
    pub const MAX_HEADER_LIST_SIZE: u16 = 0x6;
}

/// Why a stream or a connection ends early: the codes of RFC 9113, section 7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum ErrorCode {
    /// Nothing is wrong.
    NoError = 0x0,
    /// The peer broke a rule that has no code of its own.
    Protocol = 0x1,
    /// This side failed.
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
    /// The peer uses too many resources.
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

/// A frame's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Size of the payload, in bytes.
    pub length: usize,
    /// Its kind.
    pub kind: u8,
    /// The flags, whose meaning depends on the kind.
    pub flags: u8,
    /// The stream; 0 means the connection.
    pub stream: u32,
}

impl Header {
    /// Reads a header; `None` if there are fewer than 9 bytes.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let &[a, b, c, kind, flags, s0, s1, s2, s3] = bytes.first_chunk::<HEADER_LENGTH>()?;
        Some(Self {
            length: usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c),
            kind,
            flags,
            stream: u32::from_be_bytes([s0, s1, s2, s3]) & 0x7fff_ffff,
        })
    }

    /// Whether a flag is set.
    pub fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// Writes a frame's header. Payloads are at most as large as the peer's largest frame, so 24 bits suffice.
pub fn write_header(output: &mut Vec<u8>, length: usize, kind: u8, flags: u8, stream: u32) {
    let length = u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
    let [s0, s1, s2, s3] = stream.to_be_bytes();
    let [_, a, b, c] = length;
    output.extend_from_slice(&[a, b, c, kind, flags, s0, s1, s2, s3]);
}

/// Writes a frame whose payload consists of 32-bit numbers.
fn write_words(output: &mut Vec<u8>, kind: u8, stream: u32, words: &[u32]) {
    write_header(output, words.len() * 4, kind, 0, stream);
    for word in words {
        output.extend_from_slice(&word.to_be_bytes());
    }
}

/// Writes `RST_STREAM`.
pub fn write_reset(output: &mut Vec<u8>, stream: u32, code: ErrorCode) {
    write_words(output, kind::RST_STREAM, stream, &[code as u32]);
}

/// Writes `WINDOW_UPDATE`.
pub fn write_window_update(output: &mut Vec<u8>, stream: u32, increment: u32) {
    write_words(output, kind::WINDOW_UPDATE, stream, &[increment]);
}

/// Writes GOAWAY.
pub fn write_goaway(output: &mut Vec<u8>, last_stream: u32, code: ErrorCode) {
    write_words(output, kind::GOAWAY, 0, &[last_stream, code as u32]);
}

/// Writes PING, or its acknowledgement.
pub fn write_ping(output: &mut Vec<u8>, flags: u8, payload: &[u8]) {
    write_header(output, payload.len(), kind::PING, flags, 0);
    output.extend_from_slice(payload);
}

/// Writes SETTINGS.
pub fn write_settings(output: &mut Vec<u8>, settings: &[(u16, u32)]) {
    write_header(output, settings.len() * 6, kind::SETTINGS, 0, 0);
    for (name, value) in settings {
        output.extend_from_slice(&name.to_be_bytes());
        output.extend_from_slice(&value.to_be_bytes());
    }
}

/// Writes the acknowledgement of SETTINGS.
pub fn write_settings_ack(output: &mut Vec<u8>) {
    write_header(output, 0, kind::SETTINGS, flag::ACK, 0);
}
