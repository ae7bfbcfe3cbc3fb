//! What a client writes, reads and refuses.
#![allow(clippy::unwrap_used, reason = "a broken test ends")]

mod support;

use awaken_http1::Client;
use awaken_http1::client::Event;
use bytes::Bytes;
use support::{LIMITS, bytes};

const HOST: [(&str, &str); 1] = [("host", "h")];
const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

fn asking(method: &str) -> Client {
    let mut client = Client::new(LIMITS);
    client.begin(method, "/", HOST.into_iter(), false).unwrap();
    client.end().unwrap();
    client
}

/// Body, and how it ended, of the response in the text.
fn read(client: &mut Client, text: &str) -> (Vec<u8>, Option<Event>) {
    client.receive(bytes(text));
    let (events, _) = client.read(usize::MAX);
    let mut body = Vec::new();
    let mut last = None;
    for event in events {
        match event {
            Event::Body(data) => body.extend_from_slice(&data),
            other => last = Some(other),
        }
    }
    (body, last)
}

#[test]
fn a_request_is_written_in_chunks() {
    let mut client = Client::new(LIMITS);

    let head = client
        .begin("POST", "/a?b", HOST.into_iter(), true)
        .unwrap();

    let text = String::from_utf8(head).unwrap();
    assert_eq!(
        text,
        "POST /a?b HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    assert!(client.is_sending());
    assert_eq!(client.frame(10).unwrap(), "a\r\n");
    assert_eq!(client.end().unwrap(), b"0\r\n\r\n");
    assert!(client.begin("GET", "/", HOST.into_iter(), false).is_err());
}

#[test]
fn a_request_that_would_be_read_as_another_is_not_written() {
    let mut client = Client::new(LIMITS);
    for (method, target, fields) in [
        ("GET", "/ HTTP/1.1", &HOST[..]),
        ("GET", "/\r\n", &HOST),
        ("GET", "", &HOST),
        ("G T", "/", &HOST),
        ("GET", "/", &[]),
        ("GET", "/", &[("host", "a"), ("host", "b")]),
        ("GET", "/", &[("host", "a\r\nb: c")]),
    ] {
        let begun = client.begin(method, target, fields.iter().copied(), false);
        assert!(begun.is_err(), "{method:?} {target:?} {fields:?}");
    }
    assert!(client.is_idle());
}

#[test]
fn a_complete_response_leaves_the_connection_for_the_next() {
    for text in [
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
        "HTTP/1.1 200\r\ncontent-length: 5\r\n\r\nhello",
        &format!("{CHUNKED}2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\na: b\r\n\r\n"),
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 \r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
    ] {
        let mut client = asking("GET");
        let (body, last) = read(&mut client, text);
        assert_eq!(
            (&body[..], last),
            (&b"hello"[..], Some(Event::End)),
            "{text:?}"
        );
        assert!(client.is_reusable(), "{text:?}");
        client.begin("GET", "/", HOST.into_iter(), false).unwrap();
        assert!(!client.is_reusable());
    }
}

#[test]
fn a_connection_that_cannot_be_trusted_is_not_used_again() {
    for text in [
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello",
        "HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhellox",
    ] {
        let mut client = asking("GET");
        let (body, last) = read(&mut client, text);
        assert_eq!(
            (&body[..], last),
            (&b"hello"[..], Some(Event::End)),
            "{text:?}"
        );
        assert!(!client.is_reusable(), "{text:?}");
    }
}

#[test]
fn some_responses_have_no_body() {
    for (method, status) in [("HEAD", 200), ("GET", 204), ("GET", 304)] {
        let mut client = asking(method);
        let text = format!("HTTP/1.1 {status} OK\r\ncontent-length: 5\r\n\r\n");
        assert_eq!(read(&mut client, &text), (vec![], Some(Event::End)));
        assert!(client.is_reusable());
    }
}

#[test]
fn a_body_without_a_length_ends_with_the_connection() {
    let mut client = asking("GET");
    let (body, last) = read(&mut client, "HTTP/1.1 200 OK\r\n\r\nhel");
    assert_eq!(&body[..], b"hel");
    assert!(matches!(last, Some(Event::Response(_))));
    client.receive_end();
    assert_eq!(read(&mut client, "lo"), (b"lo".to_vec(), Some(Event::End)));
    assert!(!client.is_reusable());
}

#[test]
fn a_response_that_the_peer_does_not_finish_is_cut() {
    for text in [
        "",
        "HTTP/1.1 20",
        CHUNKED,
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhell",
    ] {
        let mut client = asking("GET");
        client.receive_end();
        assert_eq!(read(&mut client, text).1, Some(Event::Cut), "{text:?}");
    }
}

#[test]
fn a_broken_response_fails() {
    let long = "a".repeat(LIMITS.head_size);
    for text in [
        &format!("{CHUNKED}xyz\r\n"),
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n",
        "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        "HTTP/1.1 099 Odd\r\n\r\n",
        "HTTP/1.1 200 OK\nx: y\n\n",
        "HTTP/1.1 200 OK\r\nx: y\r\n folded\r\n\r\n",
        "\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        "HTTP/3.0 200 OK\r\n\r\n",
        "\0\u{1}\u{2}\r\n\r\n",
        &format!("HTTP/1.1 200 OK\r\nx: {long}"),
        &format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: y\r\n".repeat(65)),
    ] {
        let mut client = asking("GET");
        assert!(
            matches!(read(&mut client, text).1, Some(Event::Failed(_))),
            "{text:?}"
        );
        assert!(!client.is_reusable());
        assert_eq!(read(&mut client, "more"), (vec![], None));
    }
}

#[test]
fn parts_are_read_as_many_as_wanted() {
    let mut client = asking("GET");
    client.receive(Bytes::from(format!(
        "{CHUNKED}{}0\r\n\r\n",
        "1\r\nx\r\n".repeat(100)
    )));
    let mut counts = Vec::new();
    loop {
        let (_, count) = client.read(25);
        counts.push(count);
        if count < 25 {
            break;
        }
    }
    assert_eq!(counts, [25, 25, 25, 25, 2]);
    assert!(client.is_reusable());
}
