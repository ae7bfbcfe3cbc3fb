//! Calls to other handlers, and the results of invocations.

use bytes::Bytes;

use crate::identifier::InvocationId;
use crate::wire::{Command, Feature, generated as pb};

use super::error::{Error, Result};
use super::machine::Machine;

/// Options of a call besides service, handler and parameter.
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

/// The invocation to attach to, or to get the output of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An invocation by id.
    Invocation(String),
    /// A workflow by name and key.
    Workflow(pb::WorkflowTarget),
    /// A call by its idempotency key.
    Idempotent(pb::IdempotentRequestTarget),
}

/// The type code of the notification that carries the id of a created invocation.
const INVOCATION_ID: u16 = 0x800E;

impl Machine {
    /// Calls a handler; returns the handles of its invocation id and of its result.
    ///
    /// # Errors
    /// Those of every command; empty and incomplete options are rejected before anything is journaled.
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

    /// Calls a handler without waiting for it, now or at a time in milliseconds since the epoch; returns the handle of
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

    /// Waits for the result of an invocation that was started elsewhere.
    ///
    /// # Errors
    /// Those of every command; an invalid target is rejected before anything is journaled.
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

    /// Gets the result of an invocation without waiting for it.
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
