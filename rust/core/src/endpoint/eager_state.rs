//! The local view of the state: the entries that Start preloaded, and the writes of this attempt.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::journal::notification::{self, state_key};
use crate::wire::generated::StateEntry;

/// What is known about a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// It has this value.
    Present(Bytes),
    /// It does not exist.
    Absent,
}

/// The keys about which something is known.
#[derive(Debug, Default)]
pub(super) struct EagerState {
    known: BTreeMap<String, Known>,
    is_complete: bool,
}

impl EagerState {
    /// Starts with the snapshot of Start. If it `is_partial`, other keys may exist.
    pub(super) fn new(
        entries: Vec<StateEntry>,
        is_partial: bool,
    ) -> Result<Self, notification::Error> {
        let known = entries
            .into_iter()
            .map(|entry| Ok((state_key(&entry.key)?, Known::Present(entry.value))))
            .collect::<Result<_, notification::Error>>()?;
        Ok(Self {
            known,
            is_complete: !is_partial,
        })
    }

    /// What is known about a key; `None` if only the runtime knows.
    pub(super) fn read(&self, key: &str) -> Option<Known> {
        match self.known.get(key) {
            Some(known) => Some(known.clone()),
            None => self.is_complete.then_some(Known::Absent),
        }
    }

    /// All keys in order; `None` if only the runtime knows.
    pub(super) fn keys(&self) -> Option<Vec<String>> {
        self.is_complete.then(|| {
            self.known
                .iter()
                .filter(|(_, known)| **known != Known::Absent)
                .map(|(key, _)| key.clone())
                .collect()
        })
    }

    pub(super) fn set(&mut self, key: &str, value: Bytes) {
        self.known.insert(key.to_owned(), Known::Present(value));
    }

    pub(super) fn clear(&mut self, key: &str) {
        self.known.insert(key.to_owned(), Known::Absent);
    }

    pub(super) fn clear_all(&mut self) {
        self.known.clear();
        self.is_complete = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preloaded(is_partial: bool) -> EagerState {
        let entry = StateEntry {
            key: Bytes::from_static(b"a"),
            value: Bytes::new(),
        };
        EagerState::new(vec![entry], is_partial).unwrap()
    }

    #[test]
    fn a_partial_map_knows_only_what_it_has() {
        let state = preloaded(true);
        assert_eq!(state.read("a"), Some(Known::Present(Bytes::new())));
        assert_eq!(state.read("b"), None);
        assert_eq!(state.keys(), None);
    }

    #[test]
    fn a_complete_map_knows_absence() {
        let state = preloaded(false);
        assert_eq!(state.read("b"), Some(Known::Absent));
        assert_eq!(state.keys(), Some(vec!["a".to_owned()]));
    }

    #[test]
    fn writes_show_in_later_reads() {
        let mut state = preloaded(true);
        state.set("b", Bytes::from_static(b"1"));
        state.clear("a");
        assert_eq!(
            state.read("b"),
            Some(Known::Present(Bytes::from_static(b"1")))
        );
        assert_eq!(state.read("a"), Some(Known::Absent));
        state.clear_all();
        assert_eq!(state.read("never seen"), Some(Known::Absent));
        state.set("z", Bytes::new());
        state.set("y", Bytes::new());
        state.clear("z");
        assert_eq!(state.keys(), Some(vec!["y".to_owned()]));
    }

    #[test]
    fn a_key_that_is_not_text_is_refused() {
        let entry = StateEntry {
            key: Bytes::from_static(b"\xff"),
            value: Bytes::new(),
        };
        let error = EagerState::new(vec![entry], true).unwrap_err();
        assert_eq!(error.to_string(), "state key \"\\xff\" is not UTF-8");
    }
}
