//! Tests of what a socket does not show well: the exact output, and that no input panics or is buffered without limit.
//! The tests of the dialer test everything else, with the h2 package as the peer.

use bytes::Bytes;
use proptest::prelude::*;

use crate::ClientEngine;
use crate::engine::Event;
use crate::frame::{
    ErrorCode, HEADER_LENGTH, Header, PREFACE, flag, kind, setting, write_goaway, write_header,
    write_settings, write_window_update,
};
use crate::head::ResponseHead;
use crate::limits::Limits;

const LIMITS: Limits = Limits {
    streams: 0,
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
    discard_size: 0,
};

const HEAD: [(&[u8], &[u8]); 3] = [
    (b":method", b"POST"),
    (b":scheme", b"http"),
    (b":path", b"/"),
];

/// `:status: 200`, from the static table.
const OK: [u8; 1] = [0x88];

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut output = Vec::new();
    write_header(&mut output, payload.len(), kind, flags, stream);
    output.extend_from_slice(payload);
    output
}

fn settings(settings: &[(u16, u32)]) -> Vec<u8> {
    let mut output = Vec::new();
    write_settings(&mut output, settings);
    output
}

fn ready() -> ClientEngine {
    let mut engine = ClientEngine::new(LIMITS);
    assert_eq!(engine.receive(&settings(&[])), []);
    assert!(engine.is_ready());
    engine.take_output();
    engine
}

/// An engine with a request on stream 1 whose body is open.
fn opened() -> ClientEngine {
    let mut engine = ready();
    assert_eq!(engine.open(HEAD, false), Some(1));
    engine.take_output();
    engine
}

fn response(stream: u32, is_end: bool) -> Vec<u8> {
    let end = if is_end { flag::END_STREAM } else { 0 };
    frame(kind::HEADERS, flag::END_HEADERS | end, stream, &OK)
}

fn status(text: &str) -> Vec<u8> {
    [&[0x08, 3][..], text.as_bytes()].concat()
}

fn is_received(event: &Event<ResponseHead>, code: u16) -> bool {
    matches!(event, Event::HeadReceived(1, head) if head.status == code)
}

fn failure(events: &[Event<ResponseHead>]) -> &str {
    match events.last() {
        Some(Event::ConnectionFailed(reason)) => reason,
        _ => panic!("the connection goes on: {events:?}"),
    }
}

fn broken(events: &[Event<ResponseHead>]) -> &str {
    match events {
        [Event::StreamBroken(1, ErrorCode::Protocol, reason)] => reason,
        _ => panic!("the stream is not broken: {events:?}"),
    }
}

#[test]
fn output_begins_with_preface_and_settings_without_push() {
    let output = ClientEngine::new(LIMITS).take_output();

    let rest = output.strip_prefix(PREFACE).unwrap();
    assert_eq!(Header::read(rest).unwrap().kind, kind::SETTINGS);
    assert_eq!(rest[HEADER_LENGTH..HEADER_LENGTH + 6], [0, 2, 0, 0, 0, 0]);
}

#[test]
fn a_request_and_its_response() {
    let mut engine = ready();

    assert_eq!(engine.open(HEAD, false), Some(1));
    engine.send_data(1, Bytes::from_static(b"hi"), true);

    let head = frame(kind::HEADERS, flag::END_HEADERS, 1, &[0x83, 0x86, 0x84]);
    assert_eq!(
        engine.take_output(),
        [head, frame(kind::DATA, flag::END_STREAM, 1, b"hi")].concat()
    );
    let events = engine.receive(
        &[
            response(1, false),
            frame(kind::DATA, flag::END_STREAM, 1, b"ok"),
        ]
        .concat(),
    );
    assert!(is_received(&events[0], 200));
    assert_eq!(
        events[1..],
        [
            Event::BodyReceived(1, Bytes::from_static(b"ok")),
            Event::BodyEnded(1)
        ]
    );
    assert_eq!(engine.stream_count(), 0);
    assert_eq!(engine.open(HEAD, true), Some(3));
}

#[test]
fn informational_responses_are_skipped_and_counted() {
    let mut engine = opened();
    let early = frame(kind::HEADERS, flag::END_HEADERS, 1, &status("103"));

    assert_eq!(engine.receive(&[&early[..], &early].concat()), []);

    assert_eq!(engine.control_frame_count(), 10 + 2);
    assert!(is_received(&engine.receive(&response(1, false))[0], 200));
}

#[test]
fn malformed_heads_fail_their_stream_only() {
    let too_many = [&OK[..], &[0x82; 21]].concat();
    for (block, is_end) in [
        (&[][..], false),
        (&status("101"), false),
        (&status("103"), true),
        (&[0x82], false),
        (&[0x88, 0x88], false),
        (&[0x88, 0, 1, b'X', 1, b'1'], false),
        (&too_many, false),
    ] {
        let mut engine = opened();
        let end = if is_end { flag::END_STREAM } else { 0 };

        let events = engine.receive(&frame(kind::HEADERS, flag::END_HEADERS | end, 1, block));

        assert!(broken(&events).contains("response"), "{block:?}");
        assert_eq!(
            engine.take_output(),
            frame(kind::RST_STREAM, 0, 1, &[0, 0, 0, 1])
        );
        assert_eq!(engine.reset_count(), 0, "it is a request of ours");
    }
}

#[test]
fn bodies_come_after_heads() {
    let mut engine = opened();

    let events = engine.receive(&frame(kind::DATA, flag::END_STREAM, 1, b""));

    assert_eq!(broken(&events), "DATA before the head of the response");
}

#[test]
fn trailers_end_the_body() {
    let mut engine = opened();
    engine.receive(&response(1, false));
    let field = [0, 1, b'x', 1, b'1'];
    let flags = flag::END_HEADERS | flag::END_STREAM;

    let events = engine.receive(&frame(kind::HEADERS, flags, 1, &field));

    assert_eq!(events, [Event::BodyEnded(1)]);
}

#[test]
fn a_second_head_is_malformed() {
    for block in [&OK[..], &[0, 1, b'x', 1, b'1']] {
        let mut engine = opened();
        engine.receive(&response(1, false));

        let events = engine.receive(&frame(kind::HEADERS, flag::END_HEADERS, 1, block));

        assert_eq!(broken(&events), "the fields after the body are malformed");
    }
}

#[test]
fn sizes_of_bodies_are_those_announced_where_there_is_a_body() {
    let announced = [&OK[..], &[0x0f, 13, 1, b'3']].concat();
    for (method, code, body, is_right) in [
        (&b"GET"[..], "200", &b"abc"[..], true),
        (b"GET", "200", b"ab", false),
        (b"GET", "200", b"abcd", false),
        (b"GET", "304", b"", true),
        (b"HEAD", "200", b"", true),
        (b"HEAD", "200", b"abc", false),
    ] {
        let mut engine = ready();
        engine.open([(&b":method"[..], method), HEAD[1], HEAD[2]], true);
        let block = [&status(code), &announced[1..]].concat();
        engine.receive(&frame(kind::HEADERS, flag::END_HEADERS, 1, &block));

        let events = engine.receive(&frame(kind::DATA, flag::END_STREAM, 1, body));

        assert_eq!(
            events.last() == Some(&Event::BodyEnded(1)),
            is_right,
            "{method:?} {code} {body:?}"
        );
    }
}

#[test]
fn a_push_ends_the_connection() {
    let mut engine = opened();

    let events = engine.receive(&frame(kind::PUSH_PROMISE, flag::END_HEADERS, 1, &[0; 4]));

    assert_eq!(failure(&events), "PUSH_PROMISE, which nobody may send here");
    assert_eq!(engine.open(HEAD, true), None);
}

#[test]
fn servers_open_no_streams() {
    for (stream, kind) in [(2, kind::HEADERS), (3, kind::HEADERS), (3, kind::DATA)] {
        let mut engine = opened();

        let events = engine.receive(&frame(kind, flag::END_HEADERS, stream, &OK));

        assert!(failure(&events).ends_with("which was never opened"));
    }
}

#[test]
fn settings_that_a_server_may_not_send_end_the_connection() {
    for wrong in [
        (setting::ENABLE_PUSH, 1),
        (setting::MAX_FRAME_SIZE, 1),
        (setting::INITIAL_WINDOW_SIZE, u32::MAX),
    ] {
        let mut engine = opened();

        let events = engine.receive(&settings(&[wrong]));

        assert!(matches!(&events[..], [Event::ConnectionFailed(_)]));
    }
}

#[test]
fn settings_change_on_the_way() {
    let mut engine = opened();
    assert_eq!(engine.max_streams(), u32::MAX);
    engine.send_data(1, Bytes::from(vec![b'x'; 60_000]), false);
    engine.take_output();
    assert_eq!(engine.window(1), 5_535);

    let events = engine.receive(&settings(&[
        (setting::MAX_CONCURRENT_STREAMS, 7),
        (setting::INITIAL_WINDOW_SIZE, 50_000),
    ]));

    assert_eq!(events, []);
    assert_eq!((engine.max_streams(), engine.window(1)), (7, 0));
    engine.send_data(1, Bytes::from_static(b"more"), false);
    engine.take_output();
    assert_eq!(engine.pending_size(1), 4);

    engine.receive(&settings(&[(setting::INITIAL_WINDOW_SIZE, 60_010)]));
    engine.take_output();

    assert_eq!((engine.pending_size(1), engine.window(1)), (0, 6));
}

#[test]
fn a_smaller_header_table_is_acknowledged_by_the_next_head() {
    let mut engine = opened();

    engine.receive(&settings(&[(setting::HEADER_TABLE_SIZE, 0)]));
    engine.take_output();
    engine.open(HEAD, true);

    let flags = flag::END_HEADERS | flag::END_STREAM;
    assert_eq!(
        engine.take_output(),
        frame(kind::HEADERS, flags, 3, &[0x20, 0x83, 0x86, 0x84])
    );
}

#[test]
fn large_heads_are_continued() {
    let mut engine = ready();
    let large = vec![b'x'; 40_000];

    engine.open([HEAD[0], HEAD[1], HEAD[2], (b"x-large", &large)], true);

    let output = engine.take_output();
    let mut kinds = Vec::new();
    let mut rest = &output[..];
    while let Some(header) = Header::read(rest) {
        kinds.push((header.kind, header.flags));
        rest = &rest[HEADER_LENGTH + header.length..];
    }
    assert_eq!(
        kinds,
        [
            (kind::HEADERS, flag::END_STREAM),
            (kind::CONTINUATION, 0),
            (kind::CONTINUATION, flag::END_HEADERS)
        ]
    );
}

#[test]
fn goaway_names_the_last_stream_and_the_reason() {
    let mut engine = opened();
    let mut goaway = Vec::new();
    write_goaway(&mut goaway, 1, ErrorCode::EnhanceYourCalm);
    goaway[2] += 2;
    goaway.extend_from_slice(b"hm");

    let events = engine.receive(&goaway);

    assert_eq!(
        events,
        [Event::PeerLeaving {
            last_stream: 1,
            code: 11,
            detail: "hm".to_owned()
        }]
    );
    assert!(is_received(&engine.receive(&response(1, true))[0], 200));
}

#[test]
fn resets_of_our_streams_do_not_count_and_others_do() {
    let mut engine = opened();
    let reset = frame(kind::RST_STREAM, 0, 1, &[0, 0, 0, 7]);

    assert_eq!(engine.receive(&reset), [Event::StreamClosed(1, 7)]);
    assert_eq!(engine.reset_count(), 0);
    assert_eq!(engine.receive(&reset), []);
    assert_eq!(engine.reset_count(), 1);
}

#[test]
fn what_comes_after_our_reset_is_bounded_by_its_window() {
    let mut engine = opened();
    engine.receive(&response(1, false));
    engine.reset(1, ErrorCode::Cancel);
    engine.take_output();

    let late = frame(kind::DATA, 0, 1, &[0; 500]);
    assert_eq!(engine.receive(&[&late[..], &late].concat()), []);
    assert!(!engine.has_output());

    let events = engine.receive(&frame(kind::DATA, 0, 1, b"x"));
    assert_eq!(failure(&events), "DATA exceeds the window of stream 1");
}

#[test]
fn the_peer_gets_credit_for_what_is_taken_also_when_our_side_has_ended() {
    let mut engine = opened();
    engine.send_data(1, Bytes::new(), true);
    engine.take_output();
    engine.receive(&[response(1, false), frame(kind::DATA, 0, 1, &[0; 1000])].concat());
    assert!(!engine.has_output());

    engine.acknowledge(1, 1000);

    let mut update = Vec::new();
    write_window_update(&mut update, 1, 1000);
    assert_eq!(engine.take_output(), update);
}

#[test]
fn frames_are_read_in_slices() {
    let mut engine = opened();
    let body: Vec<u8> = (0..5).flat_map(|_| frame(kind::DATA, 0, 1, b"x")).collect();
    let input = [response(1, false), body].concat();

    let (first, count) = engine.receive_slice(&input, 4);

    assert_eq!((first.len(), count, engine.is_behind()), (4, 4, true));
    let (rest, count) = engine.receive_slice(&[], 4);
    assert_eq!((rest.len(), count, engine.is_behind()), (2, 2, false));
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
    let streams = || prop::sample::select(vec![1_u32, 3, 5]);
    let head = (
        streams(),
        any::<bool>(),
        prop::sample::select(vec!["100", "200", "500"]),
    )
        .prop_map(|(id, end, code)| {
            let end = if end { flag::END_STREAM } else { 0 };
            frame(kind::HEADERS, flag::END_HEADERS | end, id, &status(code))
        });
    let body = (streams(), any::<bool>(), 0_usize..600).prop_map(|(id, end, size)| {
        let end = if end { flag::END_STREAM } else { 0 };
        frame(kind::DATA, end, id, &vec![0; size])
    });
    prop::collection::vec(prop_oneof![1 => part, 3 => head, 3 => body], 0..30)
        .prop_map(|frames| frames.concat())
}

fn with_three_requests() -> ClientEngine {
    let mut engine = ready();
    engine.open(HEAD, false);
    engine.open(HEAD, true);
    engine.open(HEAD, false);
    engine
}

proptest! {
    #[test]
    fn any_chunking_and_any_slices_give_the_same(
        input in frames(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..5),
        most in 1_usize..4,
    ) {
        let mut whole = with_three_requests();
        let expected = (whole.receive(&input), whole.take_output());
        let mut engine = with_three_requests();
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(input.len() + 1)).collect();
        places.extend([0, input.len()]);
        places.sort_unstable();

        let mut events = Vec::new();
        for pair in places.windows(2) {
            let mut data = &input[pair[0]..pair[1]];
            loop {
                let (some, count) = engine.receive_slice(data, most);
                prop_assert!(count <= most);
                events.extend(some);
                data = &[];
                if !engine.is_behind() {
                    break;
                }
            }
        }

        prop_assert_eq!((events, engine.take_output()), expected);
    }

    #[test]
    fn no_input_panics_or_is_kept(input in frames(), garbage in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut engine = with_three_requests();
        for event in engine.receive(&input) {
            if let Event::BodyReceived(id, data) = event {
                engine.acknowledge(id, data.len());
                engine.send_data(id, data, false);
            }
        }
        engine.take_output();
        prop_assert!(engine.stream_count() <= 3);
        engine.receive(&garbage);
        prop_assert!(engine.input.len() <= 16_384 + 9);
        ClientEngine::new(LIMITS).receive(&garbage);
    }
}
