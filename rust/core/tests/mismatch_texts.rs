//! The texts of mismatches: payloads by length and hash, the location where the recorded command was issued, and what
//! to do about it.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a broken test ends"
)]

mod support;

use awaken_core::endpoint::{CallOptions, Machine, Memory, Options};
use awaken_core::wire::generated as pb;
use awaken_core::wire::{Command, Message, Version};
use bytes::Bytes;
use support::*;

const UNDECIDED: &str = "register the changed handler as a new deployment; if it did not change, it uses a clock, \
     a random number or other outside data: take those from ctx.time(), ctx.random(), ctx.uuid() or a run";
const VOLATILE: &str = "this looks like a clock or a random number, which every attempt reads anew: \
     take those from ctx.time(), ctx.random(), ctx.uuid() or a run";
const SAME_CODE: &str = "the same code issued both, so it uses a clock, a random number or other outside data: \
     take those from ctx.time(), ctx.random(), ctx.uuid() or a run";

fn calling(parameter: &'static [u8], headers: &[(&str, &str)]) -> Message {
    Command::Call(pb::CallCommand {
        service_name: "S".to_owned(),
        handler_name: "h".to_owned(),
        parameter: Bytes::from_static(parameter),
        headers: headers
            .iter()
            .map(|(key, value)| pb::Header {
                key: (*key).to_owned(),
                value: (*value).to_owned(),
            })
            .collect(),
        invocation_id_notification_idx: 1,
        result_completion_id: 2,
        ..pb::CallCommand::default()
    })
    .into()
}

fn call(machine: &mut Machine, parameter: &'static [u8], headers: &[(&str, &str)]) -> String {
    let options = CallOptions {
        headers: headers
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
        ..CallOptions::default()
    };
    machine
        .call("S", "h", Bytes::from_static(parameter), options)
        .unwrap_err()
        .to_string()
}

fn revealing(entries: &[Message]) -> Machine {
    let options = Options {
        reveal_payloads: true,
        ..Options::default()
    };
    let mut machine = Machine::new(Version::V6, options);
    machine.receive(journal(start(1), entries).into());
    machine.take_input().unwrap();
    machine
}

fn remembering(entries: &[Message], commands: u32) -> Machine {
    let mut machine = replaying(Version::V6, entries);
    machine.remember(Memory {
        commands,
        locations: [(1, "shop.py:7".to_owned())].into(),
    });
    machine
}

#[test]
fn payloads_are_told_by_length_and_hash() {
    let mut machine = replaying(Version::V6, &[calling(&[b'a'; 50], &[])]);

    assert_eq!(
        call(&mut machine, b"b", &[]),
        format!(
            "entry 1: call S/h: recorded parameter of 50 bytes (sha256 160b4e43...), \
             attempted of 1 bytes (sha256 3e23e816...); {UNDECIDED}"
        )
    );
}

#[test]
fn payloads_are_shown_shortened_where_they_are_revealed() {
    let mut machine = revealing(&[calling(&[b'a'; 50], &[])]);

    assert_eq!(
        call(&mut machine, b"b", &[]),
        format!(
            "entry 1: call S/h: recorded parameter \"{}...\" (50 bytes), attempted \"b\"; {UNDECIDED}",
            "a".repeat(40)
        )
    );
}

#[test]
fn headers_and_failures_are_payloads_too() {
    let mut machine = replaying(Version::V6, &[calling(b"", &[("token", "secret-a")])]);
    let text = call(&mut machine, b"", &[("token", "secret-b")]);
    assert!(
        text.contains("recorded headers of 14 bytes (sha256 "),
        "{text}"
    );
    assert!(!text.contains("secret"), "{text}");

    let failure = |message: &str| pb::Failure {
        code: 409,
        message: message.to_owned(),
        ..pb::Failure::default()
    };
    let recorded = Command::Output(pb::OutputCommand {
        result: Some(pb::output_command::Result::Failure(failure("secret a"))),
        ..pb::OutputCommand::default()
    });
    let mut machine = replaying(Version::V6, &[recorded.into()]);
    let text = machine.fail(failure("secret b")).unwrap_err().to_string();
    assert!(
        text.contains("recorded result failure 409 of 10 bytes (sha256 "),
        "{text}"
    );
    assert!(!text.contains("secret"), "{text}");
}

#[test]
fn a_clock_or_random_number_in_a_name_or_parameter_is_told() {
    let mut machine = replaying(Version::V6, &[run_command(1, "charge-1764412554.25")]);
    let error = machine.run("charge-1764412559.5").unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "entry 1: run \"charge-1764412554.25\": recorded name \"charge-1764412554.25\", \
             attempted \"charge-1764412559.5\"; {VOLATILE}"
        )
    );

    let mut machine = replaying(Version::V6, &[calling(b"0.8444218515250481", &[])]);
    let text = call(&mut machine, b"0.7579544029403025", &[]);
    assert!(text.ends_with(VOLATILE), "{text}");
}

#[test]
fn what_the_same_code_recorded_is_told_with_its_place() {
    let mut machine = remembering(&[run_command(1, "a")], 2);
    let error = machine.run("b").unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "entry 1: run \"a\": recorded name \"a\" at shop.py:7, attempted \"b\"; {SAME_CODE}"
        )
    );

    let mut machine = remembering(&[run_command(1, "a")], 2);
    let error = machine.sleep(1, "").unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("entry 1: recorded run \"a\" at shop.py:7, attempted sleep; {SAME_CODE}")
    );

    let mut machine = remembering(&[run_command(1, "a"), run_command(2, "b")], 3);
    machine.run("a").unwrap();
    let error = machine.sleep(1, "").unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("entry 2: recorded run \"b\", attempted sleep; {SAME_CODE}")
    );
}

#[test]
fn what_another_process_recorded_may_be_of_other_code() {
    let mut machine = remembering(&[run_command(1, "a")], 1);

    let error = machine.run("b").unwrap_err();

    assert!(error.to_string().ends_with(UNDECIDED), "{error}");
}
