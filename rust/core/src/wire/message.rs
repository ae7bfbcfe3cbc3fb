//! The message table: every message of versions 5 to 7 with its type code. Its one home.

use prost::Message as _;

use super::generated as pb;

/// Type codes from here on belong to commands.
pub const FIRST_COMMAND: u16 = 0x0400;
/// Type codes from here on belong to notifications.
pub const FIRST_NOTIFICATION: u16 = 0x8000;
/// Type codes from here on are custom; no peer understands them and they are never sent.
pub const FIRST_CUSTOM: u16 = 0xFC00;

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
            pub fn encode_raw(&self, buffer: &mut impl bytes::BufMut) {
                match self { $(Self::$variant(body) => body.encode_raw(buffer),)* }
            }

            /// Decodes the payload of a frame; `None` when `code` is not in this table.
            ///
            /// # Errors
            /// When the payload is not valid protobuf for this message.
            pub fn decode(code: u16, payload: bytes::Bytes) -> Option<Result<Self, prost::DecodeError>> {
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
    /// Journal entries the handler asked for.
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
    /// Journal entries the runtime told. All share one layout; the code tells which command they answer.
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
