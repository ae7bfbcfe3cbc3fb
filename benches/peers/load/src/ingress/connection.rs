//! One persistent HTTP/1.1 connection to an ingress; one request at a time.

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use mio::net::TcpStream;

use super::response::{Response, Responses};
use super::scenario::Request;

pub struct Connection {
    pub socket: TcpStream,
    host: String,
    output: Vec<u8>,
    written: usize,
    /// The body of the request, which may be large and is shared by all callers.
    body: Arc<[u8]>,
    body_written: usize,
    responses: Responses,
}

impl Connection {
    pub fn open(address: SocketAddr) -> Result<Self, String> {
        let socket = std::net::TcpStream::connect(address)
            .map_err(|error| format!("cannot connect to {address}: {error}"))?;
        socket
            .set_nodelay(true)
            .and_then(|()| socket.set_nonblocking(true))
            .map_err(|error| error.to_string())?;
        Ok(Self {
            socket: TcpStream::from_std(socket),
            host: address.to_string(),
            output: Vec::new(),
            written: 0,
            body: Arc::from([]),
            body_written: 0,
            responses: Responses::default(),
        })
    }

    /// Writes a request as far as the socket takes it; [`Self::flush`] writes the rest.
    pub fn request(&mut self, request: Request) -> Result<(), String> {
        let Request {
            method,
            path,
            content_type,
            body,
        } = request;
        let host = &self.host;
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\n");
        if !body.is_empty() {
            let length = body.len();
            head += &format!("content-type: {content_type}\r\ncontent-length: {length}\r\n");
        }
        self.output.clear();
        self.output.extend_from_slice(head.as_bytes());
        self.written = 0;
        self.output.extend_from_slice(b"\r\n");
        // A small body leaves in one write with its head.
        if body.len() <= 4096 {
            self.output.extend_from_slice(&body);
            self.body_written = body.len();
        } else {
            self.body_written = 0;
        }
        self.body = body;
        self.flush()
    }

    /// Writes to the socket until it is full or everything is written.
    pub fn flush(&mut self) -> Result<(), String> {
        while self.written < self.output.len() || self.body_written < self.body.len() {
            let is_head = self.written < self.output.len();
            let rest = if is_head {
                &self.output[self.written..]
            } else {
                &self.body[self.body_written..]
            };
            match self.socket.write(rest) {
                Ok(size) if is_head => self.written += size,
                Ok(size) => self.body_written += size,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(format!("cannot write to the ingress: {error}")),
            }
        }
        Ok(())
    }

    /// Reads what has arrived; returns the response when it is complete.
    pub fn receive(&mut self, buffer: &mut [u8]) -> Result<Option<Response>, String> {
        let mut complete = None;
        loop {
            match self.socket.read(buffer) {
                Ok(0) => return Err("the ingress closed the connection".into()),
                Ok(size) => {
                    self.responses.receive(&buffer[..size]);
                    // Taken at once, so that a large body is not collected twice.
                    if let Some(response) = self.responses.take()? {
                        complete = Some(response);
                    }
                    // A short read has emptied the socket; the next bytes raise a new event.
                    if size < buffer.len() {
                        break;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(format!("cannot read from the ingress: {error}")),
            }
        }
        if complete.is_some() && !self.responses.is_empty() {
            return Err("the ingress sent more than one response to one request".into());
        }
        Ok(complete)
    }
}
