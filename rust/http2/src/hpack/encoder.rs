//! Encodes fields to header blocks, without the dynamic table: equal heads give equal bytes, and there is no state.

use super::integer;
use super::static_table::STATIC_TABLE;

/// Encodes the blocks of one connection.
#[derive(Debug, Default)]
pub struct Encoder {
    has_begun: bool,
}

impl Encoder {
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
    let known = STATIC_TABLE.iter().position(|&(known, _)| known == name);
    integer::write(block, 0, 4, known.map_or(0, |position| position + 1));
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
        let mut encoder = Encoder::default();
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
        let mut encoder = Encoder::default();
        let (mut first, mut second) = (Vec::new(), Vec::new());
        encoder.begin(&mut first);
        encoder.begin(&mut second);
        assert_eq!((first, second), (vec![0x20], vec![]));
    }
}
