//! What an endpoint may send and when, and what a host may do. Every violation fails the attempt and none is stored.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a broken test ends"
)]

mod support;

use awaken_core::invoker::{
    DEFAULT_MAX_MESSAGE_SIZE, Effect, Error, Failed, Machine, Start, State,
};
use awaken_core::journal::{RUN_COMPLETION, encode};
use awaken_core::wire::generated::{self as pb, attach_invocation_command as attach};
use awaken_core::wire::{Command, Control, Decoder, Encoder, Flags, Header, Message, Version};
use bytes::Bytes;
use prost::Message as _;
use support::{
    CHILD, ID, cancel, frame, raw_frame, run_command, run_done, signal, sleep_command, sleep_done,
    some,
};

/// The payload of a message.
fn payload(message: &Message) -> Bytes {
    let mut bytes = Vec::new();
    message.encode_raw(&mut bytes);
    bytes.into()
}

/// A machine that has replayed Input and these entries.
fn opened(version: Version, entries: &[Message]) -> Machine {
    let mut machine = replaying(version, entries.len() + 1);
    for entry in entries {
        machine.replay(entry.code(), &payload(entry)).unwrap();
    }
    machine.take_output();
    machine
}

/// A machine that has replayed Input out of this many entries.
fn replaying(version: Version, known_entries: usize) -> Machine {
    let mut machine = Machine::new(version, DEFAULT_MAX_MESSAGE_SIZE);
    let start = Start {
        known_entries: known_entries.try_into().unwrap(),
        ..Start::default()
    };
    machine.start(ID.parse().unwrap(), start).unwrap();
    let input = encode::input(Vec::new(), Bytes::new());
    machine.replay(encode::INPUT, &input).unwrap();
    machine
}

fn send(machine: &mut Machine, message: impl Into<Message>) {
    machine.receive(frame(message).into());
}

fn effects(machine: &mut Machine) -> Vec<Effect> {
    std::iter::from_fn(|| machine.take_effect()).collect()
}

/// The failure of the attempt, which must be its only effect.
#[track_caller]
fn failure(machine: &mut Machine) -> Failed {
    let mut effects = effects(machine);
    let Some(Effect::Failed(failed)) = effects.pop() else {
        panic!("it did not fail: {effects:?}");
    };
    assert_eq!(effects, []);
    assert!(machine.is_closed());
    *failed
}

/// The text of the violation that this message is.
#[track_caller]
fn violation(machine: &mut Machine, message: impl Into<Message>) -> String {
    send(machine, message);
    let failed = failure(machine);
    assert!(failed.is_violation);
    assert_eq!(failed.code, 571, "{}", failed.message);
    failed.message
}

fn output() -> Command {
    Command::Output(pb::OutputCommand {
        result: Some(pb::output_command::Result::Value(pb::Value::default())),
        ..pb::OutputCommand::default()
    })
}

fn proposal(id: u32) -> Control {
    Control::ProposeRunCompletion(pb::ProposeRunCompletion {
        result_completion_id: id,
        result: Some(pb::propose_run_completion::Result::Value(Bytes::new())),
    })
}

fn suspension(completions: &[u32], signals: &[u32]) -> Control {
    Control::Suspension(pb::Suspension {
        waiting_completions: completions.to_vec(),
        waiting_signals: signals.to_vec(),
        ..pb::Suspension::default()
    })
}

fn tree(completions: &[u32]) -> pb::Future {
    pb::Future {
        waiting_completions: completions.to_vec(),
        ..pb::Future::default()
    }
}

fn end() -> Control {
    Control::End(pb::End {})
}

#[test]
fn start_tells_what_the_version_knows() {
    for (version, is_told) in [
        (Version::V5, false),
        (Version::V6, false),
        (Version::V7, true),
    ] {
        let mut machine = Machine::new(version, DEFAULT_MAX_MESSAGE_SIZE);
        let text = |text: &str| Some(text.to_owned());
        let start = Start {
            known_entries: 2,
            key: "k".to_owned(),
            state: vec![
                ("a".to_owned(), Bytes::from_static(b"1")),
                ("empty".to_owned(), Bytes::new()),
            ],
            is_state_partial: true,
            retry_count: 3,
            duration_since_last_stored_entry_ms: 4,
            random_seed: 5,
            scope: text("s"),
            limit_key: text("l"),
            idempotency_key: text("i"),
        };
        machine.start(ID.parse().unwrap(), start).unwrap();

        let entry = |key: &'static str, value: &'static str| pb::StateEntry {
            key: Bytes::from_static(key.as_bytes()),
            value: Bytes::from_static(value.as_bytes()),
        };
        let expected = Control::Start(pb::Start {
            id: Bytes::from_static(&support::RAW_ID),
            debug_id: ID.to_owned(),
            known_entries: 2,
            state_map: vec![entry("a", "1"), entry("empty", "")],
            partial_state: true,
            key: "k".to_owned(),
            retry_count_since_last_stored_entry: 3,
            duration_since_last_stored_entry: 4,
            random_seed: 5,
            scope: text("s").filter(|_| is_told),
            limit_key: text("l").filter(|_| is_told),
            idempotency_key: text("i").filter(|_| is_told),
        });
        assert_eq!(machine.take_output(), frame(expected));
    }
}

#[test]
fn end_without_output_is_a_violation() {
    let mut machine = opened(Version::V6, &[]);

    let message = violation(&mut machine, end());

    assert_eq!(
        message,
        "End without an Output command: the invocation would have no result"
    );
}

#[test]
fn end_after_a_replayed_output_is_fine() {
    let mut machine = opened(Version::V6, &[output().into()]);
    assert_eq!(machine.state(), State::Finished);

    send(&mut machine, end());

    assert_eq!(effects(&mut machine), [Effect::Ended]);
}

#[test]
fn nothing_but_proposals_and_end_follows_output() {
    for message in [
        output().into(),
        run_command(2, "r"),
        suspension(&[], &[1]).into(),
    ] {
        let mut machine = opened(Version::V6, &[run_command(1, "r"), output().into()]);
        let text = violation(&mut machine, message);
        assert!(text.ends_with("from the endpoint while finished"), "{text}");
    }

    let mut machine = opened(Version::V6, &[run_command(1, "r"), output().into()]);
    send(&mut machine, proposal(1));
    assert!(matches!(
        effects(&mut machine).as_slice(),
        [Effect::RunProposed { .. }]
    ));
}

#[test]
fn commands_wait_for_the_end_of_the_replay() {
    for message in [
        run_command(1, "r"),
        output().into(),
        proposal(1).into(),
        end().into(),
        suspension(&[], &[1]).into(),
    ] {
        let mut machine = replaying(Version::V6, 2);
        let text = violation(&mut machine, message);
        assert!(
            text.ends_with("from the endpoint while replaying"),
            "{text}"
        );
        // The host continues as if nothing had happened, until it takes the effect.
        machine.replay(0xFBFF, &payload(&cancel())).unwrap();
    }
}

#[test]
fn an_error_may_come_at_any_time() {
    let error = pb::Error {
        code: 500,
        message: "boom".to_owned(),
        stacktrace: "trace".to_owned(),
        related_command_index: Some(1),
        related_command_name: Some("r".to_owned()),
        related_command_type: Some(0x0411),
        next_retry_delay: Some(50),
        behavior: pb::ErrorBehavior::Pause.into(),
    };
    for mut machine in [
        replaying(Version::V7, 2),
        opened(Version::V7, &[]),
        opened(Version::V7, &[output().into()]),
    ] {
        send(&mut machine, Control::Error(error.clone()));

        let failed = failure(&mut machine);

        assert_eq!(failed, Failed::from(error.clone()));
        assert_eq!(failed.behavior, pb::ErrorBehavior::Pause);
        assert!(!failed.is_violation);
    }
}

#[test]
fn frames_of_the_runtime_are_violations_from_the_endpoint() {
    for message in [
        Control::Start(pb::Start::default()).into(),
        Control::CommandAck(pb::CommandAck::default()).into(),
        Control::ProposeRunCompletionAck(pb::ProposeRunCompletionAck::default()).into(),
        support::input(),
        sleep_done(1),
        cancel(),
    ] {
        let name = message.name();
        let text = violation(&mut opened(Version::V7, &[]), message);
        assert!(
            text.starts_with(&format!("unexpected {name} message")),
            "{text}"
        );
    }
}

#[test]
fn unknown_frames_end_the_attempt_and_nothing_else() {
    for (code, wire_code, text) in [
        (0x0415, 571, "unknown command 0x0415"),
        (0x0008, 500, "unknown control message 0x0008"),
        (
            0x8001,
            571,
            "unexpected unknown notification message (0x8001)",
        ),
        (0xFC01, 571, "custom message 0xFC01"),
    ] {
        let mut machine = opened(Version::V7, &[]);
        machine.receive(raw_frame(code, b"x").into());

        let failed = failure(&mut machine);

        assert_eq!((failed.code, failed.is_violation), (wire_code, true));
        assert!(failed.message.starts_with(text), "{}", failed.message);
    }
}

#[test]
fn frames_above_the_limit_are_refused_from_their_header() {
    let mut machine = opened(Version::V6, &[]);
    machine.receive(Bytes::from_static(&[0x04, 0x03, 0, 0, 0x02, 0x04, 0, 0]));

    let failed = failure(&mut machine);

    assert_eq!(failed.code, 413);
    assert_eq!(
        failed.message,
        "SetState message (0x0403) of 33816576 bytes exceeds max_message_size 33816575; \
         raise the limit or store a reference"
    );
}

#[test]
fn payloads_that_are_no_messages_are_refused() {
    for (code, payload) in [
        (0x0401, &b"\xff"[..]),
        // Names are UTF-8.
        (0x0411, b"\x62\x01\xff"),
        (0x0005, b"\xff"),
        (0x0001, b"\xff"),
    ] {
        let mut machine = opened(Version::V6, &[]);
        machine.receive(raw_frame(code, payload).into());

        assert_eq!(failure(&mut machine).code, 500);
    }
}

#[test]
fn what_comes_before_a_violation_counts() {
    let mut machine = opened(Version::V6, &[]);
    let mut bytes = frame(run_command(1, "r"));
    bytes.extend(frame(proposal(1)));
    bytes.extend(frame(end()));
    bytes.extend(frame(run_command(2, "r")));
    machine.receive(bytes.into());

    let effects = effects(&mut machine);

    assert!(matches!(
        effects.as_slice(),
        [
            Effect::Recorded(_),
            Effect::RunProposed { .. },
            Effect::Failed(_)
        ]
    ));
}

#[test]
fn what_comes_after_the_terminal_frame_is_ignored() {
    let mut machine = opened(Version::V6, &[]);
    let mut bytes = frame(output());
    bytes.extend(frame(end()));
    bytes.extend(frame(run_command(1, "r")));
    bytes.extend([0xFF; 20]);
    machine.receive(bytes.into());
    machine.receive(Bytes::from_static(b"more"));
    machine.receive_end();

    let effects = effects(&mut machine);

    assert!(matches!(
        effects.as_slice(),
        [Effect::Recorded(_), Effect::Ended]
    ));
    assert_eq!(machine.buffered_size(), 0);
    assert_eq!(machine.notify(0xFBFF, &payload(&cancel())), Ok(false));
    assert!(!machine.is_output_pending());
}

#[test]
fn a_response_that_ends_early_is_a_failure_and_no_violation() {
    for mut machine in [
        Machine::new(Version::V6, DEFAULT_MAX_MESSAGE_SIZE),
        replaying(Version::V6, 2),
        opened(Version::V6, &[]),
        opened(Version::V6, &[output().into()]),
    ] {
        // Half a frame changes nothing.
        machine.receive(Bytes::from_static(&[0, 3, 0]));
        machine.receive_end();

        let failed = failure(&mut machine);

        assert_eq!((failed.code, failed.is_violation), (500, false));
        assert_eq!(
            failed.message,
            "the response ended without End, Suspension or Error; did the endpoint stop?"
        );
    }
}

#[test]
fn completion_ids_are_fresh() {
    for (command, text) in [
        (
            sleep_command(2, "again"),
            "entry 2: sleep \"again\" takes completion id 2, expected one above 2",
        ),
        (
            sleep_command(1, ""),
            "entry 2: sleep takes completion id 1, expected one above 2",
        ),
        (
            sleep_command(0, ""),
            "entry 2: sleep takes completion id 0, expected one above 2",
        ),
    ] {
        let mut machine = opened(Version::V6, &[run_command(2, "r")]);
        assert_eq!(violation(&mut machine, command), text);
    }

    // Eager reads take an id that is not in their command.
    let mut machine = opened(Version::V6, &[run_command(2, "r")]);
    send(&mut machine, sleep_command(9, ""));
    assert_eq!(effects(&mut machine).len(), 1);
}

#[test]
fn both_ids_of_a_call_are_fresh() {
    let call = |first: u32, second: u32| {
        Command::Call(pb::CallCommand {
            service_name: "S".to_owned(),
            handler_name: "h".to_owned(),
            invocation_id_notification_idx: first,
            result_completion_id: second,
            ..pb::CallCommand::default()
        })
    };
    for (first, second) in [(2, 3), (3, 2), (3, 3)] {
        let mut machine = opened(Version::V6, &[run_command(2, "r")]);
        let text = violation(&mut machine, call(first, second));
        assert!(text.contains("expected one above 2"), "{text}");
    }
}

#[test]
fn a_violation_in_a_command_names_it() {
    let mut machine = opened(Version::V6, &[run_command(1, "r")]);
    send(&mut machine, sleep_command(1, "nap"));

    let failed = failure(&mut machine);

    assert_eq!(failed.related_index, Some(2));
    assert_eq!(failed.related_name.as_deref(), Some("nap"));
    assert_eq!(failed.related_code, Some(0x040C));
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn commands_have_what_they_need() {
    let call = pb::CallCommand {
        service_name: "S".to_owned(),
        handler_name: "h".to_owned(),
        invocation_id_notification_idx: 1,
        result_completion_id: 2,
        ..pb::CallCommand::default()
    };
    let target = |id: &str| pb::SendSignalCommand {
        target_invocation_id: id.to_owned(),
        ..pb::SendSignalCommand::default()
    };
    let signal_id = Some(pb::send_signal_command::SignalId::Idx(1));
    let attach = |target| {
        Command::AttachInvocation(pb::AttachInvocationCommand {
            result_completion_id: 1,
            target,
            ..pb::AttachInvocationCommand::default()
        })
    };
    for (command, reason) in [
        (
            Command::Output(pb::OutputCommand::default()),
            "it carries no result",
        ),
        (
            Command::SetState(pb::SetStateCommand::default()),
            "it carries no value",
        ),
        (
            Command::ClearState(pb::ClearStateCommand {
                key: Bytes::from_static(b"\xff"),
                ..pb::ClearStateCommand::default()
            }),
            "its state key is not UTF-8",
        ),
        (
            Command::GetLazyState(pb::GetLazyStateCommand {
                key: Bytes::from_static(b"\xff"),
                result_completion_id: 1,
                ..pb::GetLazyStateCommand::default()
            }),
            "its state key is not UTF-8",
        ),
        (
            Command::GetEagerState(pb::GetEagerStateCommand::default()),
            "it carries no result",
        ),
        (
            Command::GetEagerStateKeys(pb::GetEagerStateKeysCommand::default()),
            "it carries no value",
        ),
        (
            Command::GetEagerStateKeys(pb::GetEagerStateKeysCommand {
                value: Some(pb::StateKeys {
                    keys: vec![Bytes::from_static(b"a"), Bytes::from_static(b"\xff")],
                }),
                ..pb::GetEagerStateKeysCommand::default()
            }),
            "its state key is not UTF-8",
        ),
        (
            Command::CompletePromise(pb::CompletePromiseCommand {
                result_completion_id: 1,
                ..pb::CompletePromiseCommand::default()
            }),
            "it carries no completion",
        ),
        (
            Command::Call(pb::CallCommand {
                service_name: String::new(),
                ..call.clone()
            }),
            "its service is empty",
        ),
        (
            Command::Call(pb::CallCommand {
                handler_name: String::new(),
                ..call.clone()
            }),
            "its handler is empty",
        ),
        (
            Command::Call(pb::CallCommand {
                idempotency_key: Some(String::new()),
                ..call.clone()
            }),
            "its idempotency key is empty",
        ),
        (
            Command::Call(pb::CallCommand {
                limit_key: Some("l".to_owned()),
                ..call.clone()
            }),
            "a limit key needs a scope",
        ),
        (
            Command::Call(pb::CallCommand {
                scope: Some(String::new()),
                ..call
            }),
            "its scope is empty",
        ),
        (
            Command::OneWayCall(pb::OneWayCallCommand::default()),
            "its service is empty",
        ),
        (
            Command::SendSignal(target("inv_1")),
            "invalid invocation id \"inv_1\": 5 bytes of text where 38 are needed; \
             copy it whole: inv_1 and 33 letters or digits",
        ),
        (Command::SendSignal(target(ID)), "it carries no signal id"),
        (
            Command::SendSignal(pb::SendSignalCommand {
                signal_id: Some(pb::send_signal_command::SignalId::Idx(0)),
                ..target(ID)
            }),
            "signal id 0 does not exist",
        ),
        (
            Command::SendSignal(pb::SendSignalCommand {
                signal_id,
                ..target(ID)
            }),
            "it carries no result",
        ),
        (attach(None), "it carries no target"),
        (
            attach(Some(attach::Target::WorkflowTarget(
                pb::WorkflowTarget::default(),
            ))),
            "its workflow is empty",
        ),
        (
            attach(Some(attach::Target::IdempotentRequestTarget(
                pb::IdempotentRequestTarget {
                    service_name: "S".to_owned(),
                    handler_name: "h".to_owned(),
                    ..pb::IdempotentRequestTarget::default()
                },
            ))),
            "its idempotency key is empty",
        ),
        (
            Command::GetInvocationOutput(pb::GetInvocationOutputCommand {
                result_completion_id: 1,
                ..pb::GetInvocationOutputCommand::default()
            }),
            "it carries no target",
        ),
        (
            Command::CompleteAwakeable(pb::CompleteAwakeableCommand {
                awakeable_id: "sign_1".to_owned(),
                ..pb::CompleteAwakeableCommand::default()
            }),
            "invalid awakeable id \"sign_1\": 0 bytes after the prefix are too few; \
             copy it whole: sign_1 and 38 characters of base64url",
        ),
        (
            Command::CompleteAwakeable(pb::CompleteAwakeableCommand {
                awakeable_id: "sign_1sf902udLPZuGobB_hAWgaXlo1imYnqYVAAAAEQ".to_owned(),
                ..pb::CompleteAwakeableCommand::default()
            }),
            "it carries no result",
        ),
    ] {
        let text = violation(&mut opened(Version::V7, &[]), command);
        assert!(text.starts_with("entry 1: "), "{text}");
        assert!(text.ends_with(reason), "{text} for {reason}");
    }
}

#[test]
fn scopes_wait_for_version_7() {
    let command = Command::OneWayCall(pb::OneWayCallCommand {
        service_name: "S".to_owned(),
        handler_name: "h".to_owned(),
        scope: Some("s".to_owned()),
        limit_key: Some("l".to_owned()),
        invocation_id_notification_idx: 1,
        ..pb::OneWayCallCommand::default()
    });

    let text = violation(&mut opened(Version::V6, &[]), command.clone());
    assert!(text.contains("a scope needs protocol version 7"), "{text}");

    let mut machine = opened(Version::V7, &[]);
    send(&mut machine, command);
    assert!(matches!(
        effects(&mut machine).as_slice(),
        [Effect::Recorded(_)]
    ));
}

#[test]
fn proposals_are_for_runs_without_a_result() {
    let sleep = [sleep_command(1, "")];
    let text = violation(&mut opened(Version::V6, &sleep), proposal(1));
    assert_eq!(
        text,
        "proposal for completion 1, which is not a run of this invocation"
    );
    let text = violation(&mut opened(Version::V6, &[]), proposal(1));
    assert_eq!(
        text,
        "proposal for completion 1, which is not a run of this invocation"
    );

    let done = [run_command(1, "r"), run_done(1, "x")];
    let text = violation(&mut opened(Version::V6, &done), proposal(1));
    assert_eq!(text, "proposal for run 1, which has a result already");

    let mut machine = opened(Version::V6, &[run_command(1, "r")]);
    send(&mut machine, proposal(1));
    effects(&mut machine);
    let text = violation(&mut machine, proposal(1));
    assert_eq!(text, "proposal for run 1, which has a result already");

    let empty = Control::ProposeRunCompletion(pb::ProposeRunCompletion {
        result_completion_id: 1,
        result: None,
    });
    let text = violation(&mut opened(Version::V6, &[run_command(1, "r")]), empty);
    assert_eq!(text, "proposal for run 1 carries no result");
}

#[test]
fn a_run_may_be_proposed_again_by_the_next_attempt() {
    let mut machine = opened(Version::V6, &[run_command(1, "r")]);
    send(&mut machine, proposal(1));
    assert!(matches!(
        effects(&mut machine).as_slice(),
        [Effect::RunProposed {
            completion_id: 1,
            ..
        }]
    ));
}

#[test]
fn only_version_7_acks_proposals_and_only_when_asked() {
    for (version, flags, code) in [
        (Version::V5, Flags::REQUESTED_ACK, RUN_COMPLETION),
        (Version::V6, Flags::REQUESTED_ACK, RUN_COMPLETION),
        (Version::V7, Flags::NONE, RUN_COMPLETION),
        (Version::V7, Flags::REQUESTED_ACK, 0x0007),
    ] {
        let mut machine = opened(version, &[run_command(1, "r")]);
        let mut encoder = Encoder::default();
        encoder.encode(&proposal(1).into(), flags).unwrap();
        machine.receive(encoder.take_output());
        let Some(Effect::RunProposed { payload, .. }) = machine.take_effect() else {
            panic!("no proposal");
        };

        assert_eq!(machine.notify(RUN_COMPLETION, &payload), Ok(true));

        let mut decoder = Decoder::default();
        decoder.receive(machine.take_output());
        assert_eq!(decoder.take_frame().unwrap().unwrap().header.code, code);
        assert!(decoder.is_empty());
    }
}

#[test]
fn commands_are_acked_when_they_ask_for_it() {
    let mut machine = opened(Version::V6, &[]);
    let mut encoder = Encoder::default();
    encoder
        .encode(&run_command(1, "r"), Flags::REQUESTED_ACK)
        .unwrap();
    machine.receive(encoder.take_output());
    let Some(Effect::Recorded(recorded)) = machine.take_effect() else {
        panic!("no command");
    };
    assert!(recorded.is_ack_requested);

    machine.acknowledge_command(recorded.index).unwrap();

    let ack = Control::CommandAck(pb::CommandAck { command_index: 1 });
    assert_eq!(machine.take_output(), frame(ack));
}

#[test]
fn suspensions_name_what_can_happen() {
    let run = [run_command(1, "r")];
    for (suspension, text) in [
        (
            suspension(&[], &[]),
            "Suspension message awaits nothing: the invocation would never resume",
        ),
        (
            suspension(&[1, 2], &[1]),
            "Suspension message awaits completion 2, which does not exist",
        ),
        (
            suspension(&[], &[0]),
            "Suspension message awaits signal 0, which does not exist",
        ),
    ] {
        assert_eq!(violation(&mut opened(Version::V6, &run), suspension), text);
    }

    for (future, text) in [
        (None, "awaits nothing"),
        (Some(pb::Future::default()), "awaits nothing"),
        (
            Some(pb::Future {
                nested_futures: vec![pb::Future::default()],
                ..pb::Future::default()
            }),
            "awaits nothing",
        ),
        (Some(tree(&[2])), "awaits completion 2"),
        (
            Some(pb::Future {
                waiting_signals: vec![1],
                nested_futures: vec![tree(&[2])],
                ..pb::Future::default()
            }),
            "awaits completion 2",
        ),
    ] {
        let suspension = Control::Suspension(pb::Suspension {
            awaiting_on: future.clone(),
            ..pb::Suspension::default()
        });
        let found = violation(&mut opened(Version::V7, &run), suspension);
        assert!(found.contains(text), "{found}");
        let hint = Control::AwaitingOn(pb::AwaitingOn {
            awaiting_on: future,
            executing_side_effects: false,
        });
        let found = violation(&mut opened(Version::V7, &run), hint);
        assert!(found.starts_with("AwaitingOn message"), "{found}");
        assert!(found.contains(text), "{found}");
    }
}

#[test]
fn flat_lists_are_not_read_in_version_7_nor_trees_before() {
    violation(&mut opened(Version::V7, &[]), suspension(&[], &[1]));
    let suspension = Control::Suspension(pb::Suspension {
        awaiting_on: Some(pb::Future {
            waiting_signals: vec![1],
            ..pb::Future::default()
        }),
        ..pb::Suspension::default()
    });
    violation(&mut opened(Version::V6, &[]), suspension);
}

#[test]
fn hints_wait_for_version_7() {
    let hint = Control::AwaitingOn(pb::AwaitingOn {
        awaiting_on: Some(pb::Future {
            waiting_signals: vec![17],
            ..pb::Future::default()
        }),
        executing_side_effects: false,
    });
    violation(&mut opened(Version::V6, &[]), hint.clone());

    let mut machine = opened(Version::V7, &[]);
    send(&mut machine, hint);
    assert!(matches!(
        effects(&mut machine).as_slice(),
        [Effect::AwaitingOn(_)]
    ));
}

#[test]
fn a_tree_too_deep_to_read_is_refused() {
    let mut deep = tree(&[1]);
    for _ in 0..200 {
        deep = pb::Future {
            nested_futures: vec![deep],
            ..pb::Future::default()
        };
    }
    let suspension = pb::Suspension {
        awaiting_on: Some(deep),
        ..pb::Suspension::default()
    };
    let mut machine = opened(Version::V7, &[run_command(1, "r")]);
    machine.receive(raw_frame(0x0001, &suspension.encode_to_vec()).into());

    assert_eq!(failure(&mut machine).code, 500);
}

#[test]
fn notifications_answer_something_that_waits() {
    let entries = [run_command(1, "r"), sleep_command(2, "")];
    for (notification, reason) in [
        (sleep_done(3), "no command took this id"),
        (sleep_done(1), "another type of command took this id"),
    ] {
        let mut machine = opened(Version::V6, &entries);
        let error = machine
            .notify(notification.code(), &payload(&notification))
            .unwrap_err();
        assert!(error.to_string().ends_with(reason), "{error}");
        assert!(!machine.is_output_pending());
    }

    let mut machine = opened(Version::V6, &entries);
    let fired = payload(&sleep_done(2));
    assert_eq!(machine.notify(0x800C, &fired), Ok(true));
    let error = machine.notify(0x800C, &fired).unwrap_err();
    assert!(
        error.to_string().ends_with("it has arrived before"),
        "{error}"
    );
}

#[test]
fn notifications_are_of_a_known_type() {
    // Their payload would be valid for a signal.
    let signal = payload(&cancel());
    for code in [0x8001, 0xFC01] {
        let mut machine = opened(Version::V6, &[]);
        let error = machine.notify(code, &signal).unwrap_err();
        assert!(
            error.to_string().contains("is not a notification"),
            "{error}"
        );
        assert!(!machine.is_output_pending());
        let error = replaying(Version::V6, 9).replay(code, &signal).unwrap_err();
        assert!(
            error.to_string().contains("is not a notification"),
            "{error}"
        );
    }
}

#[test]
fn signals_are_told_as_often_as_they_come() {
    let mut machine = opened(Version::V6, &[]);
    let once = signal(17, some("v"));
    for _ in 0..2 {
        assert_eq!(machine.notify(once.code(), &payload(&once)), Ok(true));
    }

    let mut expected = frame(once.clone());
    expected.extend(frame(once));
    assert_eq!(machine.take_output(), expected);
}

#[test]
fn nothing_is_told_after_the_end_of_the_input() {
    let mut machine = opened(Version::V6, &[run_command(1, "r")]);
    machine.end_input();

    assert!(!machine.is_input_open());
    assert_eq!(machine.notify(0xFBFF, &payload(&cancel())), Ok(false));
    machine.acknowledge_command(1).unwrap();
    assert!(!machine.is_output_pending());
    send(&mut machine, proposal(1));
    assert!(matches!(
        effects(&mut machine).as_slice(),
        [Effect::RunProposed { .. }]
    ));
}

#[test]
fn journals_that_cannot_be_are_refused() {
    let sleep = sleep_command(1, "");
    let cases: &[(&[Message], &str)] = &[
        (
            &[support::input()],
            "Input must be the first command, and no other",
        ),
        (&[sleep_done(1)], "no command took this id"),
        (
            &[sleep.clone(), sleep.clone()],
            "it takes completion id 1, expected one above 1",
        ),
        (
            &[output().into(), sleep.clone()],
            "a command follows Output",
        ),
        (
            &[sleep, sleep_done(1), sleep_done(1)],
            "it has arrived before",
        ),
    ];
    for (entries, reason) in cases {
        let mut machine = replaying(Version::V6, 9);
        let error = entries
            .iter()
            .find_map(|entry| machine.replay(entry.code(), &payload(entry)).err())
            .unwrap();
        let text = error.to_string();
        assert!(
            text.starts_with(&format!("cannot replay entry {}: ", entries.len())),
            "{text}"
        );
        assert!(text.ends_with(reason), "{text}");
    }
    for (code, bytes) in [
        (0x0003, &b""[..]),
        (0x0415, b""),
        (0x0401, b"\xff"),
        (0x800C, b"\xff"),
        (0xFC01, b""),
    ] {
        let mut machine = replaying(Version::V6, 9);
        let error = machine
            .replay(code, &Bytes::from_static(bytes))
            .unwrap_err();
        assert!(
            matches!(error, Error::InvalidJournal { entry: 1, .. }),
            "{error}"
        );
    }
}

#[test]
fn a_journal_starts_with_input_but_not_before_notifications() {
    let start = |known_entries| {
        let mut machine = Machine::new(Version::V6, DEFAULT_MAX_MESSAGE_SIZE);
        let start = Start {
            known_entries,
            ..Start::default()
        };
        machine.start(CHILD.parse().unwrap(), start).unwrap();
        machine
    };
    let sleep = sleep_command(1, "");
    assert!(start(2).replay(sleep.code(), &payload(&sleep)).is_err());
    assert!(start(1).replay(0xFBFF, &payload(&cancel())).is_err());

    let mut machine = start(2);
    machine.replay(0xFBFF, &payload(&cancel())).unwrap();
    let input = encode::input(Vec::new(), Bytes::new());
    machine.replay(encode::INPUT, &input).unwrap();
    assert_eq!(machine.state(), State::Open);
}

#[test]
fn the_head_of_an_entry_and_its_payload_are_its_frame() {
    let start = || {
        let mut machine = Machine::new(Version::V6, DEFAULT_MAX_MESSAGE_SIZE);
        let start = Start {
            known_entries: 1,
            ..Start::default()
        };
        machine.start(ID.parse().unwrap(), start).unwrap();
        machine
    };
    let input = encode::input(Vec::new(), Bytes::from_static(b"large"));
    let (mut whole, mut parts) = (start(), start());

    whole.replay(encode::INPUT, &input).unwrap();
    assert!(parts.replay_head(encode::INPUT, &input).unwrap());

    let sent = [parts.take_output(), input.clone()].concat();
    assert_eq!(sent, whole.take_output());
    assert_eq!(parts.state(), State::Open);
    assert!(parts.replay_head(encode::INPUT, &input).is_err());
}

#[test]
fn an_output_tells_where_its_value_begins() {
    let offset_of = |payload: &[u8]| {
        let mut machine = replaying(Version::V6, 1);
        let header = Header {
            code: 0x0401,
            flags: Flags::NONE,
            length: payload.len().try_into().unwrap(),
        };
        machine.receive([header.to_bytes().as_slice(), payload].concat().into());
        let Some(Effect::Recorded(recorded)) = machine.take_effect() else {
            panic!("nothing was recorded");
        };
        recorded.value_offset()
    };
    let value = [0x72, 0x06, 0x0A, 0x04, b'a', b'b', b'c', b'd'];
    let name = [0x62, 0x01, b'n'];

    assert_eq!(offset_of(&value), Some(4));
    assert_eq!(offset_of(&[name.as_slice(), &value].concat()), Some(7));
    assert_eq!(offset_of(&[value.as_slice(), &name].concat()), None);
    assert_eq!(offset_of(&[0x7A, 0x00]), None, "a failure");
}
