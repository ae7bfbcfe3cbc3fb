//! How much a peer may ask of one connection. The numbers belong to the host, which documents their precedents.

/// Bounds of one connection; all sizes in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Streams open at once.
    pub streams: usize,
    /// Initial window of a stream that we announce.
    pub stream_window: u32,
    /// Window of the connection that we announce.
    pub connection_window: u32,
    /// Largest frame payload taken.
    pub max_frame_size: u32,
    /// Size of a header list that we announce; a larger one is answered with 431.
    pub headers_size: usize,
    /// Fields in one request; more are answered with 431.
    pub headers_count: usize,
    /// Size at which decoding a header list ends the connection.
    pub decoded_headers_size: usize,
    /// Size of a header block before decoding, over all its frames, that ends the connection.
    pub header_block_size: usize,
    /// Body bytes put into the output between two calls of `take_output`.
    pub output_size: usize,
    /// Pending bytes of a response from which on its writer is stalled.
    pub buffer_high: usize,
    /// Pending bytes at which it may go on.
    pub buffer_low: usize,
    /// Body bytes a peer may send to a stream whose response has ended.
    pub discard_size: usize,
}
