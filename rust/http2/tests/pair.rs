//! A client and a server of ours, connected: whatever is written on one side arrives on the other, in order and whole.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::collections::BTreeMap;
use std::fmt::Debug;

use awaken_http2::engine::Event;
use awaken_http2::head::{RequestHead, ResponseHead};
use awaken_http2::{ClientEngine, ErrorCode, Limits, ServerEngine};
use bytes::Bytes;
use proptest::prelude::*;

const LIMITS: Limits = Limits {
    streams: 4,
    stream_window: 3000,
    connection_window: 70_000,
    max_frame_size: 16_384,
    headers_size: 10_000,
    headers_count: 50,
    decoded_headers_size: 40_000,
    header_block_size: 40_000,
    output_size: 5000,
    buffer_high: 2000,
    buffer_low: 500,
    discard_size: 100_000,
};

/// What one side of a stream has received.
#[derive(Debug, Default, PartialEq)]
struct Received {
    body: Vec<u8>,
    is_ended: bool,
    code: Option<u32>,
}

struct Pair {
    client: ClientEngine,
    server: ServerEngine,
    requests: BTreeMap<u32, Received>,
    responses: BTreeMap<u32, Received>,
    heads: BTreeMap<u32, Vec<(Bytes, Bytes)>>,
}

impl Pair {
    fn new() -> Self {
        let mut pair = Self {
            client: ClientEngine::new(LIMITS),
            server: ServerEngine::new(LIMITS),
            requests: BTreeMap::new(),
            responses: BTreeMap::new(),
            heads: BTreeMap::new(),
        };
        pair.exchange();
        pair
    }

    /// Carries bytes in both directions until there are none, and acknowledges what arrives.
    fn exchange(&mut self) {
        for _ in 0..10_000 {
            if !self.client.has_output() && !self.server.has_output() {
                return;
            }
            let output = self.client.take_output();
            for event in self.server.receive(&output) {
                self.note_request(event);
            }
            let output = self.server.take_output();
            for event in self.client.receive(&output) {
                self.note_response(event);
            }
        }
        panic!("they never come to rest");
    }

    fn note_request(&mut self, event: Event<RequestHead>) {
        if let Event::HeadReceived(id, head) = event {
            self.requests.insert(id, Received::default());
            let fields = head.fields.into_iter();
            self.heads
                .insert(id, fields.map(|field| (field.name, field.value)).collect());
            return;
        }
        let size = note(&mut self.requests, event);
        if let Some((id, size)) = size {
            self.server.acknowledge(id, size);
        }
    }

    fn note_response(&mut self, event: Event<ResponseHead>) {
        match event {
            Event::HeadReceived(id, head) => {
                assert_eq!(head.status, 200);
                self.responses.insert(id, Received::default());
            }
            event => {
                if let Some((id, size)) = note(&mut self.responses, event) {
                    self.client.acknowledge(id, size);
                }
            }
        }
    }

    fn open(&mut self, fields: &[(&str, &str)]) -> u32 {
        let head = [(":method", "POST"), (":scheme", "http"), (":path", "/x")];
        let fields = head.iter().chain(fields);
        let fields = fields.map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        self.client.open(fields, false).unwrap()
    }
}

fn note<H: Debug>(streams: &mut BTreeMap<u32, Received>, event: Event<H>) -> Option<(u32, usize)> {
    match event {
        Event::BodyReceived(id, data) => {
            streams.get_mut(&id).unwrap().body.extend_from_slice(&data);
            return Some((id, data.len()));
        }
        Event::BodyEnded(id) => streams.get_mut(&id).unwrap().is_ended = true,
        Event::StreamClosed(id, code) => streams.entry(id).or_default().code = Some(code),
        event => panic!("unexpected: {event:?}"),
    }
    None
}

#[test]
fn heads_arrive_as_they_were_sent_whatever_the_table_has() {
    let mut pair = Pair::new();
    for round in 0..20 {
        let unique = format!("id-{round}");
        let large = "x".repeat(round * 100);
        let fields = [
            ("content-type", "a/b"),
            ("x-unique", &unique),
            ("x-large", &large),
            ("authorization", "secret"),
        ];
        let id = pair.open(&fields);
        pair.exchange();

        let expected = fields.map(|(name, value)| {
            (
                Bytes::copy_from_slice(name.as_bytes()),
                Bytes::copy_from_slice(value.as_bytes()),
            )
        });
        assert_eq!(pair.heads[&id], expected);
        pair.client.reset(id, ErrorCode::Cancel);
    }
}

#[test]
fn streams_beyond_the_limit_are_refused() {
    let mut pair = Pair::new();
    assert_eq!(pair.client.max_streams(), 4);
    for _ in 0..5 {
        pair.open(&[]);
    }

    pair.exchange();

    let refused = &pair.responses[&9];
    assert_eq!(refused.code, Some(ErrorCode::RefusedStream as u32));
}

/// What was written in one direction, and whether that was all.
type Sent = (Vec<u8>, bool);

#[derive(Clone, Debug)]
enum Act {
    Open,
    Send {
        stream: usize,
        size: usize,
        is_end: bool,
    },
    Answer {
        stream: usize,
        size: usize,
        is_end: bool,
    },
    Exchange,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let body = || (0_usize..4, 0_usize..20_000, prop::bool::weighted(0.3));
    prop::collection::vec(
        prop_oneof![
            Just(Act::Open),
            body().prop_map(|(stream, size, is_end)| Act::Send {
                stream,
                size,
                is_end
            }),
            body().prop_map(|(stream, size, is_end)| Act::Answer {
                stream,
                size,
                is_end
            }),
            Just(Act::Exchange),
        ],
        0..40,
    )
}

proptest! {
    #[test]
    fn bodies_arrive_in_order_and_whole(acts in acts()) {
        let mut pair = Pair::new();
        // For each stream what was sent and whether it was ended, both ways.
        let mut sent: Vec<(u32, [Sent; 2])> = Vec::new();
        let mut filler = 0_u8;
        let mut body = |size: usize| {
            filler = filler.wrapping_add(1);
            vec![filler; size]
        };
        for act in acts {
            match act {
                Act::Open if sent.len() < LIMITS.streams => {
                    let id = pair.open(&[]);
                    pair.exchange();
                    pair.server.send_headers(id, 200, [], false);
                    sent.push((id, Default::default()));
                }
                Act::Send { stream, size, is_end } => {
                    if let Some((id, [(bytes, is_ended @ false), _])) = sent.get_mut(stream) {
                        let data = body(size);
                        bytes.extend_from_slice(&data);
                        *is_ended = is_end;
                        pair.client.send_data(*id, data.into(), is_end);
                    }
                }
                Act::Answer { stream, size, is_end } => {
                    if let Some((id, [(_, true), (bytes, is_ended @ false)])) = sent.get_mut(stream) {
                        let data = body(size);
                        bytes.extend_from_slice(&data);
                        *is_ended = is_end;
                        pair.exchange(); // a server with a complete response takes no more of the request
                        pair.server.send_data(*id, data.into(), is_end);
                    }
                }
                Act::Open | Act::Exchange => pair.exchange(),
            }
        }
        pair.exchange();

        for (id, [(request, is_request_ended), (response, is_response_ended)]) in sent {
            let expected = Received { body: request, is_ended: is_request_ended, code: None };
            prop_assert_eq!(&pair.requests[&id], &expected);
            let expected = Received { body: response, is_ended: is_response_ended, code: None };
            prop_assert_eq!(&pair.responses[&id], &expected);
            prop_assert_eq!(pair.client.is_open(id), !(is_request_ended && is_response_ended));
            prop_assert_eq!(pair.server.is_open(id), !(is_request_ended && is_response_ended));
        }
    }
}
