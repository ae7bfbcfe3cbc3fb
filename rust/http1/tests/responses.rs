//! What a server writes, and when its connection goes on.
#![allow(clippy::unwrap_used, reason = "a broken test ends")]

mod support;

use awaken_http1::Server;
use awaken_http1::output::Unsendable;
use awaken_http1::server::Event;
use support::{LIMITS, bytes, get, server};

const NONE: [(&str, &str); 0] = [];

fn asked(text: &str) -> Server {
    let mut server = server();
    server.receive(bytes(text));
    server
}

fn start(server: &mut Server, status: u16, fields: &[(&str, &str)], size: Option<u64>) -> String {
    let head = server
        .start(status, fields.iter().copied(), size, false)
        .unwrap();
    String::from_utf8(head).unwrap()
}

#[test]
fn a_whole_response_is_one_head_with_its_length() {
    let mut server = asked(&get(""));

    let head = start(&mut server, 200, &[("content-type", "text/plain")], Some(5));

    assert_eq!(
        head,
        "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\n"
    );
    assert!(!server.is_over());
    assert!(server.is_request_ended());
}

#[test]
fn a_response_of_unknown_length_comes_in_chunks() {
    let mut server = asked(&get(""));

    let head = start(&mut server, 999, &[], None);

    assert_eq!(head, "HTTP/1.1 999 \r\ntransfer-encoding: chunked\r\n\r\n");
    assert_eq!(server.frame(255).unwrap(), "ff\r\n");
    assert_eq!(server.frame(0).unwrap(), "");
    assert_eq!(server.end().unwrap(), b"0\r\n\r\n");
    assert_eq!(server.end(), Err(Unsendable::Order));
}

#[test]
fn a_body_fits_its_length() {
    let mut server = asked(&get(""));
    start(&mut server, 200, &[("content-length", "5")], None);

    assert_eq!(server.frame(3).unwrap(), "");
    assert_eq!(server.frame(3), Err(Unsendable::TooMuch(1)));
    assert_eq!(server.end(), Err(Unsendable::TooLittle(2)));
    assert_eq!(server.frame(2).unwrap(), "");
    assert_eq!(server.end().unwrap(), b"");

    let mut server = asked(&get(""));
    let wrong = server.start(200, [("content-length", "5")].into_iter(), Some(4), false);
    assert_eq!(wrong, Err(Unsendable::TooLittle(1)));
    assert!(server.is_unanswered());
}

#[test]
fn some_responses_have_no_body() {
    let head = "HEAD / HTTP/1.1\r\nhost: h\r\n\r\n";
    let chunked = "transfer-encoding: chunked\r\n";
    for (request, status, fields, size, expected) in [
        (
            head,
            200,
            &[("content-length", "5")][..],
            None,
            "content-length: 5\r\n",
        ),
        (head, 200, &[], Some(7), "content-length: 7\r\n"),
        (head, 200, &[], None, chunked),
        (&get(""), 204, &[("content-length", "0")], None, ""),
        (&get(""), 204, &[], Some(0), ""),
        (
            &get(""),
            304,
            &[("content-length", "9")],
            Some(0),
            "content-length: 9\r\n",
        ),
        (&get(""), 304, &[], Some(0), ""),
    ] {
        let mut server = asked(request);
        let text = start(&mut server, status, fields, size);
        let (_, fields) = text.split_once("\r\n").unwrap();
        assert_eq!(fields, format!("{expected}\r\n"), "{status}");
        if size.is_none() {
            assert_eq!(server.end().unwrap(), b"");
        }
    }
    let mut server = asked(&get(""));
    assert_eq!(
        server.start(204, NONE.into_iter(), Some(3), false),
        Err(Unsendable::TooMuch(3))
    );
}

#[test]
fn a_connection_is_kept_if_both_want_it() {
    let old = |field: &str| format!("GET / HTTP/1.0\r\n{field}\r\n");
    for (request, fields, size, is_kept, said) in [
        (get(""), &[][..], Some(0), true, None),
        (
            get("connection: close\r\n"),
            &[],
            Some(0),
            false,
            Some("close"),
        ),
        (
            get("connection: x, Close\r\n"),
            &[],
            Some(0),
            false,
            Some("close"),
        ),
        (
            get(""),
            &[("connection", "close")],
            Some(0),
            false,
            Some("close"),
        ),
        (old(""), &[], Some(0), false, Some("close")),
        (
            old("connection: keep-alive\r\n"),
            &[],
            Some(0),
            true,
            Some("keep-alive"),
        ),
        (
            old("connection: keep-alive\r\n"),
            &[],
            None,
            false,
            Some("close"),
        ),
        (
            get("").replace("GET /", "CONNECT h:1"),
            &[],
            Some(0),
            false,
            Some("close"),
        ),
    ] {
        let mut server = asked(&request);
        let head = start(&mut server, 200, fields, size);
        if size.is_none() {
            assert!(!head.contains("chunked"), "HTTP/1.0 knows no chunks");
            server.end().unwrap();
        }
        assert_eq!(server.is_over(), !is_kept, "{request:?}");
        let line = said.map(|said| format!("connection: {said}\r\n"));
        assert_eq!(
            head.matches("connection: ").count(),
            usize::from(line.is_some())
        );
        assert!(line.is_none_or(|line| head.contains(&line)), "{head}");
    }
}

#[test]
fn the_last_response_says_so() {
    let mut server = asked(&get(""));
    let head = server.start(200, NONE.into_iter(), Some(0), true).unwrap();
    assert!(head.ends_with(b"connection: close\r\n\r\n"));
    assert!(server.is_over());
}

#[test]
fn an_early_response_ends_the_connection_unless_the_rest_is_bounded() {
    let post = |fields: &str| format!("POST / HTTP/1.1\r\nhost: h\r\n{fields}\r\n");
    let much = LIMITS.discard_size + 1;
    for (fields, is_kept) in [
        ("content-length: 1000\r\n".to_owned(), true),
        (format!("content-length: {much}\r\n"), false),
        ("transfer-encoding: chunked\r\n".to_owned(), false),
        (
            "content-length: 5\r\nexpect: 100-continue\r\n".to_owned(),
            false,
        ),
    ] {
        let mut server = asked(&post(&fields));
        start(&mut server, 413, &[], Some(0));
        assert_eq!(server.is_over(), !is_kept, "{fields}");
    }
}

#[test]
fn the_peer_is_told_once_to_proceed() {
    let head = "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 4\r\nexpect: 100-continue\r\n\r\n";
    let mut server = asked(head);
    assert_eq!(server.proceed(), b"HTTP/1.1 100 Continue\r\n\r\n");
    assert_eq!(server.proceed(), b"");
    start(&mut server, 200, &[], Some(0));
    assert!(!server.is_over());
}

#[test]
fn pipelined_requests_are_read_one_after_the_other() {
    let mut server = server();
    let events = server.receive(bytes(&format!(
        "{}{}GET / HT",
        get("a: 1\r\n"),
        get("a: 2\r\n")
    )));
    assert_eq!(events.len(), 1);
    assert!(server.ahead_size() > 0);
    assert!(server.advance().is_empty(), "this one is not answered");

    start(&mut server, 200, &[], Some(0));
    let events = server.advance();
    assert!(
        matches!(&events[..], [Event::Request(request)] if request.head.values("a").eq([b"2"]))
    );
    start(&mut server, 200, &[], Some(0));
    assert!(server.advance().is_empty());
    assert!(server.is_head_begun());
    assert_eq!(server.receive(bytes("TP/1.1\r\nhost: h\r\n\r\n")).len(), 1);
}

#[test]
fn what_cannot_be_sent_is_an_error_and_changes_nothing() {
    for (name, value) in [
        ("x", "a\r\nb: c"),
        ("x", "a\0"),
        ("x", "\u{20ac}"),
        ("x y", "1"),
        ("", "1"),
        ("content-length", "x"),
        ("content-length", "+1"),
        ("content-length", ""),
    ] {
        let mut server = asked(&get(""));
        let started = server.start(200, [(name, value)].into_iter(), None, false);
        assert!(
            matches!(started, Err(Unsendable::Text(_))),
            "{name:?}: {value:?}"
        );
        start(&mut server, 500, &[], Some(0));
    }
    for status in [0, 100, 199, 1000] {
        let started = asked(&get("")).start(status, NONE.into_iter(), None, false);
        assert_eq!(started, Err(Unsendable::Status(status)));
    }
    let mut server = asked(&get(""));
    assert_eq!(server.frame(1), Err(Unsendable::Order));
    let fields = [("x", "caf\u{e9}"), ("transfer-encoding", "gzip")];
    let head = server.start(200, fields.into_iter(), None, false).unwrap();
    assert!(head.ends_with(b"x: caf\xe9\r\ntransfer-encoding: chunked\r\n\r\n"));
    assert_eq!(
        server.start(200, NONE.into_iter(), None, false),
        Err(Unsendable::Order)
    );
}
