//! What of Start stays of use. The message itself takes twice as much memory, for as long as the handler waits.

use bytes::Bytes;

use crate::wire::generated as pb;

/// What of Start stays of use.
#[derive(Debug, Default)]
pub(super) struct Opening {
    /// The invocation id as bytes.
    pub(super) id: Bytes,
    /// The invocation id as text.
    pub(super) debug_id: String,
    pub(super) known_entries: u32,
    pub(super) retry_count_since_last_stored_entry: u32,
    /// In milliseconds.
    pub(super) duration_since_last_stored_entry: u64,
    pub(super) random_seed: u64,
    /// Until the input is taken.
    call: Option<Box<Call>>,
}

/// How the invocation was called.
#[derive(Debug, Default)]
pub(super) struct Call {
    /// Key of the object or workflow, else empty.
    pub(super) key: String,
    pub(super) scope: Option<String>,
    pub(super) limit_key: Option<String>,
    pub(super) idempotency_key: Option<String>,
}

impl Opening {
    /// Keeps what is needed of the message.
    pub(super) fn new(start: pb::Start) -> Self {
        Self {
            // A slice would keep all that arrived together with it, perhaps for months.
            id: Bytes::copy_from_slice(&start.id),
            debug_id: start.debug_id,
            known_entries: start.known_entries,
            retry_count_since_last_stored_entry: start.retry_count_since_last_stored_entry,
            duration_since_last_stored_entry: start.duration_since_last_stored_entry,
            random_seed: start.random_seed,
            call: Some(Box::new(Call {
                key: start.key,
                scope: start.scope,
                limit_key: start.limit_key,
                idempotency_key: start.idempotency_key,
            })),
        }
    }

    /// Takes how the invocation was called.
    pub(super) fn take_call(&mut self) -> Call {
        self.call.take().map_or_else(Call::default, |call| *call)
    }
}
