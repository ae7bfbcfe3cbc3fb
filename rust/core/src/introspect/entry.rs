//! A journal entry: its type, name, completion ids and JSON.

use bytes::Bytes;

use crate::journal::command::{completions, entry_name};
use crate::journal::{self, Notification};
use crate::wire::{
    Command,
    message::{FIRST_NOTIFICATION, name_of},
};

use super::answer::Detail;
use super::call::Callee;
use super::json::Object;
use super::{command, notification};

/// A decoded journal entry.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "made one at a time, shown and dropped"
)]
pub enum Entry {
    /// A command, and what the runtime knows about the callee if it is a call.
    Command(Command, Callee),
    /// A notification.
    Notification(Notification),
}

impl Entry {
    /// Decodes a stored entry.
    ///
    /// # Errors
    /// If it is neither a command nor a notification.
    pub fn decode(
        code: u16,
        mut payload: Bytes,
        callee: Callee,
    ) -> Result<Self, journal::notification::Error> {
        if code >= FIRST_NOTIFICATION {
            return Notification::decode(code, payload).map(Self::Notification);
        }
        let size = payload.len();
        let undecodable = |reason: String| journal::notification::Error::Undecodable {
            name: name_of(code),
            size,
            reason,
        };
        match Command::decode(code, &mut payload) {
            Some(Ok(command)) => Ok(Self::Command(command, callee)),
            Some(Err(error)) => Err(undecodable(error.to_string())),
            None => Err(undecodable(format!("{code:#06X} is not an entry"))),
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
                journal::notification::Id::Completion(id) => vec![id],
                journal::notification::Id::Signal(_) | journal::notification::Id::Named(_) => {
                    Vec::new()
                }
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
                    command::show(fields, command, callee, detail);
                });
            }),
            Self::Notification(notification) => entry.object("Notification", |fields| {
                if detail == Detail::Full {
                    notification::show(fields, notification);
                } else {
                    notification::show_lite(fields, notification);
                }
            }),
        })
    }
}
