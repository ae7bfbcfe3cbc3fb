//! Tests of what a socket does not show well: the exact output, and that no input panics or is buffered without limit.
//! The suite for all engines tests everything else through the transport.

use bytes::Bytes;
use proptest::prelude::*;

use super::Event;
use crate::ServerEngine as Engine;
use crate::frame::{
    ErrorCode, PREFACE, flag, kind, write_header, write_settings, write_window_update,
};
use crate::head::RequestHead;
use crate::limits::Limits;

const LIMITS: Limits = Limits {
    streams: 4,
    stream_window: 1000,
    connection_window: 100_000,
    max_frame_size: 16_384,
    headers_size: 1000,
    headers_count: 20,
    decoded_headers_size: 4000,
    header_block_size: 4000,
    output_size: 100_000,
    buffer_high: 500,
    buffer_low: 100,
    discard_size: 2000,
};

/// `POST http:/`, from the static table.
const HEAD: [u8; 3] = [0x83, 0x86, 0x84];

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut output = Vec::new();
    write_header(&mut output, payload.len(), kind, flags, stream);
    output.extend_from_slice(payload);
    output
}

fn opening() -> Vec<u8> {
    let mut bytes = PREFACE.to_vec();
    write_settings(&mut bytes, &[]);
    bytes
}

fn opened() -> Engine {
    let mut engine = Engine::new(LIMITS);
    assert_eq!(engine.receive(&opening()), []);
    engine.take_output();
    engine
}

fn request(stream: u32, is_end: bool) -> Vec<u8> {
    let end = if is_end { flag::END_STREAM } else { 0 };
    frame(kind::HEADERS, flag::END_HEADERS | end, stream, &HEAD)
}

#[test]
fn a_request_and_its_answer() {
    let mut engine = opened();

    let events = engine.receive(
        &[
            request(1, false),
            frame(kind::DATA, flag::END_STREAM, 1, b"hi"),
        ]
        .concat(),
    );

    assert!(matches!(&events[0], Event::HeadReceived(1, head) if &head.method[..] == b"POST"));
    assert_eq!(
        events[1..],
        [
            Event::BodyReceived(1, Bytes::from_static(b"hi")),
            Event::BodyEnded(1)
        ]
    );
    engine.send_headers(1, 200, [(&b"x"[..], &b"y"[..])], false);
    engine.send_data(1, Bytes::from_static(b"ok"), true);
    let head = frame(
        kind::HEADERS,
        flag::END_HEADERS,
        1,
        &[0x20, 0x88, 0, 1, b'x', 1, b'y'],
    );
    assert_eq!(
        engine.take_output(),
        [head, frame(kind::DATA, flag::END_STREAM, 1, b"ok")].concat()
    );
    assert_eq!(engine.stream_count(), 0);
}

#[test]
fn what_exceeds_the_window_waits_its_turn() {
    let mut engine = opened();
    engine.receive(&[request(1, true), request(3, true)].concat());
    for stream in [1, 3] {
        engine.send_headers(stream, 200, [], false);
        engine.send_data(stream, Bytes::from(vec![b'x'; 40_000]), true);
    }
    engine.take_output();
    assert_eq!(
        (engine.pending_size(1), engine.pending_size(3)),
        (40_000 - 32_768, 40_000 - 32_767)
    );
    assert!(engine.is_stalled(1) && !engine.has_output());

    let mut update = Vec::new();
    write_window_update(&mut update, 0, 100_000);
    engine.receive(&update);
    engine.take_output();

    assert_eq!(engine.stream_count(), 0);
    assert_eq!(engine.take_resumed(), [1, 3]);
}

#[test]
fn frames_in_flight_after_our_reset_are_ignored() {
    let mut engine = opened();
    engine.receive(&request(1, false));
    engine.reset(1, ErrorCode::Cancel);

    let events = engine.receive(&frame(kind::DATA, 0, 1, b"late"));

    assert_eq!(events, []);
}

#[test]
fn frames_on_a_closed_stream_end_the_connection() {
    let mut engine = opened();
    engine.receive(&[request(1, false), frame(kind::RST_STREAM, 0, 1, &[0; 4])].concat());

    let events = engine.receive(&frame(kind::DATA, 0, 1, b"late"));

    assert!(
        matches!(&events[..], [Event::ConnectionFailed(reason)] if reason == "DATA on stream 1, which is closed")
    );
    assert_eq!(
        engine.receive(&request(3, true)),
        [],
        "it ignores all further input"
    );
}

#[test]
fn a_body_that_differs_from_its_announcement_is_malformed() {
    for body in [&b"ab"[..], b"abcd"] {
        let mut engine = opened();
        let announced = [&HEAD[..], &[0x0f, 13, 1, b'3']].concat();
        engine.receive(&frame(kind::HEADERS, flag::END_HEADERS, 1, &announced));

        let events = engine.receive(&frame(kind::DATA, flag::END_STREAM, 1, body));

        let reason = "the body has another size than its content-length";
        assert_eq!(
            events.last(),
            Some(&Event::StreamBroken(1, ErrorCode::Protocol, reason))
        );
    }
}

#[test]
fn an_endless_header_block_ends_the_connection() {
    let mut engine = opened();
    engine.receive(&frame(kind::HEADERS, 0, 1, &HEAD));

    let events: Vec<Event<RequestHead>> = (0..100)
        .flat_map(|_| engine.receive(&frame(kind::CONTINUATION, 0, 1, b"")))
        .collect();

    assert!(matches!(&events[..], [Event::ConnectionFailed(_)]));
}

/// Frames that a peer could send, right and wrong ones.
fn frames() -> impl Strategy<Value = Vec<u8>> {
    let part = (
        0_u8..11,
        any::<u8>(),
        0_u32..8,
        prop::collection::vec(any::<u8>(), 0..40),
    )
        .prop_map(|(kind, flags, stream, payload)| frame(kind, flags, stream, &payload));
    let good = (prop::sample::select(vec![1_u32, 3, 5, 7, 9]), any::<bool>())
        .prop_map(|(id, end)| request(id, end));
    let body = (prop::sample::select(vec![1_u32, 3, 5]), 0_usize..1200)
        .prop_map(|(id, size)| frame(kind::DATA, 0, id, &vec![0; size]));
    prop::collection::vec(prop_oneof![part, good, body], 0..30).prop_map(|frames| frames.concat())
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same(input in frames(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..5)) {
        let input = [opening(), input].concat();
        let mut whole = Engine::new(LIMITS);
        let expected = (whole.receive(&input), whole.take_output());
        let mut engine = Engine::new(LIMITS);
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(input.len())).collect();
        places.extend([0, input.len()]);
        places.sort_unstable();

        let events = places.windows(2).flat_map(|pair| engine.receive(&input[pair[0]..pair[1]])).collect();

        prop_assert_eq!((events, engine.take_output()), expected);
    }

    #[test]
    fn no_input_panics_or_is_kept(input in frames()) {
        let mut engine = opened();
        for event in engine.receive(&input) {
            if let Event::HeadReceived(id, _) = event {
                engine.send_headers(id, 200, [], false);
                engine.send_data(id, Bytes::from(vec![0; 100]), id % 4 == 1);
            }
        }
        engine.take_output();
        prop_assert!(engine.stream_count() <= LIMITS.streams);
        prop_assert!(engine.input.len() <= 16_384 + 9);
    }

    #[test]
    fn garbage_does_not_panic(input in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut engine = opened();
        engine.receive(&input);
        Engine::new(LIMITS).receive(&input);
    }
}
