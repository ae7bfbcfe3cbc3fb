//! Arbitrary bytes through the HTTP/2 engine: no panic, no growth beyond the limits, and the chunks make no difference.
#![no_main]

use awaken_http2::{Engine, Limits};
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

fuzz_target!(|input: (Vec<u8>, u8)| {
    let (bytes, cut) = input;
    // The preface and SETTINGS, since the engine rejects anything else first.
    let opening = [&awaken_http2::frame::PREFACE[..], &[0, 0, 0, 4, 0, 0, 0, 0, 0]].concat();
    let mut whole = Engine::new(LIMITS);
    let mut parts = Engine::new(LIMITS);
    whole.receive(&opening);
    parts.receive(&opening);

    let expected = whole.receive(&bytes);
    let (left, right) = bytes.split_at(usize::from(cut).min(bytes.len()));
    let mut events = parts.receive(left);
    events.extend(parts.receive(right));

    assert_eq!(events, expected);
    assert_eq!(parts.take_output(), whole.take_output());
    assert!(whole.stream_count() <= LIMITS.streams);
});
