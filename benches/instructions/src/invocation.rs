//! What both sides of an invocation do: machines, frames, entries, ids.

use std::hint::black_box;

use awaken_core::endpoint::{Machine, Options};
use awaken_core::invoker::{self, Start};
use awaken_core::journal::{self, Awaiting};
use awaken_core::wire::generated::{self as pb, notification};
use awaken_core::wire::{
    Command, Control, Decoder, Encoder, Flags, Message, Notification, Version,
};
use awaken_core::{AwakeableId, InvocationId};
use bytes::Bytes;

use crate::Operation;

const RUNS: u32 = 1000;
const MAX_MESSAGE: usize = 64 * 1024 * 1024;

pub(crate) fn greet() -> Operation {
    let journal = encode(&opening(0));
    Box::new(move || {
        let mut machine = Machine::new(Version::V6, Options::default());
        machine.receive(journal.clone());
        black_box(machine.take_input().unwrap());
        machine
            .succeed(Bytes::from_static(b"\"Hello Bob!\""))
            .unwrap();
        black_box(machine.take_output());
    })
}

pub(crate) fn replay() -> Operation {
    let mut messages = opening(RUNS);
    messages.extend(runs(RUNS));
    let journal = encode(&messages);
    Box::new(move || {
        let mut machine = Machine::new(Version::V6, Options::default());
        machine.receive(journal.clone());
        machine.take_input().unwrap();
        for _ in 0..RUNS {
            let run = machine.run("step").unwrap();
            black_box(machine.progress(&Awaiting::Handle(run)).unwrap());
        }
        machine.succeed(Bytes::new()).unwrap();
        black_box(machine.take_output());
    })
}

pub(crate) fn encode_frames() -> Operation {
    let messages: Vec<Message> = runs(RUNS / 2).collect();
    Box::new(move || {
        black_box(encode(black_box(&messages)));
    })
}

pub(crate) fn decode_frames() -> Operation {
    let messages: Vec<Message> = runs(RUNS / 2).collect();
    let stream = encode(&messages);
    Box::new(move || {
        let mut decoder = Decoder::default();
        decoder.receive(stream.clone());
        while let Some(message) = decoder.take_message().unwrap() {
            black_box(message);
        }
    })
}

pub(crate) fn encode_completion() -> Operation {
    let value = Bytes::from_static(b"{\"name\":\"Ada\",\"approved\":true}");
    Box::new(move || {
        let outcome = journal::notification::Outcome::Value(value.clone());
        let completion = journal::notification::Notification::completion(0x8011, 7, outcome);
        black_box(completion.unwrap().encode());
    })
}

/// The runtime's side of a greeting: the journal out, the answer in.
pub(crate) fn invoke() -> Operation {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    let input = journal::encode::input(headers, Bytes::from_static(b"\"Bob\""));
    let answer = encode(&[
        Message::Command(Command::Output(pb::OutputCommand {
            result: Some(pb::output_command::Result::Value(value("\"Hello Bob!\""))),
            ..pb::OutputCommand::default()
        })),
        Message::Control(Control::End(pb::End::default())),
    ]);
    Box::new(move || {
        let mut machine = invoker::Machine::new(Version::V6, MAX_MESSAGE);
        let start = Start {
            known_entries: 1,
            ..Start::default()
        };
        machine.start(id(), start).unwrap();
        machine.replay(journal::encode::INPUT, &input).unwrap();
        black_box(machine.take_output());
        machine.receive(answer.clone());
        machine.receive_end();
        let mut effects = 0;
        while let Some(effect) = machine.take_effect() {
            black_box(effect);
            effects += 1;
        }
        assert!(effects >= 2, "an output and an end");
    })
}

pub(crate) fn write_and_read_id() -> Operation {
    let awakeable = AwakeableId::new(id(), AwakeableId::FIRST_INDEX);
    Box::new(move || {
        let text = black_box(&awakeable).to_string();
        black_box(text.parse::<AwakeableId>().unwrap());
    })
}

fn id() -> InvocationId {
    InvocationId::from_parts(
        0x2969_b684_e643_98c4,
        0x458a_ee3f_e3da_f2b8_0944_4209_f881_7460,
    )
}

/// Start and Input.
fn opening(runs: u32) -> Vec<Message> {
    vec![
        Message::Control(Control::Start(pb::Start {
            id: Bytes::copy_from_slice(id().as_bytes()),
            debug_id: id().to_string(),
            known_entries: 2 * runs + 1,
            partial_state: true,
            ..pb::Start::default()
        })),
        Message::Command(Command::Input(pb::InputCommand {
            value: Some(value("\"Bob\"")),
            ..pb::InputCommand::default()
        })),
    ]
}

/// Runs, each followed by its result.
fn runs(count: u32) -> impl Iterator<Item = Message> {
    (1..=count).flat_map(|id| {
        [
            Message::Command(Command::Run(pb::RunCommand {
                result_completion_id: id,
                name: "step".to_owned(),
            })),
            Message::Notification(Notification::Run(pb::Notification {
                id: Some(notification::Id::CompletionId(id)),
                result: Some(notification::Result::Value(value("42"))),
            })),
        ]
    })
}

fn encode(messages: &[Message]) -> Bytes {
    let mut encoder = Encoder::default();
    for message in messages {
        encoder.encode(message, Flags::NONE).unwrap();
    }
    encoder.take_output()
}

fn value(content: &'static str) -> pb::Value {
    pb::Value {
        content: Bytes::from_static(content.as_bytes()),
    }
}
