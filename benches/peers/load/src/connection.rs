//! One HTTP/2 connection with prior knowledge, client side, with the settings and habits of the runtime.

use std::collections::{HashMap, VecDeque};
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use loona_hpack::Decoder;
use mio::net::TcpStream;

use crate::headers::{RequestEncoder, check_response};
use crate::invocation::{Invocation, Reaction};
use crate::message::HEADER_LENGTH;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

/// Also the ACK of SETTINGS and PING.
const END_STREAM: u8 = 0x1;
const ACK: u8 = 0x1;
const END_HEADERS: u8 = 0x4;
const PADDED: u8 = 0x8;
const PRIORITY: u8 = 0x20;

const FRAME_HEADER: usize = 9;
const MAX_DATA: usize = 16_384;
const DEFAULT_WINDOW: i64 = 65_535;
/// Give credit back when this much of the connection's 5 MiB window is used.
const CREDIT: u32 = 2_621_440;
/// The same of a stream's 2 MiB.
const STREAM_CREDIT: u32 = 1_048_576;

/// Preface, SETTINGS and the larger window, byte for byte what server 1.7.12 sends first.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\
    \x00\x00\x0c\x04\x00\x00\x00\x00\x00\x00\x04\x00\x20\x00\x00\x00\x05\x00\x00\x40\x00\
    \x00\x00\x04\x08\x00\x00\x00\x00\x00\x00\x4f\x00\x01";

/// An invocation whose response is complete.
pub struct Finished {
    pub latency: Duration,
}

struct Stream {
    invocation: Invocation,
    since: Instant,
    /// Protocol frames that the windows do not allow yet.
    pending: VecDeque<u8>,
    /// How much of the protocol frame that `pending` begins with is left; 0 at its start.
    of_frame: usize,
    window: i64,
    /// Bytes of the response that the endpoint got no credit back for.
    uncredited: u32,
    ends_input: bool,
    is_input_ended: bool,
    is_answered: bool,
}

pub struct Connection {
    pub socket: TcpStream,
    encoder: RequestEncoder,
    decoder: Decoder<'static>,
    streams: HashMap<u32, Stream>,
    /// Streams with something left to send.
    blocked: VecDeque<u32>,
    next_id: u32,
    input: Vec<u8>,
    output: Vec<u8>,
    window: i64,
    initial_window: i64,
    uncredited: u32,
    pub max_streams: Option<usize>,
    pub is_ping_answered: bool,
    /// The block of a HEADERS frame that CONTINUATION frames complete, and its END_STREAM flag.
    open_block: Option<(u32, bool, Vec<u8>)>,
}

impl Connection {
    pub fn open(address: SocketAddr) -> Result<Self, String> {
        let socket = std::net::TcpStream::connect(address)
            .map_err(|e| format!("cannot connect to {address}: {e}"))?;
        socket
            .set_nodelay(true)
            .and_then(|()| socket.set_nonblocking(true))
            .map_err(|e| e.to_string())?;
        Ok(Self {
            socket: TcpStream::from_std(socket),
            encoder: RequestEncoder::new(address.to_string()),
            decoder: Decoder::new(),
            streams: HashMap::new(),
            blocked: VecDeque::new(),
            next_id: 1,
            input: Vec::new(),
            output: PREFACE.to_vec(),
            window: DEFAULT_WINDOW,
            initial_window: DEFAULT_WINDOW,
            uncredited: 0,
            max_streams: None,
            is_ping_answered: false,
            open_block: None,
        })
    }

    pub fn open_streams(&self) -> usize {
        self.streams.len()
    }

    pub fn is_flushed(&self) -> bool {
        self.output.is_empty() && self.blocked.is_empty()
    }

    /// Opens a stream for `invocation` with `opening` as the first part of its body.
    pub fn invoke(&mut self, path: &str, invocation: Invocation, opening: &[u8], ends_input: bool) {
        let id = self.next_id;
        self.next_id += 2;
        let start = self.output.len();
        self.output
            .extend_from_slice(&[0, 0, 0, HEADERS, END_HEADERS]);
        self.output.extend_from_slice(&id.to_be_bytes());
        self.encoder.encode(&mut self.output, path, &invocation.id);
        let length = (self.output.len() - start - FRAME_HEADER) as u32;
        self.output[start..start + 3].copy_from_slice(&length.to_be_bytes()[1..]);
        let stream = Stream {
            invocation,
            since: Instant::now(),
            pending: VecDeque::new(),
            of_frame: 0,
            window: self.initial_window,
            uncredited: 0,
            ends_input: false,
            is_input_ended: false,
            is_answered: false,
        };
        self.streams.insert(id, stream);
        self.send(id, opening, ends_input);
    }

    /// Sends each open stream what `frames` makes for it, and restarts its clock.
    pub fn send_each(&mut self, mut frames: impl FnMut(&Invocation) -> Vec<u8>) {
        let ids: Vec<u32> = self.streams.keys().copied().collect();
        for id in ids {
            let Some(stream) = self.streams.get_mut(&id) else {
                continue;
            };
            stream.since = Instant::now();
            let data = frames(&stream.invocation);
            self.send(id, &data, false);
        }
    }

    pub fn ping(&mut self) {
        self.is_ping_answered = false;
        self.write_frame(PING, 0, 0, b"answered");
    }

    fn send(&mut self, id: u32, data: &[u8], ends_input: bool) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        let was_blocked = !stream.pending.is_empty();
        stream.ends_input |= ends_input;
        stream.pending.extend(data);
        if !was_blocked && !self.write_pending(id) {
            self.blocked.push_back(id);
        }
    }

    /// Writes what the windows allow, one DATA frame per protocol frame; false if something is left.
    ///
    /// Protocol frames that are larger than a DATA frame leave in as many as it takes.
    fn write_pending(&mut self, id: u32) -> bool {
        let Some(stream) = self.streams.get_mut(&id) else {
            return true;
        };
        if !stream.pending.is_empty() {
            let pending = stream.pending.make_contiguous();
            let mut written = 0;
            while written < pending.len() {
                if stream.of_frame == 0 {
                    let length = &pending[written + 4..written + HEADER_LENGTH];
                    let length = u32::from_be_bytes(length.try_into().expect("4 bytes"));
                    stream.of_frame = HEADER_LENGTH + length as usize;
                }
                let window = self.window.min(stream.window).max(0) as usize;
                let size = stream.of_frame.min(MAX_DATA);
                // Small frames leave whole; pieces of large ones are as large as the window.
                let size = if stream.of_frame > MAX_DATA {
                    size.min(window)
                } else {
                    size
                };
                if size == 0 || size > window {
                    break;
                }
                self.output
                    .extend_from_slice(&(size as u32).to_be_bytes()[1..]);
                self.output.extend_from_slice(&[DATA, 0]);
                self.output.extend_from_slice(&id.to_be_bytes());
                self.output
                    .extend_from_slice(&pending[written..written + size]);
                self.window -= size as i64;
                stream.window -= size as i64;
                stream.of_frame -= size;
                written += size;
            }
            stream.pending.drain(..written);
        }
        if stream.pending.is_empty() && stream.ends_input && !stream.is_input_ended {
            stream.is_input_ended = true;
            self.write_frame(DATA, END_STREAM, id, b"");
            return true;
        }
        stream.pending.is_empty()
    }

    fn write_blocked(&mut self) {
        for _ in 0..self.blocked.len() {
            let Some(id) = self.blocked.pop_front() else {
                return;
            };
            if !self.write_pending(id) {
                self.blocked.push_back(id);
            }
        }
    }

    fn write_frame(&mut self, kind: u8, flags: u8, id: u32, payload: &[u8]) {
        self.output
            .extend_from_slice(&(payload.len() as u32).to_be_bytes()[1..]);
        self.output.extend_from_slice(&[kind, flags]);
        self.output.extend_from_slice(&id.to_be_bytes());
        self.output.extend_from_slice(payload);
    }

    /// Writes to the socket until it is full or everything is written.
    pub fn flush(&mut self) -> Result<(), String> {
        let mut written = 0;
        while written < self.output.len() {
            match self.socket.write(&self.output[written..]) {
                Ok(size) => written += size,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(format!("cannot write to the endpoint: {error}")),
            }
        }
        self.output.drain(..written);
        Ok(())
    }

    /// Reads what has arrived and responds to it; appends the invocations that this finishes.
    pub fn receive(
        &mut self,
        buffer: &mut [u8],
        finished: &mut Vec<Finished>,
    ) -> Result<(), String> {
        loop {
            match self.socket.read(buffer) {
                Ok(0) => {
                    return Err(format!(
                        "the endpoint closed the connection, {} streams open",
                        self.streams.len()
                    ));
                }
                Ok(size) => {
                    self.input.extend_from_slice(&buffer[..size]);
                    // A short read has emptied the socket; the next bytes raise a new event.
                    if size < buffer.len() {
                        break;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(format!("cannot read from the endpoint: {error}")),
            }
        }
        let input = std::mem::take(&mut self.input);
        let mut rest = &input[..];
        while let Some((header, body)) = rest.split_at_checked(FRAME_HEADER) {
            let length = u32::from_be_bytes([0, header[0], header[1], header[2]]) as usize;
            let Some((payload, next)) = body.split_at_checked(length) else {
                break;
            };
            let id = u32::from_be_bytes([header[5], header[6], header[7], header[8]]) & 0x7FFF_FFFF;
            self.receive_frame(header[3], header[4], id, payload, finished)?;
            rest = next;
        }
        let consumed = input.len() - rest.len();
        self.input = input;
        self.input.drain(..consumed);
        if !self.blocked.is_empty() {
            self.write_blocked();
        }
        if self.uncredited >= CREDIT {
            let credit = std::mem::take(&mut self.uncredited).to_be_bytes();
            self.write_frame(WINDOW_UPDATE, 0, 0, &credit);
        }
        Ok(())
    }

    fn receive_frame(
        &mut self,
        kind: u8,
        flags: u8,
        id: u32,
        payload: &[u8],
        finished: &mut Vec<Finished>,
    ) -> Result<(), String> {
        match kind {
            DATA => {
                self.uncredited += payload.len() as u32;
                self.credit_stream(id, payload.len() as u32, flags & END_STREAM != 0);
                let data = unpad(flags, payload)?;
                self.receive_data(id, data, flags & END_STREAM != 0, finished)
            }
            HEADERS => {
                let mut block = unpad(flags, payload)?;
                if flags & PRIORITY != 0 {
                    block = block
                        .get(5..)
                        .ok_or("HEADERS frame too short for its priority")?;
                }
                if flags & END_HEADERS != 0 {
                    return self.receive_headers(id, flags & END_STREAM != 0, block, finished);
                }
                self.open_block = Some((id, flags & END_STREAM != 0, block.to_vec()));
                Ok(())
            }
            CONTINUATION => {
                let (id, is_end, mut block) = self
                    .open_block
                    .take()
                    .ok_or("CONTINUATION without HEADERS")?;
                block.extend_from_slice(payload);
                if flags & END_HEADERS != 0 {
                    return self.receive_headers(id, is_end, &block, finished);
                }
                self.open_block = Some((id, is_end, block));
                Ok(())
            }
            // After the answer a server may say that it does not need the rest of the request.
            RST_STREAM if !self.streams.contains_key(&id) => Ok(()),
            RST_STREAM => Err(format!(
                "stream {id}: reset with code {}",
                read_u32(payload, 0)?
            )),
            SETTINGS if flags & ACK == 0 => self.receive_settings(payload),
            PING if flags & ACK == 0 => {
                self.write_frame(PING, ACK, 0, payload);
                Ok(())
            }
            PING => {
                self.is_ping_answered = true;
                Ok(())
            }
            GOAWAY => Err(format!(
                "the endpoint said GOAWAY with code {}",
                read_u32(payload, 4)?
            )),
            WINDOW_UPDATE => {
                let credit = i64::from(read_u32(payload, 0)? & 0x7FFF_FFFF);
                if id == 0 {
                    self.window += credit;
                } else if let Some(stream) = self.streams.get_mut(&id) {
                    stream.window += credit;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Gives credit back for a response that is larger than its stream's window.
    fn credit_stream(&mut self, id: u32, size: u32, is_end: bool) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        stream.uncredited += size;
        if stream.uncredited >= STREAM_CREDIT && !is_end {
            let credit = std::mem::take(&mut stream.uncredited).to_be_bytes();
            self.write_frame(WINDOW_UPDATE, 0, id, &credit);
        }
    }

    fn receive_settings(&mut self, payload: &[u8]) -> Result<(), String> {
        self.max_streams.get_or_insert(usize::MAX);
        for at in (0..payload.len()).step_by(6) {
            let value = read_u32(payload, at + 2)?;
            match payload[at..at + 2] {
                [0, 1] => self.encoder.set_limit(value as usize),
                [0, 3] => self.max_streams = Some(value as usize),
                [0, 4] => {
                    let change = i64::from(value) - self.initial_window;
                    self.initial_window = i64::from(value);
                    self.streams
                        .values_mut()
                        .for_each(|stream| stream.window += change);
                }
                _ => {}
            }
        }
        self.write_frame(SETTINGS, ACK, 0, b"");
        Ok(())
    }

    fn receive_headers(
        &mut self,
        id: u32,
        is_end: bool,
        block: &[u8],
        finished: &mut Vec<Finished>,
    ) -> Result<(), String> {
        let Some(stream) = self.streams.get_mut(&id) else {
            return Err(format!("stream {id}: headers on a stream that is not open"));
        };
        if stream.is_answered {
            // Trailers; they are decoded because they may change the header table.
            self.decoder
                .decode(block)
                .map_err(|error| format!("stream {id}: invalid trailers: {error:?}"))?;
        } else {
            check_response(&mut self.decoder, block)
                .map_err(|error| format!("stream {id}: {error}"))?;
            stream.is_answered = true;
        }
        self.receive_data(id, b"", is_end, finished)
    }

    fn receive_data(
        &mut self,
        id: u32,
        data: &[u8],
        is_end: bool,
        finished: &mut Vec<Finished>,
    ) -> Result<(), String> {
        let Some(stream) = self.streams.get_mut(&id) else {
            return Err(format!("stream {id}: data on a stream that is not open"));
        };
        if !stream.is_answered {
            return Err(format!("stream {id}: data before the response's headers"));
        }
        let mut reaction = Reaction::default();
        let explain = |error| format!("stream {id}: {error}");
        stream
            .invocation
            .receive(data, &mut reaction)
            .map_err(explain)?;
        if is_end {
            stream.invocation.receive_end().map_err(explain)?;
        }
        if !reaction.frames.is_empty() || reaction.ends_input {
            self.send(id, &reaction.frames, reaction.ends_input);
        }
        if is_end && let Some(stream) = self.streams.remove(&id) {
            finished.push(Finished {
                latency: stream.since.elapsed(),
            });
        }
        Ok(())
    }
}

/// Cuts the padding off a frame's payload.
fn unpad(flags: u8, payload: &[u8]) -> Result<&[u8], String> {
    if flags & PADDED == 0 {
        return Ok(payload);
    }
    let (&padding, rest) = payload
        .split_first()
        .ok_or("padded frame without a length")?;
    let length = rest
        .len()
        .checked_sub(padding.into())
        .ok_or("padding longer than its frame")?;
    Ok(&rest[..length])
}

fn read_u32(payload: &[u8], at: usize) -> Result<u32, String> {
    let bytes = payload.get(at..at + 4).ok_or("frame too short")?;
    Ok(u32::from_be_bytes(bytes.try_into().expect("4 bytes")))
}
