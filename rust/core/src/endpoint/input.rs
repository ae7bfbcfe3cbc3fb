//! The input of the handler.

use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::wire::{Command, Feature, generated as pb};

use super::error::{Error, Result};
use super::machine::Machine;
use super::state::{Event, Reaction, State};

/// The input of the handler, and facts about this attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The invocation id as text.
    pub invocation_id: String,
    /// Key of the object or workflow, else empty.
    pub key: String,
    /// Request headers in order.
    pub headers: Vec<(String, String)>,
    /// Request body.
    pub body: Bytes,
    /// Seed of the handler's random numbers, the same in every attempt.
    pub random_seed: u64,
    /// Failed attempts since the last new entry, best effort.
    pub retry_count: u32,
    /// Scope of the invocation.
    pub scope: Option<String>,
    /// Limit key within the scope.
    pub limit_key: Option<String>,
    /// Idempotency key, including one that the ingress generated.
    pub idempotency_key: Option<String>,
}

impl Machine {
    /// Matches the Input command and returns it. Call it once, when [`Machine::is_ready`].
    ///
    /// # Errors
    /// If entries are missing, if called twice, if the attempt is over, or if the journal does not begin with Input.
    pub fn take_input(&mut self) -> Result<Input> {
        if self.state == State::Closed {
            return Err(self.closed_error("take the input".to_owned()));
        }
        if self.state.on(Event::TakeInput) != Reaction::Stay || self.is_input_taken {
            return Err(Error::NotNow {
                attempted: "take the input",
                state: self.state.name(),
                hint: "it is taken once, when is_ready()",
            });
        }
        let recorded = self.issue(Command::Input(pb::InputCommand::default()))?;
        self.is_input_taken = true;
        let Command::Input(input) = recorded else {
            return Err(Error::NoInput {
                known: self.start.known_entries,
            });
        };
        let call = self.start.take_call();
        Ok(Input {
            invocation_id: self.start.debug_id.clone(),
            key: call.key,
            headers: input
                .headers
                .into_iter()
                .map(|header| (header.key, header.value))
                .collect(),
            body: input.value.unwrap_or_default().content,
            random_seed: self.random_seed(),
            retry_count: self.start.retry_count_since_last_stored_entry,
            scope: call.scope,
            limit_key: call.limit_key,
            idempotency_key: call.idempotency_key,
        })
    }

    /// Version 5 has no agreed seed, so the field of Start is ignored. The seed is then the first eight bytes of the
    /// hash of the id, as in the official Python SDK.
    fn random_seed(&self) -> u64 {
        if self.version.supports(Feature::RandomSeed) {
            return self.start.random_seed;
        }
        Sha256::digest(&self.start.id)
            .iter()
            .take(size_of::<u64>())
            .fold(0, |seed, byte| (seed << 8) | u64::from(*byte))
    }
}
