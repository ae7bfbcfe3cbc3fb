//! Limits of one connection. The host chooses the numbers and documents their precedents.

/// Limits of one connection; all sizes are in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Streams open at once.
    pub streams: usize,
    /// Initial window of a stream that we announce.
    pub stream_window: u32,
    /// Window of the connection that we announce.
    pub connection_window: u32,
    /// Largest frame payload accepted.
    pub max_frame_size: u32,
    /// Size of a header list that we announce; a larger one is answered with 431.
    pub headers_size: usize,
    /// Fields in one request; more are answered with 431.
    pub headers_count: usize,
    /// Largest decoded header list; a larger one ends the connection.
    pub decoded_headers_size: usize,
    /// Largest header block before decoding, over all its frames; a larger one ends the connection.
    pub header_block_size: usize,
    /// Body bytes that are put into the output between two calls of `take_output`.
    pub output_size: usize,
    /// A response with more pending bytes than this is stalled.
    pub buffer_high: usize,
    /// A stalled response resumes when no more bytes than this are pending.
    pub buffer_low: usize,
    /// Body bytes that a peer may send on a stream whose response has ended.
    pub discard_size: usize,
}
