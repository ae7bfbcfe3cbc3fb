//! Arbitrary bytes through both HTTP/1.1 engines: no panic, and the chunks make no difference to what is accepted.
#![no_main]

use awaken_http1::{Client, Limits, Server, client, server};
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits {
    head_size: 4_096,
    headers_count: 64,
    body_size: 65_536,
    discard_size: 1_024,
    extensions_size: 256,
};

fuzz_target!(|input: (Vec<u8>, u8)| {
    let (bytes, cut) = input;
    let (left, right) = bytes.split_at(usize::from(cut).min(bytes.len()));
    assert_eq!(serve(&[left, right]), serve(&[&bytes]));
    assert_eq!(fetch(&[left, right]), fetch(&[&bytes]));
});

/// Answers each request that is complete; returns how many there were, their bodies, and how the stream was refused.
fn serve(pieces: &[&[u8]]) -> (usize, Vec<Vec<u8>>, Option<u16>) {
    let mut server = Server::new(LIMITS);
    let mut count = 0;
    let mut bodies = Vec::new();
    for piece in pieces {
        let mut events = server.receive(Bytes::copy_from_slice(piece));
        while !events.is_empty() {
            for event in events {
                match event {
                    server::Event::Request(request) => {
                        count += 1;
                        bodies.push(request.body.map(Vec::from).unwrap_or_default());
                    }
                    server::Event::Body { data, .. } => {
                        if let Some(body) = bodies.last_mut() {
                            body.extend_from_slice(&data);
                        }
                    }
                    server::Event::Refused(refusal) => {
                        bodies.pop();
                        return (count, bodies, Some(refusal.status));
                    }
                }
            }
            if server.is_request_ended() && server.is_unanswered() {
                let _ = server.start(200, std::iter::empty(), Some(0), false);
            }
            events = server.advance();
        }
    }
    (count, bodies, None)
}

/// Reads one response; returns its statuses, its body, and whether it is complete or refused.
fn fetch(pieces: &[&[u8]]) -> (Vec<u16>, Vec<u8>, bool, bool) {
    let mut client = Client::new(LIMITS);
    let _ = client.begin("GET", "/", [("host", "h")].into_iter(), false);
    let _ = client.end();
    let (mut statuses, mut body, mut is_complete, mut is_refused) =
        (Vec::new(), Vec::new(), false, false);
    for piece in pieces {
        client.receive(Bytes::copy_from_slice(piece));
        for event in client.read(usize::MAX).0 {
            match event {
                client::Event::Response(head) => statuses.push(head.status()),
                client::Event::Body(data) => body.extend_from_slice(&data),
                client::Event::End => is_complete = true,
                client::Event::Cut => {}
                client::Event::Failed(_) => {
                    is_refused = true;
                    body.clear();
                }
            }
        }
    }
    (statuses, body, is_complete, is_refused)
}
