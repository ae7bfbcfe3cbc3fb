//! One HTTP/2 connection with prior knowledge, client side, with the settings and habits of the runtime.

use std::collections::{HashMap, VecDeque};
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use loona_hpack::Decoder;
use mio::net::TcpStream;

use crate::frame::{
    ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, FRAME_HEADER, GOAWAY, HEADERS, PING, PREFACE,
    PRIORITY, RST_STREAM, SETTINGS, WINDOW_UPDATE, read_u32, unpad,
};
use crate::headers::{RequestEncoder, check_response};
use crate::invocation::{Invocation, Reaction};
use crate::stream::Stream;

const DEFAULT_WINDOW: i64 = 65_535;
/// Give credit back when this much of the connection's 5 MiB window is used.
const CREDIT: u32 = 2_621_440;
/// The same of a stream's 2 MiB.
const STREAM_CREDIT: u32 = 1_048_576;

/// An invocation whose response is complete.
pub struct Finished {
    pub latency: Duration,
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
        let stream = Stream::new(invocation, self.initial_window);
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

    /// Writes what the windows allow; false if something is left.
    fn write_pending(&mut self, id: u32) -> bool {
        let Some(stream) = self.streams.get_mut(&id) else {
            return true;
        };
        stream.write(id, &mut self.window, &mut self.output)
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
