//! Stored entries in the shape that the server's introspection shows them: `sys_journal` of `/query`.
//!
//! Measured on server 1.7.12. What a runtime without tracing has no use for (`span_context`, retention) is left out.

mod json;

use bytes::Bytes;

use crate::journal::command::{completions, entry_name};
use crate::journal::notification::{Notification, NotificationError, NotificationId, Outcome};
use crate::wire::{
    Command,
    generated::{
        self as pb, attach_invocation_command as attach, complete_awakeable_command as awakeable,
        complete_promise_command as promise, get_eager_state_command as eager,
        get_invocation_output_command as output_of, output_command as output,
        send_signal_command as signal,
    },
    message::{FIRST_NOTIFICATION, name_of},
};

use json::{Object, write_bytes, write_list, write_text};

pub use json::future;

/// An entry that can be shown.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "made one at a time, shown and dropped"
)]
pub enum Entry {
    /// A command, with what only the runtime knows about a call.
    Command(Command, Callee),
    /// A notification.
    Notification(Notification),
}

/// What the runtime knows about the target of a call; all of it may be unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Callee {
    /// Its invocation id.
    pub invocation_id: Option<String>,
    /// `Service`, `VirtualObject` or `Workflow`.
    pub service_type: Option<String>,
    /// `Exclusive`, `Shared` or `Workflow`.
    pub handler_type: Option<String>,
}

/// How much of an entry is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Detail {
    /// Payloads as arrays of bytes, and names.
    Full,
    /// Neither.
    Lite,
}

impl Entry {
    /// Reads a stored entry.
    ///
    /// # Errors
    /// When it is neither a command nor a notification.
    pub fn decode(
        code: u16,
        mut payload: Bytes,
        callee: Callee,
    ) -> Result<Self, NotificationError> {
        if code >= FIRST_NOTIFICATION {
            return Notification::decode(code, payload).map(Self::Notification);
        }
        let size = payload.len();
        let undecodable = |reason: String| NotificationError::Undecodable {
            name: name_of(code),
            size,
            reason,
        };
        match Command::decode(code, &mut payload) {
            Some(Ok(command)) => Ok(Self::Command(command, callee)),
            Some(Err(error)) => Err(undecodable(error.to_string())),
            None => Err(undecodable(format!("{code:#06X} is no entry"))),
        }
    }

    /// For example `Command: Run` or `Notification: Signal`.
    pub fn entry_type(&self) -> String {
        match self {
            Self::Command(command, _) => format!("Command: {}", command.name()),
            Self::Notification(notification) => {
                format!("Notification: {}", name_of(notification.code))
            }
        }
    }

    /// The entry name, which only commands have.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Command(command, _) => Some(entry_name(command)),
            Self::Notification(_) => None,
        }
    }

    /// The completion ids that a command took, or the one that a notification answers.
    pub fn completion_ids(&self) -> Vec<u32> {
        match self {
            Self::Command(command, _) => completions(command)
                .into_iter()
                .flatten()
                .map(|(id, _)| id)
                .collect(),
            Self::Notification(notification) => match notification.id {
                NotificationId::Completion(id) => vec![id],
                NotificationId::Signal(_) | NotificationId::Named(_) => Vec::new(),
            },
        }
    }

    /// JSON with payloads as arrays of bytes.
    pub fn json(&self) -> String {
        self.show(Detail::Full)
    }

    /// JSON without payloads.
    pub fn lite_json(&self) -> String {
        self.show(Detail::Lite)
    }

    fn show(&self, detail: Detail) -> String {
        Object::text(|entry| match self {
            Self::Command(command, callee) => entry.object("Command", |outer| {
                outer.object(command.name(), |fields| {
                    show_command(fields, command, callee, detail);
                });
            }),
            Self::Notification(notification) => entry.object("Notification", |fields| {
                if detail == Detail::Full {
                    show_notification(fields, notification);
                } else {
                    show_notification_lite(fields, notification);
                }
            }),
        })
    }
}

#[expect(
    clippy::too_many_lines,
    reason = "one arm per command: the table of shapes"
)]
fn show_command(fields: &mut Object<'_>, command: &Command, callee: &Callee, detail: Detail) {
    let is_full = detail == Detail::Full;
    // Lite entries of these have a name nevertheless.
    let is_named = is_full || matches!(command, Command::Sleep(_) | Command::Run(_));
    match command {
        Command::Input(c) if is_full => {
            fields.with("headers", |json| write_headers(json, &c.headers));
            fields.bytes("payload", content(c.value.as_ref()));
        }
        Command::Output(c) => fields.result("result", output_result(c), detail),
        Command::GetLazyState(c) => {
            fields.key(&c.key);
            fields.number("completion_id", c.result_completion_id);
        }
        Command::SetState(c) => {
            fields.key(&c.key);
            if is_full {
                fields.bytes("value", content(c.value.as_ref()));
            }
        }
        Command::ClearState(c) => fields.key(&c.key),
        Command::GetLazyStateKeys(c) => fields.number("completion_id", c.result_completion_id),
        Command::GetEagerState(c) => {
            fields.key(&c.key);
            fields.result("result", eager_result(c), detail);
        }
        Command::GetEagerStateKeys(c) if is_full => {
            let keys = c.value.iter().flat_map(|keys| &keys.keys);
            fields.texts("state_keys", keys.map(|key| String::from_utf8_lossy(key)));
        }
        Command::Input(_) | Command::ClearAllState(_) | Command::GetEagerStateKeys(_) => {}
        Command::GetPromise(c) => {
            fields.string("key", &c.key);
            fields.number("completion_id", c.result_completion_id);
        }
        Command::PeekPromise(c) => {
            fields.string("key", &c.key);
            fields.number("completion_id", c.result_completion_id);
        }
        Command::CompletePromise(c) => {
            fields.string("key", &c.key);
            if is_full {
                fields.result("value", promise_result(c), detail);
            }
            fields.number("completion_id", c.result_completion_id);
        }
        Command::Sleep(c) => {
            fields.number("wake_up_time", c.wake_up_time);
            fields.number("completion_id", c.result_completion_id);
        }
        Command::Call(c) => {
            let request = Request {
                service: &c.service_name,
                handler: &c.handler_name,
                key: &c.key,
                parameter: &c.parameter,
                headers: &c.headers,
                idempotency_key: c.idempotency_key.as_deref(),
                scope: c.scope.as_deref(),
                callee,
            };
            request.show(fields, detail);
            let id = c.invocation_id_notification_idx;
            fields.number("invocation_id_completion_id", id);
            fields.number("result_completion_id", c.result_completion_id);
        }
        Command::OneWayCall(c) => {
            let request = Request {
                service: &c.service_name,
                handler: &c.handler_name,
                key: &c.key,
                parameter: &c.parameter,
                headers: &c.headers,
                idempotency_key: c.idempotency_key.as_deref(),
                scope: c.scope.as_deref(),
                callee,
            };
            request.show(fields, detail);
            fields.number("invoke_time", c.invoke_time);
            let id = c.invocation_id_notification_idx;
            fields.number("invocation_id_completion_id", id);
        }
        Command::SendSignal(c) => {
            fields.string("target_invocation_id", &c.target_invocation_id);
            fields.object("signal_id", |id| match &c.signal_id {
                Some(signal::SignalId::Name(name)) => id.string("Name", name),
                Some(signal::SignalId::Idx(index)) => id.number("Index", *index),
                None => {}
            });
            fields.result("result", signal_result(c), detail);
        }
        Command::Run(c) => fields.number("completion_id", c.result_completion_id),
        Command::AttachInvocation(c) => {
            fields.object("target", |target| match &c.target {
                Some(attach::Target::InvocationId(id)) => target.string("InvocationId", id),
                Some(attach::Target::IdempotentRequestTarget(t)) => show_idempotent(target, t),
                Some(attach::Target::WorkflowTarget(t)) => show_workflow(target, t),
                None => {}
            });
            fields.number("completion_id", c.result_completion_id);
        }
        Command::GetInvocationOutput(c) => {
            fields.object("target", |target| match &c.target {
                Some(output_of::Target::InvocationId(id)) => target.string("InvocationId", id),
                Some(output_of::Target::IdempotentRequestTarget(t)) => show_idempotent(target, t),
                Some(output_of::Target::WorkflowTarget(t)) => show_workflow(target, t),
                None => {}
            });
            fields.number("completion_id", c.result_completion_id);
        }
        Command::CompleteAwakeable(c) => {
            fields.string("id", &c.awakeable_id);
            fields.result("result", awakeable_result(c), detail);
        }
    }
    if is_named {
        fields.string("name", entry_name(command));
    }
}

fn show_notification(fields: &mut Object<'_>, notification: &Notification) {
    let outcome = &notification.outcome;
    let id = match &notification.id {
        NotificationId::Completion(id) => *id,
        NotificationId::Signal(index) => {
            return fields.object("Signal", |signal| {
                signal.object("id", |id| id.number("Index", *index));
                signal.result("result", Shown::from(outcome), Detail::Full);
            });
        }
        NotificationId::Named(name) => {
            return fields.object("Signal", |signal| {
                signal.object("id", |id| id.string("Name", name));
                signal.result("result", Shown::from(outcome), Detail::Full);
            });
        }
    };
    fields.object("Completion", |outer| {
        outer.object(name_of(notification.code), |completion| {
            completion.number("completion_id", id);
            match outcome {
                Outcome::InvocationId(id) => completion.string("invocation_id", id),
                Outcome::StateKeys(keys) => completion.texts("state_keys", keys),
                // A timer can do nothing but fire.
                Outcome::Void if notification.code == 0x800C => {}
                outcome => completion.result("result", Shown::from(outcome), Detail::Full),
            }
        });
    });
}

fn show_notification_lite(fields: &mut Object<'_>, notification: &Notification) {
    let ty = name_of(notification.code);
    match &notification.id {
        NotificationId::Completion(completion_id) => {
            fields.object("ty", |outer| outer.string("Completion", ty));
            fields.object("id", |id| id.number("CompletionId", *completion_id));
        }
        NotificationId::Signal(index) => {
            fields.string("ty", ty);
            fields.object("id", |id| id.number("SignalIndex", *index));
        }
        NotificationId::Named(name) => {
            fields.string("ty", ty);
            fields.object("id", |id| id.string("SignalName", name));
        }
    }
    let result = match &notification.outcome {
        Outcome::Void => "Void",
        Outcome::Value(_) => "Success",
        Outcome::Failure(_) => "Failure",
        Outcome::InvocationId(_) => "InvocationId",
        Outcome::StateKeys(_) => "StateKeys",
    };
    fields.string("result", result);
}

/// What calls have in common.
struct Request<'a> {
    service: &'a str,
    handler: &'a str,
    key: &'a str,
    parameter: &'a Bytes,
    headers: &'a [pb::Header],
    idempotency_key: Option<&'a str>,
    scope: Option<&'a str>,
    callee: &'a Callee,
}

impl Request<'_> {
    fn show(&self, fields: &mut Object<'_>, detail: Detail) {
        if detail == Detail::Lite {
            return self.show_target(fields);
        }
        fields.object("request", |request| {
            self.show_target(request);
            request.bytes("parameter", self.parameter);
            request.with("headers", |json| write_headers(json, self.headers));
            request.optional("idempotency_key", self.idempotency_key);
        });
    }

    fn show_target(&self, fields: &mut Object<'_>) {
        if let Some(id) = &self.callee.invocation_id {
            fields.string("invocation_id", id);
        }
        let inferred = if self.key.is_empty() {
            "Service"
        } else {
            "VirtualObject"
        };
        let service_type = self.callee.service_type.as_deref().unwrap_or(inferred);
        fields.object("invocation_target", |outer| {
            outer.object(service_type, |target| {
                target.string("name", self.service);
                if service_type != "Service" {
                    target.string("key", self.key);
                }
                target.string("handler", self.handler);
                if let Some(handler_type) = &self.callee.handler_type {
                    target.string("handler_ty", handler_type);
                }
                target.optional("scope", self.scope);
            });
        });
    }
}

/// A result, borrowed from wherever it is.
enum Shown<'a> {
    Void,
    Success(&'a [u8]),
    Failure(&'a pb::Failure),
}

impl<'a> From<&'a Outcome> for Shown<'a> {
    fn from(outcome: &'a Outcome) -> Self {
        match outcome {
            Outcome::Value(value) => Self::Success(value),
            Outcome::Failure(failure) => Self::Failure(failure),
            _ => Self::Void,
        }
    }
}

impl Object<'_> {
    fn key(&mut self, key: &Bytes) {
        self.string("key", &String::from_utf8_lossy(key));
    }

    fn bytes(&mut self, name: &str, bytes: &[u8]) {
        self.with(name, |json| write_bytes(json, bytes));
    }

    fn optional(&mut self, name: &str, text: Option<&str>) {
        self.with(name, |json| match text {
            Some(text) => write_text(json, text),
            None => json.push_str("null"),
        });
    }

    fn texts(&mut self, name: &str, texts: impl IntoIterator<Item = impl AsRef<str>>) {
        self.with(name, |json| {
            write_list(json, texts, |json, text| write_text(json, text.as_ref()));
        });
    }

    fn result(&mut self, name: &str, result: Shown<'_>, detail: Detail) {
        match (result, detail) {
            (Shown::Void, _) => self.string(name, "Void"),
            (Shown::Success(_), Detail::Lite) => self.string(name, "Success"),
            (Shown::Failure(_), Detail::Lite) => self.string(name, "Failure"),
            (Shown::Success(value), Detail::Full) => {
                self.object(name, |outer| outer.bytes("Success", value));
            }
            (Shown::Failure(failure), Detail::Full) => self.object(name, |outer| {
                outer.object("Failure", |fields| {
                    fields.number("code", failure.code);
                    fields.string("message", &failure.message);
                    if !failure.metadata.is_empty() {
                        fields.object("metadata", |pairs| {
                            for pair in &failure.metadata {
                                pairs.string(&pair.key, &pair.value);
                            }
                        });
                    }
                });
            }),
        }
    }
}

fn write_headers(json: &mut String, headers: &[pb::Header]) {
    write_list(json, headers, |json, header| {
        Object::write(json, |pair| {
            pair.string("name", &header.key);
            pair.string("value", &header.value);
        });
    });
}

fn show_workflow(target: &mut Object<'_>, workflow: &pb::WorkflowTarget) {
    target.object("Workflow", |fields| {
        fields.string("name", &workflow.workflow_name);
        fields.string("key", &workflow.workflow_key);
        fields.optional("scope", workflow.scope.as_deref());
    });
}

fn show_idempotent(target: &mut Object<'_>, request: &pb::IdempotentRequestTarget) {
    target.object("IdempotentRequest", |fields| {
        fields.string("service", &request.service_name);
        fields.optional("key", request.service_key.as_deref());
        fields.string("handler", &request.handler_name);
        fields.string("idempotency_key", &request.idempotency_key);
        fields.optional("scope", request.scope.as_deref());
    });
}

fn content(value: Option<&pb::Value>) -> &[u8] {
    value.map_or(&[], |value| &value.content)
}

fn output_result(command: &pb::OutputCommand) -> Shown<'_> {
    match &command.result {
        Some(output::Result::Value(value)) => Shown::Success(&value.content),
        Some(output::Result::Failure(failure)) => Shown::Failure(failure),
        None => Shown::Void,
    }
}

fn eager_result(command: &pb::GetEagerStateCommand) -> Shown<'_> {
    match &command.result {
        Some(eager::Result::Value(value)) => Shown::Success(&value.content),
        Some(eager::Result::Void(_)) | None => Shown::Void,
    }
}

fn promise_result(command: &pb::CompletePromiseCommand) -> Shown<'_> {
    match &command.completion {
        Some(promise::Completion::CompletionValue(value)) => Shown::Success(&value.content),
        Some(promise::Completion::CompletionFailure(failure)) => Shown::Failure(failure),
        None => Shown::Void,
    }
}

fn signal_result(command: &pb::SendSignalCommand) -> Shown<'_> {
    match &command.result {
        Some(signal::Result::Value(value)) => Shown::Success(&value.content),
        Some(signal::Result::Failure(failure)) => Shown::Failure(failure),
        Some(signal::Result::Void(_)) | None => Shown::Void,
    }
}

fn awakeable_result(command: &pb::CompleteAwakeableCommand) -> Shown<'_> {
    match &command.result {
        Some(awakeable::Result::Value(value)) => Shown::Success(&value.content),
        Some(awakeable::Result::Failure(failure)) => Shown::Failure(failure),
        None => Shown::Void,
    }
}
