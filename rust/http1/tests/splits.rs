//! Any split of the bytes gives the same requests and responses.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a broken test ends"
)]

mod support;

use awaken_http1::{Client, Server, client, server};
use bytes::Bytes;
use proptest::prelude::*;
use support::LIMITS;

type Head = (String, String, Vec<(String, Vec<u8>)>);

/// What a server made of a stream, where each request is answered as soon as it is complete.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    heads: Vec<Head>,
    bodies: Vec<Vec<u8>>,
    /// The status; its reason quotes what was there at the time.
    refusal: Option<u16>,
}

fn serve(pieces: &[&[u8]]) -> Seen {
    let mut server = Server::new(LIMITS);
    let mut seen = Seen::default();
    for piece in pieces {
        let mut events = server.receive(Bytes::copy_from_slice(piece));
        while !events.is_empty() {
            for event in events {
                seen.note(event);
            }
            if server.is_request_ended() && server.is_unanswered() && seen.refusal.is_none() {
                server
                    .start(200, std::iter::empty(), Some(0), false)
                    .unwrap();
            }
            events = server.advance();
        }
    }
    seen
}

impl Seen {
    fn note(&mut self, event: server::Event) {
        match event {
            server::Event::Request(request) => {
                let head = &request.head;
                let fields = head
                    .fields()
                    .map(|(name, value)| (name.to_owned(), value.to_owned()));
                let line = (head.method().to_owned(), head.target().to_owned());
                self.heads.push((line.0, line.1, fields.collect()));
                self.bodies
                    .push(request.body.map(Vec::from).unwrap_or_default());
            }
            server::Event::Body { data, .. } => {
                if let Some(body) = self.bodies.last_mut() {
                    body.extend_from_slice(&data);
                }
            }
            server::Event::Refused(refusal) => {
                self.refusal = Some(refusal.status);
                // What came together with what is refused is not delivered.
                self.bodies.pop();
            }
        }
    }
}

fn fetch(pieces: &[&[u8]]) -> (Vec<u16>, Vec<u8>, String) {
    let mut client = Client::new(LIMITS);
    client
        .begin("GET", "/", [("host", "h")].into_iter(), false)
        .unwrap();
    client.end().unwrap();
    let mut statuses = Vec::new();
    let mut body = Vec::new();
    let mut last = String::new();
    for piece in pieces {
        client.receive(Bytes::copy_from_slice(piece));
        for event in client.read(usize::MAX).0 {
            match event {
                client::Event::Response(head) => statuses.push(head.status()),
                client::Event::Body(data) => body.extend_from_slice(&data),
                client::Event::Failed(refusal) => {
                    last = format!("failed with {}", refusal.status);
                    body.clear();
                }
                other => last = format!("{other:?}"),
            }
        }
    }
    last += if client.is_reusable() {
        " reusable"
    } else {
        ""
    };
    (statuses, body, last)
}

fn split<'a>(bytes: &'a [u8], cuts: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut at: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    at.sort_unstable();
    at.push(bytes.len());
    let mut start = 0;
    at.into_iter()
        .map(|end| {
            let piece = &bytes[start..end];
            start = end;
            piece
        })
        .collect()
}

fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => ("[a-zA-Z-]{1,8}", "[ -~]{0,12}").prop_map(|(name, value)| format!("x-{name}: {value}\r\n")),
        1 => Just("connection: close\r\n".to_owned()),
        1 => Just("expect: 100-continue\r\n".to_owned()),
        1 => "[ -~\r\n\t]{0,10}".prop_map(|text| format!("{text}\r\n")),
    ]
}

fn body() -> impl Strategy<Value = String> {
    let chunk = ("[ -~\r\n]{1,40}", "(;[a-z]{0,5}(=[a-z]{0,3})?)?")
        .prop_map(|(data, extension)| format!("{:x}{extension}\r\n{data}\r\n", data.len()));
    prop_oneof![
        Just("\r\n".to_owned()),
        "[ -~\r\n]{0,200}".prop_map(|text| format!("content-length: {}\r\n\r\n{text}", text.len())),
        (prop::collection::vec(chunk, 0..6), "(x: y\r\n)?").prop_map(|(chunks, trailers)| format!(
            "transfer-encoding: chunked\r\n\r\n{}0\r\n{trailers}\r\n",
            chunks.concat()
        )),
        "[ -~\r\n]{0,30}".prop_map(|text| format!("transfer-encoding: chunked\r\n\r\n{text}")),
    ]
}

fn message(first: &'static str) -> impl Strategy<Value = String> {
    (prop::collection::vec(field(), 0..4), body())
        .prop_map(move |(fields, body)| format!("{first}\r\nhost: h\r\n{}{body}", fields.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn requests(
        messages in prop::collection::vec(message("POST /a?b HTTP/1.1"), 1..4),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let bytes = messages.concat().into_bytes();
        let whole = serve(&[&bytes]);
        prop_assert_eq!(serve(&split(&bytes, &cuts)), whole);
    }

    #[test]
    fn responses(
        message in message("HTTP/1.1 200 OK"),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let bytes = message.into_bytes();
        let whole = fetch(&[&bytes]);
        prop_assert_eq!(fetch(&split(&bytes, &cuts)), whole);
    }
}

proptest! {
    #[test]
    fn single_bytes(messages in prop::collection::vec(message("PUT / HTTP/1.1"), 1..3)) {
        let bytes = messages.concat().into_bytes();
        let singles: Vec<_> = bytes.chunks(1).collect();
        prop_assert_eq!(serve(&singles), serve(&[&bytes]));
    }
}
