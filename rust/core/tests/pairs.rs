//! Endpoint and invoker machine connected: every command, in every version and mode, replayed from every prefix.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a broken test ends"
)]

mod pair;
mod support;

use awaken_core::endpoint::{CallOptions, Read, RetryPolicy, RunFailure, Target};
use awaken_core::journal::{Awaiting, Notification, Outcome, notification};
use awaken_core::wire::generated::{self as pb, CombinatorType, output_command};
use awaken_core::wire::{Feature, Message, Version};
use bytes::Bytes;
use pair::{Attempt, Handler, Host, Lane, Stop};
use proptest::collection::vec;
use proptest::prelude::*;
use support::{CHILD, ID, failure, with_metadata};

/// One action of a handler, which awaits the result before the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Run,
    RunFails,
    Sleep,
    Call,
    CallFails,
    Send,
    GetState,
    GetStateKeys,
    SetState,
    ClearState,
    ClearAllState,
    Awakeable,
    RejectedAwakeable,
    OtherAwakeable,
    Signal,
    RejectedSignal,
    GetPromise,
    PeekPromise,
    ResolvePromise,
    RejectPromise,
    Attach,
    AttachWorkflow,
    AttachIdempotent,
    Output,
    OutputOfWorkflow,
    CancelOther,
    Gather,
    Race,
}

impl Act {
    const ALL: [Self; 28] = [
        Self::Run,
        Self::RunFails,
        Self::Sleep,
        Self::Call,
        Self::CallFails,
        Self::Send,
        Self::GetState,
        Self::GetStateKeys,
        Self::SetState,
        Self::ClearState,
        Self::ClearAllState,
        Self::Awakeable,
        Self::RejectedAwakeable,
        Self::OtherAwakeable,
        Self::Signal,
        Self::RejectedSignal,
        Self::GetPromise,
        Self::PeekPromise,
        Self::ResolvePromise,
        Self::RejectPromise,
        Self::Attach,
        Self::AttachWorkflow,
        Self::AttachIdempotent,
        Self::Output,
        Self::OutputOfWorkflow,
        Self::CancelOther,
        Self::Gather,
        Self::Race,
    ];
}

fn options(version: Version, key: &str) -> CallOptions {
    let is_scoped = version.supports(Feature::Scope);
    CallOptions {
        key: key.to_owned(),
        headers: vec![("a".to_owned(), "b".to_owned())],
        idempotency_key: Some("i".to_owned()),
        scope: is_scoped.then(|| "s".to_owned()),
        limit_key: is_scoped.then(|| "l".to_owned()),
        name: "n".to_owned(),
    }
}

/// Performs one action and returns its result.
#[expect(clippy::too_many_lines, reason = "one arm per act")]
fn act(
    attempt: &mut Attempt<'_>,
    version: Version,
    position: usize,
    act: Act,
) -> Result<Vec<Outcome>, Stop> {
    let bytes = Bytes::from(format!("{position}"));
    let key = (position % 3).to_string();
    let machine = &mut attempt.machine;
    let handle = match act {
        Act::Run => machine.run("r").unwrap(),
        Act::RunFails => {
            let handle = machine.run("fails").unwrap();
            attempt.failing.insert(handle);
            handle
        }
        Act::Sleep => {
            let time = 1000 * u64::try_from(position + 1).unwrap();
            machine.sleep(time, "nap").unwrap()
        }
        Act::Call | Act::CallFails => {
            let handler = if act == Act::Call { "good" } else { "bad" };
            let options = options(version, "k");
            let (id, result) = machine.call("S", handler, bytes, options).unwrap();
            return Ok(vec![attempt.wait(id)?, attempt.wait(result)?]);
        }
        Act::Send => {
            let options = options(version, "");
            machine.send("S", "h", bytes, 5000, options).unwrap()
        }
        Act::GetState => match machine.get_state(&key, "").unwrap() {
            Read::Now(value) => return Ok(vec![value.map_or(Outcome::Void, Outcome::Value)]),
            Read::Later(handle) => handle,
        },
        Act::GetStateKeys => match machine.get_state_keys("").unwrap() {
            Read::Now(keys) => return Ok(vec![Outcome::StateKeys(keys)]),
            Read::Later(handle) => handle,
        },
        Act::SetState => {
            machine.set_state(&key, bytes, "").unwrap();
            return Ok(vec![]);
        }
        Act::ClearState => {
            machine.clear_state(&key, "").unwrap();
            return Ok(vec![]);
        }
        Act::ClearAllState => {
            machine.clear_all_state("").unwrap();
            return Ok(vec![]);
        }
        Act::Awakeable => {
            let (id, handle) = machine.awakeable().unwrap();
            machine.resolve_awakeable(&id, bytes, "").unwrap();
            handle
        }
        Act::RejectedAwakeable => {
            let (id, handle) = machine.awakeable().unwrap();
            machine
                .reject_awakeable(&id, failure(400, "no"), "")
                .unwrap();
            handle
        }
        Act::OtherAwakeable => {
            let other = "sign_1spq1hoBVqOJ3-VwOWHtVhFnkcQjRu7f9AAAAEQ";
            machine.resolve_awakeable(other, bytes, "").unwrap();
            return Ok(vec![]);
        }
        Act::Signal => {
            machine.resolve_signal(ID, "go", bytes, "").unwrap();
            machine.signal("go").unwrap()
        }
        Act::RejectedSignal => {
            machine
                .reject_signal(ID, "stop", failure(400, "no"), "")
                .unwrap();
            machine.signal("stop").unwrap()
        }
        Act::GetPromise => {
            // The first action completes it, the others learn that it is completed.
            machine.resolve_promise(&key, bytes, "").unwrap();
            machine.get_promise(&key, "").unwrap()
        }
        Act::PeekPromise => machine.peek_promise(&key, "").unwrap(),
        Act::ResolvePromise => machine.resolve_promise(&key, bytes, "").unwrap(),
        Act::RejectPromise => {
            let failure = if version.supports(Feature::FailureMetadata) {
                with_metadata(400, "no")
            } else {
                failure(400, "no")
            };
            machine.reject_promise(&key, failure, "").unwrap()
        }
        Act::Attach => machine.attach(support::invocation(CHILD), "").unwrap(),
        Act::AttachWorkflow => machine.attach(workflow(), "").unwrap(),
        Act::AttachIdempotent => machine.attach(idempotent(), "").unwrap(),
        Act::Output => machine.get_output(idempotent(), "").unwrap(),
        Act::OutputOfWorkflow => machine.get_output(workflow(), "").unwrap(),
        Act::CancelOther => {
            machine.cancel_invocation(CHILD, "").unwrap();
            return Ok(vec![]);
        }
        Act::Gather | Act::Race => {
            let run = machine.run("part").unwrap();
            let time = 1000 * u64::try_from(position + 1).unwrap();
            let sleep = machine.sleep(time, "").unwrap();
            let (_, call) = machine
                .call("S", "good", bytes, CallOptions::default())
                .unwrap();
            let handles = [run, sleep, call];
            let is_race = act == Act::Race;
            return together(attempt, &handles, is_race);
        }
    };
    Ok(vec![attempt.wait(handle)?])
}

/// Awaits all handles at once, or until the first one completes.
fn together(
    attempt: &mut Attempt<'_>,
    handles: &[u32],
    is_race: bool,
) -> Result<Vec<Outcome>, Stop> {
    let combinator = if is_race {
        CombinatorType::FirstCompleted
    } else {
        CombinatorType::AllCompleted
    };
    let mut results = Vec::new();
    let mut open = handles.to_vec();
    while !open.is_empty() {
        let leaves = open
            .iter()
            .map(|handle| Awaiting::Handle(*handle))
            .collect();
        let (handle, outcome) = attempt.next(&Awaiting::node(combinator, leaves).unwrap())?;
        open.retain(|one| *one != handle);
        results.push((handle, outcome));
        if is_race {
            break;
        }
    }
    // Which one is first may differ between invocations, but not between attempts of the same one.
    results.sort_by_key(|(handle, _)| *handle);
    Ok(results.into_iter().map(|(_, outcome)| outcome).collect())
}

fn workflow() -> Target {
    Target::Workflow(pb::WorkflowTarget {
        workflow_name: "W".to_owned(),
        workflow_key: "k".to_owned(),
        scope: None,
    })
}

fn idempotent() -> Target {
    Target::Idempotent(pb::IdempotentRequestTarget {
        service_name: "S".to_owned(),
        service_key: Some("k".to_owned()),
        handler_name: "h".to_owned(),
        idempotency_key: "i".to_owned(),
        scope: None,
    })
}

/// A handler that performs these actions and returns all results.
fn program(version: Version, acts: &[Act]) -> impl Fn(&mut Attempt<'_>) -> Result<Bytes, Stop> {
    let acts = acts.to_vec();
    move |attempt| {
        let mut log = Vec::new();
        for (position, one) in acts.iter().enumerate() {
            log.push(format!(
                "{one:?} {:?}",
                act(attempt, version, position, *one)?
            ));
        }
        Ok(Bytes::from(log.join("\n")))
    }
}

fn value(result: output_command::Result) -> String {
    match result {
        output_command::Result::Value(value) => String::from_utf8(value.content.to_vec()).unwrap(),
        output_command::Result::Failure(failure) => panic!("{failure:?}"),
    }
}

/// Runs to the end on this lane; returns the host and the result.
fn run(lane: Lane, acts: &[Act]) -> (Host, String) {
    let mut host = Host::new(lane);
    let result = host.run(&program(lane.version, acts));
    (host, value(result))
}

#[test]
fn every_command_works_in_every_version_and_mode() {
    for lane in Lane::all() {
        let (host, result) = run(lane, &Act::ALL);

        assert!(host.failures.is_empty(), "{lane:?}: {:?}", host.failures);
        assert_eq!(result.lines().count(), Act::ALL.len(), "{lane:?}");
        assert!(lane.is_request_response || host.attempts == 1, "{lane:?}");
    }
}

#[test]
fn modes_and_pieces_make_no_difference() {
    let without_race: Vec<_> = Act::ALL
        .into_iter()
        .filter(|act| *act != Act::Race)
        .collect();
    for version in Version::ALL {
        for is_state_lazy in [false, true] {
            let lanes: Vec<_> = Lane::all()
                .into_iter()
                .filter(|lane| lane.version == version && lane.is_state_lazy == is_state_lazy)
                .collect();
            let (first, result) = run(lanes[0], &without_race);
            for lane in &lanes[1..] {
                let (host, same) = run(*lane, &without_race);

                assert_eq!(same, result, "{lane:?}");
                assert_eq!(host.commands(), first.commands(), "{lane:?}");
            }
        }
    }
}

#[test]
fn every_command_type_is_used() {
    let mut codes = std::collections::BTreeSet::new();
    for lane in Lane::all() {
        codes.extend(
            run(lane, &Act::ALL)
                .0
                .commands()
                .into_iter()
                .map(|(code, _)| code),
        );
    }
    let all: Vec<_> = awaken_core::wire::Command::CODES
        .iter()
        .map(|(code, _)| *code)
        .collect();

    assert_eq!(codes.into_iter().collect::<Vec<_>>(), all);
}

/// Checks that any surviving prefix of the journal leads to the same rest.
fn replays_at_every_prefix(lane: Lane, acts: &[Act]) {
    let (whole, result) = run(lane, acts);
    for length in 1..=whole.journal.len() {
        let mut host = Host::resumed(lane, whole.journal[..length].to_vec());

        let again = host.run(&program(lane.version, acts));

        let context = format!("{lane:?}, {length} of {}", whole.journal.len());
        assert_eq!(value(again), result, "{context}");
        assert_eq!(host.commands(), whole.commands(), "{context}");
    }
}

#[test]
fn every_prefix_of_a_journal_leads_to_the_same_end() {
    let without_race: Vec<_> = Act::ALL
        .into_iter()
        .filter(|act| *act != Act::Race)
        .collect();
    for lane in Lane::all().into_iter().filter(|lane| lane.piece == 4096) {
        replays_at_every_prefix(lane, &without_race);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_program_replays_at_every_prefix(
        acts in vec(proptest::sample::select(&Act::ALL[..Act::ALL.len() - 1]), 1..12),
        lane in proptest::sample::select(Lane::all()),
    ) {
        replays_at_every_prefix(lane, &acts);
    }
}

#[test]
fn a_cancelled_handler_ends_and_tells_its_children() {
    for lane in Lane::all() {
        let mut host = Host::new(lane);
        host.outside
            .push(Notification::signal(notification::Id::Signal(1), Outcome::Void).unwrap());
        let handler: Handler<'_> = &|attempt| {
            let (child, _) = attempt
                .machine
                .call("S", "good", Bytes::new(), CallOptions::default())
                .unwrap();
            attempt.wait(child)?;
            let (_, awakeable) = attempt.machine.awakeable().unwrap();
            attempt.wait(awakeable)?;
            panic!("no one resolves it");
        };

        let result = host.run(handler);

        assert_eq!(
            result,
            output_command::Result::Failure(failure(409, "cancelled"))
        );
        let sent = host.commands().iter().any(|(code, _)| *code == 0x0410);
        assert!(sent, "{lane:?}");
    }
}

#[test]
fn a_cancel_that_was_caught_does_not_wake_the_handler_again() {
    for lane in Lane::all() {
        let mut host = Host::new(lane);
        let cancel = Notification::signal(notification::Id::Signal(1), Outcome::Void).unwrap();
        let resolved = Outcome::Value(Bytes::from_static(b"v"));
        let resolve = Notification::signal(notification::Id::Signal(17), resolved).unwrap();
        host.outside.extend([cancel, resolve]);
        let handler: Handler<'_> = &|attempt| {
            let (_, awakeable) = attempt.machine.awakeable().unwrap();
            let caught = attempt.wait(awakeable);
            if caught == Err(Stop::Over) {
                return Err(Stop::Over);
            }
            assert!(matches!(caught, Err(Stop::Failed(_))));
            Ok(Bytes::from(format!("{:?}", attempt.wait(awakeable)?)))
        };

        assert_eq!(value(host.run(handler)), "Value(b\"v\")");
        assert!(host.attempts <= 3, "{lane:?}: {} attempts", host.attempts);
    }
}

#[test]
fn a_failing_run_is_retried_by_another_attempt() {
    for lane in Lane::all() {
        let mut host = Host::new(lane);
        let executions = std::cell::Cell::new(0);
        let handler: Handler<'_> = &|attempt| {
            let run = attempt.machine.run("flaky").unwrap();
            attempt.pump();
            let required = attempt.machine.progress(&Awaiting::Handle(run)).unwrap();
            if matches!(required, awaken_core::endpoint::Progress::RunRequired(_)) {
                executions.set(executions.get() + 1);
                if executions.get() < 3 {
                    let failure = RunFailure {
                        code: 500,
                        message: "flaky",
                        stacktrace: "here",
                        attempt_duration_ms: 1,
                        next_retry_delay_ms: None,
                    };
                    let policy = RetryPolicy {
                        initial_interval_ms: Some(10),
                        ..RetryPolicy::default()
                    };
                    let gave_up = attempt
                        .machine
                        .retry_run(run, failure, Some(policy))
                        .unwrap();
                    assert!(!gave_up);
                    return Err(Stop::Over);
                }
                let value = Bytes::from_static(b"fine");
                attempt.machine.propose_run_value(run, value).unwrap();
            } else if let awaken_core::endpoint::Progress::Completed(_, outcome) = required {
                return Ok(Bytes::from(format!("{outcome:?}")));
            }
            Ok(Bytes::from(format!("{:?}", attempt.wait(run)?)))
        };

        assert_eq!(value(host.run(handler)), "Value(b\"fine\")");

        assert_eq!(executions.get(), 3, "{lane:?}");
        assert_eq!(host.failures.len(), 2);
        let failed = &host.failures[0];
        assert_eq!((failed.code, failed.message.as_str()), (500, "flaky"));
        assert_eq!(failed.related_index, Some(1));
        assert_eq!(failed.related_name.as_deref(), Some("flaky"));
        assert_eq!(failed.next_retry_delay_ms, Some(10));
        assert_eq!(host.commands().len(), 3, "Input, Run and Output");
    }
}

#[test]
fn a_terminal_failure_is_the_result() {
    for lane in Lane::all() {
        let mut host = Host::new(lane);
        let handler: Handler<'_> = &|_| Err(Stop::Failed(failure(400, "no")));

        let result = host.run(handler);

        assert_eq!(result, output_command::Result::Failure(failure(400, "no")));
        assert_eq!(host.attempts, 1);
    }
}

#[test]
fn an_attempt_that_broke_before_its_end_only_ends() {
    for lane in Lane::all() {
        let (whole, result) = run(lane, &[Act::Sleep]);
        let mut host = Host::resumed(lane, whole.journal.clone());

        let again = host.run(&program(lane.version, &[Act::Sleep]));

        assert_eq!(value(again), result);
        assert_eq!(host.journal, whole.journal);
        let (code, payload) = host.journal.last().unwrap();
        assert!(Message::decode(*code, payload.clone()).unwrap().name() == "Output");
    }
}
