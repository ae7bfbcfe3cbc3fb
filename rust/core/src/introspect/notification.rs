//! Notifications as JSON: completions and signals.

use crate::journal::{self, Notification, Outcome};
use crate::wire::message::name_of;

use super::answer::Detail;
use super::json::Object;

/// Writes a notification with its result.
pub(super) fn show(fields: &mut Object<'_>, notification: &Notification) {
    let outcome = &notification.outcome;
    let id = match &notification.id {
        journal::notification::Id::Completion(id) => *id,
        journal::notification::Id::Signal(index) => {
            return fields.object("Signal", |signal| {
                signal.object("id", |id| id.number("Index", *index));
                signal.answer("result", outcome.into(), Detail::Full);
            });
        }
        journal::notification::Id::Named(name) => {
            return fields.object("Signal", |signal| {
                signal.object("id", |id| id.string("Name", name));
                signal.answer("result", outcome.into(), Detail::Full);
            });
        }
    };
    fields.object("Completion", |outer| {
        outer.object(name_of(notification.code), |completion| {
            completion.number("completion_id", id);
            match outcome {
                Outcome::InvocationId(id) => completion.string("invocation_id", id),
                Outcome::StateKeys(keys) => completion.texts("state_keys", keys),
                // A timer has no other result than that it fired.
                Outcome::Void if notification.code == 0x800C => {}
                outcome => completion.answer("result", outcome.into(), Detail::Full),
            }
        });
    });
}

/// Writes the type and the id of a notification, and the kind of its result.
pub(super) fn show_lite(fields: &mut Object<'_>, notification: &Notification) {
    let ty = name_of(notification.code);
    match &notification.id {
        journal::notification::Id::Completion(completion_id) => {
            fields.object("ty", |outer| outer.string("Completion", ty));
            fields.object("id", |id| id.number("CompletionId", *completion_id));
        }
        journal::notification::Id::Signal(index) => {
            fields.string("ty", ty);
            fields.object("id", |id| id.number("SignalIndex", *index));
        }
        journal::notification::Id::Named(name) => {
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
