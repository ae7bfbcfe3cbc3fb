//! Arbitrary input from an endpoint, and a host that carries out all effects: no panic, no growth beyond the limit, one
//! terminal effect at the end, and everything stored can be replayed.
//!
//! The first byte sets the version and the size of the pieces; the rest is the stream.
#![no_main]

use awaken_core::invoker::{Effect, Machine, Start};
use awaken_core::journal::{RUN_COMPLETION, encode};
use awaken_core::wire::{HEADER_LENGTH, Version};
use awaken_core::InvocationId;
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;

const MAX_MESSAGE_SIZE: usize = 4096;

fuzz_target!(|input: &[u8]| {
    let Some((first, stream)) = input.split_first() else {
        return;
    };
    let version = Version::ALL[usize::from(*first) % Version::ALL.len()];
    let stream = Bytes::copy_from_slice(stream);

    let whole = play(version, &stream, stream.len());
    let pieces = play(version, &stream, usize::from(*first / 3));

    assert_eq!(whole, pieces);
    let mut again = machine(version, whole.len());
    for (code, payload) in &whole {
        again.replay(*code, payload).expect("what was stored can be replayed");
    }
    assert!(again.is_input_open());
});

/// Replays the stream in pieces of this size and returns the journal.
fn play(version: Version, stream: &Bytes, size: usize) -> Vec<(u16, Bytes)> {
    let mut machine = machine(version, 1);
    let mut journal = vec![(encode::INPUT, encode::input(Vec::new(), Bytes::new()))];
    machine.replay(encode::INPUT, &journal[0].1).expect("Input starts a journal");
    let mut has_ended = false;
    for piece in stream.chunks(size.max(1)) {
        machine.receive(stream.slice_ref(piece));
        assert!(machine.buffered_size() < MAX_MESSAGE_SIZE.max(HEADER_LENGTH));
        take(&mut machine, &mut journal, &mut has_ended);
    }
    machine.receive_end();
    take(&mut machine, &mut journal, &mut has_ended);
    assert!(has_ended && machine.is_closed());
    journal
}

fn take(machine: &mut Machine, journal: &mut Vec<(u16, Bytes)>, has_ended: &mut bool) {
    while let Some(effect) = machine.take_effect() {
        assert!(!*has_ended, "nothing follows a terminal effect");
        match effect {
            Effect::Recorded(recorded) => journal.push((recorded.code, recorded.payload)),
            Effect::RunProposed { payload, .. } => {
                machine
                    .notify(RUN_COMPLETION, &payload)
                    .expect("a proposal can be notified");
                journal.push((RUN_COMPLETION, payload));
            }
            Effect::AwaitingOn(_) => {}
            Effect::Ended | Effect::Suspended(_) | Effect::Failed(_) => *has_ended = true,
        }
    }
    machine.take_output();
}

fn machine(version: Version, known_entries: usize) -> Machine {
    let mut machine = Machine::new(version, MAX_MESSAGE_SIZE);
    let start = Start {
        known_entries: u32::try_from(known_entries).expect("the stream is short"),
        ..Start::default()
    };
    machine
        .start(InvocationId::from_bytes([7; 24]), start)
        .expect("it starts once");
    machine
}
