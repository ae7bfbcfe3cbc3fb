//! One connection of a client.

use bytes::Bytes;

use crate::body::Body;
use crate::framing;
use crate::head::{Head, Kind, Parsed, Search};
use crate::input::Input;
use crate::limits::Limits;
use crate::output::{Sending, Unsendable, write_fields};
use crate::refusal::Refusal;

/// What the peer did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The head of a response; one whose status is below 200 is followed by another.
    Response(Head),
    /// Bytes of its body.
    Body(Bytes),
    /// The response is complete.
    End,
    /// The peer closed before its response was complete.
    Cut,
    /// The peer broke the protocol, or a limit.
    Failed(Refusal),
}

#[derive(Debug)]
enum Reading {
    Head(Search),
    Body(Body),
    Done,
    Failed,
}

/// One connection: a request, its response, the next request.
#[derive(Debug)]
pub struct Client {
    limits: Limits,
    input: Input,
    reading: Reading,
    sending: Sending,
    is_head: bool,
    is_kept: bool,
    is_closed: bool,
}

impl Client {
    /// Makes a connection on which nothing was sent.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            input: Input::default(),
            reading: Reading::Head(Search::default()),
            sending: Sending::Head,
            is_head: false,
            is_kept: true,
            is_closed: false,
        }
    }

    /// Whether no request has begun.
    pub fn is_idle(&self) -> bool {
        self.sending == Sending::Head
    }

    /// Whether the request was begun, and not ended.
    pub fn is_sending(&self) -> bool {
        self.sending.is_body_next()
    }

    /// Whether request and response are complete, and nothing but them has arrived: the next request may begin.
    pub fn is_reusable(&self) -> bool {
        self.sending == Sending::Done
            && matches!(self.reading, Reading::Done)
            && self.is_kept
            && !self.is_closed
            && self.input.is_empty()
    }

    /// Begins a request, after which the connection is not idle; returns its head.
    ///
    /// # Errors
    ///
    /// If the last request or response is not complete, or a text cannot be sent.
    pub fn begin<'a>(
        &mut self,
        method: &str,
        target: &str,
        fields: impl Iterator<Item = (&'a str, &'a str)>,
        has_body: bool,
    ) -> Result<Vec<u8>, Unsendable> {
        if self.is_reusable() {
            self.reading = Reading::Head(Search::default());
            self.sending = Sending::Head;
        }
        if self.sending != Sending::Head {
            return Err(Unsendable::Order);
        }
        if !crate::head::is_token(method.as_bytes()) {
            return Err(Unsendable::Text(format!("method {method:?}")));
        }
        if target.is_empty() || !target.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Unsendable::Text(format!("target {target:?}")));
        }
        let mut output = Vec::with_capacity(512);
        for part in [method, " ", target, " HTTP/1.1\r\n"] {
            output.extend_from_slice(part.as_bytes());
        }
        let written = write_fields(&mut output, fields)?;
        if written.hosts != 1 {
            return Err(Unsendable::Text(format!("{} host headers", written.hosts)));
        }
        if has_body {
            output.extend_from_slice(b"transfer-encoding: chunked\r\n");
        }
        output.extend_from_slice(b"\r\n");
        self.is_head = method == "HEAD";
        self.is_kept = !written.says_close;
        self.sending = if has_body {
            Sending::Chunked
        } else {
            Sending::Nothing
        };
        Ok(output)
    }

    /// Counts bytes of the request's body; returns what precedes them. If that is not empty, a line end follows them.
    ///
    /// # Errors
    ///
    /// If the request has no body, has not begun, or has ended.
    pub fn frame(&mut self, size: u64) -> Result<String, Unsendable> {
        self.sending.frame(size)
    }

    /// Ends the request; returns what follows the body.
    ///
    /// # Errors
    ///
    /// If the request has not begun, or has ended.
    pub fn end(&mut self) -> Result<&'static [u8], Unsendable> {
        self.sending.end()
    }

    /// Receives bytes from the network; `read` reads them.
    pub fn receive(&mut self, data: Bytes) {
        if !matches!(self.reading, Reading::Failed) {
            self.input.append(data);
        }
    }

    /// Notes that the peer sends no more.
    pub fn receive_end(&mut self) {
        self.is_closed = true;
    }

    /// Reads at most `most` parts of a response: heads, pieces of data, its end. Also returns how many it has read.
    pub fn read(&mut self, most: usize) -> (Vec<Event>, usize) {
        let mut events = Vec::new();
        let mut parts = most;
        if let Err(refusal) = self.read_into(&mut events, &mut parts) {
            self.reading = Reading::Failed;
            self.is_kept = false;
            events.push(Event::Failed(refusal));
        }
        (events, most - parts)
    }

    fn read_into(&mut self, events: &mut Vec<Event>, parts: &mut usize) -> Result<(), Refusal> {
        while *parts > 0 {
            match &mut self.reading {
                Reading::Head(search) => {
                    let found = search.find(Kind::Response, &mut self.input, &self.limits)?;
                    let Some(parsed) = found else {
                        break;
                    };
                    *parts -= 1;
                    self.begin_response(parsed, events)?;
                }
                Reading::Body(body) => {
                    let data = body.read(&mut self.input, &self.limits, parts)?;
                    let is_waiting = data.is_empty();
                    if !is_waiting {
                        events.push(Event::Body(data));
                    }
                    let is_ended = match body {
                        Body::UntilClose => self.is_closed && self.input.is_empty(),
                        _ => body.is_done(),
                    };
                    if is_ended {
                        self.reading = Reading::Done;
                        *parts = parts.saturating_sub(1);
                        events.push(Event::End);
                    } else if is_waiting {
                        break;
                    }
                }
                Reading::Done | Reading::Failed => return Ok(()),
            }
        }
        let is_waiting = matches!(self.reading, Reading::Head(_) | Reading::Body(_));
        if *parts > 0 && self.is_closed && is_waiting {
            self.reading = Reading::Failed;
            self.is_kept = false;
            events.push(Event::Cut);
        }
        Ok(())
    }

    fn begin_response(&mut self, parsed: Parsed, events: &mut Vec<Event>) -> Result<(), Refusal> {
        let Parsed { head, minor } = parsed;
        let status = head.status();
        if status == 101 || status < 100 {
            let reason = format!("a response of status {status}, which nobody asked for");
            return Err(Refusal::bad(reason));
        }
        if status < 200 {
            self.reading = Reading::Head(Search::default());
            events.push(Event::Response(head));
            return Ok(());
        }
        let facts = framing::read(&head)?;
        if minor == 0 && facts.is_chunked {
            return Err(Refusal::bad("Transfer-Encoding in HTTP/1.0"));
        }
        let body = if self.is_head || matches!(status, 204 | 304) {
            Body::Length(0)
        } else if facts.is_chunked {
            Body::Chunked(Box::default())
        } else if let Some(length) = facts.length {
            Body::Length(length)
        } else {
            Body::UntilClose
        };
        let is_until_close = matches!(body, Body::UntilClose);
        self.is_kept &= minor > 0 && !facts.says_close && !is_until_close;
        self.reading = Reading::Body(body);
        events.push(Event::Response(head));
        Ok(())
    }
}
