//! Journals and machines for tests.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]
#![allow(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a broken test ends"
)]

use awaken_core::endpoint::{Machine, Options, Progress, Target};
use awaken_core::journal::{Awaiting, Outcome};
use awaken_core::wire::generated::{self as pb, notification};
use awaken_core::wire::{
    Command, Control, Decoder, Encoder, Flags, Message, Notification, Version,
};
use bytes::Bytes;

/// The raw id of `inv_1dkkPaRrpMjf0EQZ1fiwpzVUMuX2NL8X8q`.
pub const RAW_ID: [u8; 24] = [
    0xb1, 0xff, 0x74, 0xda, 0xe7, 0x4b, 0x3d, 0x9b, 0x86, 0xa1, 0xb0, 0x7f, 0x84, 0x05, 0xa0, 0x69,
    0x79, 0x68, 0xd6, 0x29, 0x98, 0x9e, 0xa6, 0x15,
];
pub const ID: &str = "inv_1dkkPaRrpMjf0EQZ1fiwpzVUMuX2NL8X8q";
pub const CHILD: &str = "inv_1gZYQvcXf9Fp61u2sMvtYSRbJGxz6Qgqm5";
pub const OTHER_CHILD: &str = "inv_1hiS7NJ04H3C6TVtDCP1YdcwM2skNJPxCN";

/// One frame.
pub fn frame(message: impl Into<Message>) -> Vec<u8> {
    let mut encoder = Encoder::new(usize::MAX);
    encoder.encode(&message.into(), Flags::NONE).unwrap();
    encoder.take_output().into()
}

/// A frame of any code, including those that the encoder rejects.
pub fn raw_frame(code: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = code.to_be_bytes().to_vec();
    bytes.extend([0, 0]);
    bytes.extend(u32::try_from(payload.len()).unwrap().to_be_bytes());
    bytes.extend(payload);
    bytes
}

pub fn start(known_entries: u32) -> pb::Start {
    pb::Start {
        id: Bytes::from_static(&RAW_ID),
        debug_id: ID.to_owned(),
        known_entries,
        partial_state: true,
        random_seed: 42,
        ..pb::Start::default()
    }
}

pub fn input() -> Message {
    Command::Input(pb::InputCommand::default()).into()
}

/// Start and the frames of a journal, whose first entry is Input.
pub fn journal(start: pb::Start, entries: &[Message]) -> Vec<u8> {
    let known_entries = u32::try_from(entries.len() + 1).unwrap();
    let start = pb::Start {
        known_entries,
        ..start
    };
    let mut bytes = frame(Control::Start(start));
    bytes.extend(frame(input()));
    for entry in entries {
        bytes.extend(frame(entry.clone()));
    }
    bytes
}

pub fn bootstrapping(version: Version) -> Machine {
    Machine::new(version, Options::default())
}

/// A machine with this journal, whose input was taken.
pub fn replaying(version: Version, entries: &[Message]) -> Machine {
    started(version, start(1), entries)
}

pub fn started(version: Version, start: pb::Start, entries: &[Message]) -> Machine {
    let mut machine = bootstrapping(version);
    machine.receive(journal(start, entries).into());
    machine.take_input().unwrap();
    machine
}

/// A machine whose journal is only Input.
pub fn processing(version: Version) -> Machine {
    replaying(version, &[])
}

pub fn receive(machine: &mut Machine, message: impl Into<Message>) {
    machine.receive(frame(message).into());
}

/// Every message written since the last call.
pub fn output(machine: &mut Machine) -> Vec<Message> {
    let mut decoder = Decoder::new(usize::MAX);
    decoder.receive(machine.take_output());
    let messages: Vec<_> = std::iter::from_fn(|| decoder.take_message().unwrap()).collect();
    assert!(decoder.is_empty(), "half a frame was written");
    messages
}

pub fn output_names(machine: &mut Machine) -> Vec<&'static str> {
    output(machine).iter().map(Message::name).collect()
}

/// Code and message of the error that ended the attempt, which is also its last frame.
pub fn failure_of(machine: &mut Machine) -> (u32, String) {
    let (code, message) = machine.error().unwrap();
    let (code, message) = (code, message.to_owned());
    assert!(machine.is_closed());
    let Some(Message::Control(Control::Error(error))) = output(machine).pop() else {
        unreachable!("no Error frame at the end");
    };
    assert_eq!((error.code, &error.message), (code, &message));
    (code, message)
}

pub fn wait(machine: &mut Machine, handle: u32) -> Progress {
    machine.progress(&Awaiting::Handle(handle)).unwrap()
}

pub fn value(content: &'static str) -> Outcome {
    Outcome::Value(Bytes::from_static(content.as_bytes()))
}

pub fn failure(code: u32, message: &str) -> pb::Failure {
    pb::Failure {
        code,
        message: message.to_owned(),
        metadata: Vec::new(),
    }
}

pub fn with_metadata(code: u32, message: &str) -> pb::Failure {
    pb::Failure {
        metadata: vec![pb::FailureMetadata {
            key: "a".to_owned(),
            value: "b".to_owned(),
        }],
        ..failure(code, message)
    }
}

/// A result on the wire.
pub fn void() -> notification::Result {
    notification::Result::Void(pb::Void {})
}

pub fn some(content: &'static str) -> notification::Result {
    notification::Result::Value(pb::Value {
        content: Bytes::from_static(content.as_bytes()),
    })
}

pub fn child(id: &str) -> notification::Result {
    notification::Result::InvocationId(id.to_owned())
}

pub fn completion(id: u32, result: notification::Result) -> pb::Notification {
    pb::Notification {
        id: Some(notification::Id::CompletionId(id)),
        result: Some(result),
    }
}

pub fn signal(id: u32, result: notification::Result) -> Message {
    Notification::Signal(pb::Notification {
        id: Some(notification::Id::SignalId(id)),
        result: Some(result),
    })
    .into()
}

pub fn named(name: &str, result: notification::Result) -> Message {
    Notification::Signal(pb::Notification {
        id: Some(notification::Id::SignalName(name.to_owned())),
        result: Some(result),
    })
    .into()
}

pub fn cancel() -> Message {
    signal(1, void())
}

pub fn run_done(id: u32, content: &'static str) -> Message {
    Notification::Run(completion(id, some(content))).into()
}

pub fn sleep_done(id: u32) -> Message {
    Notification::Sleep(completion(id, void())).into()
}

pub fn run_command(id: u32, name: &str) -> Message {
    Command::Run(pb::RunCommand {
        result_completion_id: id,
        name: name.to_owned(),
    })
    .into()
}

pub fn sleep_command(id: u32, name: &str) -> Message {
    Command::Sleep(pb::SleepCommand {
        wake_up_time: 1,
        result_completion_id: id,
        name: name.to_owned(),
    })
    .into()
}

pub fn invocation(id: &str) -> Target {
    Target::Invocation(id.to_owned())
}
