//! What has arrived and is not read yet.

use bytes::{Bytes, BytesMut};

/// Bytes of the peer in their order. What is read at once is never copied.
#[derive(Debug, Default)]
pub(crate) struct Input {
    /// What is being read.
    current: Bytes,
    /// What waits for more; empty while `current` is not.
    kept: BytesMut,
}

impl Input {
    pub(crate) fn append(&mut self, data: Bytes) {
        if self.kept.is_empty() && self.current.is_empty() {
            self.current = data;
            return;
        }
        self.keep();
        self.kept.extend_from_slice(&data);
    }

    pub(crate) fn len(&self) -> usize {
        self.current.len() + self.kept.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What is there, whole.
    pub(crate) fn bytes(&self) -> &[u8] {
        if self.kept.is_empty() {
            &self.current
        } else {
            &self.kept
        }
    }

    /// Takes the first `size` bytes, or all if there are fewer.
    pub(crate) fn take(&mut self, size: usize) -> Bytes {
        if !self.kept.is_empty() {
            self.current = std::mem::take(&mut self.kept).freeze();
        }
        let size = size.min(self.current.len());
        self.current.split_to(size)
    }

    /// Makes what waits ready to grow, without copying it again for every few bytes.
    fn keep(&mut self) {
        if self.kept.is_empty() {
            let current = std::mem::take(&mut self.current);
            self.kept = current
                .try_into_mut()
                .unwrap_or_else(|shared| BytesMut::from(&shared[..]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_at_once_is_not_copied() {
        let data = Bytes::from(vec![1; 1000]);
        let mut input = Input::default();
        input.append(data.clone());

        let taken = input.take(900);

        assert_eq!(taken.as_ptr(), data.as_ptr());
        assert_eq!(input.len(), 100);
    }

    #[test]
    fn what_waits_is_joined_in_order() {
        let mut input = Input::default();
        input.append(Bytes::from_static(b"abc"));
        assert_eq!(&input.take(1)[..], b"a");
        input.append(Bytes::from_static(b"de"));
        input.append(Bytes::from_static(b"f"));

        assert_eq!(input.bytes(), b"bcdef");
        assert_eq!(&input.take(2)[..], b"bc");
        assert_eq!(&input.take(9)[..], b"def");
        assert!(input.is_empty());
    }
}
