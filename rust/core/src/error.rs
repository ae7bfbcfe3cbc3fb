//! Everything that can go wrong in this crate: one enum, one wire code per variant.

/// The protocol was violated.
const PROTOCOL_VIOLATION: u16 = 571;
/// The negotiated version lacks a feature.
const UNSUPPORTED_FEATURE: u16 = 573;
/// An ordinary failure of this attempt.
const INTERNAL: u16 = 500;
/// Something is larger than a limit.
const TOO_LARGE: u16 = 413;
/// The peer asked for a version nobody here speaks.
const UNSUPPORTED_MEDIA_TYPE: u16 = 415;
/// An argument of the caller can never be right.
const BAD_REQUEST: u16 = 400;

/// Shorthand for results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, with the values at hand and what to do about it.
///
/// A machine that failed returns the same error again from every later call, so errors are cheap to compare and to clone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A control message of a type that no version from 5 to 7 has.
    #[error(
        "unknown control message {code:#06X} of {length} bytes; does the peer speak a newer protocol version?"
    )]
    UnknownControl {
        /// The type code of the header.
        code: u16,
        /// The payload length of the header, in bytes.
        length: u32,
    },

    /// A message of the custom range, which is reserved and never sent.
    #[error(
        "custom message {code:#06X} of {length} bytes; types from 0xFC00 on are not part of the protocol"
    )]
    CustomMessage {
        /// The type code of the header.
        code: u16,
        /// The payload length of the header, in bytes.
        length: u32,
    },

    /// A frame header announced more than the receiver's limit; the payload was not read.
    #[error(
        "{name} message ({code:#06X}) of {size} bytes exceeds max_message_size {limit}; raise the limit or store a reference"
    )]
    MessageTooLarge {
        /// Name in the message table.
        name: &'static str,
        /// The type code of the header.
        code: u16,
        /// Announced payload in bytes.
        size: usize,
        /// Largest payload accepted, in bytes.
        limit: usize,
    },

    /// A message is larger than what the other side accepts; nothing was written.
    #[error(
        "cannot send {name} message of {size} bytes: the peer accepts {limit}; store the value elsewhere and send a reference"
    )]
    PayloadTooLarge {
        /// Name in the message table.
        name: &'static str,
        /// Payload in bytes.
        size: usize,
        /// Largest payload the peer accepts, in bytes.
        limit: usize,
    },

    /// A payload is not valid protobuf for its type.
    #[error("cannot decode {name} message ({code:#06X}) of {size} bytes: {reason}")]
    InvalidPayload {
        /// Name in the message table.
        name: &'static str,
        /// The type code of the header.
        code: u16,
        /// Payload in bytes.
        size: usize,
        /// What the protobuf decoder said.
        reason: String,
    },

    /// A message that must not leave: peers do not survive types they do not know.
    #[error(
        "cannot send {name} message {code:#06X}: a server stops on types it does not know; drop the message"
    )]
    UnsendableMessage {
        /// "unknown command" or "unknown notification".
        name: &'static str,
        /// The type code it was received with.
        code: u16,
    },

    /// A tree of awaited futures is nested deeper than peers decode.
    #[error(
        "cannot send {name} message: its tree of awaited futures is more than {limit} levels deep; nest gather and select less"
    )]
    FutureTooDeep {
        /// Name in the message table.
        name: &'static str,
        /// Deepest tree that may be sent.
        limit: usize,
    },

    /// A protocol version outside the supported range.
    #[error("protocol version {version} is not supported; supported are {min} to {max}")]
    UnsupportedVersion {
        /// The version asked for.
        version: u32,
        /// Oldest supported version.
        min: u32,
        /// Newest supported version.
        max: u32,
    },

    /// A content type that names no supported protocol version.
    #[error(
        "content-type {content_type:?} names no supported protocol version; send application/vnd.restate.invocation.v5, v6 or v7"
    )]
    UnsupportedContentType {
        /// The header value, shortened when long.
        content_type: String,
    },

    /// Something the negotiated protocol version cannot express.
    #[error(
        "{feature} needs protocol version {since}, and the runtime negotiated {version}; upgrade the runtime or do without"
    )]
    UnsupportedFeature {
        /// What was asked for, as a noun.
        feature: &'static str,
        /// First version that has it.
        since: u32,
        /// The negotiated version.
        version: u32,
    },

    /// A text or a byte string that is not an invocation id.
    #[error(
        "invalid invocation id {id:?}: {reason}; copy it whole, like inv_1 and 33 letters or digits"
    )]
    InvalidInvocationId {
        /// What was given, shortened when long.
        id: String,
        /// Which rule it breaks.
        reason: String,
    },

    /// A text that is not an awakeable id.
    #[error(
        "invalid awakeable id {id:?}: {reason}; copy it whole, like sign_1 and 38 characters of base64url"
    )]
    InvalidAwakeableId {
        /// What was given, shortened when long.
        id: String,
        /// Which rule it breaks.
        reason: String,
    },

    /// An awakeable id with the prefix of old protocol versions, where only the current one is safe.
    #[error(
        "refusing legacy awakeable id {id:?}: a server can lose a partition over prom_1; use {current} instead"
    )]
    LegacyAwakeableId {
        /// What was given.
        id: String,
        /// The same payload with the current prefix.
        current: String,
    },
}

impl Error {
    /// The code of the Error frame or failure that tells the peer about this.
    pub const fn code(&self) -> u16 {
        match self {
            Self::CustomMessage { .. } => PROTOCOL_VIOLATION,
            Self::UnknownControl { .. }
            | Self::InvalidPayload { .. }
            | Self::UnsendableMessage { .. }
            | Self::FutureTooDeep { .. } => INTERNAL,
            Self::MessageTooLarge { .. } | Self::PayloadTooLarge { .. } => TOO_LARGE,
            Self::UnsupportedVersion { .. } | Self::UnsupportedContentType { .. } => {
                UNSUPPORTED_MEDIA_TYPE
            }
            Self::UnsupportedFeature { .. } => UNSUPPORTED_FEATURE,
            Self::InvalidInvocationId { .. }
            | Self::InvalidAwakeableId { .. }
            | Self::LegacyAwakeableId { .. } => BAD_REQUEST,
        }
    }
}

/// Longest piece of foreign text repeated in an error, in characters.
const MAX_QUOTED: usize = 80;

/// Shortens foreign text, so that an error never carries a megabyte of it.
pub(crate) fn quote(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTED) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
