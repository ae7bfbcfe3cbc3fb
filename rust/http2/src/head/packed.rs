//! The head of a request in one allocation, for requests that stay open while nobody asks for their head.

use super::request::RequestHead;

/// Bytes of a length, before each part.
const LENGTH: usize = size_of::<u32>();

/// Method, path and fields of a request; its query is left out.
///
/// As a [`RequestHead`], they take about twice as much memory, in an allocation for each value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedHead(Box<[u8]>);

impl PackedHead {
    /// Copies what is kept of a head.
    pub fn new(head: &RequestHead) -> Self {
        let fields = head.fields.iter();
        let size: usize = fields
            .map(|field| 2 * LENGTH + field.name.len() + field.value.len())
            .sum();
        let own = 2 * LENGTH + head.method.len() + head.path.len();
        let mut packed = Vec::with_capacity(size + own);
        let mut add = |part: &[u8]| {
            // The limits of a connection are far below what does not fit.
            let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
            packed.extend_from_slice(&length.to_ne_bytes());
            packed.extend_from_slice(part);
        };
        add(&head.method);
        add(&head.path);
        for field in &head.fields {
            add(&field.name);
            add(&field.value);
        }
        Self(packed.into_boxed_slice())
    }

    /// `:method`.
    pub fn method(&self) -> &[u8] {
        self.parts().next().unwrap_or_default()
    }

    /// `:path` without its query.
    pub fn path(&self) -> &[u8] {
        self.parts().nth(1).unwrap_or_default()
    }

    /// Name and value of each field in order.
    pub fn fields(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let mut parts = self.parts().skip(2);
        std::iter::from_fn(move || Some((parts.next()?, parts.next()?)))
    }

    fn parts(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = &self.0[..];
        std::iter::from_fn(move || {
            let (length, tail) = rest.split_first_chunk::<LENGTH>()?;
            let length = usize::try_from(u32::from_ne_bytes(*length)).unwrap_or(usize::MAX);
            let (part, tail) = tail.split_at_checked(length)?;
            rest = tail;
            Some(part)
        })
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::hpack::Field;

    #[test]
    fn a_packed_head_has_the_same_parts() {
        let field = |name, value| Field {
            name: Bytes::from_static(name),
            value: Bytes::from_static(value),
        };
        let head = RequestHead {
            method: Bytes::from_static(b"POST"),
            path: Bytes::from_static(b"/invoke/A/b"),
            query: Bytes::new(),
            fields: vec![
                field(b"x", b""),
                field(b"accept", b"*/*"),
                field(b"x", b"2"),
            ],
            content_length: Some(3),
        };

        let packed = PackedHead::new(&head);

        assert_eq!(packed.method(), b"POST");
        assert_eq!(packed.path(), b"/invoke/A/b");
        let fields: Vec<_> = packed.fields().collect();
        let expected: [(&[u8], &[u8]); 3] = [(b"x", b""), (b"accept", b"*/*"), (b"x", b"2")];
        assert_eq!(fields, expected);
    }

    #[test]
    fn a_head_without_fields_has_none() {
        let packed = PackedHead::new(&RequestHead {
            method: Bytes::new(),
            path: Bytes::from_static(b"/"),
            query: Bytes::new(),
            fields: Vec::new(),
            content_length: None,
        });

        assert_eq!((packed.method(), packed.path()), (&b""[..], &b"/"[..]));
        assert_eq!(packed.fields().count(), 0);
    }
}
