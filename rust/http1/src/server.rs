//! One connection of a server.

use bytes::Bytes;

use crate::body::Body;
use crate::framing;
use crate::head::{Head, Kind, Parsed, Search};
use crate::input::Input;
use crate::limits::Limits;
use crate::output::{Sending, Unsendable, phrase, write_fields, write_length};
use crate::refusal::Refusal;
use crate::target::{self, Target};

/// What the peer did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A request has begun, and with it the turn of its response.
    Request(Request),
    /// Bytes of its body, which may be none at the end.
    Body {
        /// The bytes.
        data: Bytes,
        /// Whether these are the last ones.
        is_end: bool,
    },
    /// The peer broke the protocol, or a limit; nothing else is read. Answer if there is no answer yet, and close.
    Refused(Refusal),
}

/// A request, with its body if all of it has arrived together with the head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The head.
    pub head: Head,
    /// The minor version of HTTP/1: 0 or 1.
    pub minor: u8,
    /// The whole body; `None` if it follows.
    pub body: Option<Bytes>,
    /// Whether the peer waits for a response of status 100 before it sends the body.
    pub expects_continue: bool,
}

impl Request {
    /// The parts of the target.
    pub fn target(&self) -> Target<'_> {
        target::split(self.head.method(), self.head.target()).unwrap_or(Target {
            path: "/",
            query: "",
            authority: None,
        })
    }
}

#[derive(Debug)]
enum Reading {
    Head(Search),
    Body(Body),
    /// The request is complete; what arrives belongs to later ones.
    Done,
    Refused,
}

/// One connection: a request, its response, the next request.
#[derive(Debug)]
pub struct Server {
    limits: Limits,
    input: Input,
    reading: Reading,
    body_size: u64,
    minor: u8,
    is_head: bool,
    is_kept: bool,
    /// Whether the peer may not send the body at all.
    is_asking: bool,
    sending: Sending,
}

impl Server {
    /// Makes a connection that waits for its first request.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            input: Input::default(),
            reading: Reading::Head(Search::default()),
            body_size: 0,
            minor: 1,
            is_head: false,
            is_kept: true,
            is_asking: false,
            sending: Sending::Head,
        }
    }

    /// Whether the request is complete, or none will ever be.
    pub fn is_request_ended(&self) -> bool {
        matches!(self.reading, Reading::Done | Reading::Refused)
    }

    /// Whether the head of the response was not written yet.
    pub fn is_unanswered(&self) -> bool {
        self.sending == Sending::Head
    }

    /// Whether the response is complete, and nothing may follow it on this connection.
    pub fn is_over(&self) -> bool {
        self.sending == Sending::Done && !self.is_kept
    }

    /// Whether a part of the next request's head is there.
    pub fn is_head_begun(&self) -> bool {
        matches!(self.reading, Reading::Head(_)) && !self.input.is_empty()
    }

    /// Bytes that have arrived and belong to later requests.
    pub fn ahead_size(&self) -> usize {
        match self.reading {
            Reading::Done => self.input.len(),
            _ => 0,
        }
    }

    /// Receives bytes from the network.
    pub fn receive(&mut self, data: Bytes) -> Vec<Event> {
        if matches!(self.reading, Reading::Refused) {
            return Vec::new();
        }
        self.input.append(data);
        self.read()
    }

    /// Begins the next request if this one and its response are complete, and returns what is there of it.
    pub fn advance(&mut self) -> Vec<Event> {
        if !matches!(self.reading, Reading::Done) || self.sending != Sending::Done || !self.is_kept
        {
            return Vec::new();
        }
        self.reading = Reading::Head(Search::default());
        self.sending = Sending::Head;
        self.minor = 1;
        self.is_head = false;
        self.is_asking = false;
        self.read()
    }

    /// Lets a peer send the body for which it `expects_continue`; returns what says so.
    pub fn proceed(&mut self) -> &'static [u8] {
        if self.is_asking && self.sending == Sending::Head {
            self.is_asking = false;
            return b"HTTP/1.1 100 Continue\r\n\r\n";
        }
        b""
    }

    fn read(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        if let Err(refusal) = self.read_into(&mut events) {
            self.reading = Reading::Refused;
            self.is_kept = false;
            events.push(Event::Refused(refusal));
        }
        events
    }

    fn read_into(&mut self, events: &mut Vec<Event>) -> Result<(), Refusal> {
        if let Reading::Head(search) = &mut self.reading {
            let found = search.find(Kind::Request, &mut self.input, &self.limits)?;
            let Some(parsed) = found else {
                return Ok(());
            };
            return self.begin(parsed, events);
        }
        if matches!(self.reading, Reading::Body(_)) && !self.input.is_empty() {
            self.is_asking = false;
            let (data, is_end) = self.read_body()?;
            if is_end || !data.is_empty() {
                events.push(Event::Body { data, is_end });
            }
        }
        Ok(())
    }

    fn begin(&mut self, parsed: Parsed, events: &mut Vec<Event>) -> Result<(), Refusal> {
        let Parsed { head, minor } = parsed;
        let method = head.method();
        let target = head.target();
        if target::split(method, target).is_none() {
            return Err(Refusal::line("request target", target.as_bytes()));
        }
        let facts = framing::read(&head)?;
        if minor > 0 && facts.hosts == 0 {
            return Err(Refusal::bad("Missing mandatory Host: header"));
        }
        if facts.hosts > 1 {
            return Err(Refusal::bad("Found multiple Host: headers"));
        }
        if minor == 0 && facts.is_chunked {
            return Err(Refusal::bad("Transfer-Encoding in HTTP/1.0"));
        }
        let length = facts.length.unwrap_or(0);
        if length > self.limits.body_size {
            let reason = format!("a body of {length} bytes is announced");
            return Err(Refusal::new(413, reason));
        }
        self.minor = minor;
        self.is_head = method == "HEAD";
        // What follows the answer to CONNECT may be meant for a tunnel.
        self.is_kept =
            !facts.says_close && (minor > 0 || facts.says_keep_alive) && method != "CONNECT";
        self.body_size = 0;
        self.reading = Reading::Body(if facts.is_chunked {
            Body::Chunked(Box::default())
        } else {
            Body::Length(length)
        });
        let has_begun = !self.input.is_empty();
        // A body that is refused is refused after its request has begun.
        let body = self.read_body();
        let (data, is_end) = body.clone().unwrap_or_default();
        self.is_asking = facts.expects_continue && minor > 0 && !is_end && !has_begun;
        events.push(Event::Request(Request {
            head,
            minor,
            body: is_end.then(|| data.clone()),
            expects_continue: self.is_asking,
        }));
        if !is_end && !data.is_empty() {
            events.push(Event::Body { data, is_end });
        }
        body.map(|_| ())
    }

    /// Reads what is there of the body, and whether that is the end of it.
    fn read_body(&mut self) -> Result<(Bytes, bool), Refusal> {
        let Reading::Body(body) = &mut self.reading else {
            return Ok((Bytes::new(), false));
        };
        let mut parts = usize::MAX;
        let data = body.read(&mut self.input, &self.limits, &mut parts)?;
        let is_end = body.is_done();
        self.body_size += data.len() as u64;
        if self.body_size > self.limits.body_size {
            let reason = format!("more than {} bytes of body", self.limits.body_size);
            return Err(Refusal::new(413, reason));
        }
        if is_end {
            self.reading = Reading::Done;
        }
        Ok((data, is_end))
    }

    /// Writes the head of a response; returns it.
    ///
    /// With a `size`, the response is complete if as many bytes of body follow the head, or none to HEAD.
    ///
    /// # Errors
    ///
    /// If a head was written already, a text cannot be sent, or the size is not the content-length.
    pub fn start<'a>(
        &mut self,
        status: u16,
        fields: impl Iterator<Item = (&'a str, &'a str)>,
        size: Option<u64>,
        is_last: bool,
    ) -> Result<Vec<u8>, Unsendable> {
        if self.sending != Sending::Head {
            return Err(Unsendable::Order);
        }
        if !(200..=999).contains(&status) {
            return Err(Unsendable::Status(status));
        }
        let mut output = Vec::with_capacity(256);
        output.extend_from_slice(b"HTTP/1.1 ");
        output.extend_from_slice(status.to_string().as_bytes());
        output.push(b' ');
        output.extend_from_slice(phrase(status).as_bytes());
        output.extend_from_slice(b"\r\n");
        let written = write_fields(&mut output, fields)?;
        let mut sending = self.frame_body(status, written.length, size, &mut output);
        if let Some(size) = size {
            if !self.is_head {
                sending.frame(size)?;
            }
            sending.end()?;
        }
        let is_kept = self.is_kept
            && !is_last
            && !written.says_close
            && sending != Sending::UntilClose
            && self.is_rest_bounded();
        if !is_kept && !written.says_close {
            output.extend_from_slice(b"connection: close\r\n");
        } else if is_kept && self.minor == 0 {
            output.extend_from_slice(b"connection: keep-alive\r\n");
        }
        output.extend_from_slice(b"\r\n");
        self.is_kept = is_kept;
        self.sending = sending;
        Ok(output)
    }

    /// Whether what may follow of the request is little enough to be read after its response.
    ///
    /// A client that does not know would send its next request on a connection that is about to be closed.
    fn is_rest_bounded(&self) -> bool {
        match &self.reading {
            Reading::Done => true,
            Reading::Body(Body::Length(left)) => {
                !self.is_asking && *left <= self.limits.discard_size
            }
            _ => false,
        }
    }

    /// Writes the field that says where the body ends.
    fn frame_body(
        &self,
        status: u16,
        length: Option<u64>,
        size: Option<u64>,
        output: &mut Vec<u8>,
    ) -> Sending {
        let is_bodiless = self.is_head || matches!(status, 204 | 304);
        // A 204 must not have a length (RFC 9110, section 8.6), and that of a 304 would be another body's.
        let length = match status {
            204 => None,
            304 => length,
            _ => length.or(size),
        };
        if let Some(length) = length {
            write_length(output, length);
        } else if self.minor > 0 && !matches!(status, 204 | 304) {
            output.extend_from_slice(b"transfer-encoding: chunked\r\n");
        }
        match length {
            _ if is_bodiless => Sending::Nothing,
            Some(length) => Sending::Length(length),
            None if self.minor > 0 => Sending::Chunked,
            None => Sending::UntilClose,
        }
    }

    /// Counts bytes of the response's body; returns what precedes them. If that is not empty, a line end follows them.
    ///
    /// # Errors
    ///
    /// If there is no room for them in the response.
    pub fn frame(&mut self, size: u64) -> Result<String, Unsendable> {
        self.sending.frame(size)
    }

    /// Ends the response; returns what follows the body.
    ///
    /// # Errors
    ///
    /// If the response has not begun, has ended, or its body is not complete.
    pub fn end(&mut self) -> Result<&'static [u8], Unsendable> {
        self.sending.end()
    }
}
