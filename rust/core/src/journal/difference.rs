//! Compares recorded and attempted commands, by exactly the fields that the protocol compares.

use super::command::entry_name;
use super::fields::{Difference, Fields};
use super::parts::content;
use crate::wire::message::Command;

/// Whether the two commands have the same type. Eager and lazy reads of state count as one type, since a read may turn
/// from one into the other.
pub fn is_same_type(recorded: &Command, attempted: &Command) -> bool {
    match (recorded, attempted) {
        (Command::GetEagerState(_), Command::GetLazyState(_))
        | (Command::GetEagerStateKeys(_), Command::GetLazyStateKeys(_)) => true,
        _ => recorded.code() == attempted.code(),
    }
}

/// Compares the fields that must be equal on replay; `None` if they all are.
///
/// The commands must have the same type by [`is_same_type`]. Without `verify_payloads` success payloads are not
/// compared; with `reveal_payloads` payloads that differ are shown.
pub fn difference(
    recorded: &Command,
    attempted: &Command,
    verify_payloads: bool,
    reveal_payloads: bool,
) -> Option<Difference> {
    let mut fields = Fields {
        verify_payloads,
        reveal_payloads,
        found: None,
    };
    match (recorded, attempted) {
        // The runtime chooses headers, value and name of the request.
        (Command::Input(_), Command::Input(_)) => return None,
        (Command::Output(r), Command::Output(a)) => {
            fields.result(r.into(), a.into());
        }
        (Command::GetLazyState(r), Command::GetLazyState(a)) => {
            fields.raw("key", &r.key, &a.key);
            fields.id(r.result_completion_id, a.result_completion_id);
        }
        (Command::GetEagerState(r), Command::GetLazyState(a)) => fields.raw("key", &r.key, &a.key),
        (Command::GetLazyStateKeys(r), Command::GetLazyStateKeys(a)) => {
            fields.id(r.result_completion_id, a.result_completion_id);
        }
        (Command::SetState(r), Command::SetState(a)) => {
            fields.raw("key", &r.key, &a.key);
            fields.payload(
                "value",
                content(r.value.as_ref()),
                content(a.value.as_ref()),
            );
        }
        (Command::ClearState(r), Command::ClearState(a)) => fields.raw("key", &r.key, &a.key),
        (Command::GetPromise(r), Command::GetPromise(a)) => {
            fields.text("key", &r.key, &a.key);
            fields.id(r.result_completion_id, a.result_completion_id);
        }
        (Command::PeekPromise(r), Command::PeekPromise(a)) => {
            fields.text("key", &r.key, &a.key);
            fields.id(r.result_completion_id, a.result_completion_id);
        }
        (Command::CompletePromise(r), Command::CompletePromise(a)) => {
            fields.text("key", &r.key, &a.key);
            fields.result(r.into(), a.into());
            fields.id(r.result_completion_id, a.result_completion_id);
        }
        (Command::Call(r), Command::Call(a)) => {
            fields.request(&r.into(), &a.into());
            fields.id(r.result_completion_id, a.result_completion_id);
        }
        (Command::OneWayCall(r), Command::OneWayCall(a)) => fields.request(&r.into(), &a.into()),
        (Command::SendSignal(r), Command::SendSignal(a)) => {
            fields.text("target", &r.target_invocation_id, &a.target_invocation_id);
            fields.shown("signal", &r.signal_id, &a.signal_id);
            // Signal values are always compared: the opt-out covers only the handler's own data.
            fields.verify_payloads = true;
            fields.result(r.into(), a.into());
        }
        (Command::Run(r), Command::Run(a)) => {
            fields.id(r.result_completion_id, a.result_completion_id);
        }
        (Command::AttachInvocation(r), Command::AttachInvocation(a)) => {
            fields.shown("target", &r.target, &a.target);
            fields.id(r.result_completion_id, a.result_completion_id);
        }
        (Command::GetInvocationOutput(r), Command::GetInvocationOutput(a)) => {
            fields.shown("target", &r.target, &a.target);
            fields.id(r.result_completion_id, a.result_completion_id);
        }
        (Command::CompleteAwakeable(r), Command::CompleteAwakeable(a)) => {
            fields.text("awakeable_id", &r.awakeable_id, &a.awakeable_id);
            fields.result(r.into(), a.into());
        }
        // The wake-up time comes from a clock, and the recorded id is used, so sleeps are compared by name only.
        (Command::Sleep(_), Command::Sleep(_))
        | (Command::GetEagerStateKeys(_), Command::GetLazyStateKeys(_))
        | (Command::ClearAllState(_), Command::ClearAllState(_)) => {}
        _ => fields.text("type", recorded.name(), attempted.name()),
    }
    fields.text("name", entry_name(recorded), entry_name(attempted));
    fields.found
}
