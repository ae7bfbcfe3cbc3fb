//! The first line and the fields of a message (RFC 9112, sections 2 to 5).

use std::mem::MaybeUninit;

use bytes::Bytes;
use httparse::{Header, Status};

use crate::input::Input;
use crate::limits::Limits;
use crate::refusal::Refusal;

/// Fields for which there is room on the stack.
const FEW: usize = 32;

/// Where a text is in the bytes of its head.
type Span = (u32, u32);

/// A head as it was sent: its bytes, and where its parts are in them.
#[derive(Clone, PartialEq, Eq)]
pub struct Head {
    bytes: Bytes,
    first: First,
    fields: Vec<(Span, Span)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum First {
    Request { method: Span, target: Span },
    Response { status: u16 },
    Trailers,
}

/// What kind of message is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Request,
    Response,
    Trailers,
}

/// A head, with the minor version of HTTP/1 (0 or 1).
pub(crate) struct Parsed {
    pub(crate) head: Head,
    pub(crate) minor: u8,
}

impl Head {
    /// The method of a request.
    pub fn method(&self) -> &str {
        match self.first {
            First::Request { method, .. } => text(&self.bytes, method),
            _ => "",
        }
    }

    /// The target of a request, as sent.
    pub fn target(&self) -> &str {
        match self.first {
            First::Request { target, .. } => text(&self.bytes, target),
            _ => "",
        }
    }

    /// The status of a response.
    pub fn status(&self) -> u16 {
        match self.first {
            First::Response { status } => status,
            _ => 0,
        }
    }

    /// The fields in order, with names as they were sent.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.fields
            .iter()
            .map(|&(name, value)| (text(&self.bytes, name), slice(&self.bytes, value)))
    }

    /// The values of a field, by its name in lower case.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.fields()
            .filter(move |(it, _)| it.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }
}

impl std::fmt::Debug for Head {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Head({})", self.bytes.escape_ascii())
    }
}

/// How far an incomplete head was searched for its end.
#[derive(Debug, Default)]
pub(crate) struct Search {
    /// Bytes without an empty line; 0 before the first look.
    scanned: usize,
}

impl Search {
    /// Takes a head out of the input as soon as it is complete.
    pub(crate) fn find(
        &mut self,
        kind: Kind,
        input: &mut Input,
        limits: &Limits,
    ) -> Result<Option<Parsed>, Refusal> {
        let bytes = input.bytes();
        if bytes.is_empty() {
            return Ok(None);
        }
        // Only what came in one piece is parsed before its end is known: otherwise a peer that sends single bytes would
        // have the same head parsed again with each of them.
        if self.scanned > 0 && !self.is_ended(kind, bytes)? {
            check_size(bytes.len(), limits)?;
            return Ok(None);
        }
        let found = parse(kind, bytes, limits.headers_count)?;
        let Some((size, first, fields, minor)) = found else {
            self.is_ended(kind, bytes)?;
            check_size(bytes.len(), limits)?;
            return Ok(None);
        };
        check_size(size, limits)?;
        check_lines(bytes.get(..size).unwrap_or_default())?;
        self.scanned = 0;
        let bytes = input.take(size);
        let head = Head {
            bytes,
            first,
            fields,
        };
        Ok(Some(Parsed { head, minor }))
    }

    /// Whether there is an empty line in what was not looked at yet. Remembers how far it looked.
    fn is_ended(&mut self, kind: Kind, bytes: &[u8]) -> Result<bool, Refusal> {
        for at in memchr::memchr_iter(b'\n', bytes.get(self.scanned..).unwrap_or_default()) {
            let end = self.scanned + at;
            let line = bytes.get(..end).unwrap_or_default();
            let Some(line) = line.strip_suffix(b"\r") else {
                return Err(bare_lf());
            };
            if line.ends_with(b"\n") || (line.is_empty() && kind == Kind::Trailers) {
                return Ok(true);
            }
        }
        self.scanned = bytes.len();
        Ok(false)
    }
}

type Found = (usize, First, Vec<(Span, Span)>, u8);

fn parse(kind: Kind, bytes: &[u8], most: usize) -> Result<Option<Found>, Refusal> {
    let mut few = [const { MaybeUninit::uninit() }; FEW];
    match parse_with(
        kind,
        bytes,
        few.get_mut(..most.min(FEW)).unwrap_or_default(),
    ) {
        Err(httparse::Error::TooManyHeaders) if most > FEW => {
            let mut many = vec![MaybeUninit::uninit(); most];
            parse_with(kind, bytes, &mut many)
        }
        result => result,
    }
    .map_err(|error| refuse(kind, bytes, error, most))
}

fn parse_with<'b>(
    kind: Kind,
    bytes: &'b [u8],
    room: &mut [MaybeUninit<Header<'b>>],
) -> Result<Option<Found>, httparse::Error> {
    let is_blank = bytes
        .first()
        .is_some_and(|byte| matches!(byte, b'\r' | b'\n'));
    match kind {
        Kind::Request | Kind::Response if is_blank => Err(httparse::Error::NewLine),
        Kind::Request => {
            let mut request = httparse::Request::new(&mut []);
            let Status::Complete(size) = request.parse_with_uninit_headers(bytes, room)? else {
                return Ok(None);
            };
            let first = First::Request {
                method: span(bytes, request.method.unwrap_or_default().as_bytes()),
                target: span(bytes, request.path.unwrap_or_default().as_bytes()),
            };
            let fields = spans(bytes, request.headers);
            Ok(Some((size, first, fields, request.version.unwrap_or(1))))
        }
        Kind::Response => {
            let mut response = httparse::Response::new(&mut []);
            let parsed = httparse::ParserConfig::default().parse_response_with_uninit_headers(
                &mut response,
                bytes,
                room,
            )?;
            let Status::Complete(size) = parsed else {
                return Ok(None);
            };
            let first = First::Response {
                status: response.code.unwrap_or_default(),
            };
            let fields = spans(bytes, response.headers);
            Ok(Some((size, first, fields, response.version.unwrap_or(1))))
        }
        Kind::Trailers => {
            let mut room: Vec<_> = room.iter().map(|_| httparse::EMPTY_HEADER).collect();
            let Status::Complete((size, fields)) = httparse::parse_headers(bytes, &mut room)?
            else {
                return Ok(None);
            };
            Ok(Some((size, First::Trailers, spans(bytes, fields), 1)))
        }
    }
}

fn spans(bytes: &[u8], headers: &[Header<'_>]) -> Vec<(Span, Span)> {
    headers
        .iter()
        .map(|header| {
            (
                span(bytes, header.name.as_bytes()),
                span(bytes, trim(header.value)),
            )
        })
        .collect()
}

/// Removes the spaces and tabs around a value.
pub(crate) fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// Where `part` is in `whole`, of which it is a slice.
fn span(whole: &[u8], part: &[u8]) -> Span {
    if part.is_empty() {
        return (0, 0); // it may be a constant
    }
    let start = part.as_ptr().addr().wrapping_sub(whole.as_ptr().addr());
    let number = |size: usize| u32::try_from(size).unwrap_or_default();
    (number(start), number(start + part.len()))
}

fn slice(bytes: &[u8], (start, end): Span) -> &[u8] {
    bytes.get(start as usize..end as usize).unwrap_or_default()
}

fn text(bytes: &[u8], span: Span) -> &str {
    std::str::from_utf8(slice(bytes, span)).unwrap_or_default()
}

fn check_size(size: usize, limits: &Limits) -> Result<(), Refusal> {
    if size > limits.head_size {
        let reason = format!("a head of more than {} bytes", limits.head_size);
        return Err(Refusal::new(431, reason));
    }
    Ok(())
}

/// Refuses lines that end in LF alone, which others may not take for line ends.
fn check_lines(head: &[u8]) -> Result<(), Refusal> {
    let is_good = |at: usize| at.checked_sub(1).and_then(|before| head.get(before)) == Some(&b'\r');
    if memchr::memchr_iter(b'\n', head).all(is_good) {
        Ok(())
    } else {
        Err(bare_lf())
    }
}

fn bare_lf() -> Refusal {
    Refusal::bad("illegal line end: LF without CR")
}

/// Says what httparse found, with the line in which it is.
fn refuse(kind: Kind, bytes: &[u8], error: httparse::Error, most: usize) -> Refusal {
    let mut lines = bytes
        .split(|&byte| byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let first = if kind == Kind::Trailers {
        b""
    } else {
        lines.next().unwrap_or_default()
    };
    match error {
        httparse::Error::TooManyHeaders => Refusal::new(431, format!("more than {most} headers")),
        httparse::Error::HeaderName | httparse::Error::HeaderValue => {
            let line = lines.find(|line| !is_field(line)).unwrap_or_default();
            Refusal::line("header line", line)
        }
        httparse::Error::Version => {
            let is_http = first
                .rsplit(|&byte| byte == b' ')
                .next()
                .is_some_and(|it| it.starts_with(b"HTTP/"));
            let refusal = Refusal::line("version of HTTP", first);
            Refusal::new(if is_http { 505 } else { 400 }, refusal.reason)
        }
        httparse::Error::NewLine if first.is_empty() && kind != Kind::Trailers => {
            Refusal::bad("an empty line before the first one")
        }
        _ if kind == Kind::Response => Refusal::line("status line", first),
        _ => Refusal::line("request line", first),
    }
}

/// Whether a line is a field.
fn is_field(line: &[u8]) -> bool {
    let Some(colon) = memchr::memchr(b':', line) else {
        return line.is_empty();
    };
    let (name, value) = line.split_at(colon);
    is_token(name)
        && value
            .iter()
            .all(|&byte| byte == b'\t' || (byte >= b' ' && byte != 0x7f))
}

/// Whether bytes are a token (RFC 9110, section 5.6.2).
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    let is_part = |&byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !bytes.is_empty() && bytes.iter().all(is_part)
}
