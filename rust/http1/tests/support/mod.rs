//! Limits and shorthand for the tests of both roles.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]
#![allow(clippy::panic, reason = "a broken test ends")]

use awaken_http1::{Limits, Server, server};
use bytes::Bytes;

pub const LIMITS: Limits = Limits {
    head_size: 4096,
    headers_count: 64,
    body_size: 100_000,
    discard_size: 1000,
    extensions_size: 100,
};

pub fn server() -> Server {
    Server::new(LIMITS)
}

pub fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

/// What a server makes of bytes that arrive at once.
pub fn read(text: &str) -> Vec<server::Event> {
    server().receive(bytes(text))
}

/// The one request in the text.
pub fn request(text: &str) -> server::Request {
    match <[_; 1]>::try_from(read(text)) {
        Ok([server::Event::Request(request)]) => request,
        other => panic!("{other:?}"),
    }
}

/// Status and reason with which the text is refused; requests and bodies may come before.
pub fn refusal(text: &str) -> (u16, String) {
    match read(text).pop() {
        Some(server::Event::Refused(refusal)) => (refusal.status, refusal.reason),
        other => panic!("{text:?}: {other:?}"),
    }
}

pub fn get(fields: &str) -> String {
    format!("GET / HTTP/1.1\r\nhost: h\r\n{fields}\r\n")
}

pub fn chunked(body: &str) -> String {
    format!("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n{body}")
}
