//! Header compression (RFC 7541). Decoding uses the dynamic table, encoding does not.

mod decoder;
mod encoder;
mod huffman;
mod huffman_code;
mod integer;
mod static_table;

pub use decoder::{DecodeError, Decoder, Field};
pub use encoder::{Encoder, encode_field, encode_status};
