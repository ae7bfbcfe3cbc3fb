//! The input, in the segments in which it arrived.
//!
//! Bytes that lie inside one segment are cut out of it without copying. Bytes that span several segments are collected
//! in a separate buffer, which grows with the bytes that have arrived and never with the length that was asked for.

use std::collections::VecDeque;

use bytes::{Buf, Bytes};

/// Bytes that were received and not yet taken.
#[derive(Debug, Default)]
pub(super) struct Segments {
    queue: VecDeque<Bytes>,
    /// Bytes in `queue`.
    queued: usize,
    /// The part that has arrived of bytes that span segments.
    partial: Vec<u8>,
}

impl Segments {
    /// Appends a segment without copying it.
    pub(super) fn push(&mut self, data: Bytes) {
        if data.is_empty() {
            return;
        }
        self.queued += data.len();
        if self.queue.capacity() == 0 {
            self.queue.reserve_exact(1); // most are taken before the next one arrives, and the default is room for four
        }
        self.queue.push_back(data);
    }

    /// Bytes received and not yet taken.
    pub(super) fn len(&self) -> usize {
        self.queued + self.partial.len()
    }

    /// How many bytes of an unfinished take have been collected.
    pub(super) fn collected(&self) -> usize {
        self.partial.len()
    }

    /// Takes exactly `N` bytes; `None` if more are needed.
    pub(super) fn take_array<const N: usize>(&mut self) -> Option<[u8; N]> {
        // Nearly every header lies inside one segment, where reading it needs no copy.
        if let (true, Some(front)) = (self.partial.is_empty(), self.queue.front_mut()) {
            if let Some(raw) = front.first_chunk().copied() {
                self.queued -= N;
                front.advance(N);
                if front.is_empty() {
                    self.queue.pop_front();
                }
                return Some(raw);
            }
        }
        let bytes = self.take(N)?;
        bytes.first_chunk().copied()
    }

    /// Takes exactly `length` bytes; `None` if more are needed. Then ask for the same length again.
    pub(super) fn take(&mut self, length: usize) -> Option<Bytes> {
        if self.partial.is_empty() {
            if length == 0 {
                return Some(Bytes::new());
            }
            if let Some(front) = self.queue.front_mut().filter(|front| front.len() >= length) {
                self.queued -= length;
                let bytes = front.split_to(length);
                if front.is_empty() {
                    self.queue.pop_front();
                }
                return Some(bytes);
            }
        }
        while let Some(front) = self.queue.front_mut() {
            let missing = length - self.partial.len();
            let size = missing.min(front.len());
            if self.partial.capacity() - self.partial.len() < size {
                // Room for what has arrived. Doubling keeps the copying linear if it arrives in small pieces; the
                // length is the upper bound, so that no capacity is wasted.
                let room = self.queued.max(self.partial.len());
                self.partial.reserve_exact(missing.min(room));
            }
            self.partial
                .extend_from_slice(front.get(..size).unwrap_or_default());
            self.queued -= size;
            front.advance(size);
            if front.is_empty() {
                self.queue.pop_front();
            }
            if size == missing {
                return Some(std::mem::take(&mut self.partial).into());
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_grows_with_what_arrived_and_not_with_what_was_asked_for() {
        let mut segments = Segments::default();
        for _ in 0..100 {
            segments.push(Bytes::from_static(&[0; 10]));
            assert_eq!(segments.take(60_000_000), None);
        }

        assert_eq!((segments.len(), segments.collected()), (1000, 1000));
        assert!(segments.queue.is_empty());
        let capacity = segments.partial.capacity();
        assert!(capacity <= 2000, "{capacity}");
    }
}
