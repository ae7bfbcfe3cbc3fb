//! Header blocks as the runtime writes them, and the check of a response's block.
//!
//! The order, the indexing and the Huffman coding are those observed from server 1.7.12: `:path` is never
//! indexed, everything else enters the table, and each request's own id pushes older entries out over time.

use std::collections::VecDeque;

use loona_hpack::Decoder;

use crate::id::InvocationId;

pub const CONTENT_TYPE: &str = "application/vnd.restate.invocation.v6";
const TABLE_LIMIT: usize = 4096;
const FIRST_DYNAMIC: usize = 62;

#[derive(Clone, Copy, PartialEq)]
enum Entry {
    Authority,
    ContentType,
    Accept,
    InvocationId,
    ClusterName,
}

impl Entry {
    /// Index of the name in the static table; 0 if the table does not have it.
    fn static_name(self) -> usize {
        match self {
            Self::Authority => 1,
            Self::ContentType => 31,
            Self::Accept => 19,
            Self::InvocationId | Self::ClusterName => 0,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Authority => ":authority",
            Self::ContentType => "content-type",
            Self::Accept => "accept",
            Self::InvocationId => "x-restate-invocation-id",
            Self::ClusterName => "x-restate-cluster-name",
        }
    }
}

/// Writes the request header blocks of one connection.
pub struct RequestEncoder {
    authority: String,
    /// Newest first, with the size each entry counts for.
    table: VecDeque<(Entry, usize)>,
    size: usize,
    limit: usize,
    is_limit_changed: bool,
    huffman: Vec<u8>,
}

impl RequestEncoder {
    pub fn new(authority: String) -> Self {
        let table = VecDeque::new();
        Self {
            authority,
            table,
            size: 0,
            limit: TABLE_LIMIT,
            is_limit_changed: false,
            huffman: Vec::new(),
        }
    }

    /// Follows the peer's SETTINGS_HEADER_TABLE_SIZE.
    pub fn set_limit(&mut self, limit: usize) {
        let limit = limit.min(TABLE_LIMIT);
        self.is_limit_changed |= limit != self.limit;
        self.limit = limit;
        self.evict(0);
    }

    pub fn encode(&mut self, out: &mut Vec<u8>, path: &str, id: &InvocationId) {
        if std::mem::take(&mut self.is_limit_changed) {
            integer(out, 0x20, 5, self.limit);
        }
        out.extend_from_slice(&[0x83, 0x86]); // :method POST, :scheme http
        let authority = std::mem::take(&mut self.authority);
        self.field(out, Entry::Authority, authority.as_bytes());
        self.authority = authority;
        out.push(0x04); // :path, not indexed
        self.text(out, path.as_bytes());
        self.field(out, Entry::ContentType, CONTENT_TYPE.as_bytes());
        self.field(out, Entry::Accept, CONTENT_TYPE.as_bytes());
        self.field(out, Entry::InvocationId, &id.text());
        self.field(out, Entry::ClusterName, b"localcluster");
    }

    fn field(&mut self, out: &mut Vec<u8>, entry: Entry, value: &[u8]) {
        let known = self.table.iter().position(|(other, _)| *other == entry);
        match known {
            Some(at) if entry != Entry::InvocationId => {
                return integer(out, 0x80, 7, FIRST_DYNAMIC + at);
            }
            Some(at) if entry.static_name() == 0 => integer(out, 0x40, 6, FIRST_DYNAMIC + at),
            _ => integer(out, 0x40, 6, entry.static_name()),
        }
        if known.is_none() && entry.static_name() == 0 {
            self.text(out, entry.name().as_bytes());
        }
        self.text(out, value);
        let size = entry.name().len() + value.len() + 32;
        self.evict(size);
        if size <= self.limit {
            self.table.push_front((entry, size));
            self.size += size;
        }
    }

    /// Makes room for an entry of `size`.
    fn evict(&mut self, size: usize) {
        while self.size + size > self.limit {
            let Some((_, freed)) = self.table.pop_back() else {
                return;
            };
            self.size -= freed;
        }
    }

    fn text(&mut self, out: &mut Vec<u8>, text: &[u8]) {
        self.huffman.clear();
        httlib_huffman::encode(text, &mut self.huffman).expect("every byte has a code");
        integer(out, 0x80, 7, self.huffman.len());
        out.extend_from_slice(&self.huffman);
    }
}

/// Appends an HPACK integer behind the bits of `first`.
fn integer(out: &mut Vec<u8>, first: u8, prefix: u32, value: usize) {
    let limit = (1usize << prefix) - 1;
    if value < limit {
        return out.push(first | value as u8);
    }
    out.push(first | limit as u8);
    let mut rest = value - limit;
    while rest > 127 {
        out.push(rest as u8 | 128);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// Checks that a response's block has status 200 and the request's content type.
pub fn check_response(decoder: &mut Decoder<'_>, block: &[u8]) -> Result<(), String> {
    let (mut is_ok, mut is_typed, mut seen) = (false, false, String::new());
    decoder
        .decode_with_cb(block, |name, value| match name.as_ref() {
            b":status" if value.as_ref() == b"200" => is_ok = true,
            b"content-type" if value.as_ref() == CONTENT_TYPE.as_bytes() => is_typed = true,
            b":status" | b"content-type" => seen.push_str(&String::from_utf8_lossy(&value)),
            _ => {}
        })
        .map_err(|error| format!("response headers are not valid HPACK: {error:?}"))?;
    if is_ok && is_typed {
        return Ok(());
    }
    Err(format!(
        "response must be 200 with content-type {CONTENT_TYPE}, got {seen:?}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Random;

    #[test]
    fn every_block_decodes_to_the_same_names_while_the_table_turns_over() {
        let mut encoder = RequestEncoder::new("127.0.0.1:9080".into());
        let mut decoder = Decoder::new();
        let mut random = Random(1);
        for _ in 0..500 {
            let (mut block, id) = (Vec::new(), random.invocation_id());
            encoder.encode(&mut block, "/invoke/Bench/greet", &id);
            let decoded = decoder.decode(&block).expect("valid block");
            let expected: [(&str, &[u8]); 8] = [
                (":method", b"POST"),
                (":scheme", b"http"),
                (":authority", b"127.0.0.1:9080"),
                (":path", b"/invoke/Bench/greet"),
                ("content-type", CONTENT_TYPE.as_bytes()),
                ("accept", CONTENT_TYPE.as_bytes()),
                ("x-restate-invocation-id", &id.text()),
                ("x-restate-cluster-name", b"localcluster"),
            ];
            let decoded: Vec<_> = decoded
                .iter()
                .map(|(n, v)| (std::str::from_utf8(n).unwrap(), &v[..]))
                .collect();
            assert_eq!(decoded, expected);
        }
    }
}
