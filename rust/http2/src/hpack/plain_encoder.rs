//! Encodes fields to header blocks, without the dynamic table: equal heads give equal bytes, and there is no state.

use super::integer;
use super::static_table::{STATIC_TABLE, name_index};

/// Encodes the blocks of one connection.
#[derive(Debug, Default)]
pub struct PlainEncoder {
    has_begun: bool,
}

impl PlainEncoder {
    /// Begins a block.
    ///
    /// The first block declares that the dynamic table stays empty, which fits any size that the peer allows.
    pub fn begin(&mut self, block: &mut Vec<u8>) {
        if !self.has_begun {
            self.has_begun = true;
            block.push(0x20);
        }
    }
}

/// Encodes the head of a response; names are lower case.
pub fn encode_head<'a>(
    status: u16,
    fields: impl IntoIterator<Item = (&'a [u8], &'a [u8])>,
) -> Vec<u8> {
    let mut block = Vec::with_capacity(128);
    encode_status(&mut block, status);
    for (name, value) in fields {
        encode_field(&mut block, name, value);
    }
    block
}

/// Appends `:status`.
pub fn encode_status(block: &mut Vec<u8>, status: u16) {
    let text = status.to_string();
    let known = STATIC_TABLE
        .iter()
        .position(|&(name, value)| name == b":status" && value == text.as_bytes());
    match known {
        Some(position) => integer::write(block, 0x80, 7, position + 1),
        None => encode_field(block, b":status", text.as_bytes()),
    }
}

/// Appends a field without indexing it.
pub fn encode_field(block: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    encode_literal(block, Indexing::None, name, value);
}

/// How a literal field is treated by whoever receives it (RFC 7541, section 6.2).
#[derive(Clone, Copy, Debug)]
pub(super) enum Indexing {
    /// It is added to the dynamic table.
    Incremental,
    /// It is not added.
    None,
    /// It is not added, and no proxy may add it anywhere.
    Never,
}

/// Appends a field with its value, and with its name unless the static table has that.
pub(super) fn encode_literal(block: &mut Vec<u8>, indexing: Indexing, name: &[u8], value: &[u8]) {
    let (pattern, prefix) = match indexing {
        Indexing::Incremental => (0x40, 6),
        Indexing::None => (0, 4),
        Indexing::Never => (0x10, 4),
    };
    let known = name_index(name);
    integer::write(block, pattern, prefix, known.unwrap_or(0));
    if known.is_none() {
        encode_string(block, name);
    }
    encode_string(block, value);
}

fn encode_string(block: &mut Vec<u8>, text: &[u8]) {
    integer::write(block, 0, 7, text.len());
    block.extend_from_slice(text);
}

#[cfg(test)]
mod tests {
    use super::super::Decoder;
    use super::*;

    #[test]
    fn what_is_encoded_decodes() {
        let long = vec![b'x'; 300];
        let mut encoder = PlainEncoder::default();
        let mut decoder = Decoder::default();
        for status in [200, 404, 431, 999] {
            let mut block = Vec::new();
            encoder.begin(&mut block);
            encode_status(&mut block, status);
            encode_field(&mut block, b"content-type", b"text/plain");
            encode_field(&mut block, b"x-long", &long);
            let fields = decoder.decode(&block, usize::MAX).unwrap();
            let found: Vec<(&[u8], &[u8])> = fields
                .iter()
                .map(|field| (&field.name[..], &field.value[..]))
                .collect();
            let status = status.to_string();
            assert_eq!(
                found,
                [
                    (&b":status"[..], status.as_bytes()),
                    (b"content-type", b"text/plain"),
                    (b"x-long", &long),
                ]
            );
        }
    }

    #[test]
    fn the_table_is_emptied_once() {
        let mut encoder = PlainEncoder::default();
        let (mut first, mut second) = (Vec::new(), Vec::new());
        encoder.begin(&mut first);
        encoder.begin(&mut second);
        assert_eq!((first, second), (vec![0x20], vec![]));
    }
}
