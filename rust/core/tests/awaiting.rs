//! Awaiting: order of results, duplicates, cancellation, suspension.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a broken test ends"
)]

mod support;

use awaken_core::endpoint::{CallOptions, Machine, Progress};
use awaken_core::journal::{Awaiting, Outcome};
use awaken_core::wire::generated::{self as pb, CombinatorType};
use awaken_core::wire::{Command, Control, Message, Notification, Version};
use bytes::Bytes;
use data_encoding::HEXLOWER;
use support::*;

fn any(handles: &[u32]) -> Awaiting {
    tree(CombinatorType::FirstCompleted, handles)
}

fn tree(combinator: CombinatorType, handles: &[u32]) -> Awaiting {
    let leaves = handles
        .iter()
        .map(|handle| Awaiting::Handle(*handle))
        .collect();
    Awaiting::node(combinator, leaves).unwrap()
}

fn invocation_id(id: u32, text: &str) -> Message {
    Notification::CallInvocationId(completion(id, child(text))).into()
}

fn call(machine: &mut Machine) -> (u32, u32) {
    machine
        .call("G", "awk", Bytes::new(), CallOptions::default())
        .unwrap()
}

fn hex_output(machine: &mut Machine) -> String {
    HEXLOWER.encode(&machine.take_output())
}

#[test]
fn results_come_one_at_a_time_in_journal_order() {
    let entries = [
        sleep_command(1, ""),
        sleep_command(2, ""),
        sleep_done(2),
        sleep_done(1),
    ];
    let mut machine = replaying(Version::V6, &entries);
    let first = machine.sleep(0, "").unwrap();
    let second = machine.sleep(0, "").unwrap();
    let both = any(&[first, second]);
    assert_eq!(
        machine.progress(&both).unwrap(),
        Progress::Completed(second, Outcome::Void)
    );
    assert_eq!(
        machine.progress(&both).unwrap(),
        Progress::Completed(first, Outcome::Void)
    );
}

#[test]
fn of_results_taken_earlier_the_earliest_is_released_first() {
    let mut machine = processing(Version::V6);
    let sleeps: Vec<u32> = (0..4).map(|_| machine.sleep(0, "").unwrap()).collect();
    for id in [3, 2, 1, 4] {
        receive(&mut machine, sleep_done(id));
    }
    assert!(matches!(
        wait(&mut machine, sleeps[3]),
        Progress::Completed(..)
    ));
    let rest = any(&sleeps[..3]);
    for expected in [2, 1, 0] {
        assert_eq!(
            machine.progress(&rest).unwrap(),
            Progress::Completed(sleeps[expected], Outcome::Void)
        );
    }
}

#[test]
fn a_result_is_given_once_and_then_there_is_nothing_to_await() {
    let mut machine = processing(Version::V6);
    let sleep = machine.sleep(0, "").unwrap();
    receive(&mut machine, sleep_done(1));
    assert!(matches!(wait(&mut machine, sleep), Progress::Completed(..)));
    assert_eq!(wait(&mut machine, sleep), Progress::Closed);
    assert_eq!(
        failure_of(&mut machine),
        (
            500,
            "nothing left to await: every future in the tree has already given its result"
                .to_owned()
        )
    );
}

#[test]
fn an_empty_tree_never_becomes_an_empty_suspension() {
    for version in Version::ALL {
        let mut machine = processing(version);
        machine.receive_end();
        let empty = tree(CombinatorType::AllCompleted, &[]);
        assert_eq!(machine.progress(&empty).unwrap(), Progress::Closed);
        assert_eq!(failure_of(&mut machine).0, 500);
    }
}

#[test]
fn an_unknown_handle_is_refused_and_harms_nothing() {
    let mut machine = processing(Version::V6);
    machine.sleep(0, "").unwrap();
    let error = machine.progress(&any(&[0, 7])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "handle 7 is unknown: this attempt created 1"
    );
    assert!(!machine.is_closed());
}

#[test]
fn a_result_that_came_before_its_handle_is_kept() {
    let mut machine = processing(Version::V6);
    for message in [
        signal(18, some("second")),
        sleep_done(1),
        named("foo", void()),
    ] {
        receive(&mut machine, message);
    }
    let (_, first) = machine.awakeable().unwrap();
    assert_eq!(wait(&mut machine, first), Progress::InputRequired);
    let (_, second) = machine.awakeable().unwrap();
    let sleep = machine.sleep(0, "").unwrap();
    let by_name = machine.signal("foo").unwrap();
    let all = any(&[by_name, sleep, second]);
    let order: Vec<_> = (0..3).map(|_| machine.progress(&all).unwrap()).collect();
    assert_eq!(
        order,
        [
            Progress::Completed(second, value("second")),
            Progress::Completed(sleep, Outcome::Void),
            Progress::Completed(by_name, Outcome::Void),
        ]
    );
}

#[test]
fn the_first_resolution_of_an_awakeable_wins() {
    let entries = [signal(17, some("one")), signal(17, some("two"))];
    let mut machine = replaying(Version::V6, &entries);
    let (_, awakeable) = machine.awakeable().unwrap();
    let (_, other) = machine.awakeable().unwrap();
    assert_eq!(
        wait(&mut machine, awakeable),
        Progress::Completed(awakeable, value("one"))
    );
    assert_eq!(wait(&mut machine, other), Progress::InputRequired);

    let mut unawaited = replaying(Version::V6, &entries);
    let (_, awakeable) = unawaited.awakeable().unwrap();
    let (_, other) = unawaited.awakeable().unwrap();
    assert_eq!(wait(&mut unawaited, other), Progress::InputRequired);
    assert_eq!(
        wait(&mut unawaited, awakeable),
        Progress::Completed(awakeable, value("one"))
    );
}

#[test]
fn each_handle_of_a_name_takes_the_next_signal() {
    let entries = ["one", "two", "three"].map(|text| named("foo", some(text)));
    let mut machine = replaying(Version::V6, &entries);
    let handles: Vec<u32> = (0..3).map(|_| machine.signal("foo").unwrap()).collect();
    assert_eq!(
        wait(&mut machine, handles[1]),
        Progress::Completed(handles[1], value("one"))
    );
    let rest = any(&[handles[2], handles[0]]);
    assert_eq!(
        machine.progress(&rest).unwrap(),
        Progress::Completed(handles[0], value("two"))
    );
    assert_eq!(
        machine.progress(&rest).unwrap(),
        Progress::Completed(handles[2], value("three"))
    );
}

#[test]
fn stored_signals_of_a_name_go_to_the_oldest_awaited_handle() {
    let mut machine = processing(Version::V6);
    let handles: Vec<u32> = (0..2).map(|_| machine.signal("foo").unwrap()).collect();
    let (_, awakeable) = machine.awakeable().unwrap();
    receive(&mut machine, named("foo", some("one")));
    receive(&mut machine, named("bar", void()));
    assert_eq!(wait(&mut machine, awakeable), Progress::InputRequired);
    let both = any(&[handles[1], handles[0]]);
    assert_eq!(
        machine.progress(&both).unwrap(),
        Progress::Completed(handles[0], value("one"))
    );
    assert_eq!(machine.progress(&both).unwrap(), Progress::InputRequired);
}

#[test]
fn awakeable_ids_count_from_17_on_their_own() {
    let mut machine = processing(Version::V6);
    machine.sleep(0, "").unwrap();
    let ids: Vec<String> = (0..3).map(|_| machine.awakeable().unwrap().0).collect();
    assert_eq!(ids[0], "sign_1sf902udLPZuGobB_hAWgaXlo1imYnqYVAAAAEQ");
    assert!(ids[1].ends_with("Eg"));
    assert!(ids[2].ends_with("Ew"));
}

#[test]
fn results_queued_before_a_cancel_are_delivered_first() {
    let mut machine = processing(Version::V6);
    let first = machine.sleep(0, "").unwrap();
    let second = machine.sleep(0, "").unwrap();
    for message in [sleep_done(1), cancel(), sleep_done(2)] {
        receive(&mut machine, message);
    }
    assert!(matches!(wait(&mut machine, first), Progress::Completed(..)));
    assert_eq!(wait(&mut machine, second), Progress::Cancelled);
    assert!(matches!(
        wait(&mut machine, second),
        Progress::Completed(..)
    ));
}

#[test]
fn a_cancel_waits_for_the_next_await() {
    let mut machine = processing(Version::V6);
    receive(&mut machine, cancel());
    machine.set_state("k", Bytes::new(), "").unwrap();
    let sleep = machine.sleep(0, "").unwrap();
    assert_eq!(output_names(&mut machine), ["SetState", "Sleep"]);
    assert_eq!(wait(&mut machine, sleep), Progress::Cancelled);
}

#[test]
fn each_cancel_is_raised_once() {
    let mut machine = processing(Version::V6);
    let sleep = machine.sleep(0, "").unwrap();
    receive(&mut machine, cancel());
    receive(&mut machine, cancel());
    assert_eq!(wait(&mut machine, sleep), Progress::Cancelled);
    assert_eq!(wait(&mut machine, sleep), Progress::Cancelled);
    assert_eq!(wait(&mut machine, sleep), Progress::InputRequired);
}

#[test]
fn a_cancel_is_sent_to_every_call_in_order_finished_ones_too() {
    let mut machine = processing(Version::V6);
    let (_, first) = call(&mut machine);
    machine
        .send("G", "fire", Bytes::new(), 0, CallOptions::default())
        .unwrap();
    let (second_id, second) = call(&mut machine);
    receive(&mut machine, invocation_id(1, CHILD));
    receive(
        &mut machine,
        Notification::Call(completion(2, some("done"))),
    );
    receive(&mut machine, invocation_id(3, ID));
    receive(&mut machine, cancel());
    receive(&mut machine, invocation_id(4, OTHER_CHILD));
    assert!(matches!(wait(&mut machine, first), Progress::Completed(..)));
    machine.take_output();

    assert_eq!(wait(&mut machine, second), Progress::Cancelled);

    let targets: Vec<_> = output(&mut machine)
        .into_iter()
        .map(|message| match message {
            Message::Command(Command::SendSignal(signal)) => {
                assert_eq!(
                    signal.signal_id,
                    Some(pb::send_signal_command::SignalId::Idx(1))
                );
                assert_eq!(
                    signal.result,
                    Some(pb::send_signal_command::Result::Void(pb::Void {}))
                );
                signal.target_invocation_id
            }
            other => unreachable!("{other:?}"),
        })
        .collect();
    assert_eq!(targets, [CHILD, OTHER_CHILD]);
    assert_eq!(
        wait(&mut machine, second_id),
        Progress::Completed(second_id, Outcome::InvocationId(OTHER_CHILD.to_owned())),
        "the handler still gets the id"
    );
    receive(&mut machine, cancel());
    assert_eq!(wait(&mut machine, second), Progress::Cancelled);
    assert!(
        !machine.is_output_pending(),
        "cancelled children are not cancelled again"
    );
}

#[test]
fn a_cancel_waits_for_the_id_of_a_child() {
    let mut machine = processing(Version::V6);
    let (_, result) = call(&mut machine);
    machine.take_output();
    receive(&mut machine, cancel());
    assert_eq!(wait(&mut machine, result), Progress::InputRequired);
    receive(
        &mut machine,
        Notification::Call(completion(2, some("late"))),
    );
    assert_eq!(wait(&mut machine, result), Progress::InputRequired);
    receive(&mut machine, invocation_id(1, CHILD));
    assert_eq!(wait(&mut machine, result), Progress::Cancelled);
    assert_eq!(output_names(&mut machine), ["SendSignal"]);
    assert_eq!(
        wait(&mut machine, result),
        Progress::Completed(result, value("late"))
    );
}

#[test]
fn waiting_for_the_id_of_a_child_suspends_on_it_alone() {
    let flat = "00010000000000030a0101";
    let node = "000100000000000722050a01012801";
    for (version, expected) in [
        (Version::V5, flat),
        (Version::V6, flat),
        (Version::V7, node),
    ] {
        let mut machine = processing(version);
        let (_, result) = call(&mut machine);
        receive(&mut machine, cancel());
        machine.receive_end();
        machine.take_output();
        assert_eq!(wait(&mut machine, result), Progress::Suspended);
        assert_eq!(hex_output(&mut machine), expected);
    }
}

#[test]
fn recorded_cancels_of_children_are_matched_again() {
    let entries = [
        Command::Call(pb::CallCommand {
            service_name: "G".to_owned(),
            handler_name: "awk".to_owned(),
            invocation_id_notification_idx: 1,
            result_completion_id: 2,
            ..pb::CallCommand::default()
        })
        .into(),
        cancel(),
        invocation_id(1, CHILD),
        Command::SendSignal(pb::SendSignalCommand {
            target_invocation_id: CHILD.to_owned(),
            signal_id: Some(pb::send_signal_command::SignalId::Idx(1)),
            result: Some(pb::send_signal_command::Result::Void(pb::Void {})),
            entry_name: String::new(),
        })
        .into(),
    ];
    let mut machine = replaying(Version::V6, &entries);
    let (_, result) = call(&mut machine);
    assert_eq!(wait(&mut machine, result), Progress::Cancelled);
    assert!(!machine.is_output_pending());
    assert_eq!(machine.state().name(), "processing");

    let mut changed = entries.to_vec();
    changed[3] = run_command(3, "r");
    let mut machine = replaying(Version::V6, &changed);
    let (_, result) = call(&mut machine);
    assert_eq!(wait(&mut machine, result), Progress::Closed);
    assert_eq!(failure_of(&mut machine).0, 570);

    let mut unknown = entries.to_vec();
    unknown.remove(2);
    let mut machine = replaying(Version::V6, &unknown);
    let (_, result) = call(&mut machine);
    assert_eq!(wait(&mut machine, result), Progress::Closed);
    let (code, text) = failure_of(&mut machine);
    assert_eq!(code, 570);
    assert!(
        text.contains("attempted to await the invocation id of a call (completion 1)"),
        "{text}"
    );
}

#[test]
fn a_child_id_that_does_not_parse_is_never_sent_back() {
    let mut machine = processing(Version::V6);
    let (_, result) = call(&mut machine);
    receive(&mut machine, invocation_id(1, "inv_CHILD"));
    receive(&mut machine, cancel());
    machine.take_output();
    assert_eq!(wait(&mut machine, result), Progress::Closed);
    let (code, text) = failure_of(&mut machine);
    assert_eq!(code, 571);
    assert!(
        text.starts_with("cannot cancel child call 1: invalid invocation id"),
        "{text}"
    );
}

#[test]
fn a_consumed_cancel_is_not_listed_in_the_suspension() {
    let expected = [
        (Version::V5, "00010000000000030a0101"),
        (Version::V6, "00010000000000030a0101"),
        (Version::V7, "000100000000000722050a01012801"),
    ];
    for (version, expected) in expected {
        let mut machine = processing(version);
        let sleep = machine.sleep(0, "").unwrap();
        receive(&mut machine, cancel());
        assert_eq!(wait(&mut machine, sleep), Progress::Cancelled);
        machine.receive_end();
        machine.take_output();
        assert_eq!(wait(&mut machine, sleep), Progress::Suspended);
        assert_eq!(hex_output(&mut machine), expected);
    }
}

/// The first of awakeable 17, sleep 1, and all of signal "foo" and call result 3, with one resolved leaf more.
fn documented_tree(machine: &mut Machine) -> Awaiting {
    let (_, awakeable) = machine.awakeable().unwrap();
    let sleep = machine.sleep(0, "").unwrap();
    let (_, result) = call(machine);
    let by_name = machine.signal("foo").unwrap();
    let (_, resolved) = machine.awakeable().unwrap();
    receive(machine, signal(18, void()));
    let gone = tree(CombinatorType::AllCompleted, &[resolved]);
    assert!(matches!(
        machine.progress(&gone).unwrap(),
        Progress::Completed(..)
    ));
    let all = tree(CombinatorType::AllCompleted, &[resolved, by_name, result]);
    let leaves = vec![
        gone,
        Awaiting::Handle(awakeable),
        Awaiting::Handle(sleep),
        all,
    ];
    Awaiting::node(CombinatorType::FirstCompleted, leaves).unwrap()
}

#[test]
fn a_suspension_lists_the_unresolved_remainder_as_the_official_core_does() {
    let flat = "000100000000000d0a020103120201111a03666f6f";
    let nested = "000100000000001d221b12010122140a0101120111220a0a01031a03666f6f280228012801";
    for (version, expected) in [
        (Version::V5, flat),
        (Version::V6, flat),
        (Version::V7, nested),
    ] {
        let mut machine = processing(version);
        let tree = documented_tree(&mut machine);
        machine.receive_end();
        machine.take_output();
        assert_eq!(machine.progress(&tree).unwrap(), Progress::Suspended);
        assert_eq!(hex_output(&mut machine), expected);
        assert_eq!(machine.error(), None);
        assert_eq!(
            machine.progress(&tree).unwrap(),
            Progress::Suspended,
            "it stays so"
        );
        assert!(
            machine
                .run("r")
                .unwrap_err()
                .to_string()
                .contains("suspended")
        );
    }
}

#[test]
fn a_lone_sleep_shares_its_node_with_the_cancel_signal() {
    let mut machine = processing(Version::V7);
    let sleep = machine.sleep(0, "").unwrap();
    machine.receive_end();
    machine.take_output();
    assert_eq!(wait(&mut machine, sleep), Progress::Suspended);
    assert_eq!(
        hex_output(&mut machine),
        "000100000000000a22080a01011201012801"
    );
}

#[test]
fn nothing_suspends_while_input_is_open() {
    for version in Version::ALL {
        let mut machine = processing(version);
        let sleep = machine.sleep(0, "").unwrap();
        assert_eq!(wait(&mut machine, sleep), Progress::InputRequired);
        assert!(!machine.is_closed());
    }
}

#[test]
fn version_7_hints_what_is_awaited_once_and_only_news() {
    let mut machine = processing(Version::V7);
    let sleep = machine.sleep(0, "").unwrap();
    let (_, awakeable) = machine.awakeable().unwrap();
    machine.take_output();
    wait(&mut machine, sleep);
    wait(&mut machine, sleep);
    wait(&mut machine, awakeable);
    let hints = output(&mut machine);
    assert_eq!(hints.len(), 2);
    assert_eq!(
        HEXLOWER.encode(&frame(hints[0].clone())),
        "000600000000000a0a080a01011201012801"
    );
    let mut below = processing(Version::V6);
    let sleep = below.sleep(0, "").unwrap();
    below.take_output();
    wait(&mut below, sleep);
    assert!(!below.is_output_pending());
}

#[test]
fn version_7_gives_no_hint_while_a_run_executes() {
    let mut machine = processing(Version::V7);
    let run = machine.run("r").unwrap();
    assert_eq!(wait(&mut machine, run), Progress::RunRequired(run));
    machine.take_output();
    assert_eq!(wait(&mut machine, run), Progress::InputRequired);
    assert!(!machine.is_output_pending());
}

#[test]
fn awaiting_before_the_input_is_taken_is_refused() {
    let mut machine = bootstrapping(Version::V6);
    machine.progress(&Awaiting::Handle(0)).unwrap_err();
    receive(&mut machine, Control::Start(start(1)));
    receive(&mut machine, input());
    machine.progress(&Awaiting::Handle(0)).unwrap_err();
    assert_eq!(machine.error(), None);
}

#[test]
fn many_results_nobody_awaits_are_taken_in_quickly() {
    let mut entries = Vec::new();
    for id in 1..=20_000 {
        entries.push(sleep_command(id, ""));
    }
    for id in (1..=20_000).rev() {
        entries.push(sleep_done(id));
    }
    let mut machine = replaying(Version::V6, &entries);
    let handles: Vec<u32> = (0..20_000).map(|_| machine.sleep(0, "").unwrap()).collect();
    for handle in handles {
        assert_eq!(
            wait(&mut machine, handle),
            Progress::Completed(handle, Outcome::Void)
        );
    }
}
