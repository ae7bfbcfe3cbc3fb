//! Properties for any input of an endpoint: its pieces make no difference, one terminal effect comes last, and what was
//! stored can be replayed.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a broken test ends"
)]

mod support;

use awaken_core::invoker::{Effect, Machine, Start};
use awaken_core::journal::{Notification, Outcome, RUN_COMPLETION, encode, notification};
use awaken_core::wire::generated as pb;
use awaken_core::wire::{Command, Control, Flags, HEADER_LENGTH, Header, Message, Version};
use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use support::{CHILD, ID, cancel, run_command, run_done, sleep_command, sleep_done};

const MAX_MESSAGE_SIZE: usize = 512;

fn replayed(version: Version, entries: &[(u16, Bytes)]) -> Machine {
    let mut machine = Machine::new(version, MAX_MESSAGE_SIZE);
    let start = Start {
        known_entries: u32::try_from(entries.len()).unwrap(),
        ..Start::default()
    };
    machine.start(ID.parse().unwrap(), start).unwrap();
    for (code, payload) in entries {
        machine.replay(*code, payload).unwrap();
    }
    machine
}

fn input() -> (u16, Bytes) {
    (encode::INPUT, encode::input(Vec::new(), Bytes::new()))
}

/// A possible message, with ids that may be taken, free or out of range.
fn message() -> impl Strategy<Value = Message> {
    let id = 0..12_u32;
    prop_oneof![
        4 => id.clone().prop_map(|id| run_command(id, "r")),
        2 => id.clone().prop_map(|id| sleep_command(id, "")),
        2 => (id.clone(), id.clone()).prop_map(|(first, second)| call(first, second)),
        1 => id.clone().prop_map(send),
        4 => (id.clone(), any::<bool>()).prop_map(|(id, is_failure)| proposal(id, is_failure)),
        1 => any::<bool>().prop_map(set_state),
        1 => id.clone().prop_map(get_state),
        1 => id.clone().prop_map(suspension),
        1 => id.clone().prop_map(awaiting_on),
        1 => any::<bool>().prop_map(output),
        1 => Just(Control::End(pb::End {}).into()),
        1 => Just(Control::Error(pb::Error::default()).into()),
        1 => id.clone().prop_map(sleep_done),
        1 => id.prop_map(|id| run_done(id, "x")),
        1 => Just(support::input()),
        1 => Just(cancel()),
    ]
}

fn call(first: u32, second: u32) -> Message {
    Command::Call(pb::CallCommand {
        service_name: "S".to_owned(),
        handler_name: "h".to_owned(),
        invocation_id_notification_idx: first,
        result_completion_id: second,
        ..pb::CallCommand::default()
    })
    .into()
}

fn send(id: u32) -> Message {
    Command::OneWayCall(pb::OneWayCallCommand {
        service_name: "S".to_owned(),
        handler_name: if id == 7 { "" } else { "h" }.to_owned(),
        invocation_id_notification_idx: id,
        ..pb::OneWayCallCommand::default()
    })
    .into()
}

fn proposal(id: u32, is_failure: bool) -> Message {
    use pb::propose_run_completion::Result;
    let result = if is_failure {
        Result::Failure(pb::Failure::default())
    } else {
        Result::Value(Bytes::from_static(b"v"))
    };
    Control::ProposeRunCompletion(pb::ProposeRunCompletion {
        result_completion_id: id,
        result: Some(result),
    })
    .into()
}

fn set_state(has_value: bool) -> Message {
    Command::SetState(pb::SetStateCommand {
        key: Bytes::from_static(b"k"),
        value: has_value.then(pb::Value::default),
        ..pb::SetStateCommand::default()
    })
    .into()
}

fn get_state(id: u32) -> Message {
    Command::GetLazyState(pb::GetLazyStateCommand {
        result_completion_id: id,
        ..pb::GetLazyStateCommand::default()
    })
    .into()
}

fn output(has_result: bool) -> Message {
    let value = pb::output_command::Result::Value(pb::Value::default());
    Command::Output(pb::OutputCommand {
        result: has_result.then_some(value),
        ..pb::OutputCommand::default()
    })
    .into()
}

fn suspension(id: u32) -> Message {
    let suspension = pb::Suspension {
        waiting_completions: vec![id],
        awaiting_on: Some(pb::Future {
            waiting_completions: vec![id],
            ..pb::Future::default()
        }),
        ..pb::Suspension::default()
    };
    Control::Suspension(suspension).into()
}

fn awaiting_on(id: u32) -> Message {
    let hint = pb::AwaitingOn {
        awaiting_on: Some(pb::Future {
            waiting_signals: vec![id],
            ..pb::Future::default()
        }),
        executing_side_effects: false,
    };
    Control::AwaitingOn(hint).into()
}

/// The frame of a message, with any flags.
fn frame(message: &Message, is_ack_requested: bool) -> Vec<u8> {
    let flags = if is_ack_requested {
        Flags::REQUESTED_ACK
    } else {
        Flags::NONE
    };
    let header = Header {
        code: message.code(),
        flags,
        length: u32::try_from(message.encoded_len()).unwrap(),
    };
    let mut bytes = header.to_bytes().to_vec();
    message.encode_raw(&mut bytes);
    bytes
}

fn version() -> impl Strategy<Value = Version> {
    proptest::sample::select(Version::ALL.to_vec())
}

fn is_terminal(effect: &Effect) -> bool {
    matches!(
        effect,
        Effect::Ended | Effect::Suspended(_) | Effect::Failed(_)
    )
}

/// Every effect of a stream that arrives in these pieces.
fn play(version: Version, pieces: impl Iterator<Item = Bytes>) -> Vec<Effect> {
    let mut machine = replayed(version, &[input()]);
    let mut effects = Vec::new();
    for piece in pieces {
        machine.receive(piece);
        assert!(machine.buffered_size() < MAX_MESSAGE_SIZE.max(HEADER_LENGTH));
        effects.extend(std::iter::from_fn(|| machine.take_effect()));
    }
    machine.receive_end();
    effects.extend(std::iter::from_fn(|| machine.take_effect()));
    assert!(machine.is_closed());
    effects
}

/// The completions that a command asks for.
fn answers(command: &Command) -> Vec<Notification> {
    let completion = |code, id, outcome| Notification::completion(code, id, outcome).unwrap();
    let child = || Outcome::InvocationId(CHILD.to_owned());
    match command {
        Command::Sleep(c) => vec![completion(0x800C, c.result_completion_id, Outcome::Void)],
        Command::GetLazyState(c) => {
            vec![completion(0x8002, c.result_completion_id, Outcome::Void)]
        }
        Command::OneWayCall(c) => {
            vec![completion(
                0x800E,
                c.invocation_id_notification_idx,
                child(),
            )]
        }
        Command::Call(c) => vec![
            completion(0x800E, c.invocation_id_notification_idx, child()),
            completion(0x800D, c.result_completion_id, Outcome::Value(Bytes::new())),
        ],
        _ => vec![],
    }
}

proptest! {
    #[test]
    fn pieces_make_no_difference_and_one_terminal_effect_is_last(
        version in version(),
        messages in vec((message(), any::<bool>()), 0..20),
        tail in vec(any::<u8>(), 0..30),
        size in 1..40_usize,
    ) {
        let mut stream: Vec<u8> = messages.iter().flat_map(|(m, ack)| frame(m, *ack)).collect();
        stream.extend(tail);
        let stream = Bytes::from(stream);

        let whole = play(version, std::iter::once(stream.clone()));
        let pieces = play(version, stream.chunks(size).map(|piece| stream.slice_ref(piece)));

        prop_assert_eq!(&whole, &pieces);
        let terminals = whole.iter().filter(|effect| is_terminal(effect)).count();
        prop_assert_eq!(terminals, 1);
        prop_assert!(whole.last().is_some_and(is_terminal));
    }

    #[test]
    fn any_bytes_end_in_one_terminal_effect(
        version in version(),
        stream in vec(any::<u8>(), 0..200),
        size in 1..40_usize,
    ) {
        let stream = Bytes::from(stream);

        let effects = play(version, stream.chunks(size).map(|piece| stream.slice_ref(piece)));

        prop_assert_eq!(effects.iter().filter(|effect| is_terminal(effect)).count(), 1);
    }

    #[test]
    fn what_was_stored_can_be_replayed_and_told(
        version in version(),
        messages in vec((message(), any::<bool>()), 0..30),
        is_told_late in any::<bool>(),
    ) {
        let mut machine = replayed(version, &[input()]);
        let mut journal = vec![input()];
        let mut due = Vec::new();
        for (message, is_ack_requested) in &messages {
            machine.receive(frame(message, *is_ack_requested).into());
            while let Some(effect) = machine.take_effect() {
                match effect {
                    Effect::Recorded(recorded) => {
                        let commands = journal.iter().filter(|(code, _)| *code < 0x8000).count();
                        prop_assert_eq!(usize::try_from(recorded.index).unwrap(), commands);
                        journal.push((recorded.code, recorded.payload));
                        due.extend(answers(&recorded.command).into_iter().map(|n| (n.code, n.encode())));
                    }
                    Effect::RunProposed { payload, .. } => due.push((RUN_COMPLETION, payload)),
                    _ => {}
                }
            }
            if !is_told_late {
                for (code, payload) in due.drain(..) {
                    let is_open = machine.is_input_open();
                    prop_assert_eq!(machine.notify(code, &payload), Ok(is_open));
                    journal.push((code, payload));
                }
            }
        }
        let is_finished = machine.state() == awaken_core::invoker::State::Finished;
        for (code, payload) in due {
            machine.notify(code, &payload).unwrap();
            journal.push((code, payload));
        }

        let again = replayed(version, &journal);

        prop_assert!(again.is_input_open());
        prop_assert!(!is_finished || again.state() == awaken_core::invoker::State::Finished);
    }

    #[test]
    fn any_signal_is_told(version in version(), index in 1..u32::MAX, name in ".{0,8}") {
        let mut machine = replayed(version, &[input()]);
        for id in [notification::Id::Signal(index), notification::Id::Named(name)] {
            let signal = Notification::signal(id, Outcome::Void).unwrap();
            prop_assert_eq!(machine.notify(signal.code, &signal.clone().encode()), Ok(true));
        }
    }
}
