//! The completion ids that commands took, and the progress of each.

use std::collections::BTreeMap;

use crate::journal::{
    Notification, RUN_COMPLETION,
    command::completions,
    notification::{self, SIGNAL},
};
use crate::wire::{Command, message::name_of};

use super::error::{Error, Result};

/// The completion ids that commands took.
#[derive(Debug, Default)]
pub(super) struct Pending {
    by_id: BTreeMap<u32, Completion>,
}

#[derive(Debug)]
struct Completion {
    /// Type code of the expected notification.
    code: u16,
    progress: Progress,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Nothing has arrived.
    Waiting,
    /// The result of this run was proposed in this attempt.
    Proposed {
        /// Whether the endpoint wants an ack instead of the notification.
        is_ack_requested: bool,
    },
    /// The notification has arrived.
    Completed,
}

impl Pending {
    /// Takes the ids of a command. On an error it takes none, and returns the bad id and the largest id in use.
    pub(super) fn add(&mut self, command: &Command) -> Result<(), (u32, u32)> {
        let completions = completions(command);
        let last = self.last();
        let mut seen = None;
        for (id, _) in completions.into_iter().flatten() {
            if id <= last || seen == Some(id) {
                return Err((id, last));
            }
            seen = Some(id);
        }
        for (id, code) in completions.into_iter().flatten() {
            let progress = Progress::Waiting;
            self.by_id.insert(id, Completion { code, progress });
        }
        Ok(())
    }

    /// The largest id in use, 0 for none.
    fn last(&self) -> u32 {
        self.by_id.last_key_value().map_or(0, |(id, _)| *id)
    }

    pub(super) fn exists(&self, id: u32) -> bool {
        self.by_id.contains_key(&id)
    }

    /// Records that the result of a run was proposed.
    pub(super) fn propose(&mut self, id: u32, is_ack_requested: bool) -> Result<()> {
        let run = self
            .by_id
            .get_mut(&id)
            .filter(|completion| completion.code == RUN_COMPLETION)
            .ok_or(Error::UnknownRun { id })?;
        if run.progress != Progress::Waiting {
            return Err(Error::RunCompleted { id });
        }
        run.progress = Progress::Proposed { is_ack_requested };
        Ok(())
    }

    /// Records that a completion has arrived; returns its progress until then. Signals are always accepted.
    pub(super) fn complete(&mut self, notification: &Notification) -> Result<Option<Progress>> {
        let notification::Id::Completion(id) = notification.id else {
            // Decoding made sure that known completions have a completion id, so this is a type of a later version.
            if notification.code != SIGNAL {
                return Err(Error::UnknownNotification {
                    code: notification.code,
                });
            }
            return Ok(None);
        };
        let unexpected = |reason| Error::UnexpectedCompletion {
            name: name_of(notification.code),
            id,
            reason,
        };
        let completion = self
            .by_id
            .get_mut(&id)
            .ok_or_else(|| unexpected("no command took this id"))?;
        if completion.code != notification.code {
            return Err(unexpected("another type of command took this id"));
        }
        match std::mem::replace(&mut completion.progress, Progress::Completed) {
            Progress::Completed => Err(unexpected("it has arrived before")),
            progress => Ok(Some(progress)),
        }
    }
}
