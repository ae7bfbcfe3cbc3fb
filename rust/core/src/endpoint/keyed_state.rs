//! The state of an object: read eagerly if the value is known here, lazily otherwise.

use bytes::Bytes;

use crate::journal::command;
use crate::journal::notification::state_keys;
use crate::wire::{Command, generated as pb};

use super::eager_state::{EagerState, Known};
use super::error::{Error, Result};
use super::machine::Machine;

/// The result of a read that may be answered locally.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read<T> {
    /// The answer.
    Now(T),
    /// The handle of the answer.
    Later(u32),
}

impl Machine {
    /// Reads a state entry, at once if it is known here, otherwise by asking the runtime.
    ///
    /// # Errors
    /// Those of every command.
    pub fn get_state(&mut self, key: &str, name: &str) -> Result<Read<Option<Bytes>>> {
        self.require_active(|| format!("get state {key:?}"))?;
        let index = self.cursor.next_index();
        let id = self.results.next_completion_id()?;
        let wire_key = Bytes::copy_from_slice(key.as_bytes());
        let attempted = match self.known_here(|state| state.read(key)) {
            Some(known) => Command::GetEagerState(pb::GetEagerStateCommand {
                key: wire_key,
                name: name.to_owned(),
                result: Some(match known {
                    Known::Present(content) => {
                        pb::get_eager_state_command::Result::Value(pb::Value { content })
                    }
                    Known::Absent => pb::get_eager_state_command::Result::Void(pb::Void {}),
                }),
            }),
            None => Command::GetLazyState(pb::GetLazyStateCommand {
                key: wire_key,
                result_completion_id: id,
                name: name.to_owned(),
            }),
        };
        let command = self.issue(attempted)?;
        let Command::GetEagerState(eager) = command else {
            return self.add_completion(id, command.code()).map(Read::Later);
        };
        self.results.burn_completion_id();
        match eager.result {
            Some(pb::get_eager_state_command::Result::Value(value)) => {
                Ok(Read::Now(Some(value.content)))
            }
            Some(pb::get_eager_state_command::Result::Void(_)) => Ok(Read::Now(None)),
            None => Err(self.no_eager_result(index, &Command::GetEagerState(eager))),
        }
    }

    /// Reads the keys of the state, in order.
    ///
    /// # Errors
    /// Those of every command.
    pub fn get_state_keys(&mut self, name: &str) -> Result<Read<Vec<String>>> {
        self.require_active(|| "get state keys".to_owned())?;
        let index = self.cursor.next_index();
        let id = self.results.next_completion_id()?;
        let attempted = match self.known_here(EagerState::keys) {
            Some(keys) => Command::GetEagerStateKeys(pb::GetEagerStateKeysCommand {
                name: name.to_owned(),
                value: Some(pb::StateKeys {
                    keys: keys.into_iter().map(Bytes::from).collect(),
                }),
            }),
            None => Command::GetLazyStateKeys(pb::GetLazyStateKeysCommand {
                result_completion_id: id,
                name: name.to_owned(),
            }),
        };
        let command = self.issue(attempted)?;
        let Command::GetEagerStateKeys(eager) = command else {
            return self.add_completion(id, command.code()).map(Read::Later);
        };
        self.results.burn_completion_id();
        match eager.value {
            Some(keys) => match state_keys(&keys.keys) {
                Ok(keys) => Ok(Read::Now(keys)),
                Err(error) => Err(self.fail_with(error.into(), None)),
            },
            None => Err(self.no_eager_result(index, &Command::GetEagerStateKeys(eager))),
        }
    }

    /// Writes a state entry.
    ///
    /// # Errors
    /// Those of every command.
    pub fn set_state(&mut self, key: &str, value: Bytes, name: &str) -> Result<()> {
        self.require_active(|| format!("set state {key:?}"))?;
        self.issue(Command::SetState(pb::SetStateCommand {
            key: Bytes::copy_from_slice(key.as_bytes()),
            value: Some(pb::Value {
                content: value.clone(),
            }),
            name: name.to_owned(),
        }))?;
        self.eager_state.set(key, value);
        Ok(())
    }

    /// Removes a state entry.
    ///
    /// # Errors
    /// Those of every command.
    pub fn clear_state(&mut self, key: &str, name: &str) -> Result<()> {
        self.require_active(|| format!("clear state {key:?}"))?;
        self.issue(Command::ClearState(pb::ClearStateCommand {
            key: Bytes::copy_from_slice(key.as_bytes()),
            name: name.to_owned(),
        }))?;
        self.eager_state.clear(key);
        Ok(())
    }

    /// Removes all state entries; from then on the state is completely known.
    ///
    /// # Errors
    /// Those of every command.
    pub fn clear_all_state(&mut self, name: &str) -> Result<()> {
        self.require_active(|| "clear all state".to_owned())?;
        self.issue(Command::ClearAllState(pb::ClearAllStateCommand {
            name: name.to_owned(),
        }))?;
        self.eager_state.clear_all();
        Ok(())
    }

    /// The answer from the local map. It is not used on replay: the map is a snapshot from the start of this attempt,
    /// while the journal has the answers of the original reads.
    fn known_here<T>(&self, read: impl FnOnce(&EagerState) -> Option<T>) -> Option<T> {
        if self.is_replaying() {
            return None;
        }
        read(&self.eager_state)
    }

    fn no_eager_result(&mut self, index: u32, recorded: &Command) -> Error {
        let error = Error::NoEagerResult {
            index,
            recorded: command::describe(recorded),
        };
        self.fail_with(error, None)
    }
}
