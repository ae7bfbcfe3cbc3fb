//! What the HTTP/2 engine does with the runtime's requests.
//!
//! `requests.bin` is what the load generator sent when it opened 64 greetings on one connection, to a server that
//! answered nothing: preface, settings, window, then HEADERS and DATA for each, as server 1.7.12 writes them.

use std::hint::black_box;

use awaken_http2::hpack::{Decoder, Encoder};
use awaken_http2::{Limits, ServerEngine};

use crate::Operation;

const REQUESTS: &[u8] = include_bytes!("../requests.bin");
const COUNT: usize = 64;
const PREFACE: usize = 24;
const FRAME_HEADER: usize = 9;
const HEADERS: u8 = 1;
/// More than any list of headers here.
const MAX_LIST: usize = 65_536;

/// As an endpoint has them.
const LIMITS: Limits = Limits {
    streams: 1000,
    stream_window: 1 << 20,
    connection_window: 1 << 24,
    max_frame_size: 16_384,
    headers_size: 65_536,
    headers_count: 100,
    decoded_headers_size: 1 << 20,
    header_block_size: 1 << 18,
    output_size: 1 << 20,
    buffer_high: 1 << 16,
    buffer_low: 1 << 14,
    discard_size: 1 << 20,
};

pub(crate) fn receive() -> Operation {
    Box::new(|| {
        let mut engine = ServerEngine::new(LIMITS);
        let events = engine.receive(black_box(REQUESTS));
        assert!(events.len() >= 2 * COUNT, "heads and bodies");
        black_box(events);
        black_box(engine.take_output());
    })
}

pub(crate) fn decode_heads() -> Operation {
    let blocks = blocks();
    Box::new(move || {
        let mut decoder = Decoder::default();
        for block in &blocks {
            black_box(decoder.decode(block, MAX_LIST).unwrap());
        }
    })
}

/// Encodes the same heads again.
pub(crate) fn encode_heads() -> Operation {
    let mut decoder = Decoder::default();
    let heads: Vec<_> = blocks()
        .into_iter()
        .map(|block| decoder.decode(block, MAX_LIST).unwrap())
        .collect();
    Box::new(move || {
        let mut encoder = Encoder::default();
        for head in &heads {
            let mut block = Vec::new();
            encoder.begin(&mut block);
            for field in head {
                encoder.encode(&mut block, &field.name, &field.value);
            }
            black_box(block);
        }
    })
}

/// The header blocks of all requests.
fn blocks() -> Vec<&'static [u8]> {
    let mut blocks = Vec::new();
    let mut rest = &REQUESTS[PREFACE..];
    while let Some((header, tail)) = rest.split_at_checked(FRAME_HEADER) {
        let length = u32::from_be_bytes([0, header[0], header[1], header[2]]);
        let (payload, next) = tail.split_at(length.try_into().unwrap());
        if header[3] == HEADERS {
            blocks.push(payload);
        }
        rest = next;
    }
    assert_eq!(blocks.len(), COUNT);
    blocks
}
