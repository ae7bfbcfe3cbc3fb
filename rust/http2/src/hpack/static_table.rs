//! The static table of RFC 7541, appendix A. Indexes begin at 1.

use std::sync::LazyLock;

/// Names and values; many values are empty.
pub(super) const STATIC_TABLE: [(&[u8], &[u8]); 61] = [
    (b":authority", b""),
    (b":method", b"GET"),
    (b":method", b"POST"),
    (b":path", b"/"),
    (b":path", b"/index.html"),
    (b":scheme", b"http"),
    (b":scheme", b"https"),
    (b":status", b"200"),
    (b":status", b"204"),
    (b":status", b"206"),
    (b":status", b"304"),
    (b":status", b"400"),
    (b":status", b"404"),
    (b":status", b"500"),
    (b"accept-charset", b""),
    (b"accept-encoding", b"gzip, deflate"),
    (b"accept-language", b""),
    (b"accept-ranges", b""),
    (b"accept", b""),
    (b"access-control-allow-origin", b""),
    (b"age", b""),
    (b"allow", b""),
    (b"authorization", b""),
    (b"cache-control", b""),
    (b"content-disposition", b""),
    (b"content-encoding", b""),
    (b"content-language", b""),
    (b"content-length", b""),
    (b"content-location", b""),
    (b"content-range", b""),
    (b"content-type", b""),
    (b"cookie", b""),
    (b"date", b""),
    (b"etag", b""),
    (b"expect", b""),
    (b"expires", b""),
    (b"from", b""),
    (b"host", b""),
    (b"if-match", b""),
    (b"if-modified-since", b""),
    (b"if-none-match", b""),
    (b"if-range", b""),
    (b"if-unmodified-since", b""),
    (b"last-modified", b""),
    (b"link", b""),
    (b"location", b""),
    (b"max-forwards", b""),
    (b"proxy-authenticate", b""),
    (b"proxy-authorization", b""),
    (b"range", b""),
    (b"referer", b""),
    (b"refresh", b""),
    (b"retry-after", b""),
    (b"server", b""),
    (b"set-cookie", b""),
    (b"strict-transport-security", b""),
    (b"transfer-encoding", b""),
    (b"user-agent", b""),
    (b"vary", b""),
    (b"via", b""),
    (b"www-authenticate", b""),
];

/// The length of the longest name, in bytes.
const LONGEST_NAME: usize = 27;

/// Names and the first index of each.
type Names = Vec<(&'static [u8], usize)>;

/// The distinct names by length: few have the same one.
static NAMES: LazyLock<[Names; LONGEST_NAME + 1]> = LazyLock::new(|| {
    let mut names = [const { Vec::new() }; LONGEST_NAME + 1];
    for (index, &(name, _)) in (1..).zip(&STATIC_TABLE) {
        if let Some(same) = names.get_mut(name.len()) {
            if same.last().is_none_or(|&(last, _)| last != name) {
                same.push((name, index));
            }
        }
    }
    names
});

/// The first index with this name.
pub(super) fn name_index(name: &[u8]) -> Option<usize> {
    let same = NAMES.get(name.len())?;
    Some(same.iter().find(|&&(known, _)| known == name)?.1)
}

/// The index of a field with this name and value.
pub(super) fn field_index(name: &[u8], value: &[u8]) -> Option<usize> {
    let first = name_index(name)?;
    let same = STATIC_TABLE.get(first - 1..)?.iter();
    let position = same
        .take_while(|&&(known, _)| known == name)
        .position(|&(_, known)| known == value)?;
    Some(first + position)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_found() {
        for (index, &(name, value)) in (1..).zip(&STATIC_TABLE) {
            assert_eq!(field_index(name, value), Some(index));
            assert!(name_index(name).is_some_and(|first| first <= index));
        }
        assert_eq!(name_index(b":status"), Some(8));
        assert_eq!(name_index(b"x-other"), None);
        assert_eq!(name_index(&[b'x'; 100]), None);
        assert_eq!(field_index(b":method", b"PUT"), None);
    }
}
