//! Encodes the fields of requests, which repeat each other, with the dynamic table.
//!
//! A field is added to the table when it comes for the second time: what is unique, such as an id in a path, would only
//! push out what repeats. What may be a secret is marked as never to be indexed, whether it repeats or not (RFC 7541,
//! section 7.1.3).

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hasher};

use bytes::Bytes;

use super::decoder::Field;
use super::integer;
use super::plain_encoder::{Indexing, encode_literal};
use super::static_table::{STATIC_TABLE, field_index};

/// Largest dynamic table: the protocol's default. Peers may allow more, which would only take memory.
const TABLE_SIZE: usize = 4096;

/// A field that takes more than this share of the table is not added.
const LARGEST_SHARE: usize = 4;

/// How many fields are remembered, by their hash, as seen once.
const SEEN: u64 = 64;

/// Encodes the blocks of one connection, in order.
#[derive(Debug)]
pub struct Encoder {
    /// Fields with their hashes, the newest first.
    entries: VecDeque<(u64, Field)>,
    size: usize,
    max_size: usize,
    /// The smallest size since the last block, if the size has changed since then.
    smallest: Option<usize>,
    /// Hashes of fields that were seen, each in the place that its hash gives it.
    seen: Vec<u64>,
}

impl Default for Encoder {
    fn default() -> Self {
        Self {
            entries: VecDeque::new(),
            size: 0,
            max_size: TABLE_SIZE,
            smallest: None,
            seen: Vec::new(),
        }
    }
}

impl Encoder {
    /// Applies the size that the peer allows for the table, in bytes. The next block tells the peer what came of it.
    pub fn resize(&mut self, allowed: u32) {
        let size = usize::try_from(allowed).map_or(TABLE_SIZE, |size| size.min(TABLE_SIZE));
        if size == self.max_size {
            return;
        }
        self.max_size = size;
        self.smallest = Some(self.smallest.map_or(size, |smallest| smallest.min(size)));
        self.evict(0);
    }

    /// Begins a block.
    pub fn begin(&mut self, block: &mut Vec<u8>) {
        // The smallest size has evicted fields, even if a larger one is allowed by now (RFC 7541, section 4.2).
        if let Some(smallest) = self.smallest.take() {
            if smallest < self.max_size {
                integer::write(block, 0x20, 5, smallest);
            }
            integer::write(block, 0x20, 5, self.max_size);
        }
    }

    /// Appends a field.
    pub fn encode(&mut self, block: &mut Vec<u8>, name: &[u8], value: &[u8]) {
        if !is_public(name) {
            encode_literal(block, Indexing::Never, name, value);
            return;
        }
        if let Some(index) = field_index(name, value) {
            integer::write(block, 0x80, 7, index);
            return;
        }
        let hash = hash(name, value);
        let known = self.entries.iter().position(|(known, field)| {
            *known == hash && &field.name[..] == name && &field.value[..] == value
        });
        if let Some(position) = known {
            integer::write(block, 0x80, 7, STATIC_TABLE.len() + 1 + position);
            return;
        }
        if self.has_seen(hash) {
            let field = Field {
                name: Bytes::copy_from_slice(name),
                value: Bytes::copy_from_slice(value),
            };
            if field.size() <= self.max_size / LARGEST_SHARE {
                encode_literal(block, Indexing::Incremental, name, value);
                self.insert(hash, field);
                return;
            }
        }
        encode_literal(block, Indexing::None, name, value);
    }

    /// Whether a field was seen lately. From now on it was.
    fn has_seen(&mut self, hash: u64) -> bool {
        if self.seen.is_empty() {
            self.seen = (0..SEEN).map(|_| 0).collect();
        }
        let place = usize::try_from(hash % SEEN).unwrap_or(0);
        let slot = self.seen.get_mut(place);
        slot.is_some_and(|slot| std::mem::replace(slot, hash) == hash)
    }

    fn insert(&mut self, hash: u64, field: Field) {
        let size = field.size();
        self.evict(size);
        self.size += size;
        self.entries.push_front((hash, field));
    }

    /// Evicts fields until there is room for `size` more bytes.
    fn evict(&mut self, size: usize) {
        while self.size + size > self.max_size {
            let Some((_, oldest)) = self.entries.pop_back() else {
                return;
            };
            self.size -= oldest.size();
        }
    }
}

/// Whether a field may be in tables. All others are ids and secrets, or could be: users add headers of their own.
fn is_public(name: &[u8]) -> bool {
    matches!(
        name,
        b":authority"
            | b":method"
            | b":path"
            | b":scheme"
            | b"accept"
            | b"content-type"
            | b"x-restate-cluster-name"
            | b"x-restate-signature-scheme"
    )
}

fn hash(name: &[u8], value: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(name);
    hasher.write_u8(b':');
    hasher.write(value);
    hasher.finish().max(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Decoder;
    use super::*;

    fn encode(encoder: &mut Encoder, fields: &[(&str, &str)]) -> Vec<u8> {
        let mut block = Vec::new();
        encoder.begin(&mut block);
        for (name, value) in fields {
            encoder.encode(&mut block, name.as_bytes(), value.as_bytes());
        }
        block
    }

    fn request(id: &str) -> [(&str, &str); 6] {
        [
            (":method", "POST"),
            (":scheme", "http"),
            (":authority", "127.0.0.1:9080"),
            (":path", "/invoke/Greeter/greet"),
            ("content-type", "application/vnd.restate.invocation.v6"),
            ("x-restate-invocation-id", id),
        ]
    }

    #[test]
    fn what_repeats_is_a_byte_from_the_third_time_on() {
        let mut encoder = Encoder::default();

        let sizes: Vec<usize> = ["a", "b", "c", "d"]
            .into_iter()
            .map(|id| encode(&mut encoder, &request(id)).len())
            .collect();

        assert!(sizes[..2].iter().all(|&size| size > 100));
        assert_eq!(sizes[2..], [5 + 1 + 1 + 23 + 2; 2]);
    }

    #[test]
    fn what_is_unique_is_not_in_the_table() {
        let mut encoder = Encoder::default();
        for number in 0..1000 {
            encode(&mut encoder, &[(":path", &format!("/unique/{number}"))]);
        }

        assert_eq!(encoder.size, 0);
    }

    #[test]
    fn secrets_are_never_indexed() {
        let mut encoder = Encoder::default();
        for _ in 0..3 {
            let block = encode(
                &mut encoder,
                &[
                    ("authorization", "Bearer x"),
                    ("x-restate-service-key", "k"),
                ],
            );

            assert_eq!(block[0], 0x1f);
            assert_eq!(block[2 + 9], 0x10);
        }
        assert_eq!(encoder.size, 0);
    }

    #[test]
    fn what_is_large_is_not_in_the_table() {
        let mut encoder = Encoder::default();
        let large = "x".repeat(1000);
        for _ in 0..4 {
            encode(&mut encoder, &[("accept", &large)]);
        }

        assert_eq!(encoder.size, 0);
    }

    #[test]
    fn the_next_block_tells_the_smallest_and_the_last_size() {
        let mut encoder = Encoder::default();
        encoder.resize(100_000);
        assert_eq!(encode(&mut encoder, &[]), []);

        encoder.resize(0);
        encoder.resize(100);

        assert_eq!(encode(&mut encoder, &[]), [0x20, 0x3f, 69]);
        assert_eq!(encode(&mut encoder, &[]), []);
    }

    /// A new size of the table, and fields as numbers of a name and a value.
    type Block = (Option<u32>, Vec<(usize, usize)>);

    /// Blocks of fields that often repeat, and changes of the table's size between them.
    fn blocks() -> impl Strategy<Value = Vec<Block>> {
        let fields = prop::collection::vec((0_usize..8, 0_usize..6), 0..12);
        prop::collection::vec((prop::option::weighted(0.2, 0_u32..6000), fields), 0..40)
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes(blocks in blocks()) {
            const NAMES: [&str; 8] =
                [":method", ":path", ":authority", "accept", "authorization", "content-type", "x-a", "x-b"];
            let mut encoder = Encoder::default();
            let mut decoder = Decoder::default();
            for (size, fields) in blocks {
                if let Some(size) = size {
                    encoder.resize(size);
                }
                let values: Vec<String> = fields.iter().map(|(_, value)| "v".repeat(value * 60)).collect();
                let expected: Vec<(&str, &str)> =
                    fields.iter().zip(&values).map(|((name, _), value)| (NAMES[*name], value.as_str())).collect();

                let block = encode(&mut encoder, &expected);

                let decoded = decoder.decode(&block, usize::MAX).unwrap();
                let found: Vec<(&[u8], &[u8])> =
                    decoded.iter().map(|field| (&field.name[..], &field.value[..])).collect();
                let expected: Vec<(&[u8], &[u8])> =
                    expected.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
                prop_assert_eq!(found, expected);
                prop_assert!(encoder.size <= encoder.max_size);
            }
        }
    }
}
