//! Parts that several commands have in common, borrowed from the message that holds them.

use bytes::Bytes;

use super::notification::Outcome;
use crate::wire::generated::{
    self as pb, attach_invocation_command as attach, complete_awakeable_command as awakeable,
    complete_promise_command as promise, get_eager_state_command as eager,
    get_invocation_output_command as output_of, output_command as output,
    send_signal_command as signal,
};

/// The result that a command carries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answer<'a> {
    /// The field is missing.
    Nothing,
    /// An empty result.
    Void,
    /// A payload.
    Value(&'a Bytes),
    /// A terminal error.
    Failure(&'a pb::Failure),
}

/// The invocation that a command refers to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target<'a> {
    /// By its id.
    Invocation(&'a str),
    /// By the name and key of a workflow.
    Workflow(&'a pb::WorkflowTarget),
    /// By the idempotency key of a call.
    Idempotent(&'a pb::IdempotentRequestTarget),
}

/// The request of a call or a one-way call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Request<'a> {
    /// Name of the service.
    pub service: &'a str,
    /// Name of the handler.
    pub handler: &'a str,
    /// Key of an object or workflow, else empty.
    pub key: &'a str,
    /// The payload.
    pub parameter: &'a Bytes,
    /// Headers in order.
    pub headers: &'a [pb::Header],
    /// The idempotency key.
    pub idempotency_key: Option<&'a str>,
    /// Scope of the callee.
    pub scope: Option<&'a str>,
    /// Limit key within the scope.
    pub limit_key: Option<&'a str>,
    /// The completion id of the callee's invocation id.
    pub invocation_id_completion_id: u32,
}

impl Answer<'_> {
    /// The answer as an outcome, as a notification would carry it.
    pub fn to_outcome(self) -> Outcome {
        match self {
            Self::Nothing | Self::Void => Outcome::Void,
            Self::Value(value) => Outcome::Value(value.clone()),
            Self::Failure(failure) => Outcome::Failure(Box::new(failure.clone())),
        }
    }
}

impl<'a> From<&'a Outcome> for Answer<'a> {
    /// No command carries an invocation id or state keys, so both become [`Answer::Nothing`].
    fn from(outcome: &'a Outcome) -> Self {
        match outcome {
            Outcome::Void => Self::Void,
            Outcome::Value(value) => Self::Value(value),
            Outcome::Failure(failure) => Self::Failure(failure),
            Outcome::InvocationId(_) | Outcome::StateKeys(_) => Self::Nothing,
        }
    }
}

impl<'a> From<&'a pb::OutputCommand> for Answer<'a> {
    fn from(command: &'a pb::OutputCommand) -> Self {
        match &command.result {
            Some(output::Result::Value(value)) => Self::Value(&value.content),
            Some(output::Result::Failure(failure)) => Self::Failure(failure),
            None => Self::Nothing,
        }
    }
}

impl<'a> From<&'a pb::GetEagerStateCommand> for Answer<'a> {
    fn from(command: &'a pb::GetEagerStateCommand) -> Self {
        match &command.result {
            Some(eager::Result::Void(_)) => Self::Void,
            Some(eager::Result::Value(value)) => Self::Value(&value.content),
            None => Self::Nothing,
        }
    }
}

impl<'a> From<&'a pb::CompletePromiseCommand> for Answer<'a> {
    fn from(command: &'a pb::CompletePromiseCommand) -> Self {
        match &command.completion {
            Some(promise::Completion::CompletionValue(value)) => Self::Value(&value.content),
            Some(promise::Completion::CompletionFailure(failure)) => Self::Failure(failure),
            None => Self::Nothing,
        }
    }
}

impl<'a> From<&'a pb::SendSignalCommand> for Answer<'a> {
    fn from(command: &'a pb::SendSignalCommand) -> Self {
        match &command.result {
            Some(signal::Result::Void(_)) => Self::Void,
            Some(signal::Result::Value(value)) => Self::Value(&value.content),
            Some(signal::Result::Failure(failure)) => Self::Failure(failure),
            None => Self::Nothing,
        }
    }
}

impl<'a> From<&'a pb::CompleteAwakeableCommand> for Answer<'a> {
    fn from(command: &'a pb::CompleteAwakeableCommand) -> Self {
        match &command.result {
            Some(awakeable::Result::Value(value)) => Self::Value(&value.content),
            Some(awakeable::Result::Failure(failure)) => Self::Failure(failure),
            None => Self::Nothing,
        }
    }
}

impl<'a> Target<'a> {
    /// The target of an attach command, if it has one.
    pub fn of_attach(command: &'a pb::AttachInvocationCommand) -> Option<Self> {
        Some(match command.target.as_ref()? {
            attach::Target::InvocationId(id) => Self::Invocation(id),
            attach::Target::WorkflowTarget(target) => Self::Workflow(target),
            attach::Target::IdempotentRequestTarget(target) => Self::Idempotent(target),
        })
    }

    /// The target of a get-output command, if it has one.
    pub fn of_get_output(command: &'a pb::GetInvocationOutputCommand) -> Option<Self> {
        Some(match command.target.as_ref()? {
            output_of::Target::InvocationId(id) => Self::Invocation(id),
            output_of::Target::WorkflowTarget(target) => Self::Workflow(target),
            output_of::Target::IdempotentRequestTarget(target) => Self::Idempotent(target),
        })
    }
}

impl<'a> From<&'a pb::CallCommand> for Request<'a> {
    fn from(command: &'a pb::CallCommand) -> Self {
        Self {
            service: &command.service_name,
            handler: &command.handler_name,
            key: &command.key,
            parameter: &command.parameter,
            headers: &command.headers,
            idempotency_key: command.idempotency_key.as_deref(),
            scope: command.scope.as_deref(),
            limit_key: command.limit_key.as_deref(),
            invocation_id_completion_id: command.invocation_id_notification_idx,
        }
    }
}

impl<'a> From<&'a pb::OneWayCallCommand> for Request<'a> {
    fn from(command: &'a pb::OneWayCallCommand) -> Self {
        Self {
            service: &command.service_name,
            handler: &command.handler_name,
            key: &command.key,
            parameter: &command.parameter,
            headers: &command.headers,
            idempotency_key: command.idempotency_key.as_deref(),
            scope: command.scope.as_deref(),
            limit_key: command.limit_key.as_deref(),
            invocation_id_completion_id: command.invocation_id_notification_idx,
        }
    }
}

/// The bytes of a value; empty if it is missing.
pub fn content(value: Option<&pb::Value>) -> &[u8] {
    value.map_or(&[], |value| &value.content)
}
