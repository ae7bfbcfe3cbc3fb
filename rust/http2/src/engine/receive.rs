//! Splits the input into frames, and handles the frames that concern the connection.

use bytes::{Buf, Bytes};

use crate::frame::{self, ErrorCode, HEADER_LENGTH, Header, flag, kind, setting};

use super::{ConnectionError, Engine, Event, LARGEST_WINDOW, Outcome, Role};

impl<R: Role> Engine<R> {
    /// Receives bytes from the network. Errors of the peer become events.
    pub fn receive(&mut self, data: &[u8]) -> Vec<Event<R::Head>> {
        self.receive_slice(data, usize::MAX).0
    }

    /// Receives bytes from the network, and reads at most so many frames; returns the events, and how many frames were
    /// read. Frames cost time, and not bytes: whoever has more to do reads the rest in a later call, without new bytes.
    pub fn receive_slice(&mut self, data: &[u8], most: usize) -> (Vec<Event<R::Head>>, usize) {
        let mut events = Vec::new();
        if self.is_failed {
            return (events, 0);
        }
        self.input.extend_from_slice(data);
        let mut count = 0;
        if let Err(error) = self.receive_frames(most, &mut count, &mut events) {
            self.fail(&error);
            self.input.clear();
            events.push(Event::ConnectionFailed(error.reason));
        }
        (events, count)
    }

    /// Whether a whole frame was received and is not read yet.
    pub fn is_behind(&self) -> bool {
        Header::read(&self.input)
            .is_some_and(|header| self.input.len() >= HEADER_LENGTH + header.length)
    }

    fn receive_frames(
        &mut self,
        most: usize,
        count: &mut usize,
        events: &mut Vec<Event<R::Head>>,
    ) -> Outcome<()> {
        if !self.has_preface {
            if !R::receive_preface(self)? {
                return Ok(());
            }
            self.has_preface = true;
        }
        while *count < most {
            let Some(header) = Header::read(&self.input) else {
                break;
            };
            let limit = usize::try_from(self.limits.max_frame_size).unwrap_or(usize::MAX);
            if header.length > limit {
                let reason = format!(
                    "a frame of {} bytes exceeds the limit of {limit}",
                    header.length
                );
                return Err(ConnectionError::new(ErrorCode::FrameSize, reason));
            }
            if self.input.len() < HEADER_LENGTH + header.length {
                break;
            }
            *count += 1;
            self.input.advance(HEADER_LENGTH);
            let payload = self.input.split_to(header.length).freeze();
            self.receive_frame(header, payload, events)?;
        }
        Ok(())
    }

    fn receive_frame(
        &mut self,
        header: Header,
        payload: Bytes,
        events: &mut Vec<Event<R::Head>>,
    ) -> Outcome<()> {
        if !self.has_settings && (header.kind != kind::SETTINGS || header.has(flag::ACK)) {
            return Err(protocol("the first frame is not SETTINGS"));
        }
        if let Some(block) = &self.block {
            if header.kind != kind::CONTINUATION || header.stream != block.stream {
                let reason = format!(
                    "a frame of kind {} interrupts the header block of stream {}",
                    header.kind, block.stream
                );
                return Err(protocol(reason));
            }
        }
        match header.kind {
            kind::DATA => self.receive_data(header, payload, events),
            kind::HEADERS => self.receive_headers(header, &payload, events),
            kind::CONTINUATION => self.receive_continuation(header, &payload, events),
            kind::PRIORITY => self.receive_priority(header, &payload, events),
            kind::RST_STREAM => self.receive_reset(header, &payload, events),
            kind::SETTINGS => self.receive_settings(header, &payload),
            kind::PUSH_PROMISE => Err(protocol("PUSH_PROMISE, which nobody may send here")),
            kind::PING => self.receive_ping(header, &payload, events),
            kind::GOAWAY => receive_goaway(header, &payload, events),
            kind::WINDOW_UPDATE => self.receive_window_update(header, &payload, events),
            _ => {
                self.control_frames += 1;
                Ok(())
            }
        }
    }

    fn receive_priority(
        &mut self,
        header: Header,
        payload: &[u8],
        events: &mut Vec<Event<R::Head>>,
    ) -> Outcome<()> {
        require(header.stream != 0, "PRIORITY on stream 0")?;
        self.control_frames += 1;
        let Some((dependency, _)) = payload
            .split_first_chunk::<4>()
            .filter(|_| payload.len() == 5)
        else {
            let reason = "PRIORITY has another size than 5 bytes";
            self.break_stream(header.stream, ErrorCode::FrameSize, reason, events);
            return Ok(());
        };
        if u32::from_be_bytes(*dependency) & 0x7fff_ffff == header.stream {
            let reason = "the stream depends on itself";
            self.break_stream(header.stream, ErrorCode::Protocol, reason, events);
        }
        Ok(())
    }

    fn receive_reset(
        &mut self,
        header: Header,
        payload: &[u8],
        events: &mut Vec<Event<R::Head>>,
    ) -> Outcome<()> {
        self.require_known(header.stream, "RST_STREAM")?;
        let Some(&code) = payload.first_chunk::<4>().filter(|_| payload.len() == 4) else {
            return require_size(false, "RST_STREAM", payload.len());
        };
        let is_open = self.forget(header.stream).is_some();
        self.wasted_streams += u64::from(R::is_wasteful(is_open));
        if is_open {
            events.push(Event::StreamClosed(header.stream, u32::from_be_bytes(code)));
        }
        Ok(())
    }

    fn receive_settings(&mut self, header: Header, payload: &[u8]) -> Outcome<()> {
        require(header.stream == 0, "SETTINGS on a stream")?;
        if header.has(flag::ACK) {
            return require_size(
                payload.is_empty(),
                "an acknowledgement of SETTINGS",
                payload.len(),
            );
        }
        require_size(payload.len() % 6 == 0, "SETTINGS", payload.len())?;
        self.has_settings = true;
        self.control_frames += R::SETTINGS_COST;
        for setting in payload.chunks_exact(6) {
            if let &[n0, n1, v0, v1, v2, v3] = setting {
                self.apply_setting(
                    u16::from_be_bytes([n0, n1]),
                    u32::from_be_bytes([v0, v1, v2, v3]),
                )?;
            }
        }
        frame::write_settings_ack(&mut self.output);
        Ok(())
    }

    fn apply_setting(&mut self, name: u16, value: u32) -> Outcome<()> {
        match name {
            setting::INITIAL_WINDOW_SIZE => self.resize_windows(value),
            setting::MAX_FRAME_SIZE => {
                require(
                    (16_384..=0x00ff_ffff).contains(&value),
                    "SETTINGS_MAX_FRAME_SIZE is out of range",
                )?;
                self.peer_max_frame_size = usize::try_from(value).unwrap_or(usize::MAX);
                Ok(())
            }
            _ => R::apply_setting(self, name, value),
        }
    }

    fn resize_windows(&mut self, size: u32) -> Outcome<()> {
        if i64::from(size) > LARGEST_WINDOW {
            return Err(flow_control(format!(
                "SETTINGS_INITIAL_WINDOW_SIZE is {size}"
            )));
        }
        let change = i64::from(size) - i64::from(self.peer_stream_window);
        self.peer_stream_window = size;
        for stream in self.streams.values_mut() {
            stream.send_window += change;
            if stream.send_window > LARGEST_WINDOW {
                return Err(flow_control(
                    "SETTINGS_INITIAL_WINDOW_SIZE makes a window too large",
                ));
            }
        }
        let waiting: Vec<u32> = self
            .streams
            .iter()
            .filter(|(_, stream)| stream.is_waiting)
            .map(|(&id, _)| id)
            .collect();
        for id in waiting {
            self.enqueue(id);
        }
        Ok(())
    }

    fn receive_ping(
        &mut self,
        header: Header,
        payload: &[u8],
        events: &mut Vec<Event<R::Head>>,
    ) -> Outcome<()> {
        require(header.stream == 0, "PING on a stream")?;
        require_size(payload.len() == 8, "PING", payload.len())?;
        if header.has(flag::ACK) {
            events.push(Event::PingAcknowledged);
        } else {
            self.control_frames += 1;
            frame::write_ping(&mut self.output, flag::ACK, payload);
        }
        Ok(())
    }

    fn receive_window_update(
        &mut self,
        header: Header,
        payload: &[u8],
        events: &mut Vec<Event<R::Head>>,
    ) -> Outcome<()> {
        let Some(&increment) = payload.first_chunk::<4>().filter(|_| payload.len() == 4) else {
            return require_size(false, "WINDOW_UPDATE", payload.len());
        };
        let increment = i64::from(u32::from_be_bytes(increment) & 0x7fff_ffff);
        if header.stream == 0 {
            require(
                increment > 0,
                "WINDOW_UPDATE of the connection adds nothing",
            )?;
            self.send_window += increment;
            if self.send_window > LARGEST_WINDOW {
                return Err(flow_control(
                    "WINDOW_UPDATE makes the connection's window too large",
                ));
            }
            return Ok(());
        }
        self.require_known(header.stream, "WINDOW_UPDATE")?;
        let Some(stream) = self.streams.get_mut(&header.stream) else {
            return Ok(());
        };
        if increment == 0 {
            let reason = "WINDOW_UPDATE adds nothing";
            self.break_stream(header.stream, ErrorCode::Protocol, reason, events);
            return Ok(());
        }
        stream.send_window += increment;
        if stream.send_window > LARGEST_WINDOW {
            let reason = "WINDOW_UPDATE makes the window too large";
            self.break_stream(header.stream, ErrorCode::FlowControl, reason, events);
        } else {
            self.enqueue(header.stream);
        }
        Ok(())
    }

    /// Checks that a stream was opened at some time.
    pub(super) fn require_known(&self, stream: u32, what: &str) -> Outcome<()> {
        if stream == 0 || stream > self.highest_stream || stream % 2 == 0 {
            return Err(protocol(format!(
                "{what} on stream {stream}, which was never opened"
            )));
        }
        Ok(())
    }

    /// Resets a stream on which the peer broke the protocol.
    pub(super) fn break_stream(
        &mut self,
        stream: u32,
        code: ErrorCode,
        reason: &'static str,
        events: &mut Vec<Event<R::Head>>,
    ) {
        let window = self.forget(stream);
        self.wasted_streams += u64::from(R::is_wasteful(window.is_some()));
        self.write_reset(stream, code, window.unwrap_or(0));
        if window.is_some() {
            events.push(Event::StreamBroken(stream, code, reason));
        }
    }
}

fn receive_goaway<H>(header: Header, payload: &[u8], events: &mut Vec<Event<H>>) -> Outcome<()> {
    require(header.stream == 0, "GOAWAY on a stream")?;
    let Some((&[s0, s1, s2, s3, c0, c1, c2, c3], detail)) = payload.split_first_chunk::<8>() else {
        return require_size(false, "GOAWAY", payload.len());
    };
    events.push(Event::PeerLeaving {
        last_stream: u32::from_be_bytes([s0, s1, s2, s3]) & 0x7fff_ffff,
        code: u32::from_be_bytes([c0, c1, c2, c3]),
        detail: String::from_utf8_lossy(detail).into_owned(),
    });
    Ok(())
}

pub(super) fn protocol(reason: impl Into<String>) -> ConnectionError {
    ConnectionError::new(ErrorCode::Protocol, reason)
}

pub(super) fn flow_control(reason: impl Into<String>) -> ConnectionError {
    ConnectionError::new(ErrorCode::FlowControl, reason)
}

pub(super) fn require(holds: bool, reason: &str) -> Outcome<()> {
    if holds { Ok(()) } else { Err(protocol(reason)) }
}

fn require_size(holds: bool, what: &str, size: usize) -> Outcome<()> {
    if holds {
        return Ok(());
    }
    Err(ConnectionError::new(
        ErrorCode::FrameSize,
        format!("{what} has a payload of {size} bytes"),
    ))
}

/// Removes the padding.
pub(super) fn unpad(header: Header, payload: &[u8]) -> Outcome<&[u8]> {
    if !header.has(flag::PADDED) {
        return Ok(payload);
    }
    let Some((&padding, rest)) = payload.split_first() else {
        return Err(ConnectionError::new(
            ErrorCode::FrameSize,
            "a padded frame without its padding's length",
        ));
    };
    let size = rest.len().checked_sub(usize::from(padding));
    size.and_then(|size| rest.get(..size)).ok_or_else(|| {
        protocol(format!(
            "{padding} bytes of padding in a payload of {}",
            payload.len()
        ))
    })
}
