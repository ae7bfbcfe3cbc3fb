//! Flow control: incomplete messages get credit, and complete ones that pile up do not.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a broken test ends"
)]

mod support;

use awaken_core::endpoint::{Machine, Options};
use awaken_core::wire::generated::{self as pb, notification};
use awaken_core::wire::{Control, Version};
use bytes::Bytes;
use support::*;

/// A result of `size` bytes.
fn bytes_of(size: usize) -> notification::Result {
    notification::Result::Value(pb::Value {
        content: vec![b'x'; size].into(),
    })
}

/// A machine whose handler runs, with complete signals of these sizes that are not awaited.
fn with_unread(sizes: &[usize]) -> Machine {
    let mut machine = processing(Version::V6);
    for (index, size) in sizes.iter().enumerate() {
        let id = u32::try_from(17 + index).unwrap();
        receive(&mut machine, signal(id, bytes_of(*size)));
    }
    machine
}

#[test]
fn every_byte_is_acknowledged_before_the_handler_starts() {
    let mut machine = Machine::new(Version::V6, Options::default());
    receive(&mut machine, Control::Start(start(3)));
    receive(&mut machine, input());
    receive(&mut machine, run_command(1, &"x".repeat(5000)));
    assert_eq!(machine.unacknowledged_limit(1000), 0);
}

#[test]
fn whole_messages_nobody_asked_for_hold_back_the_window_once_half_of_it_is_unread() {
    assert_eq!(with_unread(&[400]).unacknowledged_limit(1000), 0);
    assert_eq!(with_unread(&[400, 400]).unacknowledged_limit(1000), 1000);
}

#[test]
fn a_message_that_has_begun_gets_what_it_still_needs() {
    let mut machine = with_unread(&[800]);
    let next = raw_frame(0xFBFF, &vec![0; 5000]);
    let mut limits = Vec::new();
    for cut in [
        0..1,
        1..7,
        7..8,
        8..4007,
        4007..4008,
        4008..4009,
        4009..5007,
    ] {
        machine.receive(Bytes::copy_from_slice(&next[cut]));
        limits.push(machine.unacknowledged_limit(1000));
    }
    assert_eq!(limits, [993, 999, 0, 0, 0, 1, 999]);
}

#[test]
fn what_follows_the_end_of_the_input_is_dropped_and_acknowledged() {
    let mut machine = with_unread(&[800]);
    machine.receive_end();
    let unread = machine.unread_size();

    receive(&mut machine, signal(18, bytes_of(800)));

    assert_eq!(machine.unread_size(), unread);
    assert_eq!(machine.unacknowledged_limit(1000), 0);
}

#[test]
fn a_closed_attempt_holds_nothing_back() {
    let mut machine = with_unread(&[800]);
    machine.succeed(Bytes::new()).unwrap();
    assert_eq!(machine.unacknowledged_limit(1000), 0);
}

/// A peer that sends at most `window` bytes ahead, in pieces of any size, to a machine whose handler awaits nothing.
#[test]
fn a_peer_gets_stuck_only_between_messages_and_memory_is_bounded() {
    const WINDOW: usize = 1000;
    for (size, piece) in [
        (10, 1),
        (10, 1000),
        (499, 7),
        (990, 3),
        (1000, 64),
        (7000, 1000),
        (7000, 1),
    ] {
        let mut machine = processing(Version::V6);
        let message = frame(signal(99, bytes_of(size)));
        let stream = message.repeat(100_000 / message.len() + 2);
        let (mut sent, mut unacknowledged) = (0, 0);
        loop {
            let free = (WINDOW - unacknowledged)
                .min(piece)
                .min(stream.len() - sent);
            if free == 0 {
                break;
            }
            machine.receive(Bytes::copy_from_slice(&stream[sent..sent + free]));
            sent += free;
            unacknowledged += free;
            unacknowledged = unacknowledged.min(machine.unacknowledged_limit(WINDOW));
        }
        assert_eq!(sent % message.len(), 0, "{size} {piece}: {sent}");
        assert!(sent >= WINDOW, "{size} {piece}: {sent}");
        assert!(
            sent <= WINDOW / 2 + WINDOW + 2 * message.len(),
            "{size} {piece}: {sent}"
        );
        assert!(sent < stream.len(), "{size} {piece}: nothing was withheld");
    }
}
