//! The message table: every message of versions 5 to 7 with its type code.

use bytes::{BufMut, Bytes};
use prost::Message as _;

use super::generated as pb;
use crate::error::{Error, Result};

/// The first type code of the range of commands.
pub const FIRST_COMMAND: u16 = 0x0400;
/// The first type code of the range of notifications.
pub const FIRST_NOTIFICATION: u16 = 0x8000;
/// The first type code of the custom range; no peer understands those types, and they are never sent.
pub const FIRST_CUSTOM: u16 = 0xFC00;

/// One message: what a frame carries.
///
/// Peers of a later version may send types that are not in the tables. Unknown commands and notifications are kept, so
/// that replay can continue until one of them is needed; any other unknown type is an error.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// Steers the attempt.
    Control(Control),
    /// A journal entry that the handler issued.
    Command(Command),
    /// A journal entry that the runtime sent.
    Notification(Notification),
    /// A command of an unknown type, undecoded.
    UnknownCommand {
        /// The type code of the header.
        code: u16,
        /// The payload.
        payload: Bytes,
    },
    /// A notification of an unknown type; its id says what it is for.
    UnknownNotification {
        /// The type code of the header.
        code: u16,
        /// The payload, read with the layout that all notifications share.
        body: pb::Notification,
    },
}

impl Message {
    /// Checks from a header alone whether its message can be decoded.
    ///
    /// # Errors
    /// [`Error::UnknownControl`] (500) or [`Error::CustomMessage`] (571).
    pub fn check_code(code: u16, length: u32) -> Result<()> {
        if code >= FIRST_CUSTOM {
            return Err(Error::CustomMessage { code, length });
        }
        if code < FIRST_COMMAND && !Control::CODES.iter().any(|(known, _)| *known == code) {
            return Err(Error::UnknownControl { code, length });
        }
        Ok(())
    }

    /// Decodes the payload of a frame. Byte fields borrow from `payload` and keep it alive.
    ///
    /// # Errors
    /// [`Error::InvalidPayload`] (500), and those of [`Message::check_code`].
    pub fn decode(code: u16, mut payload: Bytes) -> Result<Self> {
        let size = payload.len();
        Self::check_code(code, u32::try_from(size).unwrap_or(u32::MAX))?;
        let decoded = match code {
            ..FIRST_COMMAND => {
                Control::decode(code, &mut payload).map(|result| result.map(Self::Control))
            }
            FIRST_COMMAND..FIRST_NOTIFICATION => {
                Command::decode(code, &mut payload).map(|result| result.map(Self::Command))
            }
            _ => Notification::decode(code, &mut payload)
                .map(|result| result.map(Self::Notification)),
        };
        let decoded = match decoded {
            Some(decoded) => decoded,
            None if code < FIRST_NOTIFICATION => Ok(Self::UnknownCommand { code, payload }),
            None => pb::Notification::decode(payload)
                .map(|body| Self::UnknownNotification { code, body }),
        };
        decoded.map_err(|reason| Error::InvalidPayload {
            name: name_of(code),
            code,
            size,
            reason: reason.to_string(),
        })
    }

    /// The type code in the frame header.
    pub fn code(&self) -> u16 {
        match self {
            Self::Control(message) => message.code(),
            Self::Command(message) => message.code(),
            Self::Notification(message) => message.code(),
            Self::UnknownCommand { code, .. } | Self::UnknownNotification { code, .. } => *code,
        }
    }

    /// The name of the message in its table; "unknown command" or "unknown notification" if it has none.
    pub fn name(&self) -> &'static str {
        name_of(self.code())
    }

    /// Whether the type of this message is in the tables.
    pub fn is_known(&self) -> bool {
        !matches!(
            self,
            Self::UnknownCommand { .. } | Self::UnknownNotification { .. }
        )
    }

    /// Length of the payload in bytes.
    pub fn encoded_len(&self) -> usize {
        match self {
            Self::Control(message) => message.encoded_len(),
            Self::Command(message) => message.encoded_len(),
            Self::Notification(message) => message.encoded_len(),
            Self::UnknownCommand { payload, .. } => payload.len(),
            Self::UnknownNotification { body, .. } => body.encoded_len(),
        }
    }

    /// Appends the payload to `buffer`, fields in ascending order.
    pub fn encode_raw(&self, buffer: &mut impl BufMut) {
        match self {
            Self::Control(message) => message.encode_raw(buffer),
            Self::Command(message) => message.encode_raw(buffer),
            Self::Notification(message) => message.encode_raw(buffer),
            Self::UnknownCommand { payload, .. } => buffer.put_slice(payload),
            Self::UnknownNotification { body, .. } => body.encode_raw(buffer),
        }
    }
}

macro_rules! wrap {
    ($($variant:ident),*) => {$(
        impl From<$variant> for Message {
            fn from(message: $variant) -> Self {
                Self::$variant(message)
            }
        }
    )*};
}

wrap!(Control, Command, Notification);

/// The name that errors and logs use for the messages of a type code.
pub fn name_of(code: u16) -> &'static str {
    let (table, unknown) = match code {
        ..FIRST_COMMAND => (Control::CODES, "unknown control"),
        FIRST_COMMAND..FIRST_NOTIFICATION => (Command::CODES, "unknown command"),
        FIRST_NOTIFICATION..FIRST_CUSTOM => (Notification::CODES, "unknown notification"),
        FIRST_CUSTOM.. => return "custom",
    };
    table
        .iter()
        .find(|(known, _)| *known == code)
        .map_or(unknown, |(_, name)| name)
}

macro_rules! table {
    ($(#[$meta:meta])* $enum:ident { $($code:literal $variant:ident($body:ty)),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        pub enum $enum {
            $(#[doc = concat!("Type code `", stringify!($code), "`.")] $variant($body),)*
        }

        impl $enum {
            /// Every type code of this table with its name, in ascending order.
            pub const CODES: &'static [(u16, &'static str)] = &[$(($code, stringify!($variant)),)*];

            /// The type code in the frame header.
            pub fn code(&self) -> u16 {
                match self { $(Self::$variant(_) => $code,)* }
            }

            /// The name of the message, without "Message" or "Command".
            pub fn name(&self) -> &'static str {
                match self { $(Self::$variant(_) => stringify!($variant),)* }
            }

            /// Length of the payload in bytes.
            pub fn encoded_len(&self) -> usize {
                match self { $(Self::$variant(body) => body.encoded_len(),)* }
            }

            /// Appends the payload to `buffer`, fields in ascending order.
            pub fn encode_raw(&self, buffer: &mut impl BufMut) {
                match self { $(Self::$variant(body) => body.encode_raw(buffer),)* }
            }

            /// Decodes the payload of a frame; `None`, and `payload` untouched, if `code` is not in this table.
            ///
            /// # Errors
            /// If the payload is not valid protobuf for this message.
            pub fn decode(
                code: u16,
                payload: &mut Bytes,
            ) -> Option<std::result::Result<Self, prost::DecodeError>> {
                match code {
                    $($code => Some(<$body>::decode(payload).map(Self::$variant)),)*
                    _ => None,
                }
            }
        }
    };
}

table! {
    /// Messages that steer an attempt and are not part of the journal.
    Control {
        0x0000 Start(pb::Start),
        0x0001 Suspension(pb::Suspension),
        0x0002 Error(pb::Error),
        0x0003 End(pb::End),
        0x0004 CommandAck(pb::CommandAck),
        0x0005 ProposeRunCompletion(pb::ProposeRunCompletion),
        0x0006 AwaitingOn(pb::AwaitingOn),
        0x0007 ProposeRunCompletionAck(pb::ProposeRunCompletionAck),
    }
}

table! {
    /// Journal entries that the handler issued.
    Command {
        0x0400 Input(pb::InputCommand),
        0x0401 Output(pb::OutputCommand),
        0x0402 GetLazyState(pb::GetLazyStateCommand),
        0x0403 SetState(pb::SetStateCommand),
        0x0404 ClearState(pb::ClearStateCommand),
        0x0405 ClearAllState(pb::ClearAllStateCommand),
        0x0406 GetLazyStateKeys(pb::GetLazyStateKeysCommand),
        0x0407 GetEagerState(pb::GetEagerStateCommand),
        0x0408 GetEagerStateKeys(pb::GetEagerStateKeysCommand),
        0x0409 GetPromise(pb::GetPromiseCommand),
        0x040A PeekPromise(pb::PeekPromiseCommand),
        0x040B CompletePromise(pb::CompletePromiseCommand),
        0x040C Sleep(pb::SleepCommand),
        0x040D Call(pb::CallCommand),
        0x040E OneWayCall(pb::OneWayCallCommand),
        0x0410 SendSignal(pb::SendSignalCommand),
        0x0411 Run(pb::RunCommand),
        0x0412 AttachInvocation(pb::AttachInvocationCommand),
        0x0413 GetInvocationOutput(pb::GetInvocationOutputCommand),
        0x0414 CompleteAwakeable(pb::CompleteAwakeableCommand),
    }
}

table! {
    /// Journal entries that the runtime sent. All share one layout; the code says which type of command they answer.
    Notification {
        0x8002 GetLazyState(pb::Notification),
        0x8006 GetLazyStateKeys(pb::Notification),
        0x8009 GetPromise(pb::Notification),
        0x800A PeekPromise(pb::Notification),
        0x800B CompletePromise(pb::Notification),
        0x800C Sleep(pb::Notification),
        0x800D Call(pb::Notification),
        0x800E CallInvocationId(pb::Notification),
        0x8011 Run(pb::Notification),
        0x8012 AttachInvocation(pb::Notification),
        0x8013 GetInvocationOutput(pb::Notification),
        0xFBFF Signal(pb::Notification),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_ascend_and_stay_in_the_range_of_their_table() {
        for (table, range) in [
            (Control::CODES, 0..FIRST_COMMAND),
            (Command::CODES, FIRST_COMMAND..FIRST_NOTIFICATION),
            (Notification::CODES, FIRST_NOTIFICATION..FIRST_CUSTOM),
        ] {
            assert!(table.windows(2).all(|pair| pair[0].0 < pair[1].0));
            assert!(table.iter().all(|(code, _)| range.contains(code)));
        }
    }

    #[test]
    fn empty_payload_of_each_code_decodes_to_the_message_named_in_its_table() {
        for (code, name) in [Control::CODES, Command::CODES, Notification::CODES].concat() {
            let message = Message::decode(code, Bytes::new()).unwrap();

            assert_eq!(
                (message.code(), message.name(), message.encoded_len()),
                (code, name, 0)
            );
            assert!(message.is_known());
        }
    }

    #[test]
    fn codes_outside_the_tables_are_named_by_their_range() {
        for (code, name) in [
            (0x0008, "unknown control"),
            (0x040F, "unknown command"),
            (0x8001, "unknown notification"),
            (0xFC00, "custom"),
        ] {
            assert_eq!(name_of(code), name);
        }
    }

    #[test]
    fn unknown_messages_give_back_their_payload() {
        for (code, payload) in [
            (0x0415, vec![0xFF, 0x00]),
            (0x8001, vec![0x08, 0x05, 0x22, 0x00]),
        ] {
            let message = Message::decode(code, payload.clone().into()).unwrap();

            let mut encoded = Vec::new();
            message.encode_raw(&mut encoded);
            assert_eq!((message.encoded_len(), encoded), (payload.len(), payload));
            assert!(!message.is_known());
        }
    }
}
