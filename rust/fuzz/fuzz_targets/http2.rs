//! Arbitrary bytes through both sides of HTTP/2: no panic, no growth beyond the limits, and neither the chunks nor the
//! slices in which they are read make a difference.
#![no_main]

use std::fmt::Debug;

use awaken_http2::engine::Role;
use awaken_http2::{ClientEngine, Engine, Limits, ServerEngine};
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits {
    streams: 16,
    stream_window: 65_536,
    connection_window: 1_000_000,
    max_frame_size: 16_384,
    headers_size: 4_096,
    headers_count: 64,
    decoded_headers_size: 16_384,
    header_block_size: 65_536,
    output_size: 65_536,
    buffer_high: 4_096,
    buffer_low: 1_024,
    discard_size: 65_536,
};
const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
const HEAD: [(&[u8], &[u8]); 3] = [(b":method", b"POST"), (b":scheme", b"http"), (b":path", b"/")];

fn compare<R: Role>(mut whole: Engine<R>, mut parts: Engine<R>, bytes: &[u8], cut: u8)
where
    R::Head: Debug + PartialEq,
{
    let expected = whole.receive(bytes);
    let (left, right) = bytes.split_at(usize::from(cut).min(bytes.len()));
    let mut events = parts.receive(left);
    events.extend(parts.receive_slice(right, 1).0);
    while parts.is_behind() {
        events.extend(parts.receive_slice(&[], 1).0);
    }

    assert_eq!(events, expected);
    assert_eq!(parts.take_output(), whole.take_output());
    assert!(whole.stream_count() <= LIMITS.streams);
}

/// An engine behind the preface and SETTINGS, since it rejects anything else first.
fn server() -> ServerEngine {
    let mut engine = ServerEngine::new(LIMITS);
    engine.receive(&[&awaken_http2::frame::PREFACE[..], &SETTINGS].concat());
    engine
}

/// An engine with two open requests.
fn client() -> ClientEngine {
    let mut engine = ClientEngine::new(LIMITS);
    engine.receive(&SETTINGS);
    engine.open(HEAD, false);
    engine.open(HEAD, true);
    engine
}

fuzz_target!(|input: (Vec<u8>, u8)| {
    let (bytes, cut) = input;
    compare(server(), server(), &bytes, cut);
    compare(client(), client(), &bytes, cut);
});
