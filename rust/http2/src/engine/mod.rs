//! The connection: it receives bytes, and gives events and bytes.
//!
//! | file | what it does |
//! | --- | --- |
//! | `receive.rs` | splits the input into frames and handles those of the connection |
//! | `request.rs` | header blocks, bodies and ends of requests |
//! | `send.rs` | responses, and the order in which waiting streams send |
//! | `credit.rs` | how much the peer may send |

mod credit;
mod receive;
mod request;
mod send;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};

use bytes::{Bytes, BytesMut};

use crate::frame::{self, DEFAULT_MAX_FRAME_SIZE, ErrorCode, Header, kind, setting};
use crate::head::Head;
use crate::hpack;
use crate::limits::Limits;
use crate::stream::Stream;

/// The initial window of every connection and, before SETTINGS, of every stream, in bytes.
const DEFAULT_WINDOW: u32 = 65_535;
const LARGEST_WINDOW: i64 = 0x7fff_ffff;
const LARGEST_STREAM: u32 = 0x7fff_ffff;

/// How many streams that we reset are remembered. Their frames may still be in flight; frames of other closed streams
/// are errors.
const REMEMBERED_RESETS: usize = 4096;

/// Something that the peer did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The head of a request arrived.
    RequestReceived(u32, Head),
    /// Bytes of a request's body. [`Engine::acknowledge`] returns their credit.
    BodyReceived(u32, Bytes),
    /// The request is complete.
    RequestEnded(u32),
    /// The stream was reset with this code, by the peer or because the peer broke the protocol.
    StreamClosed(u32, u32),
    /// The peer answered a PING.
    PingAcknowledged,
    /// The peer will not open more streams.
    PeerLeaving {
        /// The last of our streams that it will process.
        last_stream: u32,
        /// The error code.
        code: u32,
        /// The debug data.
        detail: String,
    },
    /// The peer broke the protocol; the output ends with GOAWAY.
    ConnectionFailed(String),
}

/// The peer broke the protocol in a way that ends the connection.
#[derive(Debug)]
struct ConnectionError {
    /// The code of the GOAWAY frame.
    code: ErrorCode,
    /// What happened, with values.
    reason: String,
}

impl ConnectionError {
    fn new(code: ErrorCode, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
        }
    }
}

/// An incomplete header block.
#[derive(Debug)]
struct OpenBlock {
    stream: u32,
    is_end: bool,
    is_self_dependent: bool,
    bytes: Vec<u8>,
    frames: u32,
}

/// Server side of one HTTP/2 connection. Calls for streams that no longer exist do nothing.
#[derive(Debug)]
pub struct Engine {
    limits: Limits,
    input: BytesMut,
    has_preface: bool,
    has_settings: bool,
    is_failed: bool,
    decoder: hpack::Decoder,
    encoder: hpack::Encoder,
    block: Option<OpenBlock>,
    streams: BTreeMap<u32, Stream>,
    /// Streams that have something to send, in turn.
    queue: VecDeque<u32>,
    resumed: Vec<u32>,
    /// Ids of streams that we reset, oldest first.
    resets: VecDeque<u32>,
    highest_stream: u32,
    last_allowed_stream: u32,
    /// Bytes acknowledged on the connection but not yet returned to the peer as credit.
    credit: usize,
    receive_window: i64,
    send_window: i64,
    peer_stream_window: u32,
    peer_max_frame_size: usize,
    output: Vec<u8>,
    /// GOAWAY frames. They are sent after the rest of the output, since some peers ignore everything that follows one.
    farewell: Vec<u8>,
    /// Body bytes put into the output since it was last taken.
    sent_size: usize,
    control_frames: u64,
    wasted_streams: u64,
}

impl Engine {
    /// Creates an engine; its output begins with our SETTINGS.
    pub fn new(limits: Limits) -> Self {
        let mut output = Vec::with_capacity(256);
        let as_setting = |size: usize| u32::try_from(size).unwrap_or(u32::MAX);
        frame::write_settings(
            &mut output,
            &[
                (setting::MAX_CONCURRENT_STREAMS, as_setting(limits.streams)),
                (setting::INITIAL_WINDOW_SIZE, limits.stream_window),
                (setting::MAX_FRAME_SIZE, limits.max_frame_size),
                (
                    setting::MAX_HEADER_LIST_SIZE,
                    as_setting(limits.headers_size),
                ),
            ],
        );
        let beyond_default = limits.connection_window.saturating_sub(DEFAULT_WINDOW);
        if beyond_default > 0 {
            frame::write_window_update(&mut output, 0, beyond_default);
        }
        Self {
            limits,
            input: BytesMut::new(),
            has_preface: false,
            has_settings: false,
            is_failed: false,
            decoder: hpack::Decoder::default(),
            encoder: hpack::Encoder::default(),
            block: None,
            streams: BTreeMap::new(),
            queue: VecDeque::new(),
            resumed: Vec::new(),
            resets: VecDeque::new(),
            highest_stream: 0,
            last_allowed_stream: LARGEST_STREAM,
            credit: 0,
            receive_window: i64::from(limits.connection_window.max(DEFAULT_WINDOW)),
            send_window: i64::from(DEFAULT_WINDOW),
            peer_stream_window: DEFAULT_WINDOW,
            peer_max_frame_size: usize::try_from(DEFAULT_MAX_FRAME_SIZE).unwrap_or(usize::MAX),
            output,
            farewell: Vec::new(),
            sent_size: 0,
            control_frames: 0,
            wasted_streams: 0,
        }
    }

    /// How many streams are open, in either direction.
    pub fn stream_count(&self) -> usize {
        self.streams.len()
    }

    /// How many frames so far caused work without carrying data.
    pub fn control_frame_count(&self) -> u64 {
        self.control_frames
    }

    /// How many streams of the peer so far were wasted: reset, malformed or refused.
    pub fn reset_count(&self) -> u64 {
        self.wasted_streams
    }

    /// The stream of an incomplete header block; 0 if there is none.
    pub fn begun_head(&self) -> u32 {
        match (&self.block, Header::read(&self.input)) {
            (Some(block), _) => block.stream,
            (None, Some(header)) if header.kind == kind::HEADERS => header.stream,
            (None, _) => 0,
        }
    }

    /// Whether the stream is open in either direction.
    pub fn is_open(&self, stream: u32) -> bool {
        self.streams.contains_key(&stream)
    }

    /// How many bytes of this response wait for the peer's window.
    pub fn pending_size(&self, stream: u32) -> usize {
        self.streams.get(&stream).map_or(0, Stream::pending_size)
    }

    /// Whether more bytes were pending than the upper limit, and more still are than the lower one.
    pub fn is_stalled(&self, stream: u32) -> bool {
        self.streams
            .get(&stream)
            .is_some_and(|stream| stream.is_stalled)
    }

    /// Ends a stream early. This causes no event.
    pub fn reset(&mut self, stream: u32, code: ErrorCode) {
        if self.streams.contains_key(&stream) {
            self.forget(stream);
            self.write_reset(stream, code);
        }
    }

    /// Sends a PING. Its acknowledgement shows that the peer has seen everything sent before.
    pub fn ping(&mut self) {
        frame::write_ping(&mut self.output, 0, b"awaken..");
    }

    /// Announces the end of the connection. If `is_final`, new streams are refused from now on.
    pub fn go_away(&mut self, is_final: bool, code: ErrorCode) {
        if is_final {
            self.last_allowed_stream = self.highest_stream;
        }
        frame::write_goaway(&mut self.farewell, self.last_allowed_stream, code);
    }

    /// Takes the ids of streams that stopped being stalled.
    pub fn take_resumed(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.resumed)
    }

    fn fail(&mut self, error: &ConnectionError) {
        self.is_failed = true;
        self.go_away(true, error.code);
    }

    /// Refuses a new stream of the peer.
    fn refuse(&mut self, stream: u32, code: ErrorCode) {
        self.wasted_streams += 1;
        self.write_reset(stream, code);
    }

    fn write_reset(&mut self, stream: u32, code: ErrorCode) {
        frame::write_reset(&mut self.output, stream, code);
        if self.resets.len() >= REMEMBERED_RESETS {
            self.resets.pop_front();
        }
        self.resets.push_back(stream);
    }

    /// Drops a stream.
    fn forget(&mut self, id: u32) {
        self.streams.remove(&id);
    }
}
