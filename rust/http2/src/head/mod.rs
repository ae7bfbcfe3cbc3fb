//! Whether the heads of requests and responses are well-formed (RFC 9113, sections 8.2 and 8.3).

mod field;
mod packed;
mod request;
mod response;

pub use field::{Malformed, check_trailers};
pub use packed::PackedHead;
pub use request::{RequestHead, check_request};
pub use response::{ResponseHead, check_response};
