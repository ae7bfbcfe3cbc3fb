//! Replay compares exactly the fields of the protocol's table.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a broken test ends"
)]

mod support;

use awaken_core::endpoint::{CallOptions, Kind, Machine, Options, Progress, Read, Result, Target};
use awaken_core::wire::generated as pb;
use awaken_core::wire::{Command, Control, Message, Version};
use bytes::Bytes;
use support::*;

/// An operation, the command it records, and ways to change that command.
struct Case {
    attempt: fn(&mut Machine) -> Result<()>,
    mutations: Vec<Mutation>,
}

/// What is changed, the field that the mismatch names (none if replay ignores the change), and the change.
type Mutation = (&'static str, Option<&'static str>, fn(&mut Command));

macro_rules! mutation {
    ($kind:ident, $command:ident => $change:expr) => {
        |command: &mut Command| {
            let Command::$kind($command) = command else {
                unreachable!("another command was recorded")
            };
            $change;
        }
    };
}

fn bytes(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

fn header(key: &str) -> pb::Header {
    pb::Header {
        key: key.to_owned(),
        value: "x".to_owned(),
    }
}

fn options() -> CallOptions {
    CallOptions {
        key: "k".to_owned(),
        headers: vec![
            ("a".to_owned(), "1".to_owned()),
            ("b".to_owned(), "2".to_owned()),
        ],
        idempotency_key: Some("i".to_owned()),
        scope: Some("s".to_owned()),
        limit_key: Some("l".to_owned()),
        name: "n".to_owned(),
    }
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn cases() -> Vec<Case> {
    vec![
        Case {
            attempt: |m| m.succeed(bytes("v")),
            mutations: vec![
                (
                    "name",
                    Some("name"),
                    mutation!(Output, c => c.name = "x".into()),
                ),
                (
                    "value",
                    Some("result"),
                    mutation!(Output, c => c.result =
                    Some(pb::output_command::Result::Value(pb::Value { content: bytes("w") }))),
                ),
                (
                    "no result",
                    Some("result"),
                    mutation!(Output, c => c.result = None),
                ),
            ],
        },
        Case {
            attempt: |m| m.fail(with_metadata(400, "m")),
            mutations: vec![
                (
                    "code",
                    Some("result"),
                    mutation!(Output, c => c.result =
                    Some(pb::output_command::Result::Failure(with_metadata(401, "m")))),
                ),
                (
                    "message",
                    Some("result"),
                    mutation!(Output, c => c.result =
                    Some(pb::output_command::Result::Failure(with_metadata(400, "x")))),
                ),
                (
                    "metadata",
                    Some("result"),
                    mutation!(Output, c => c.result =
                    Some(pb::output_command::Result::Failure(failure(400, "m")))),
                ),
            ],
        },
        Case {
            attempt: |m| m.get_state("k", "n").map(drop),
            mutations: vec![
                (
                    "key",
                    Some("key"),
                    mutation!(GetLazyState, c => c.key = bytes("x")),
                ),
                (
                    "name",
                    Some("name"),
                    mutation!(GetLazyState, c => c.name = "x".into()),
                ),
                (
                    "id",
                    Some("result_completion_id"),
                    mutation!(GetLazyState, c => c.result_completion_id = 9),
                ),
            ],
        },
        Case {
            attempt: |m| m.get_state_keys("n").map(drop),
            mutations: vec![
                (
                    "name",
                    Some("name"),
                    mutation!(GetLazyStateKeys, c => c.name = "x".into()),
                ),
                (
                    "id",
                    Some("result_completion_id"),
                    mutation!(GetLazyStateKeys, c => c.result_completion_id = 9),
                ),
            ],
        },
        Case {
            attempt: |m| m.set_state("k", bytes("v"), "n"),
            mutations: vec![
                (
                    "key",
                    Some("key"),
                    mutation!(SetState, c => c.key = bytes("x")),
                ),
                (
                    "value",
                    Some("value"),
                    mutation!(SetState, c => c.value = Some(pb::Value { content: bytes("x") })),
                ),
                (
                    "name",
                    Some("name"),
                    mutation!(SetState, c => c.name = "x".into()),
                ),
            ],
        },
        Case {
            attempt: |m| m.clear_state("k", "n"),
            mutations: vec![
                (
                    "key",
                    Some("key"),
                    mutation!(ClearState, c => c.key = bytes("x")),
                ),
                (
                    "name",
                    Some("name"),
                    mutation!(ClearState, c => c.name = "x".into()),
                ),
            ],
        },
        Case {
            attempt: |m| m.clear_all_state("n"),
            mutations: vec![(
                "name",
                Some("name"),
                mutation!(ClearAllState, c => c.name = "x".into()),
            )],
        },
        Case {
            attempt: |m| m.get_promise("k", "n").map(drop),
            mutations: vec![
                (
                    "key",
                    Some("key"),
                    mutation!(GetPromise, c => c.key = "x".into()),
                ),
                (
                    "name",
                    Some("name"),
                    mutation!(GetPromise, c => c.name = "x".into()),
                ),
                (
                    "id",
                    Some("result_completion_id"),
                    mutation!(GetPromise, c => c.result_completion_id = 9),
                ),
            ],
        },
        Case {
            attempt: |m| m.peek_promise("k", "n").map(drop),
            mutations: vec![
                (
                    "key",
                    Some("key"),
                    mutation!(PeekPromise, c => c.key = "x".into()),
                ),
                (
                    "name",
                    Some("name"),
                    mutation!(PeekPromise, c => c.name = "x".into()),
                ),
                (
                    "id",
                    Some("result_completion_id"),
                    mutation!(PeekPromise, c => c.result_completion_id = 9),
                ),
            ],
        },
        Case {
            attempt: |m| m.resolve_promise("k", bytes("v"), "n").map(drop),
            mutations: vec![
                (
                    "key",
                    Some("key"),
                    mutation!(CompletePromise, c => c.key = "x".into()),
                ),
                (
                    "name",
                    Some("name"),
                    mutation!(CompletePromise, c => c.name = "x".into()),
                ),
                (
                    "id",
                    Some("result_completion_id"),
                    mutation!(CompletePromise, c => c.result_completion_id = 9),
                ),
                (
                    "completion",
                    Some("result"),
                    mutation!(CompletePromise, c => c.completion =
                    Some(pb::complete_promise_command::Completion::CompletionFailure(failure(1, "x")))),
                ),
            ],
        },
        Case {
            attempt: |m| m.sleep(7, "n").map(drop),
            mutations: vec![
                (
                    "name",
                    Some("name"),
                    mutation!(Sleep, c => c.name = "x".into()),
                ),
                (
                    "wake_up_time",
                    None,
                    mutation!(Sleep, c => c.wake_up_time = 9),
                ),
                (
                    "id",
                    None,
                    mutation!(Sleep, c => c.result_completion_id = 9),
                ),
            ],
        },
        Case {
            attempt: |m| m.call("S", "h", bytes("p"), options()).map(drop),
            mutations: vec![
                (
                    "service",
                    Some("service"),
                    mutation!(Call, c => c.service_name = "x".into()),
                ),
                (
                    "handler",
                    Some("handler"),
                    mutation!(Call, c => c.handler_name = "x".into()),
                ),
                (
                    "parameter",
                    Some("parameter"),
                    mutation!(Call, c => c.parameter = bytes("x")),
                ),
                (
                    "header order",
                    Some("headers"),
                    mutation!(Call, c => c.headers.reverse()),
                ),
                (
                    "trace context",
                    None,
                    mutation!(Call, c => c.headers.insert(1, header("traceparent"))),
                ),
                ("key", Some("key"), mutation!(Call, c => c.key = "x".into())),
                (
                    "no idempotency key",
                    Some("idempotency_key"),
                    mutation!(Call, c => c.idempotency_key = None),
                ),
                (
                    "empty idempotency key",
                    Some("idempotency_key"),
                    mutation!(Call, c => c.idempotency_key = Some(String::new())),
                ),
                ("scope", Some("scope"), mutation!(Call, c => c.scope = None)),
                (
                    "limit key",
                    Some("limit_key"),
                    mutation!(Call, c => c.limit_key = None),
                ),
                (
                    "invocation id's id",
                    Some("invocation_id_notification_idx"),
                    mutation!(Call, c => c.invocation_id_notification_idx = 9),
                ),
                (
                    "id",
                    Some("result_completion_id"),
                    mutation!(Call, c => c.result_completion_id = 9),
                ),
                (
                    "name",
                    Some("name"),
                    mutation!(Call, c => c.name = "x".into()),
                ),
            ],
        },
        Case {
            attempt: |m| m.send("S", "h", bytes("p"), 5, options()).map(drop),
            mutations: vec![
                (
                    "service",
                    Some("service"),
                    mutation!(OneWayCall, c => c.service_name = "x".into()),
                ),
                (
                    "handler",
                    Some("handler"),
                    mutation!(OneWayCall, c => c.handler_name = "x".into()),
                ),
                (
                    "parameter",
                    Some("parameter"),
                    mutation!(OneWayCall, c => c.parameter = bytes("x")),
                ),
                (
                    "headers",
                    Some("headers"),
                    mutation!(OneWayCall, c => c.headers.clear()),
                ),
                (
                    "trace context",
                    None,
                    mutation!(OneWayCall, c => c.headers.extend([header("TraceParent"), header("tracestate")])),
                ),
                (
                    "another header",
                    Some("headers"),
                    mutation!(OneWayCall, c => c.headers.push(header("traceparents"))),
                ),
                (
                    "key",
                    Some("key"),
                    mutation!(OneWayCall, c => c.key = "x".into()),
                ),
                (
                    "idempotency key",
                    Some("idempotency_key"),
                    mutation!(OneWayCall, c => c.idempotency_key = None),
                ),
                (
                    "scope",
                    Some("scope"),
                    mutation!(OneWayCall, c => c.scope = None),
                ),
                (
                    "limit key",
                    Some("limit_key"),
                    mutation!(OneWayCall, c => c.limit_key = None),
                ),
                (
                    "id",
                    Some("invocation_id_notification_idx"),
                    mutation!(OneWayCall, c => c.invocation_id_notification_idx = 9),
                ),
                (
                    "name",
                    Some("name"),
                    mutation!(OneWayCall, c => c.name = "x".into()),
                ),
                (
                    "invoke time",
                    None,
                    mutation!(OneWayCall, c => c.invoke_time = 9),
                ),
            ],
        },
        Case {
            attempt: |m| m.resolve_signal(CHILD, "sig", bytes("v"), "n"),
            mutations: vec![
                (
                    "target",
                    Some("target"),
                    mutation!(SendSignal, c => c.target_invocation_id = "x".into()),
                ),
                (
                    "signal name",
                    Some("signal"),
                    mutation!(SendSignal, c => c.signal_id =
                    Some(pb::send_signal_command::SignalId::Name("x".into()))),
                ),
                (
                    "signal idx",
                    Some("signal"),
                    mutation!(SendSignal, c => c.signal_id =
                    Some(pb::send_signal_command::SignalId::Idx(1))),
                ),
                (
                    "value",
                    Some("result"),
                    mutation!(SendSignal, c => c.result =
                    Some(pb::send_signal_command::Result::Value(pb::Value::default()))),
                ),
                (
                    "void",
                    Some("result"),
                    mutation!(SendSignal, c => c.result =
                    Some(pb::send_signal_command::Result::Void(pb::Void {}))),
                ),
                (
                    "entry name",
                    Some("name"),
                    mutation!(SendSignal, c => c.entry_name = "x".into()),
                ),
            ],
        },
        Case {
            attempt: |m| m.cancel_invocation(CHILD, "n"),
            mutations: vec![
                (
                    "target",
                    Some("target"),
                    mutation!(SendSignal, c => c.target_invocation_id = "x".into()),
                ),
                (
                    "signal",
                    Some("signal"),
                    mutation!(SendSignal, c => c.signal_id =
                    Some(pb::send_signal_command::SignalId::Idx(2))),
                ),
            ],
        },
        Case {
            attempt: |m| m.run("n").map(drop),
            mutations: vec![
                (
                    "id",
                    Some("result_completion_id"),
                    mutation!(Run, c => c.result_completion_id = 9),
                ),
                (
                    "name",
                    Some("name"),
                    mutation!(Run, c => c.name = "x".into()),
                ),
            ],
        },
        Case {
            attempt: |m| m.attach(invocation(CHILD), "n").map(drop),
            mutations: vec![
                (
                    "target",
                    Some("target"),
                    mutation!(AttachInvocation, c => c.target =
                    Some(pb::attach_invocation_command::Target::InvocationId("x".into()))),
                ),
                (
                    "id",
                    Some("result_completion_id"),
                    mutation!(AttachInvocation, c => c.result_completion_id = 9),
                ),
                (
                    "name",
                    Some("name"),
                    mutation!(AttachInvocation, c => c.name = "x".into()),
                ),
            ],
        },
        Case {
            attempt: |m| {
                m.get_output(
                    Target::Workflow(pb::WorkflowTarget {
                        workflow_name: "W".into(),
                        workflow_key: "k".into(),
                        scope: Some("s".into()),
                    }),
                    "n",
                )
                .map(drop)
            },
            mutations: vec![
                (
                    "target",
                    Some("target"),
                    mutation!(GetInvocationOutput, c => c.target =
                    Some(pb::get_invocation_output_command::Target::InvocationId("x".into()))),
                ),
                (
                    "id",
                    Some("result_completion_id"),
                    mutation!(GetInvocationOutput, c => c.result_completion_id = 9),
                ),
                (
                    "name",
                    Some("name"),
                    mutation!(GetInvocationOutput, c => c.name = "x".into()),
                ),
            ],
        },
        Case {
            attempt: |m| {
                m.resolve_awakeable(
                    "sign_1sf902udLPZuGobB_hAWgaXlo1imYnqYVAAAAEQ",
                    bytes("v"),
                    "n",
                )
            },
            mutations: vec![
                (
                    "id",
                    Some("awakeable_id"),
                    mutation!(CompleteAwakeable, c => c.awakeable_id = "x".into()),
                ),
                (
                    "value",
                    Some("result"),
                    mutation!(CompleteAwakeable, c => c.result =
                    Some(pb::complete_awakeable_command::Result::Value(pb::Value::default()))),
                ),
                (
                    "name",
                    Some("name"),
                    mutation!(CompleteAwakeable, c => c.name = "x".into()),
                ),
            ],
        },
    ]
}

/// What the operation records on a fresh invocation.
fn record(attempt: fn(&mut Machine) -> Result<()>) -> Command {
    let mut machine = processing(Version::V7);
    attempt(&mut machine).unwrap();
    match output(&mut machine).remove(0) {
        Message::Command(command) => command,
        other => unreachable!("{other:?}"),
    }
}

#[test]
fn what_was_recorded_replays_without_output() {
    for case in cases() {
        let recorded = record(case.attempt);
        let name = recorded.name();
        let mut machine = replaying(Version::V7, &[recorded.into()]);
        (case.attempt)(&mut machine).unwrap();
        assert_eq!(machine.error(), None, "{name}");
        let written = output_names(&mut machine);
        let expected: &[&str] = if name == "Output" { &["End"] } else { &[] };
        assert_eq!(written, expected, "{name}");
    }
}

#[test]
fn every_compared_field_is_minded_and_no_other() {
    let mut minded = 0;
    for case in cases() {
        let recorded = record(case.attempt);
        for (what, field, mutate) in &case.mutations {
            let mut changed = recorded.clone();
            mutate(&mut changed);
            assert_ne!(changed, recorded, "{what}");
            let title = format!("{} {what}", recorded.name());
            let mut machine = replaying(Version::V7, &[changed.into()]);
            let result = (case.attempt)(&mut machine);
            let Some(field) = field else {
                result.unwrap();
                continue;
            };
            assert_eq!(result.unwrap_err().kind(), Kind::Mismatch, "{title}");
            let (code, text) = failure_of(&mut machine);
            assert_eq!(code, 570, "{title}");
            assert!(text.starts_with("entry 1: "), "{title}: {text}");
            assert!(
                text.contains(&format!(": recorded {field} ")),
                "{title}: {text}"
            );
            assert!(
                text.contains(
                    "; register the changed handler as a new deployment; if it did not change"
                ),
                "{text}"
            );
            minded += 1;
        }
    }
    assert_eq!(minded, 70);
}

#[test]
fn another_type_of_command_is_a_mismatch_for_every_operation() {
    let cases = cases();
    for case in &cases {
        for other in &cases {
            let (recorded, attempted) = (record(other.attempt), record(case.attempt));
            if recorded.code() == attempted.code() {
                continue;
            }
            let title = format!(
                "recorded {}, attempted {}",
                recorded.name(),
                attempted.name()
            );
            let recorded_code = recorded.code();
            let mut machine = replaying(Version::V7, &[recorded.into()]);
            (case.attempt)(&mut machine).unwrap_err();
            assert_eq!(machine.error().unwrap().0, 570, "{title}");
            let Some(Message::Control(Control::Error(error))) = output(&mut machine).pop() else {
                unreachable!("{title}")
            };
            assert_eq!(error.related_command_index, Some(1), "{title}");
            assert_eq!(
                error.related_command_type,
                Some(recorded_code.into()),
                "{title}"
            );
        }
    }
}

#[test]
fn a_mismatch_tells_both_sides() {
    let mut machine = replaying(Version::V6, &[sleep_command(1, "cool-down")]);
    let error = machine
        .call("Greeter", "greet", Bytes::new(), CallOptions::default())
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "entry 1: recorded sleep \"cool-down\", attempted call Greeter/greet; \
         register the changed handler as a new deployment; if it did not change, it uses a clock, \
             a random number or other outside data: take those from ctx.time(), ctx.random(), ctx.uuid() or a run"
    );
    let Some(Message::Control(Control::Error(frame))) = output(&mut machine).pop() else {
        unreachable!()
    };
    assert_eq!(frame.message, error.to_string());
    assert_eq!(frame.related_command_name.as_deref(), Some("cool-down"));
    assert_eq!(frame.related_command_type, Some(0x040C));
}

#[test]
fn without_verify_payloads_only_success_payloads_may_differ() {
    let lenient = |entries: &[Message]| {
        let mut machine = Machine::new(
            Version::V7,
            Options {
                verify_payloads: false,
                ..Options::default()
            },
        );
        machine.receive(journal(start(1), entries).into());
        machine.take_input().unwrap();
        machine
    };
    let allowed: [fn(&mut Machine, Bytes) -> Result<()>; 6] = [
        |m, payload| m.succeed(payload),
        |m, payload| m.set_state("k", payload, ""),
        |m, payload| m.resolve_promise("k", payload, "").map(drop),
        |m, payload| m.call("S", "h", payload, CallOptions::default()).map(drop),
        |m, payload| {
            m.send("S", "h", payload, 0, CallOptions::default())
                .map(drop)
        },
        |m, payload| {
            m.resolve_awakeable("sign_1sf902udLPZuGobB_hAWgaXlo1imYnqYVAAAAEQ", payload, "")
        },
    ];
    for attempt in allowed {
        let mut recorder = processing(Version::V7);
        attempt(&mut recorder, bytes("one")).unwrap();
        let mut machine = lenient(&[output(&mut recorder).remove(0)]);
        attempt(&mut machine, bytes("another")).unwrap();
        assert_eq!(machine.error(), None);
    }
    let minded: [fn(&mut Machine, bool) -> Result<()>; 3] = [
        |m, one| m.resolve_signal(CHILD, "s", bytes(if one { "a" } else { "b" }), ""),
        |m, one| m.fail(failure(if one { 400 } else { 401 }, "m")),
        |m, one| m.set_state(if one { "k" } else { "j" }, bytes(""), ""),
    ];
    for attempt in minded {
        let mut recorder = processing(Version::V7);
        attempt(&mut recorder, true).unwrap();
        let mut machine = lenient(&[output(&mut recorder).remove(0)]);
        assert_eq!(
            attempt(&mut machine, false).unwrap_err().kind(),
            Kind::Mismatch
        );
    }
}

#[test]
fn a_recorded_eager_answer_counts_and_the_map_does_not() {
    let eager = |result| {
        Command::GetEagerState(pb::GetEagerStateCommand {
            key: bytes("k"),
            name: String::new(),
            result,
        })
    };
    let recorded = eager(Some(pb::get_eager_state_command::Result::Value(
        pb::Value {
            content: bytes("old"),
        },
    )));
    let start = pb::Start {
        partial_state: false,
        state_map: vec![pb::StateEntry {
            key: bytes("k"),
            value: bytes("new"),
        }],
        ..start(1)
    };
    let absent = eager(Some(pb::get_eager_state_command::Result::Void(pb::Void {})));
    let mut machine = started(
        Version::V6,
        start.clone(),
        &[recorded.into(), absent.into()],
    );
    assert_eq!(
        machine.get_state("k", "").unwrap(),
        Read::Now(Some(bytes("old")))
    );
    assert_eq!(machine.get_state("k", "").unwrap(), Read::Now(None));
    assert_eq!(
        machine.get_state("k", "").unwrap(),
        Read::Now(Some(bytes("new")))
    );

    let mut broken = started(Version::V6, start, &[eager(None).into()]);
    broken.get_state("k", "").unwrap_err();
    assert_eq!(
        failure_of(&mut broken),
        (
            571,
            "entry 1: recorded get state \"k\" carries no result".to_owned()
        )
    );
}

#[test]
fn a_recorded_key_list_counts_and_a_lazy_read_stays_lazy() {
    let keys = Command::GetEagerStateKeys(pb::GetEagerStateKeysCommand {
        name: String::new(),
        value: Some(pb::StateKeys {
            keys: vec![bytes("b"), bytes("a")],
        }),
    });
    let lazy = Command::GetLazyState(pb::GetLazyStateCommand {
        key: bytes("k"),
        result_completion_id: 2,
        name: String::new(),
    });
    let complete = pb::Start {
        partial_state: false,
        ..start(1)
    };
    let mut machine = started(Version::V6, complete, &[keys.into(), lazy.into()]);
    assert_eq!(
        machine.get_state_keys("").unwrap(),
        Read::Now(vec!["b".to_owned(), "a".to_owned()])
    );
    assert!(matches!(
        machine.get_state("k", "").unwrap(),
        Read::Later(_)
    ));

    let none = Command::GetEagerStateKeys(pb::GetEagerStateKeysCommand::default());
    let mut broken = replaying(Version::V6, &[none.into()]);
    broken.get_state_keys("").unwrap_err();
    assert_eq!(failure_of(&mut broken).0, 571);
}

#[test]
fn an_eager_read_burns_a_completion_id_in_both_states() {
    let eager = Command::GetEagerState(pb::GetEagerStateCommand {
        key: bytes("k"),
        name: String::new(),
        result: Some(pb::get_eager_state_command::Result::Void(pb::Void {})),
    });
    let mut machine = replaying(Version::V6, &[eager.into()]);
    machine.get_state("k", "").unwrap();
    machine.clear_all_state("").unwrap();
    machine.get_state("k", "").unwrap();
    machine.get_state_keys("").unwrap();
    machine.run("r").unwrap();
    assert_eq!(output(&mut machine).pop(), Some(run_command(4, "r")));
}

#[test]
fn a_sleep_waits_for_the_id_it_was_recorded_with() {
    let entries = [
        sleep_command(9, ""),
        run_command(2, "r"),
        sleep_done(9),
        run_done(2, "7"),
    ];
    let mut machine = replaying(Version::V6, &entries);
    let sleep = machine.sleep(123, "").unwrap();
    let run = machine.run("r").unwrap();
    assert!(matches!(wait(&mut machine, sleep), Progress::Completed(..)));
    assert_eq!(
        wait(&mut machine, run),
        Progress::Completed(run, value("7"))
    );
}

#[test]
fn an_added_await_is_a_mismatch_that_names_both() {
    let entries = [run_command(1, "r"), sleep_command(2, "nap")];
    let mut machine = replaying(Version::V6, &entries);
    let run = machine.run("r").unwrap();
    assert_eq!(wait(&mut machine, run), Progress::Closed);
    assert_eq!(
        failure_of(&mut machine),
        (
            570,
            "entry 2: recorded sleep \"nap\", attempted to await Run (completion 1), which had not completed then: \
             an await was added; register the changed handler as a new deployment; if it did not change, it uses a clock, \
             a random number or other outside data: take those from ctx.time(), ctx.random(), ctx.uuid() or a run"
                .to_owned()
        )
    );
}

#[test]
fn a_recorded_output_is_matched_and_only_end_is_written() {
    let output_command = Command::Output(pb::OutputCommand {
        result: Some(pb::output_command::Result::Value(pb::Value {
            content: bytes("v"),
        })),
        ..pb::OutputCommand::default()
    });
    let mut machine = replaying(Version::V6, &[output_command.clone().into()]);
    machine.succeed(bytes("v")).unwrap();
    assert_eq!(output_names(&mut machine), ["End"]);

    let mut early = replaying(Version::V6, &[output_command.into(), run_command(1, "r")]);
    early.succeed(bytes("v")).unwrap_err();
    assert_eq!(
        failure_of(&mut early),
        (
            571,
            "entry 2: the handler ended while 1 recorded commands remain, the first is run \"r\"; \
             register the changed handler as a new deployment; if it did not change, it uses a clock, \
             a random number or other outside data: take those from ctx.time(), ctx.random(), ctx.uuid() or a run"
                .to_owned()
        )
    );
}

#[test]
fn a_handler_that_stops_early_is_a_mismatch() {
    let mut machine = replaying(Version::V6, &[run_command(1, "r")]);
    machine.succeed(Bytes::new()).unwrap_err();
    let (code, text) = failure_of(&mut machine);
    assert_eq!(code, 570);
    assert!(
        text.starts_with("entry 1: recorded run \"r\", attempted output;"),
        "{text}"
    );
}

#[test]
fn indexes_count_commands_and_not_notifications() {
    let entries = [
        run_command(1, "a"),
        run_done(1, "1"),
        run_command(2, "b"),
        run_done(2, "2"),
    ];
    let mut machine = replaying(Version::V6, &entries);
    assert_eq!(machine.last_command().type_name(), "Input");
    machine.run("a").unwrap();
    machine.run("b").unwrap();
    machine.sleep(1, "c").unwrap();
    let last = machine.last_command();
    assert_eq!(
        (last.index, last.type_name(), last.name.as_str()),
        (3, "Sleep", "c")
    );
}

/// The Error frame at the end of the output, after the frames before it.
fn error_frame(machine: &mut Machine) -> (Vec<&'static str>, pb::Error) {
    let mut messages = output(machine);
    let Some(Message::Control(Control::Error(error))) = messages.pop() else {
        unreachable!("no Error frame at the end");
    };
    (messages.iter().map(Message::name).collect(), error)
}

#[test]
fn an_error_in_the_output_can_be_explained_and_what_is_before_it_stays() {
    let mut machine = processing(Version::V6);
    machine.sleep(1, "").unwrap();
    machine.retry(500, "boom", "", Some(7), false).unwrap();

    assert!(machine.explain("S/h at app.py:3: ", "line 3"));

    assert_eq!(machine.error(), Some((500, "S/h at app.py:3: boom")));
    let (before, error) = error_frame(&mut machine);
    assert_eq!(before, ["Sleep"]);
    assert_eq!(error.message, "S/h at app.py:3: boom");
    assert_eq!(error.stacktrace, "line 3");
    assert_eq!((error.code, error.next_retry_delay), (500, Some(7)));
}

#[test]
fn a_mismatch_keeps_its_related_command_when_it_is_explained() {
    let mut machine = replaying(
        Version::V6,
        &[Command::Sleep(pb::SleepCommand {
            name: "nap".to_owned(),
            ..Default::default()
        })
        .into()],
    );
    machine.run("r").unwrap_err();

    assert!(machine.explain("at app.py:3: ", ""));

    let (_, error) = error_frame(&mut machine);
    assert!(
        error
            .message
            .starts_with("at app.py:3: entry 1: recorded sleep \"nap\"")
    );
    assert_eq!(error.related_command_index, Some(1));
    assert_eq!(error.related_command_name.as_deref(), Some("nap"));
}

#[test]
fn an_error_is_explained_once_and_only_while_it_is_in_the_output() {
    let mut machine = processing(Version::V6);
    assert!(!machine.explain("early", ""));
    machine.retry(500, "boom", "own", None, false).unwrap();
    assert!(machine.explain("first: ", "other"));
    assert!(!machine.explain("second: ", ""));
    let (_, error) = error_frame(&mut machine);
    assert_eq!(
        (error.message.as_str(), error.stacktrace.as_str()),
        ("first: boom", "own")
    );

    let mut sent = processing(Version::V6);
    sent.retry(500, "boom", "", None, false).unwrap();
    sent.take_output();
    assert!(!sent.explain("late", ""));
    assert!(!sent.is_output_pending());
    assert_eq!(sent.error(), Some((500, "boom")));
}

#[test]
fn a_suspension_is_not_explained() {
    let mut machine = processing(Version::V6);
    let handle = machine.sleep(1, "").unwrap();
    machine.receive_end();
    assert_eq!(wait(&mut machine, handle), Progress::Suspended);

    assert!(!machine.explain("no", "no"));

    assert_eq!(output_names(&mut machine), ["Sleep", "Suspension"]);
}
