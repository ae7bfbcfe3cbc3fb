//! Header compression (RFC 7541): blocks to fields with the dynamic table, fields to blocks without it.

mod decoder;
mod encoder;
mod huffman;
mod huffman_code;
mod integer;
mod static_table;

pub use decoder::{DecodeError, Decoder, Field};
pub use encoder::{Encoder, encode_field, encode_status};
