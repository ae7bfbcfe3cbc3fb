//! Both sides of one HTTP/1.1 connection (RFC 9112) as pure functions of their input: no socket, no clock.
//!
//! ```text
//! network ─bytes─> input ─> head ─> body ─> server ─events──> exchanges
//! network <─bytes─────────────── output <── server <─calls─── exchanges
//! ```
//!
//! | module | what it knows |
//! | --- | --- |
//! | [`limits`] | the limits of one connection |
//! | [`refusal`] | why bytes of the peer are refused |
//! | [`input`] | what has arrived and is not read yet |
//! | [`target`] | the path and the query in what a request asks for |
//! | [`head`] | the first line and the fields of a message |
//! | [`framing`] | what the fields say of the body and of the connection |
//! | [`chunks`] | a body that comes in chunks |
//! | [`body`] | where a body ends |
//! | [`output`] | heads to bytes, and what may be written of a body |
//! | [`server`] | one connection of a server |
//! | [`client`] | one connection of a client |
//!
//! Each module may use the modules in the rows above it, and no others; `client` and `server` do not know each other.
//!
//! Who reads a message differently than its sender meant lets others smuggle requests. So what is ambiguous is refused
//! rather than repaired: lengths that repeat, a length beside chunks, lines that end in LF alone, folded fields.
#![forbid(unsafe_code)]

pub mod body;
pub mod chunks;
pub mod client;
pub mod framing;
pub mod head;
pub mod input;
pub mod limits;
pub mod output;
pub mod refusal;
pub mod server;
pub mod target;

pub use client::Client;
pub use limits::Limits;
pub use refusal::Refusal;
pub use server::Server;
