//! Implicit cancellation: a CANCEL reaches the handler at an await, after every child call was told.

use crate::identifier::InvocationId;

use super::children::cancel_command;
use super::error::{Error, Result};
use super::machine::Machine;

impl Machine {
    /// Sends a cancel to each child in order; answers the completion id whose invocation id has to arrive first.
    pub(super) fn tell_children(&mut self) -> Result<Option<u32>> {
        while let Some((id, child)) = self.cancellation.next() {
            let Some(child) = child.map(str::to_owned) else {
                return Ok(Some(id));
            };
            // It came from the runtime, and an id that does not parse must not go back there.
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
