//! Limits of one connection. The host chooses the numbers and documents their precedents.

/// Limits of one connection; all sizes are in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Streams that the peer may open at once; only clients open any.
    pub streams: usize,
    /// Initial window of a stream that we announce.
    pub stream_window: u32,
    /// Window of the connection that we announce.
    pub connection_window: u32,
    /// Largest frame payload accepted.
    pub max_frame_size: u32,
    /// Size of a header list that we announce; a larger request is answered with 431, a larger response is reset.
    pub headers_size: usize,
    /// Fields in one header list; more are treated in the same way.
    pub headers_count: usize,
    /// Largest decoded header list; a larger one ends the connection.
    pub decoded_headers_size: usize,
    /// Largest header block before decoding, over all its frames; a larger one ends the connection.
    pub header_block_size: usize,
    /// Body bytes that are put into the output between two calls of `take_output`.
    pub output_size: usize,
    /// A stream with more pending bytes than this is stalled.
    pub buffer_high: usize,
    /// A stalled stream resumes when no more bytes than this are pending.
    pub buffer_low: usize,
    /// Body bytes that a peer may send on a stream whose response has ended; only for a server.
    pub discard_size: usize,
}
