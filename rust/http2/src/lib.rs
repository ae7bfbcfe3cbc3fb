//! One side of one HTTP/2 connection (RFC 9113) as a pure function of its input: no socket, no clock.
//!
//! ```text
//! network ─bytes─> frame ─> engine ─events──> exchanges
//! network <─bytes─ frame <─ engine <─calls─── exchanges
//!                             └─ hpack (RFC 7541), head, stream
//! ```
//!
//! | module | what it knows |
//! | --- | --- |
//! | [`limits`] | the limits of one connection |
//! | [`frame`] | the 9-byte header, kinds, flags and error codes |
//! | [`hpack`] | header blocks to fields and back |
//! | [`head`] | whether a request, or a response, is well-formed |
//! | [`stream`] | windows and pending bytes of one stream |
//! | [`engine`] | the connection: events out, bytes out, limits enforced |
//!
//! Each module may use the modules in the rows above it, and no others.
#![forbid(unsafe_code)]

pub mod engine;
pub mod frame;
pub mod head;
pub mod hpack;
pub mod limits;
pub mod stream;

pub use engine::Engine;
pub use engine::client::Client;
pub use engine::server::Server;
pub use frame::ErrorCode;
pub use limits::Limits;

/// The engine of a server.
pub type ServerEngine = Engine<Server>;

/// The engine of a client.
pub type ClientEngine = Engine<Client>;
