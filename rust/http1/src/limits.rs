//! Limits of one connection. The host chooses the numbers and documents their precedents.

/// Limits of one connection; all sizes are in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The head of a message, from its first line to the empty line; trailers as well.
    pub head_size: usize,
    /// Fields of one head.
    pub headers_count: usize,
    /// The body of a request.
    pub body_size: u64,
    /// What is read of a request after its response; if more may follow, the response says that it is the last one.
    pub discard_size: u64,
    /// What the chunks of one body carry beside their size, line ends and data.
    pub extensions_size: usize,
}
