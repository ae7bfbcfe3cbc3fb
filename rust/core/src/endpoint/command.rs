//! What a handler may do: each method replays or records one command.

use bytes::Bytes;

use crate::identifier::{AwakeableId, InvocationId};
use crate::journal::command;
use crate::journal::notification::state_keys;
use crate::wire::{Command, Feature, generated as pb};

use super::cancellation::cancel_command;
use super::eager_state::{EagerState, Known};
use super::error::{Error, Result};
use super::machine::Machine;

/// The result of a read that may be answered locally.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read<T> {
    /// Answered.
    Now(T),
    /// The handle of the answer.
    Later(u32),
}

/// What a call may carry besides service, handler and parameter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallOptions {
    /// Key of the object or workflow, else empty.
    pub key: String,
    /// Headers in order.
    pub headers: Vec<(String, String)>,
    /// Makes the callee run once per key.
    pub idempotency_key: Option<String>,
    /// Scope of the callee, version 7.
    pub scope: Option<String>,
    /// Limit key within the scope, version 7.
    pub limit_key: Option<String>,
    /// Entry name.
    pub name: String,
}

/// Whose result to attach to or look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An invocation by id.
    Invocation(String),
    /// A workflow by name and key.
    Workflow(pb::WorkflowTarget),
    /// A call by its idempotency key.
    Idempotent(pb::IdempotentRequestTarget),
}

/// The type code of the notification that completes a command.
pub(super) const fn completion_code(command: u16) -> u16 {
    command + 0x7C00
}

/// The type code of the notification that tells the id of a created invocation.
const INVOCATION_ID: u16 = 0x800E;

impl Machine {
    /// Records a run; its closure executes when it is first awaited.
    ///
    /// # Errors
    /// As every command.
    pub fn run(&mut self, name: &str) -> Result<u32> {
        self.require_active(|| format!("run {name:?}"))?;
        let index = self.cursor.next_index();
        let result_completion_id = self.results.next_completion_id()?;
        let command = self.issue(Command::Run(pb::RunCommand {
            result_completion_id,
            name: name.to_owned(),
        }))?;
        let handle = self.add_completion(result_completion_id, command.code())?;
        let name = match command {
            Command::Run(run) => run.name,
            _ => String::new(),
        };
        self.runs.add(handle, result_completion_id, index, name);
        Ok(handle)
    }

    /// Sleeps until an absolute time in milliseconds since the epoch.
    ///
    /// # Errors
    /// As every command.
    pub fn sleep(&mut self, wake_up_time_ms: u64, name: &str) -> Result<u32> {
        self.require_active(|| format!("sleep {name:?}"))?;
        let attempted = Command::Sleep(pb::SleepCommand {
            wake_up_time: wake_up_time_ms,
            result_completion_id: self.results.next_completion_id()?,
            name: name.to_owned(),
        });
        let command = self.issue(attempted)?;
        // Not compared on replay, so the recorded id is the one to wait for.
        let id = match &command {
            Command::Sleep(sleep) => sleep.result_completion_id,
            _ => 0,
        };
        self.add_completion(id, command.code())
    }

    /// Makes the next awakeable; answers its id and handle. Nothing is journaled.
    ///
    /// # Errors
    /// When the attempt is over.
    pub fn awakeable(&mut self) -> Result<(String, u32)> {
        self.require_active(|| "create an awakeable".to_owned())?;
        let Some(invocation) = self.invocation else {
            return Err(Error::NotNow {
                attempted: "create an awakeable",
                state: self.state.name(),
                hint: "it needs Start",
            });
        };
        let (signal_id, handle) = self.results.add_awakeable()?;
        Ok((AwakeableId::new(invocation, signal_id).to_string(), handle))
    }

    /// Waits for the next signal of this name. Nothing is journaled.
    ///
    /// # Errors
    /// When the attempt is over.
    pub fn signal(&mut self, name: &str) -> Result<u32> {
        self.require_active(|| format!("wait for signal {name:?}"))?;
        self.results.add_named(name.to_owned())
    }

    /// Resolves an awakeable.
    ///
    /// # Errors
    /// As every command; an id that does not parse or is legacy is refused before anything happens.
    pub fn resolve_awakeable(&mut self, id: &str, value: Bytes, name: &str) -> Result<()> {
        let value = pb::Value { content: value };
        self.complete_awakeable(
            id,
            pb::complete_awakeable_command::Result::Value(value),
            name,
        )
    }

    /// Rejects an awakeable.
    ///
    /// # Errors
    /// Those of [`Machine::resolve_awakeable`], and 573 for metadata below version 6.
    pub fn reject_awakeable(&mut self, id: &str, failure: pb::Failure, name: &str) -> Result<()> {
        self.require_active(|| format!("reject awakeable {id}"))?;
        self.require_failure(&failure)?;
        self.complete_awakeable(
            id,
            pb::complete_awakeable_command::Result::Failure(failure),
            name,
        )
    }

    /// Sends a named signal with a value.
    ///
    /// # Errors
    /// As every command; an invocation id that does not parse is refused before anything happens.
    pub fn resolve_signal(
        &mut self,
        invocation_id: &str,
        signal: &str,
        value: Bytes,
        name: &str,
    ) -> Result<()> {
        let value = pb::Value { content: value };
        self.send_signal(
            invocation_id,
            signal,
            pb::send_signal_command::Result::Value(value),
            name,
        )
    }

    /// Sends a named signal with a failure.
    ///
    /// # Errors
    /// Those of [`Machine::resolve_signal`], and 573 for metadata below version 6.
    pub fn reject_signal(
        &mut self,
        invocation_id: &str,
        signal: &str,
        failure: pb::Failure,
        name: &str,
    ) -> Result<()> {
        self.require_active(|| format!("signal {invocation_id}"))?;
        self.require_failure(&failure)?;
        self.send_signal(
            invocation_id,
            signal,
            pb::send_signal_command::Result::Failure(failure),
            name,
        )
    }

    /// Cancels another invocation.
    ///
    /// # Errors
    /// As every command; an invocation id that does not parse is refused before anything happens.
    pub fn cancel_invocation(&mut self, invocation_id: &str, name: &str) -> Result<()> {
        self.require_active(|| format!("cancel {invocation_id}"))?;
        invocation_id.parse::<InvocationId>()?;
        self.issue(cancel_command(invocation_id.to_owned(), name.to_owned()))?;
        Ok(())
    }

    /// Reads a state entry: at once when it is known here, else by asking the runtime.
    ///
    /// # Errors
    /// As every command.
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
    /// As every command.
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
    /// As every command.
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
    /// As every command.
    pub fn clear_state(&mut self, key: &str, name: &str) -> Result<()> {
        self.require_active(|| format!("clear state {key:?}"))?;
        self.issue(Command::ClearState(pb::ClearStateCommand {
            key: Bytes::copy_from_slice(key.as_bytes()),
            name: name.to_owned(),
        }))?;
        self.eager_state.clear(key);
        Ok(())
    }

    /// Removes all state entries; the state is completely known from then on.
    ///
    /// # Errors
    /// As every command.
    pub fn clear_all_state(&mut self, name: &str) -> Result<()> {
        self.require_active(|| "clear all state".to_owned())?;
        self.issue(Command::ClearAllState(pb::ClearAllStateCommand {
            name: name.to_owned(),
        }))?;
        self.eager_state.clear_all();
        Ok(())
    }

    /// Waits for a promise of the workflow.
    ///
    /// # Errors
    /// As every command.
    pub fn get_promise(&mut self, key: &str, name: &str) -> Result<u32> {
        self.completing(
            || format!("get promise {key:?}"),
            |result_completion_id| {
                Command::GetPromise(pb::GetPromiseCommand {
                    key: key.to_owned(),
                    result_completion_id,
                    name: name.to_owned(),
                })
            },
        )
    }

    /// Looks at a promise of the workflow without waiting for it.
    ///
    /// # Errors
    /// As every command.
    pub fn peek_promise(&mut self, key: &str, name: &str) -> Result<u32> {
        self.completing(
            || format!("peek promise {key:?}"),
            |result_completion_id| {
                Command::PeekPromise(pb::PeekPromiseCommand {
                    key: key.to_owned(),
                    result_completion_id,
                    name: name.to_owned(),
                })
            },
        )
    }

    /// Resolves a promise of the workflow.
    ///
    /// # Errors
    /// As every command.
    pub fn resolve_promise(&mut self, key: &str, value: Bytes, name: &str) -> Result<u32> {
        let value = pb::Value { content: value };
        let completion = pb::complete_promise_command::Completion::CompletionValue(value);
        self.complete_promise(key, completion, name)
    }

    /// Rejects a promise of the workflow.
    ///
    /// # Errors
    /// As every command, and 573 for metadata below version 6.
    pub fn reject_promise(&mut self, key: &str, failure: pb::Failure, name: &str) -> Result<u32> {
        self.require_active(|| format!("reject promise {key:?}"))?;
        self.require_failure(&failure)?;
        let completion = pb::complete_promise_command::Completion::CompletionFailure(failure);
        self.complete_promise(key, completion, name)
    }

    /// Calls a handler; answers the handles of its invocation id and of its result.
    ///
    /// # Errors
    /// As every command; empty and incomplete options are refused before anything happens.
    pub fn call(
        &mut self,
        service: &str,
        handler: &str,
        parameter: Bytes,
        options: CallOptions,
    ) -> Result<(u32, u32)> {
        self.require_active(|| format!("call {service}/{handler}"))?;
        self.check_options("call", service, handler, &options)?;
        let invocation_id_notification_idx = self.results.next_completion_id()?;
        let result_completion_id =
            invocation_id_notification_idx
                .checked_add(1)
                .ok_or(Error::Exhausted {
                    what: "completion id",
                })?;
        let command = self.issue(Command::Call(pb::CallCommand {
            service_name: service.to_owned(),
            handler_name: handler.to_owned(),
            parameter,
            headers: headers(options.headers),
            key: options.key,
            idempotency_key: options.idempotency_key,
            scope: options.scope,
            limit_key: options.limit_key,
            invocation_id_notification_idx,
            result_completion_id,
            name: options.name,
        }))?;
        self.cancellation.add_call(invocation_id_notification_idx);
        let id_handle = self.add(invocation_id_notification_idx, INVOCATION_ID)?;
        let result_handle = self.add_completion(result_completion_id, command.code())?;
        Ok((id_handle, result_handle))
    }

    /// Calls a handler without waiting for it, now or at a time in milliseconds since the epoch; answers the handle of
    /// its invocation id.
    ///
    /// # Errors
    /// Those of [`Machine::call`].
    pub fn send(
        &mut self,
        service: &str,
        handler: &str,
        parameter: Bytes,
        invoke_time_ms: u64,
        options: CallOptions,
    ) -> Result<u32> {
        self.require_active(|| format!("send {service}/{handler}"))?;
        self.check_options("send", service, handler, &options)?;
        let invocation_id_notification_idx = self.results.next_completion_id()?;
        self.issue(Command::OneWayCall(pb::OneWayCallCommand {
            service_name: service.to_owned(),
            handler_name: handler.to_owned(),
            parameter,
            invoke_time: invoke_time_ms,
            headers: headers(options.headers),
            key: options.key,
            idempotency_key: options.idempotency_key,
            scope: options.scope,
            limit_key: options.limit_key,
            invocation_id_notification_idx,
            name: options.name,
        }))?;
        self.add(invocation_id_notification_idx, INVOCATION_ID)
    }

    /// Waits for the result of an invocation that somebody else started.
    ///
    /// # Errors
    /// As every command; a target that cannot be is refused before anything happens.
    pub fn attach(&mut self, target: Target, name: &str) -> Result<u32> {
        use pb::attach_invocation_command::Target as Wire;
        self.require_active(|| "attach to an invocation".to_owned())?;
        self.check_target("attach invocation", &target)?;
        self.completing(
            || "attach to an invocation".to_owned(),
            |result_completion_id| {
                Command::AttachInvocation(pb::AttachInvocationCommand {
                    target: Some(match target {
                        Target::Invocation(id) => Wire::InvocationId(id),
                        Target::Workflow(target) => Wire::WorkflowTarget(target),
                        Target::Idempotent(target) => Wire::IdempotentRequestTarget(target),
                    }),
                    result_completion_id,
                    name: name.to_owned(),
                })
            },
        )
    }

    /// Looks at the result of an invocation without waiting for it.
    ///
    /// # Errors
    /// Those of [`Machine::attach`].
    pub fn get_output(&mut self, target: Target, name: &str) -> Result<u32> {
        use pb::get_invocation_output_command::Target as Wire;
        self.require_active(|| "get the output of an invocation".to_owned())?;
        self.check_target("get invocation output", &target)?;
        self.completing(
            || "get the output of an invocation".to_owned(),
            |result_completion_id| {
                Command::GetInvocationOutput(pb::GetInvocationOutputCommand {
                    target: Some(match target {
                        Target::Invocation(id) => Wire::InvocationId(id),
                        Target::Workflow(target) => Wire::WorkflowTarget(target),
                        Target::Idempotent(target) => Wire::IdempotentRequestTarget(target),
                    }),
                    result_completion_id,
                    name: name.to_owned(),
                })
            },
        )
    }

    /// A command with one completion.
    fn completing(
        &mut self,
        attempted: impl FnOnce() -> String,
        command: impl FnOnce(u32) -> Command,
    ) -> Result<u32> {
        self.require_active(attempted)?;
        let id = self.results.next_completion_id()?;
        let command = self.issue(command(id))?;
        self.add_completion(id, command.code())
    }

    fn complete_promise(
        &mut self,
        key: &str,
        completion: pb::complete_promise_command::Completion,
        name: &str,
    ) -> Result<u32> {
        self.completing(
            || format!("complete promise {key:?}"),
            |result_completion_id| {
                Command::CompletePromise(pb::CompletePromiseCommand {
                    key: key.to_owned(),
                    completion: Some(completion),
                    result_completion_id,
                    name: name.to_owned(),
                })
            },
        )
    }

    fn complete_awakeable(
        &mut self,
        id: &str,
        result: pb::complete_awakeable_command::Result,
        name: &str,
    ) -> Result<()> {
        self.require_active(|| format!("complete awakeable {id}"))?;
        id.parse::<AwakeableId>()?.require_current()?;
        self.issue(Command::CompleteAwakeable(pb::CompleteAwakeableCommand {
            awakeable_id: id.to_owned(),
            result: Some(result),
            name: name.to_owned(),
        }))?;
        Ok(())
    }

    fn send_signal(
        &mut self,
        invocation_id: &str,
        signal: &str,
        result: pb::send_signal_command::Result,
        name: &str,
    ) -> Result<()> {
        self.require_active(|| format!("signal {invocation_id}"))?;
        invocation_id.parse::<InvocationId>()?;
        self.issue(Command::SendSignal(pb::SendSignalCommand {
            target_invocation_id: invocation_id.to_owned(),
            signal_id: Some(pb::send_signal_command::SignalId::Name(signal.to_owned())),
            result: Some(result),
            entry_name: name.to_owned(),
        }))?;
        Ok(())
    }

    /// What the local map answers. On replay it is not asked: it is a snapshot from the start of this attempt, the
    /// journal has the answers of then.
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

    /// Makes the handle for the completion of a command of type `command`.
    fn add_completion(&mut self, id: u32, command: u16) -> Result<u32> {
        self.add(id, completion_code(command))
    }

    fn add(&mut self, id: u32, code: u16) -> Result<u32> {
        match self.results.add_completion(id, code) {
            // Its completion was there before it, and is for another type of command.
            Err(error @ Error::WrongCompletion { .. }) => Err(self.fail_with(error, None)),
            added => added,
        }
    }

    fn check_options(
        &mut self,
        verb: &str,
        service: &str,
        handler: &str,
        options: &CallOptions,
    ) -> Result<()> {
        let command = || format!("{verb} {service}/{handler}");
        not_empty(
            "idempotency_key",
            options.idempotency_key.as_deref(),
            command,
        )?;
        not_empty("scope", options.scope.as_deref(), command)?;
        not_empty("limit_key", options.limit_key.as_deref(), command)?;
        if let (Some(limit_key), None) = (&options.limit_key, &options.scope) {
            return Err(Error::LimitKeyWithoutScope {
                command: command(),
                limit_key: limit_key.clone(),
            });
        }
        if options.scope.is_some() {
            self.require(Feature::Scope)?;
        }
        Ok(())
    }

    fn check_target(&mut self, command: &str, target: &Target) -> Result<()> {
        let command = || command.to_owned();
        let scope = match target {
            Target::Invocation(id) => {
                id.parse::<InvocationId>()?;
                None
            }
            Target::Workflow(target) => target.scope.as_deref(),
            Target::Idempotent(target) => {
                not_empty("idempotency_key", Some(&target.idempotency_key), command)?;
                target.scope.as_deref()
            }
        };
        not_empty("scope", scope, command)?;
        if scope.is_some() {
            self.require(Feature::Scope)?;
        }
        Ok(())
    }
}

fn not_empty(
    field: &'static str,
    value: Option<&str>,
    command: impl FnOnce() -> String,
) -> Result<()> {
    if value == Some("") {
        return Err(Error::EmptyField {
            field,
            command: command(),
        });
    }
    Ok(())
}

fn headers(pairs: Vec<(String, String)>) -> Vec<pb::Header> {
    pairs
        .into_iter()
        .map(|(key, value)| pb::Header { key, value })
        .collect()
}
