//! Run closures: when they execute, acks, retries.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a broken test ends"
)]

mod support;

use awaken_core::endpoint::{Machine, Progress, RetryPolicy, RunFailure};
use awaken_core::journal::{Awaiting, Outcome};
use awaken_core::wire::generated::{self as pb, CombinatorType};
use awaken_core::wire::{Command, Control, Message, Version};
use bytes::Bytes;
use data_encoding::HEXLOWER;
use support::*;

fn ack(id: u32) -> Control {
    Control::ProposeRunCompletionAck(pb::ProposeRunCompletionAck { completion_id: id })
}

fn both(first: u32, second: u32) -> Awaiting {
    Awaiting::node(
        CombinatorType::AllCompleted,
        vec![Awaiting::Handle(first), Awaiting::Handle(second)],
    )
    .unwrap()
}

/// An executing run, whose command was already taken from the output.
fn executing(version: Version) -> (Machine, u32) {
    let mut machine = processing(version);
    let run = machine.run("r").unwrap();
    assert_eq!(wait(&mut machine, run), Progress::RunRequired(run));
    machine.take_output();
    (machine, run)
}

fn boom() -> RunFailure<'static> {
    RunFailure {
        code: 500,
        message: "boom",
        stacktrace: "st",
        attempt_duration_ms: 10,
        next_retry_delay_ms: None,
    }
}

fn initial_50() -> RetryPolicy {
    RetryPolicy {
        initial_interval_ms: Some(50),
        ..RetryPolicy::default()
    }
}

/// A journal that ends with the run, after `retries` failed attempts in `duration_ms`.
fn replayed(retries: u32, duration_ms: u64) -> (Machine, u32) {
    let start = pb::Start {
        retry_count_since_last_stored_entry: retries,
        duration_since_last_stored_entry: duration_ms,
        ..start(1)
    };
    let mut machine = started(Version::V6, start, &[run_command(1, "r")]);
    let run = machine.run("r").unwrap();
    assert_eq!(wait(&mut machine, run), Progress::RunRequired(run));
    (machine, run)
}

fn hex_output(machine: &mut Machine) -> String {
    HEXLOWER.encode(&machine.take_output())
}

#[test]
fn a_run_is_required_once_and_completes_by_its_notification() {
    for version in [Version::V5, Version::V6] {
        let (mut machine, run) = executing(version);
        assert_eq!(
            wait(&mut machine, run),
            Progress::InputRequired,
            "not required twice"
        );
        machine
            .propose_run_value(run, Bytes::from_static(b"42"))
            .unwrap();
        assert_eq!(hex_output(&mut machine), "0005000000000006080172023432");
        assert_eq!(wait(&mut machine, run), Progress::InputRequired);
        receive(&mut machine, run_done(1, "42"));
        assert_eq!(
            wait(&mut machine, run),
            Progress::Completed(run, value("42"))
        );
    }
}

#[test]
fn version_7_keeps_the_result_until_its_ack() {
    let (mut machine, run) = executing(Version::V7);
    machine
        .propose_run_value(run, Bytes::from_static(b"42"))
        .unwrap();
    assert_eq!(hex_output(&mut machine), "0005800000000006080172023432");
    assert_eq!(wait(&mut machine, run), Progress::InputRequired);
    receive(&mut machine, ack(1));
    assert_eq!(
        wait(&mut machine, run),
        Progress::Completed(run, value("42"))
    );
}

#[test]
fn an_ack_releases_its_result_at_its_place_in_the_queue() {
    let (mut machine, run) = executing(Version::V7);
    let sleep = machine.sleep(0, "").unwrap();
    machine
        .propose_run_failure(run, failure(400, "no"))
        .unwrap();
    for message in [Message::from(ack(1)), sleep_done(2)] {
        receive(&mut machine, message);
    }
    let all = both(sleep, run);
    let no = Outcome::Failure(Box::new(failure(400, "no")));
    assert_eq!(
        machine.progress(&all).unwrap(),
        Progress::Completed(run, no)
    );
    assert_eq!(
        machine.progress(&all).unwrap(),
        Progress::Completed(sleep, Outcome::Void)
    );
}

#[test]
fn a_whole_notification_overrides_the_kept_result() {
    let (mut machine, run) = executing(Version::V7);
    machine
        .propose_run_value(run, Bytes::from_static(b"mine"))
        .unwrap();
    receive(&mut machine, run_done(1, "stored"));
    receive(&mut machine, ack(1));
    assert_eq!(
        wait(&mut machine, run),
        Progress::Completed(run, value("stored"))
    );
    let sleep = machine.sleep(0, "").unwrap();
    assert_eq!(wait(&mut machine, sleep), Progress::InputRequired);
}

#[test]
fn a_recorded_result_spares_the_closure_wherever_it_is() {
    let entries = [
        run_command(1, "a"),
        run_command(2, "b"),
        run_done(2, "B"),
        run_done(1, "A"),
    ];
    let mut machine = replaying(Version::V6, &entries);
    let a = machine.run("a").unwrap();
    let b = machine.run("b").unwrap();
    assert_eq!(wait(&mut machine, a), Progress::Completed(a, value("A")));
    assert_eq!(wait(&mut machine, b), Progress::Completed(b, value("B")));
    assert!(!machine.is_output_pending());
}

#[test]
fn a_recorded_run_without_result_executes_again() {
    let (mut machine, run) = replayed(0, 0);
    machine.propose_run_value(run, Bytes::new()).unwrap();
    assert_eq!(output_names(&mut machine), ["ProposeRunCompletion"]);
}

#[test]
fn several_runs_execute_at_once() {
    let mut machine = processing(Version::V6);
    let first = machine.run("a").unwrap();
    let second = machine.run("b").unwrap();
    let all = both(first, second);
    assert_eq!(
        machine.progress(&all).unwrap(),
        Progress::RunRequired(first)
    );
    assert_eq!(
        machine.progress(&all).unwrap(),
        Progress::RunRequired(second)
    );
    assert_eq!(machine.progress(&all).unwrap(), Progress::InputRequired);
    machine
        .propose_run_value(second, Bytes::from_static(b"2"))
        .unwrap();
    machine
        .propose_run_value(first, Bytes::from_static(b"1"))
        .unwrap();
    receive(&mut machine, run_done(2, "2"));
    receive(&mut machine, run_done(1, "1"));
    assert_eq!(
        machine.progress(&all).unwrap(),
        Progress::Completed(second, value("2"))
    );
    assert_eq!(
        machine.progress(&all).unwrap(),
        Progress::Completed(first, value("1"))
    );
}

#[test]
fn an_awaited_run_that_executes_holds_off_suspension() {
    let (mut machine, run) = executing(Version::V6);
    let (_, awakeable) = machine.awakeable().unwrap();
    machine.receive_end();
    assert_eq!(
        machine.progress(&both(run, awakeable)).unwrap(),
        Progress::InputRequired
    );
    machine.propose_run_value(run, Bytes::new()).unwrap();
    machine.take_output();
    assert_eq!(wait(&mut machine, run), Progress::Suspended);
    assert_eq!(hex_output(&mut machine), "00010000000000060a0101120101");
}

#[test]
fn a_run_that_executes_and_is_not_awaited_does_not_hold_off_suspension() {
    let (mut machine, run) = executing(Version::V6);
    let (_, awakeable) = machine.awakeable().unwrap();
    machine.receive_end();
    assert_eq!(wait(&mut machine, awakeable), Progress::Suspended);
    machine.propose_run_value(run, Bytes::new()).unwrap_err();
    assert_eq!(output_names(&mut machine), ["Suspension"]);
}

#[test]
fn a_run_is_proposed_once_while_it_executes() {
    let mut machine = processing(Version::V6);
    let run = machine.run("r").unwrap();
    let sleep = machine.sleep(0, "").unwrap();
    for handle in [run, sleep, 99] {
        let error = machine.propose_run_value(handle, Bytes::new()).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "handle {handle} is not an executing run: wait for RunRequired, then propose once"
            )
        );
        machine.retry_run(handle, boom(), None).unwrap_err();
    }
    wait(&mut machine, run);
    machine.propose_run_value(run, Bytes::new()).unwrap();
    machine.propose_run_value(run, Bytes::new()).unwrap_err();
    assert_eq!(
        output_names(&mut machine),
        ["Run", "Sleep", "ProposeRunCompletion"]
    );
}

#[test]
fn a_late_proposal_for_a_known_result_is_dropped() {
    let (mut machine, run) = executing(Version::V6);
    receive(&mut machine, run_done(1, "stored"));
    assert!(matches!(wait(&mut machine, run), Progress::Completed(..)));
    machine
        .propose_run_value(run, Bytes::from_static(b"late"))
        .unwrap();
    assert!(!machine.is_output_pending());
}

#[test]
fn a_terminal_failure_is_proposed_with_its_metadata() {
    let (mut machine, run) = executing(Version::V7);
    machine
        .propose_run_failure(run, with_metadata(400, "t"))
        .unwrap();
    assert_eq!(
        hex_output(&mut machine),
        "000580000000001208017a0e0890031201741a060a0161120162"
    );
}

#[test]
fn a_retryable_failure_ends_the_attempt_with_run_and_delay() {
    let (mut machine, run) = replayed(0, 0);
    assert!(!machine.retry_run(run, boom(), Some(initial_50())).unwrap());
    assert_eq!(
        hex_output(&mut machine),
        "000200000000001708f4031204626f6f6d1a02737420012a017230910840\
         32"
        .replace(char::is_whitespace, "")
    );
}

#[test]
fn the_delay_grows_with_the_failures_that_start_counts() {
    let (mut machine, run) = replayed(5, 0);
    assert!(!machine.retry_run(run, boom(), Some(initial_50())).unwrap());
    assert_eq!(
        hex_output(&mut machine),
        "000200000000001808f4031204626f6f6d1a02737420012a017230910840c00c"
    );
}

#[test]
fn without_any_policy_field_the_runtime_decides_the_delay() {
    for policy in [None, Some(RetryPolicy::default())] {
        let (mut machine, run) = replayed(5, 99_999);
        assert!(!machine.retry_run(run, boom(), policy).unwrap());
        let Some(Message::Control(Control::Error(error))) = output(&mut machine).pop() else {
            unreachable!()
        };
        assert_eq!(error.next_retry_delay, None);
        assert_eq!(error.related_command_name.as_deref(), Some("r"));
    }
}

#[test]
fn a_delay_the_exception_asks_for_replaces_the_policys() {
    for policy in [None, Some(initial_50())] {
        let (mut machine, run) = replayed(5, 0);
        let failure = RunFailure {
            next_retry_delay_ms: Some(7),
            ..boom()
        };
        assert!(!machine.retry_run(run, failure, policy).unwrap());
        let Some(Message::Control(Control::Error(error))) = output(&mut machine).pop() else {
            unreachable!()
        };
        assert_eq!(error.next_retry_delay, Some(7));
    }
}

#[test]
fn giving_up_proposes_the_failure_as_terminal_without_metadata() {
    let (mut machine, run) = replayed(2, 0);
    let policy = RetryPolicy {
        max_attempts: Some(3),
        ..RetryPolicy::default()
    };
    assert!(machine.retry_run(run, boom(), Some(policy)).unwrap());
    assert_eq!(
        hex_output(&mut machine),
        "000500000000000d08017a0908f4031204626f6f6d"
    );
    assert!(!machine.is_closed());
}

#[test]
fn max_attempts_zero_is_one_execution() {
    let (mut machine, run) = replayed(0, 0);
    let policy = RetryPolicy {
        max_attempts: Some(0),
        ..RetryPolicy::default()
    };
    assert!(machine.retry_run(run, boom(), Some(policy)).unwrap());
}

#[test]
fn a_run_written_in_this_attempt_starts_counting_anew() {
    let start = pb::Start {
        retry_count_since_last_stored_entry: 50,
        duration_since_last_stored_entry: 1_000_000,
        ..start(1)
    };
    let mut machine = started(Version::V6, start, &[]);
    let run = machine.run("r").unwrap();
    wait(&mut machine, run);
    let policy = RetryPolicy {
        max_attempts: Some(2),
        max_duration_ms: Some(500),
        ..initial_50()
    };
    assert!(!machine.retry_run(run, boom(), Some(policy)).unwrap());
}

#[test]
fn a_command_written_after_a_replayed_run_ends_its_claim_to_the_counts() {
    let start = pb::Start {
        retry_count_since_last_stored_entry: 50,
        ..start(1)
    };
    let mut machine = started(Version::V6, start, &[run_command(1, "r")]);
    let run = machine.run("r").unwrap();
    machine.sleep(0, "").unwrap();
    wait(&mut machine, run);
    let policy = RetryPolicy {
        max_attempts: Some(2),
        ..RetryPolicy::default()
    };
    assert!(!machine.retry_run(run, boom(), Some(policy)).unwrap());
}

#[test]
fn the_duration_counts_only_after_a_failure() {
    let policy = RetryPolicy {
        max_duration_ms: Some(1000),
        ..RetryPolicy::default()
    };
    for (retries, duration_ms, gives_up) in [
        (0, 5000, false),
        (1, 5000, true),
        (1, 989, false),
        (1, 990, true),
    ] {
        let (mut machine, run) = replayed(retries, duration_ms);
        assert_eq!(
            machine.retry_run(run, boom(), Some(policy)).unwrap(),
            gives_up,
            "{retries} {duration_ms}"
        );
    }
}

#[test]
fn an_ack_that_nothing_waits_for_twice_is_harmless() {
    let (mut machine, run) = executing(Version::V7);
    machine
        .propose_run_value(run, Bytes::from_static(b"42"))
        .unwrap();
    receive(&mut machine, ack(1));
    receive(&mut machine, ack(1));
    assert!(matches!(wait(&mut machine, run), Progress::Completed(..)));
    machine.succeed(Bytes::new()).unwrap();
    assert_eq!(machine.error(), None);
}

#[test]
fn a_run_command_keeps_its_name_in_the_error_of_a_replay() {
    let recorded = Command::Run(pb::RunCommand {
        result_completion_id: 1,
        name: String::new(),
    });
    let mut machine = replaying(Version::V6, &[recorded.into()]);
    let run = machine.run("").unwrap();
    wait(&mut machine, run);
    machine.retry_run(run, boom(), None).unwrap();
    let Some(Message::Control(Control::Error(error))) = output(&mut machine).pop() else {
        unreachable!()
    };
    assert_eq!(
        error.related_command_name, None,
        "an empty name is left out"
    );
    assert_eq!(error.related_command_index, Some(1));
}
