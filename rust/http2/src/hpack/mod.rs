//! Header compression (RFC 7541). Decoding uses the dynamic table, and so does encoding requests, which repeat each other;
//! responses are encoded without it.

mod decoder;
mod encoder;
mod huffman;
mod huffman_code;
mod integer;
mod plain_encoder;
mod static_table;

pub use decoder::{DecodeError, Decoder, Field};
pub use encoder::Encoder;
pub use plain_encoder::{PlainEncoder, encode_field, encode_head, encode_status};
