//! The connection: it receives bytes, and gives events and bytes. What the two sides do differently is their [`Role`].
//!
//! | file | what it does |
//! | --- | --- |
//! | `receive.rs` | splits the input into frames and handles those of the connection |
//! | `block.rs` | header blocks, and trailers |
//! | `body.rs` | bodies and their ends |
//! | `send.rs` | heads and bodies that we send, and the order in which waiting streams send |
//! | `credit.rs` | how much the peer may send |
//! | `server.rs` | requests in, heads of responses out |
//! | `client.rs` | requests out, heads of responses in |

mod block;
mod body;
pub mod client;
mod credit;
mod receive;
mod send;
pub mod server;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Debug;

use bytes::{Bytes, BytesMut};

use crate::frame::{self, DEFAULT_MAX_FRAME_SIZE, ErrorCode, Header, kind, setting};
use crate::hpack::{Decoder, Field};
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
pub enum Event<H> {
    /// The head of a request, or of a response, arrived.
    HeadReceived(u32, H),
    /// Bytes of a body. [`Engine::acknowledge`] returns their credit.
    BodyReceived(u32, Bytes),
    /// The peer has sent everything on this stream.
    BodyEnded(u32),
    /// The peer reset the stream with this code.
    StreamClosed(u32, u32),
    /// The peer broke the protocol on this stream in this way, so that it was reset.
    StreamBroken(u32, ErrorCode, &'static str),
    /// The peer answered a PING.
    PingAcknowledged,
    /// The peer is about to end the connection.
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

/// What the two sides of a connection do differently.
pub trait Role: Debug + Sized {
    /// The checked head of what the peer sends on a stream.
    type Head;

    /// Whether bytes are dropped that arrive after our side of their stream has ended: who has a complete response
    /// needs no more of the request.
    const DISCARDS_AFTER_END: bool;

    /// How many other frames without use cost as much as one SETTINGS.
    const SETTINGS_COST: u64;

    /// Begins the output, up to our SETTINGS, and returns the first of them.
    fn begin(output: &mut Vec<u8>, limits: &Limits) -> (u16, u32);

    /// Reads what comes before the first frame; returns whether all of it is there.
    ///
    /// # Errors
    ///
    /// If the peer sends something else.
    fn receive_preface(engine: &mut Engine<Self>) -> Outcome<bool>;

    /// Applies a setting that only concerns this side.
    ///
    /// # Errors
    ///
    /// If the peer may not set it.
    fn apply_setting(engine: &mut Engine<Self>, name: u16, value: u32) -> Outcome<()>;

    /// Checks whether a header block may come on this stream.
    ///
    /// # Errors
    ///
    /// If the peer may not send one.
    fn check_block(engine: &Engine<Self>, stream: u32) -> Outcome<()>;

    /// Receives a decoded header block.
    ///
    /// # Errors
    ///
    /// If the peer may not send it.
    fn receive_fields(
        engine: &mut Engine<Self>,
        block: &HeaderBlock,
        fields: Vec<Field>,
        events: &mut Vec<Event<Self::Head>>,
    ) -> Outcome<()>;

    /// Whether it counts against the peer that a stream was reset, by the peer or because the peer misused it.
    fn is_wasteful(is_open: bool) -> bool;

    /// The last stream of the peer that we process once no more are accepted.
    fn last_stream(engine: &Engine<Self>) -> u32;
}

/// The peer broke the protocol in a way that ends the connection.
#[derive(Debug)]
pub struct ConnectionError {
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

/// A result, or what ends the connection.
pub type Outcome<T> = Result<T, ConnectionError>;

/// A header block: what its first frame says, and its bytes while it is incomplete.
#[derive(Debug)]
pub struct HeaderBlock {
    stream: u32,
    is_end: bool,
    is_self_dependent: bool,
    bytes: Vec<u8>,
    frames: u32,
}

/// One side of one HTTP/2 connection. Calls for streams that no longer exist do nothing.
#[derive(Debug)]
pub struct Engine<R> {
    role: R,
    limits: Limits,
    input: BytesMut,
    has_preface: bool,
    has_settings: bool,
    is_failed: bool,
    decoder: Decoder,
    block: Option<HeaderBlock>,
    streams: BTreeMap<u32, Stream>,
    /// Streams that have something to send, in turn.
    queue: VecDeque<u32>,
    resumed: Vec<u32>,
    /// The streams that we reset, and how many bytes the peer may still have sent on each.
    resets: BTreeMap<u32, i64>,
    /// The highest stream that was opened, by whichever side opens them.
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

impl<R: Role + Default> Engine<R> {
    /// Creates an engine; its output begins with our SETTINGS.
    pub fn new(limits: Limits) -> Self {
        let mut output = Vec::with_capacity(256);
        let of_role = R::begin(&mut output, &limits);
        frame::write_settings(
            &mut output,
            &[
                of_role,
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
            role: R::default(),
            limits,
            input: BytesMut::new(),
            has_preface: false,
            has_settings: false,
            is_failed: false,
            decoder: Decoder::default(),
            block: None,
            streams: BTreeMap::new(),
            queue: VecDeque::new(),
            resumed: Vec::new(),
            resets: BTreeMap::new(),
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
}

impl<R: Role> Engine<R> {
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

    /// Whether the peer's first settings have arrived.
    pub fn is_ready(&self) -> bool {
        self.has_settings
    }

    /// Whether the stream is open in either direction.
    pub fn is_open(&self, stream: u32) -> bool {
        self.streams.contains_key(&stream)
    }

    /// How many bytes of our body wait for the peer's window.
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
        if let Some(window) = self.forget(stream) {
            self.write_reset(stream, code, window);
        }
    }

    /// Sends a PING. Its acknowledgement shows that the peer has seen everything sent before.
    pub fn ping(&mut self) {
        frame::write_ping(&mut self.output, 0, b"awaken..");
    }

    /// Announces the end of the connection. If `is_final`, new streams are refused from now on.
    pub fn go_away(&mut self, is_final: bool, code: ErrorCode) {
        if is_final {
            self.last_allowed_stream = R::last_stream(self);
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

    /// Resets a stream that is gone, or was never taken. `window` is what the peer may still have sent on it.
    fn write_reset(&mut self, stream: u32, code: ErrorCode, window: i64) {
        frame::write_reset(&mut self.output, stream, code);
        if self.resets.len() >= REMEMBERED_RESETS {
            self.resets.pop_first();
        }
        self.resets.entry(stream).or_insert(window);
    }

    /// Drops a stream, and returns how many more bytes the peer may send on it; `None` if it is gone already.
    fn forget(&mut self, id: u32) -> Option<i64> {
        Some(self.streams.remove(&id)?.receive_window)
    }
}

fn as_setting(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}
