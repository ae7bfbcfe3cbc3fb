//! What a server reads, and what it refuses.

mod support;

use awaken_http1::server::Event;
use bytes::Bytes;
use support::{LIMITS, bytes, chunked, get, read, refusal, request, server};

#[test]
fn a_request_has_its_parts_and_its_whole_body() {
    let request = request(
        "POST /a%2Fb?c=d HTTP/1.1\r\nHost: h\r\nX-Two:  a \r\nx-two:\tb\r\ncontent-length: 4\r\n\r\nbody",
    );

    assert_eq!(request.head.method(), "POST");
    assert_eq!(
        (request.target().path, request.target().query),
        ("/a%2Fb", "c=d")
    );
    assert_eq!(request.minor, 1);
    assert_eq!(request.body.as_deref(), Some(&b"body"[..]));
    let fields: Vec<_> = request.head.fields().collect();
    assert_eq!(fields[1..3], [("X-Two", &b"a"[..]), ("x-two", &b"b"[..])]);
    assert_eq!(request.head.values("x-two").count(), 2);
}

#[test]
fn a_body_in_chunks_that_is_there_is_whole() {
    let text = chunked("5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nx: 1\r\n\r\n");
    assert_eq!(request(&text).body.as_deref(), Some(&b"hello world"[..]));
}

#[test]
fn a_large_body_is_not_copied() {
    let mut server = server();
    server.receive(bytes(
        "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 90000\r\n\r\n",
    ));
    let data = Bytes::from(vec![7; 60_000]);

    let events = server.receive(data.clone());

    let [
        Event::Body {
            data: received,
            is_end: false,
        },
    ] = &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!(received.as_ptr(), data.as_ptr());
    assert_eq!(received.len(), data.len());
}

#[test]
fn what_is_not_a_request_is_refused() {
    let long = "a".repeat(LIMITS.head_size);
    let many = "x: 1\r\n".repeat(LIMITS.headers_count);
    for (text, status, reason) in [
        (
            "GET / HTTP/1.1\r\nbad header line\r\n\r\n",
            400,
            "illegal header line: 'bad header line'",
        ),
        (
            "GET / HTTP/1.1\r\n\r\n",
            400,
            "Missing mandatory Host: header",
        ),
        (
            "GET / HTTP/1.1\r\nhost: a\r\nHost: b\r\n\r\n",
            400,
            "Found multiple Host: headers",
        ),
        (
            "\r\nGET / HTTP/1.1\r\nhost: h\r\n\r\n",
            400,
            "an empty line before the first one",
        ),
        (
            "GET  / HTTP/1.1\r\nhost: h\r\n\r\n",
            400,
            "illegal request line: 'GET  / HTTP/1.1'",
        ),
        (
            "GET / HTTP/2.0\r\nhost: h\r\n\r\n",
            505,
            "illegal version of HTTP: 'GET / HTTP/2.0'",
        ),
        (
            "GET / HTTP/1.2\r\nhost: h\r\n\r\n",
            505,
            "illegal version of HTTP: 'GET / HTTP/1.2'",
        ),
        ("GET /\r\n\r\n", 400, "illegal request line: 'GET /'"),
        (
            "GET a HTTP/1.1\r\nhost: h\r\n\r\n",
            400,
            "illegal request target: 'a'",
        ),
        (
            "GET /\u{e9} HTTP/1.1\r\nhost: h\r\n\r\n",
            400,
            r"illegal request target: '/\xc3\xa9'",
        ),
        (
            "\u{16}\u{3}\u{1}",
            400,
            r"illegal request line: '\x16\x03\x01'",
        ),
        (
            &get(&format!("x: {long}\r\n")),
            431,
            "a head of more than 4096 bytes",
        ),
        (
            &format!("GET /{long}"),
            431,
            "a head of more than 4096 bytes",
        ),
        (&get(&many), 431, "more than 64 headers"),
    ] {
        assert_eq!(refusal(text), (status, reason.to_owned()), "{text:?}");
    }
}

#[test]
fn what_could_be_read_in_two_ways_is_refused() {
    for (fields, status) in [
        ("content-length: 1\r\ncontent-length: 2\r\n", 400),
        ("content-length: 1\r\ncontent-length: 1\r\n", 400),
        ("content-length: 1, 1\r\n", 400),
        ("content-length: +1\r\n", 400),
        ("content-length: 0x1\r\n", 400),
        ("content-length: 1 1\r\n", 400),
        ("content-length: \r\n", 400),
        ("content-length: -1\r\n", 400),
        ("content-length: 1\r\ntransfer-encoding: chunked\r\n", 400),
        (
            "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
            501,
        ),
        ("transfer-encoding: gzip, chunked\r\n", 501),
        ("transfer-encoding: identity\r\n", 501),
        ("transfer-encoding: xchunked\r\n", 501),
        ("transfer-encoding : chunked\r\n", 400),
        ("transfer-encoding\t: chunked\r\n", 400),
        (" transfer-encoding: chunked\r\n", 400),
        ("x: 1\r\n folded\r\n", 400),
        ("x: 1\r\n\tfolded\r\n", 400),
        ("x: 1\n", 400),
        ("x: 1\r2: 3\r\n", 400),
        ("x: a\0b\r\n", 400),
        ("x: a\u{7f}b\r\n", 400),
        ("x\0: 1\r\n", 400),
        (": 1\r\n", 400),
        ("a b: 1\r\n", 400),
        ("\u{e9}: 1\r\n", 400),
        ("content-length: 100001\r\n", 413),
        ("content-length: 99999999999999999999999999\r\n", 413),
    ] {
        assert_eq!(refusal(&get(fields)).0, status, "{fields:?}");
    }
    assert_eq!(refusal("GET / HTTP/1.1\nhost: h\n\n").0, 400);
    let old = "POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
    assert_eq!(refusal(old).0, 400);
}

#[test]
fn chunks_that_are_not_chunks_are_refused_after_their_request() {
    let extension = format!("1;{}\r\nx\r\n", "e".repeat(LIMITS.extensions_size));
    for body in [
        "zz\r\n",
        "\r\n",
        "-1\r\n",
        "0x1\r\n",
        "11111111111111111\r\n",
        "1\nx\r\n",
        "1\r\nxx\r\n",
        "1\r\nx\n",
        "1\rx",
        "1;a\nb\r\n",
        "1;a\0\r\n",
        "0\r\n bad\r\n\r\n",
        "0\r\nx: 1\n\r\n",
        "0\r\nx : 1\r\n\r\n",
        &extension,
        &"1;12345\r\nx\r\n".repeat(30),
    ] {
        let events = read(&chunked(body));
        assert!(
            matches!(events.first(), Some(Event::Request(request)) if request.body.is_none()),
            "{body:?}"
        );
        assert!(
            matches!(events.last(), Some(Event::Refused(refusal)) if refusal.status == 400),
            "{body:?}"
        );
    }
    let long = format!("0\r\nx: {}\r\n\r\n", "t".repeat(LIMITS.head_size));
    assert_eq!(refusal(&chunked(&long)).0, 431);
}

#[test]
fn a_body_beyond_the_limit_is_refused_when_it_gets_there() {
    let chunk = format!("c350\r\n{}\r\n", "x".repeat(50_000));
    assert_eq!(
        refusal(&chunked(&chunk.repeat(3))),
        (413, "more than 100000 bytes of body".to_owned())
    );
}

#[test]
fn nothing_is_read_after_a_refusal() {
    let mut server = server();
    server.receive(bytes("GET / HTTP/1.1\r\nbad\r\n\r\n"));
    assert!(server.receive(bytes(&get(""))).is_empty());
    assert!(server.is_request_ended());
}

#[test]
fn an_upgrade_is_read_as_a_request() {
    let text = get(
        "connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n",
    );
    assert_eq!(request(&text).body.as_deref(), Some(&b""[..]));
}

#[test]
fn an_expectation_waits_unless_the_body_is_there() {
    let head = "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 4\r\nexpect: 100-Continue\r\n\r\n";
    assert!(request(head).expects_continue);
    assert!(!request(&format!("{head}body")).expects_continue);
    let Some(Event::Request(begun)) = read(&format!("{head}bo")).into_iter().next() else {
        panic!("no request")
    };
    assert!(!begun.expects_continue);
    let old = "POST / HTTP/1.0\r\ncontent-length: 4\r\nexpect: 100-continue\r\n\r\n";
    assert!(!request(old).expects_continue);
}

#[test]
fn a_head_that_comes_byte_by_byte_costs_no_more_than_its_size() {
    let mut server = Server::with_large_heads();
    let head = get(&format!("x: {}\r\n", "a".repeat(1_000_000)));
    let mut events = Vec::new();
    for byte in head.bytes() {
        events.extend(server.receive(Bytes::copy_from_slice(&[byte])));
    }
    assert!(matches!(&events[..], [Event::Request(_)]));
}

/// Makes servers for one test.
struct Server;

impl Server {
    fn with_large_heads() -> awaken_http1::Server {
        awaken_http1::Server::new(awaken_http1::Limits {
            head_size: 2_000_000,
            ..LIMITS
        })
    }
}
