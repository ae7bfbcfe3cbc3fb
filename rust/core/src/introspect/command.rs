//! Commands as JSON, with one shape for each type.

use crate::journal::command::entry_name;
use crate::journal::parts::{Target, content};
use crate::wire::{
    Command,
    generated::{self as pb, send_signal_command as signal},
};

use super::answer::Detail;
use super::call::{self, Callee, write_headers};
use super::json::Object;

/// Writes the fields of a command.
pub(super) fn show(fields: &mut Object<'_>, command: &Command, callee: &Callee, detail: Detail) {
    let is_full = detail == Detail::Full;
    // These types have a name even in brief.
    let is_named = is_full || matches!(command, Command::Sleep(_) | Command::Run(_));
    match command {
        Command::Input(c) if is_full => {
            fields.with("headers", |json| write_headers(json, &c.headers));
            fields.bytes("payload", content(c.value.as_ref()));
        }
        Command::Output(c) => fields.answer("result", c.into(), detail),
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
            fields.answer("result", c.into(), detail);
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
                fields.answer("value", c.into(), detail);
            }
            fields.number("completion_id", c.result_completion_id);
        }
        Command::Sleep(c) => {
            fields.number("wake_up_time", c.wake_up_time);
            fields.number("completion_id", c.result_completion_id);
        }
        Command::Call(c) => {
            call::show(fields, &c.into(), callee, detail);
            let id = c.invocation_id_notification_idx;
            fields.number("invocation_id_completion_id", id);
            fields.number("result_completion_id", c.result_completion_id);
        }
        Command::OneWayCall(c) => {
            call::show(fields, &c.into(), callee, detail);
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
            fields.answer("result", c.into(), detail);
        }
        Command::Run(c) => fields.number("completion_id", c.result_completion_id),
        Command::AttachInvocation(c) => {
            show_target(fields, Target::of_attach(c));
            fields.number("completion_id", c.result_completion_id);
        }
        Command::GetInvocationOutput(c) => {
            show_target(fields, Target::of_get_output(c));
            fields.number("completion_id", c.result_completion_id);
        }
        Command::CompleteAwakeable(c) => {
            fields.string("id", &c.awakeable_id);
            fields.answer("result", c.into(), detail);
        }
    }
    if is_named {
        fields.string("name", entry_name(command));
    }
}

fn show_target(fields: &mut Object<'_>, target: Option<Target<'_>>) {
    fields.object("target", |fields| match target {
        Some(Target::Invocation(id)) => fields.string("InvocationId", id),
        Some(Target::Workflow(workflow)) => show_workflow(fields, workflow),
        Some(Target::Idempotent(request)) => show_idempotent(fields, request),
        None => {}
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
