//! Decodes header blocks to fields (RFC 7541, sections 2.3 and 6).

use std::collections::VecDeque;

use bytes::Bytes;

use super::huffman;
use super::integer;
use super::static_table::STATIC_TABLE;

/// Overhead of a field in a table or list, in bytes (RFC 7541, section 4.1).
const FIELD_OVERHEAD: usize = 32;

/// Largest dynamic table: the protocol's default, since we announce no other size.
const TABLE_SIZE: usize = 4096;

/// One header field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Name, as sent.
    pub name: Bytes,
    /// Value, as sent.
    pub value: Bytes,
}

impl Field {
    /// Its size in a header list, in bytes.
    pub fn size(&self) -> usize {
        self.name.len() + self.value.len() + FIELD_OVERHEAD
    }
}

/// Why a block cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// It is malformed, and the compression state is lost.
    Malformed,
    /// Its decoded size exceeds the limit.
    TooLarge,
}

/// Decodes the blocks of one connection, in order.
#[derive(Debug)]
pub struct Decoder {
    entries: VecDeque<Field>,
    size: usize,
    max_size: usize,
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            entries: VecDeque::new(),
            size: 0,
            max_size: TABLE_SIZE,
        }
    }
}

impl Decoder {
    /// Decodes a whole block.
    ///
    /// # Errors
    ///
    /// If the block is malformed, or its list is larger than `max_list_size` bytes.
    pub fn decode(
        &mut self,
        block: &[u8],
        max_list_size: usize,
    ) -> Result<Vec<Field>, DecodeError> {
        let mut fields = Vec::with_capacity(16);
        let mut list_size = 0;
        let mut rest = block;
        while let Some(&first) = rest.first() {
            let field;
            if first & 0x80 != 0 {
                let (index, tail) = integer::read(rest, 7).ok_or(DecodeError::Malformed)?;
                field = self.entry(index)?;
                rest = tail;
            } else if first & 0xe0 == 0x20 {
                // This is only allowed at the beginning of a block (RFC 7541, section 4.2).
                let (size, tail) = integer::read(rest, 5).ok_or(DecodeError::Malformed)?;
                if size > TABLE_SIZE || !fields.is_empty() {
                    return Err(DecodeError::Malformed);
                }
                self.max_size = size;
                self.evict(0);
                rest = tail;
                continue;
            } else {
                let is_indexed = first & 0x40 != 0;
                let (literal, tail) = self.literal(rest, if is_indexed { 6 } else { 4 })?;
                rest = tail;
                if is_indexed {
                    self.insert(literal.clone());
                }
                field = literal;
            }
            list_size += field.size();
            if list_size > max_list_size {
                return Err(DecodeError::TooLarge);
            }
            fields.push(field);
        }
        Ok(fields)
    }

    fn literal<'a>(&self, input: &'a [u8], prefix: u8) -> Result<(Field, &'a [u8]), DecodeError> {
        let (index, rest) = integer::read(input, prefix).ok_or(DecodeError::Malformed)?;
        let (name, rest) = if index == 0 {
            read_string(rest).ok_or(DecodeError::Malformed)?
        } else {
            (self.entry(index)?.name, rest)
        };
        let (value, rest) = read_string(rest).ok_or(DecodeError::Malformed)?;
        Ok((Field { name, value }, rest))
    }

    fn entry(&self, index: usize) -> Result<Field, DecodeError> {
        let position = index.checked_sub(1).ok_or(DecodeError::Malformed)?;
        if let Some(&(name, value)) = STATIC_TABLE.get(position) {
            return Ok(Field {
                name: Bytes::from_static(name),
                value: Bytes::from_static(value),
            });
        }
        self.entries
            .get(position - STATIC_TABLE.len())
            .cloned()
            .ok_or(DecodeError::Malformed)
    }

    fn insert(&mut self, field: Field) {
        let size = field.size();
        self.evict(size);
        if size <= self.max_size {
            self.size += size;
            self.entries.push_front(field);
        }
    }

    /// Evicts fields until there is room for `size` more bytes.
    fn evict(&mut self, size: usize) {
        while self.size + size > self.max_size {
            let Some(oldest) = self.entries.pop_back() else {
                return;
            };
            self.size -= oldest.size();
        }
    }
}

fn read_string(input: &[u8]) -> Option<(Bytes, &[u8])> {
    let is_huffman = input.first()? & 0x80 != 0;
    let (length, rest) = integer::read(input, 7)?;
    let (text, rest) = rest.split_at_checked(length)?;
    if !is_huffman {
        return Some((Bytes::copy_from_slice(text), rest));
    }
    let mut decoded = Vec::with_capacity(length * 2);
    huffman::decode(text, &mut decoded)?;
    Some((Bytes::from(decoded), rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: usize = usize::MAX;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        digits
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    fn decode(decoder: &mut Decoder, hex: &str) -> Vec<(String, String)> {
        let text = |bytes: Bytes| String::from_utf8(bytes.to_vec()).unwrap();
        let fields = decoder.decode(&bytes(hex), ALL).unwrap();
        fields
            .into_iter()
            .map(|field| (text(field.name), text(field.value)))
            .collect()
    }

    fn pairs(fields: &[(&str, &str)]) -> Vec<(String, String)> {
        fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn requests_of_appendix_c_4() {
        let mut decoder = Decoder::default();
        let first = decode(&mut decoder, "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff");
        let second = decode(&mut decoder, "8286 84be 5886 a8eb 1064 9cbf");
        let third = decode(
            &mut decoder,
            "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
        );

        let authority = (":authority", "www.example.com");
        assert_eq!(
            first,
            pairs(&[
                (":method", "GET"),
                (":scheme", "http"),
                (":path", "/"),
                authority
            ])
        );
        assert_eq!(
            second,
            pairs(&[
                (":method", "GET"),
                (":scheme", "http"),
                (":path", "/"),
                authority,
                ("cache-control", "no-cache")
            ])
        );
        assert_eq!(
            third,
            pairs(&[
                (":method", "GET"),
                (":scheme", "https"),
                (":path", "/index.html"),
                authority,
                ("custom-key", "custom-value")
            ])
        );
        assert_eq!(decoder.size, 164);
    }

    #[test]
    fn responses_of_appendix_c_6_evict() {
        let mut decoder = Decoder::default();
        // As if 256 bytes were announced.
        assert_eq!(decode(&mut decoder, "3fe101"), pairs(&[]));
        decode(
            &mut decoder,
            "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 \
             63c7 8f0b 97c8 e9ae 82ae 43d3",
        );
        let second = decode(&mut decoder, "4883 640e ffc1 c0bf");

        assert_eq!(second[0], (":status".to_owned(), "307".to_owned()));
        assert_eq!(
            second[1],
            ("cache-control".to_owned(), "private".to_owned())
        );
        assert_eq!(decoder.size, 222);
    }

    #[test]
    fn what_breaks_the_compression_is_refused() {
        for hex in [
            "80",
            "be",
            "3fe21f",
            "823f e101",
            "40",
            "4003 6162",
            "0085 ff",
            "7f ffff ffff ff",
        ] {
            assert_eq!(
                Decoder::default().decode(&bytes(hex), ALL),
                Err(DecodeError::Malformed),
                "{hex}"
            );
        }
    }

    #[test]
    fn a_list_above_the_limit_is_refused() {
        assert_eq!(
            Decoder::default().decode(&[0x82, 0x82], 83),
            Err(DecodeError::TooLarge)
        );
        assert_eq!(
            Decoder::default()
                .decode(&[0x82, 0x82], 84)
                .map(|fields| fields.len()),
            Ok(2)
        );
    }

    proptest! {
        #[test]
        fn no_block_panics(blocks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 1..4)) {
            let mut decoder = Decoder::default();
            for block in blocks {
                let _ = decoder.decode(&block, 10_000);
                prop_assert!(decoder.size <= TABLE_SIZE);
            }
        }
    }
}
