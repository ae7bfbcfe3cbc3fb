//! The errors shared by all modules of this crate, with one wire code per variant.

/// The protocol was violated.
const PROTOCOL_VIOLATION: u16 = 571;
/// The negotiated version lacks a feature.
const UNSUPPORTED_FEATURE: u16 = 573;
/// An ordinary failure of this attempt.
const INTERNAL: u16 = 500;
/// Something is larger than a limit.
const TOO_LARGE: u16 = 413;
/// The peer asked for a version that this crate does not speak.
const UNSUPPORTED_MEDIA_TYPE: u16 = 415;
/// An argument of the caller can never be right.
const BAD_REQUEST: u16 = 400;

/// Shorthand for results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error, with the values involved and what to do about it.
///
/// A machine that failed returns the same error from every later call, so errors are cheap to compare and to clone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A control message whose type is unknown in versions 5 to 7.
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

    /// A message is larger than the other side accepts; nothing was written.
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

    /// A message that must not be sent: peers fail on types they do not know.
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
    #[error("protocol version {version} is not supported; use one from {min} to {max}")]
    UnsupportedVersion {
        /// The version asked for.
        version: u32,
        /// Oldest supported version.
        min: u32,
        /// Newest supported version.
        max: u32,
    },

    /// Something the negotiated protocol version cannot express.
    #[error(
        "{feature} needs protocol version {since}, but the runtime negotiated {version}; upgrade the runtime or avoid the feature"
    )]
    UnsupportedFeature {
        /// The feature, as a noun.
        feature: &'static str,
        /// First version that has it.
        since: u32,
        /// The negotiated version.
        version: u32,
    },

    /// A text or a byte string that is not an invocation id.
    #[error(
        "invalid invocation id {id:?}: {reason}; copy it whole: inv_1 and 33 letters or digits"
    )]
    InvalidInvocationId {
        /// What was given, shortened when long.
        id: String,
        /// The rule that it breaks.
        reason: String,
    },

    /// A text that is not an awakeable id.
    #[error(
        "invalid awakeable id {id:?}: {reason}; copy it whole: sign_1 and 38 characters of base64url"
    )]
    InvalidAwakeableId {
        /// What was given, shortened when long.
        id: String,
        /// The rule that it breaks.
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
    /// The code of the Error frame or failure that reports this error to the peer.
    pub const fn code(&self) -> u16 {
        match self {
            Self::CustomMessage { .. } => PROTOCOL_VIOLATION,
            Self::UnknownControl { .. }
            | Self::InvalidPayload { .. }
            | Self::UnsendableMessage { .. }
            | Self::FutureTooDeep { .. } => INTERNAL,
            Self::MessageTooLarge { .. } | Self::PayloadTooLarge { .. } => TOO_LARGE,
            Self::UnsupportedVersion { .. } => UNSUPPORTED_MEDIA_TYPE,
            Self::UnsupportedFeature { .. } => UNSUPPORTED_FEATURE,
            Self::InvalidInvocationId { .. }
            | Self::InvalidAwakeableId { .. }
            | Self::LegacyAwakeableId { .. } => BAD_REQUEST,
        }
    }
}

/// Longest piece of quoted input in an error, in characters.
const MAX_QUOTED: usize = 80;

/// Shortens quoted input, so that an error never carries a megabyte of it.
pub(crate) fn quote(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTED) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One example of each variant with its code and text. A variant that is not listed does not compile.
    macro_rules! examples {
        ($($variant:ident { $($field:ident: $value:expr),* } => $code:literal $text:literal,)*) => {
            fn examples() -> Vec<(Error, u16, &'static str)> {
                vec![$((Error::$variant { $($field: $value),* }, $code, $text),)*]
            }

            /// The name under which a variant is listed.
            fn listed_as(error: &Error) -> &'static str {
                match error {
                    $(Error::$variant { .. } => stringify!($variant),)*
                }
            }
        };
    }

    examples! {
        UnknownControl { code: 0x0008, length: 12 } => 500
            "unknown control message 0x0008 of 12 bytes; does the peer speak a newer protocol version?",
        CustomMessage { code: 0xFC01, length: 3 } => 571
            "custom message 0xFC01 of 3 bytes; types from 0xFC00 on are not part of the protocol",
        MessageTooLarge { name: "SetState", code: 0x0403, size: 70_254_592, limit: 67_108_864 } => 413
            "SetState message (0x0403) of 70254592 bytes exceeds max_message_size 67108864; \
             raise the limit or store a reference",
        PayloadTooLarge { name: "Output", size: 33_816_576, limit: 33_816_575 } => 413
            "cannot send Output message of 33816576 bytes: the peer accepts 33816575; \
             store the value elsewhere and send a reference",
        InvalidPayload { name: "Call", code: 0x040D, size: 7, reason: "invalid varint".to_owned() } => 500
            "cannot decode Call message (0x040D) of 7 bytes: invalid varint",
        UnsendableMessage { name: "unknown command", code: 0x0415 } => 500
            "cannot send unknown command message 0x0415: a server stops on types it does not know; drop the message",
        FutureTooDeep { name: "Suspension", limit: 100 } => 500
            "cannot send Suspension message: its tree of awaited futures is more than 100 levels deep; \
             nest gather and select less",
        UnsupportedVersion { version: 8, min: 5, max: 7 } => 415
            "protocol version 8 is not supported; use one from 5 to 7",
        UnsupportedFeature { feature: "failure metadata", since: 6, version: 5 } => 573
            "failure metadata needs protocol version 6, but the runtime negotiated 5; \
             upgrade the runtime or avoid the feature",
        InvalidInvocationId { id: "inv_2".to_owned(), reason: "it does not start with inv_1".to_owned() } => 400
            "invalid invocation id \"inv_2\": it does not start with inv_1; \
             copy it whole: inv_1 and 33 letters or digits",
        InvalidAwakeableId { id: "sign_1".to_owned(), reason: "too short".to_owned() } => 400
            "invalid awakeable id \"sign_1\": too short; copy it whole: sign_1 and 38 characters of base64url",
        LegacyAwakeableId { id: "prom_1abc".to_owned(), current: "sign_1abc".to_owned() } => 400
            "refusing legacy awakeable id \"prom_1abc\": a server can lose a partition over prom_1; \
             use sign_1abc instead",
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
        let mut listed: Vec<_> = examples()
            .iter()
            .map(|(error, ..)| listed_as(error))
            .collect();
        let count = listed.len();
        listed.sort_unstable();
        listed.dedup();

        assert_eq!(listed.len(), count);
    }

    #[test]
    fn texts_are_lowercase_first_and_have_no_full_stop() {
        for (error, ..) in examples() {
            let text = error.to_string();

            assert!(!text.ends_with('.'), "{text}");
            let first_word = text.split(' ').next().unwrap();
            let is_message_name = first_word == "SetState";
            assert!(
                is_message_name || text.starts_with(char::is_lowercase),
                "{text}"
            );
        }
    }

    #[test]
    fn foreign_text_is_shortened_between_characters() {
        let long = "é".repeat(1000);

        assert_eq!(quote(&long), format!("{}...", "é".repeat(80)));
        assert_eq!(quote("short"), "short");
    }
}
