//! What the runtime may send and when: every violation ends the attempt with the right code.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a broken test ends"
)]

mod support;

use awaken_core::endpoint::{Input, Machine, Options, Progress};
use awaken_core::journal::Outcome;
use awaken_core::wire::generated as pb;
use awaken_core::wire::{Control, Message, Version};
use bytes::Bytes;
use support::*;

fn bootstrapped(known_entries: u32) -> Machine {
    let mut machine = bootstrapping(Version::V6);
    receive(&mut machine, Control::Start(start(known_entries)));
    machine
}

#[test]
fn zero_known_entries_is_error_500() {
    let mut machine = bootstrapped(0);
    assert_eq!(
        failure_of(&mut machine),
        (
            500,
            "Start announces 0 known entries, expected at least 1: the Input command".to_owned()
        )
    );
}

#[test]
fn a_frame_before_start_is_a_violation() {
    for message in [input(), sleep_done(1)] {
        let mut machine = bootstrapping(Version::V6);
        receive(&mut machine, message);
        let (code, text) = failure_of(&mut machine);
        assert_eq!(code, 571);
        assert!(text.ends_with("while bootstrapping"), "{text}");
    }
}

#[test]
fn a_second_start_is_a_violation() {
    let mut machine = bootstrapped(2);
    receive(&mut machine, Control::Start(start(2)));
    assert_eq!(
        failure_of(&mut machine),
        (
            571,
            "unexpected Start message (0x0000) while bootstrapping".to_owned()
        )
    );
}

#[test]
fn a_command_after_the_replay_is_a_violation() {
    let journals: [&[Message]; 2] = [&[], &[run_command(1, "r")]];
    for (entries, state) in journals.into_iter().zip(["processing", "replaying"]) {
        let mut machine = replaying(Version::V6, entries);
        assert_eq!(machine.state().name(), state);
        receive(&mut machine, run_command(2, "r"));
        assert_eq!(
            failure_of(&mut machine),
            (
                571,
                format!("unexpected Run message (0x0411) while {state}")
            )
        );
    }
}

#[test]
fn frames_of_the_endpoint_are_violations_from_the_runtime() {
    let foreign = [
        Control::Suspension(pb::Suspension::default()),
        Control::Error(pb::Error::default()),
        Control::End(pb::End {}),
        Control::CommandAck(pb::CommandAck { command_index: 1 }),
        Control::ProposeRunCompletion(pb::ProposeRunCompletion::default()),
        Control::AwaitingOn(pb::AwaitingOn::default()),
    ];
    for message in foreign {
        let name = message.name();
        let mut machine = processing(Version::V7);
        receive(&mut machine, message);
        let (code, text) = failure_of(&mut machine);
        assert_eq!(code, 571, "{name}");
        assert!(
            text.starts_with(&format!("unexpected {name} message")),
            "{text}"
        );
    }
}

#[test]
fn an_ack_without_its_proposal_is_a_violation() {
    let ack = Control::ProposeRunCompletionAck(pb::ProposeRunCompletionAck { completion_id: 1 });
    let mut machine = processing(Version::V7);
    machine.run("r").unwrap();
    receive(&mut machine, ack.clone());
    assert_eq!(
        failure_of(&mut machine),
        (
            571,
            "ack for completion 1, which this attempt did not propose".to_owned()
        )
    );

    let mut replaying = replaying(Version::V7, &[run_command(1, "r")]);
    receive(&mut replaying, ack.clone());
    assert_eq!(failure_of(&mut replaying).0, 571);

    let mut below_seven = processing(Version::V6);
    let run = below_seven.run("r").unwrap();
    assert_eq!(wait(&mut below_seven, run), Progress::RunRequired(run));
    below_seven.propose_run_value(run, Bytes::new()).unwrap();
    receive(&mut below_seven, ack);
    assert_eq!(failure_of(&mut below_seven).0, 571);
}

#[test]
fn unknown_types_are_answered_by_their_range() {
    for (code, expected) in [(0x0008, 500), (0x03FF, 500), (0xFC00, 571), (0xFFFF, 571)] {
        let mut machine = processing(Version::V6);
        machine.receive(raw_frame(code, b"").into());
        assert_eq!(failure_of(&mut machine).0, expected, "{code:#06X}");
    }
}

#[test]
fn an_unknown_command_fails_when_the_handler_gets_there() {
    let mut bytes = frame(Control::Start(start(2)));
    bytes.extend(frame(input()));
    bytes.extend(raw_frame(0x040F, b"?"));
    let mut machine = bootstrapping(Version::V6);
    machine.receive(bytes.into());
    machine.take_input().unwrap();
    assert_eq!(machine.error(), None);
    machine.run("r").unwrap_err();
    assert_eq!(
        failure_of(&mut machine),
        (
            570,
            "entry 1: recorded unknown command 0x040F, attempted run \"r\"; \
             register the changed handler as a new deployment; if it did not change, it uses a clock, \
             a random number or other outside data: take those from ctx.time(), ctx.random(), ctx.uuid() or a run"
                .to_owned()
        )
    );
}

#[test]
fn an_unknown_notification_is_kept_by_its_id() {
    let mut machine = processing(Version::V6);
    machine.receive(raw_frame(0x8005, &[0x08, 0x63, 0x22, 0x00]).into());
    let sleep = machine.sleep(5, "").unwrap();
    assert_eq!(wait(&mut machine, sleep), Progress::InputRequired);
    receive(&mut machine, sleep_done(1));
    assert!(matches!(wait(&mut machine, sleep), Progress::Completed(..)));
}

#[test]
fn payloads_that_are_not_protobuf_are_error_500() {
    for code in [0x0000, 0x8011, 0xFBFF] {
        let mut machine = bootstrapped(3);
        machine.receive(raw_frame(code, &[0xff]).into());
        assert_eq!(failure_of(&mut machine).0, 500, "{code:#06X}");
    }
    let mut command = bootstrapped(2);
    command.receive([frame(input()), raw_frame(0x0411, &[0xff])].concat().into());
    command.take_input().unwrap();
    command.run("r").unwrap_err();
    assert_eq!(failure_of(&mut command).0, 500);
}

#[test]
fn a_notification_without_id_or_result_is_error_500() {
    for payload in [&[0x22, 0x00][..], &[0x08, 0x01]] {
        let mut machine = processing(Version::V6);
        machine.receive(raw_frame(0x800C, payload).into());
        assert_eq!(failure_of(&mut machine).0, 500);
    }
}

#[test]
fn a_result_that_its_type_cannot_have_never_reaches_the_handler() {
    let mut machine = processing(Version::V6);
    machine.sleep(5, "").unwrap();
    machine.receive(raw_frame(0x800C, &[0x08, 0x01, 0x32, 0x00]).into());
    assert_eq!(
        failure_of(&mut machine),
        (
            571,
            "Sleep completion 1 carries failure, but Sleep completes with void".to_owned()
        )
    );
}

#[test]
fn a_completion_of_another_command_never_reaches_the_handler() {
    let text = "completion 1 is a Sleep notification, but Run waits for it";

    let mut late = processing(Version::V6);
    let run = late.run("r").unwrap();
    receive(&mut late, sleep_done(1));
    assert_eq!(wait(&mut late, run), Progress::Closed);
    assert_eq!(failure_of(&mut late), (571, text.to_owned()));

    let mut early = processing(Version::V6);
    receive(&mut early, sleep_done(1));
    let (_, awakeable) = early.awakeable().unwrap();
    assert_eq!(wait(&mut early, awakeable), Progress::InputRequired);
    early.run("r").unwrap_err();
    assert_eq!(failure_of(&mut early), (571, text.to_owned()));
}

#[test]
fn input_that_ends_in_the_journal_is_a_violation() {
    let mut nothing = bootstrapping(Version::V6);
    nothing.receive_end();
    assert_eq!(
        failure_of(&mut nothing),
        (
            571,
            "input ended after 0 of 0 known entries; the attempt will be retried".to_owned()
        )
    );
    let mut half = bootstrapped(3);
    receive(&mut half, input());
    half.receive_end();
    assert_eq!(
        failure_of(&mut half).1,
        "input ended after 1 of 3 known entries; the attempt will be retried"
    );
}

#[test]
fn input_that_ends_within_a_later_frame_is_fine() {
    let mut machine = processing(Version::V6);
    machine.receive(Bytes::from_static(&[0x80, 0x11, 0x00]));
    machine.receive_end();
    assert!(!machine.is_input_open());
    machine.succeed(Bytes::new()).unwrap();
    assert_eq!(output_names(&mut machine), ["Output", "End"]);
}

#[test]
fn a_notification_may_come_before_the_input_command() {
    let mut machine = bootstrapped(2);
    receive(&mut machine, signal(17, some("yes")));
    receive(&mut machine, input());
    machine.take_input().unwrap();
    assert_eq!(machine.state().name(), "processing");
    let (_, awakeable) = machine.awakeable().unwrap();
    assert_eq!(
        wait(&mut machine, awakeable),
        Progress::Completed(awakeable, value("yes"))
    );
}

#[test]
fn a_journal_without_commands_has_no_input() {
    let mut machine = bootstrapped(1);
    receive(&mut machine, signal(17, void()));
    assert!(machine.is_ready());
    machine.take_input().unwrap_err();
    assert_eq!(
        failure_of(&mut machine),
        (
            571,
            "none of the 1 known entries is a command, expected Input first".to_owned()
        )
    );
}

#[test]
fn a_journal_that_starts_otherwise_is_a_mismatch() {
    let mut machine = bootstrapped(1);
    receive(&mut machine, run_command(1, "r"));
    machine.take_input().unwrap_err();
    assert_eq!(failure_of(&mut machine).0, 570);
}

#[test]
fn processing_starts_with_the_last_command_whatever_notifications_are_unread() {
    let entries = [run_command(1, "r"), run_done(1, "7"), signal(17, void())];
    let mut machine = replaying(Version::V6, &entries);
    assert!(machine.is_replaying());
    machine.run("r").unwrap();
    assert_eq!(machine.state().name(), "processing");
}

#[test]
fn a_state_key_that_is_not_text_is_error_500() {
    let entry = pb::StateEntry {
        key: Bytes::from_static(b"\xff"),
        value: Bytes::new(),
    };
    let mut machine = bootstrapping(Version::V6);
    let start = pb::Start {
        state_map: vec![entry],
        ..start(1)
    };
    receive(&mut machine, Control::Start(start));
    assert_eq!(failure_of(&mut machine).0, 500);
}

#[test]
fn an_invocation_id_may_have_any_length() {
    for (id, awakeable) in [
        (b"".as_slice(), "sign_1AAAAEQ"),
        (b"short", "sign_1c2hvcnQAAAAR"),
        (
            &[7; 40],
            "sign_1BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwAAABE",
        ),
    ] {
        let start = pb::Start {
            id: Bytes::from_static(id),
            ..start(1)
        };
        let mut machine = started(Version::V5, start, &[]);

        let (text, handle) = machine.awakeable().unwrap();
        assert_eq!(text, awakeable);
        machine
            .resolve_awakeable(awakeable, Bytes::new(), "")
            .unwrap();
        receive(&mut machine, signal(17, void()));
        assert_eq!(
            wait(&mut machine, handle),
            Progress::Completed(handle, Outcome::Void)
        );
    }
}

#[test]
fn a_frame_above_the_limit_fails_from_its_header_alone() {
    let mut machine = Machine::new(
        Version::V6,
        Options {
            max_message_size: 100,
            ..Options::default()
        },
    );
    receive(&mut machine, Control::Start(start(2)));
    machine.receive(Bytes::from_static(&[0x04, 0x00, 0, 0, 0, 0, 0, 101]));
    let (code, text) = failure_of(&mut machine);
    assert_eq!(code, 413);
    assert!(
        text.contains("101 bytes exceeds max_message_size 100"),
        "{text}"
    );
}

#[test]
fn a_journal_above_the_limit_fails() {
    let mut machine = Machine::new(
        Version::V6,
        Options {
            max_journal_size: 40,
            ..Options::default()
        },
    );
    receive(&mut machine, Control::Start(start(u32::MAX)));
    receive(&mut machine, input());
    receive(&mut machine, run_command(1, "a"));
    assert_eq!(machine.unread_size(), 8 + 13);
    receive(&mut machine, run_command(2, &"x".repeat(40)));
    assert_eq!(
        failure_of(&mut machine),
        (
            413,
            "journal of more than 73 bytes exceeds max_journal_size 40; \
             raise the limit or store references"
                .to_owned()
        )
    );
}

#[test]
fn results_nobody_awaits_count_towards_the_journal_limit() {
    let mut machine = Machine::new(
        Version::V6,
        Options {
            max_journal_size: 1000,
            ..Options::default()
        },
    );
    machine.receive(journal(start(1), &[]).into());
    machine.take_input().unwrap();
    let (_, awakeable) = machine.awakeable().unwrap();
    for id in 18..10_000 {
        receive(&mut machine, signal(id, void()));
        if wait(&mut machine, awakeable) == Progress::Closed {
            break;
        }
        assert_eq!(
            machine.unread_size(),
            0,
            "what was taken in gives its credit back"
        );
    }
    assert_eq!(failure_of(&mut machine).0, 413);
}

#[test]
fn a_closed_machine_ignores_input_and_refuses_commands() {
    let mut machine = processing(Version::V6);
    machine.succeed(Bytes::new()).unwrap();
    machine.take_output();
    machine.receive(Bytes::from_static(b"anything at all, and more of it"));
    machine.receive_end();
    assert!(!machine.is_output_pending());
    let error = machine.run("r").unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot run \"r\": this attempt of {ID} is over, its output is written")
    );
    let again = machine.retry(500, "late", "", None, false).unwrap_err();
    assert_eq!(
        again.to_string(),
        format!(
            "cannot retry with error 500 \"late\": this attempt of {ID} is over, its output is written"
        )
    );
    assert_eq!(wait(&mut machine, 0), Progress::Closed);
    assert!(!machine.is_output_pending());
}

#[test]
fn retry_works_in_every_open_state() {
    let machines = [
        bootstrapping(Version::V6),
        bootstrapped(2),
        replaying(Version::V6, &[run_command(1, "r")]),
        processing(Version::V6),
    ];
    for mut machine in machines {
        machine.retry(418, "tea", "trace", Some(50), false).unwrap();
        assert_eq!(failure_of(&mut machine), (418, "tea".to_owned()));
    }
}

#[test]
fn input_is_taken_once_and_when_it_is_there() {
    let mut machine = bootstrapping(Version::V6);
    assert_eq!(
        machine.take_input().unwrap_err().to_string(),
        "cannot take the input while bootstrapping: it is taken once, when is_ready()"
    );
    machine.receive(journal(start(1), &[]).into());
    assert_eq!(
        machine.run("r").unwrap_err().to_string(),
        "cannot issue a command while replaying: call take_input() first, once is_ready()"
    );
    machine.take_input().unwrap();
    machine.take_input().unwrap_err();
    assert_eq!(machine.error(), None, "a wrong call harms nothing");
}

#[test]
fn input_tells_what_start_told() {
    let start = pb::Start {
        key: "k".to_owned(),
        retry_count_since_last_stored_entry: 3,
        scope: Some("s".to_owned()),
        limit_key: Some("l".to_owned()),
        idempotency_key: Some("i".to_owned()),
        ..start(1)
    };
    let mut machine = bootstrapping(Version::V7);
    machine.receive(journal(start, &[]).into());
    assert_eq!(
        machine.take_input().unwrap(),
        Input {
            invocation_id: ID.to_owned(),
            key: "k".to_owned(),
            headers: Vec::new(),
            body: Bytes::new(),
            random_seed: 42,
            retry_count: 3,
            scope: Some("s".to_owned()),
            limit_key: Some("l".to_owned()),
            idempotency_key: Some("i".to_owned()),
        }
    );
}

#[test]
fn the_seed_of_version_5_comes_from_the_id() {
    let id = [
        0x93, 0x80, 0x2c, 0x1a, 0x0a, 0x9a, 0xd7, 0xe0, 0xfc, 0x61, 0x30, 0x07, 0xdc, 0x65, 0x45,
        0x98, 0x11, 0x6c, 0xb9, 0x10, 0xda, 0x70, 0x01, 0x18,
    ];
    for (version, seed) in [
        (Version::V5, 16_647_126_852_299_096_464),
        (Version::V6, 42),
        (Version::V7, 42),
    ] {
        let start = pb::Start {
            id: Bytes::copy_from_slice(&id),
            ..start(1)
        };
        let mut machine = bootstrapping(version);
        machine.receive(journal(start, &[]).into());
        assert_eq!(machine.take_input().unwrap().random_seed, seed);
    }
}

#[test]
fn an_error_frame_fits_whatever_is_in_it() {
    let mut machine = processing(Version::V6);
    let long = "\u{e9}".repeat(40_000_000);
    machine.retry(500, &long, &long, None, false).unwrap();
    let (_, message) = failure_of(&mut machine);
    assert!(message.len() <= 64 * 1024 + 3);
    assert!(message.ends_with("\u{e9}..."));
}
