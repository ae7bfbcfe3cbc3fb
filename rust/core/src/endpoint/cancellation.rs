//! Implicit cancellation: a CANCEL reaches the handler at an await, after every child call was cancelled.

use crate::identifier::InvocationId;

use super::children::cancel_command;
use super::error::{Error, Result};
use super::machine::Machine;

impl Machine {
    /// Cancels each child in order; returns the completion id of a child whose invocation id has not arrived yet.
    pub(super) fn cancel_children(&mut self) -> Result<Option<u32>> {
        while let Some((id, child)) = self.cancellation.next() {
            let Some(child) = child.map(str::to_owned) else {
                return Ok(Some(id));
            };
            // The id came from the runtime, but we must not send back an id that does not parse.
            if let Err(error) = child.parse::<InvocationId>() {
                let error = Error::UnusableChildId {
                    id,
                    reason: error.to_string(),
                };
                return Err(self.fail_with(error, None));
            }
            self.issue(cancel_command(child, String::new()))?;
            self.cancellation.advance();
        }
        self.cancellation.finish();
        Ok(None)
    }
}
