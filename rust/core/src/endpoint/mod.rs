//! The service side of one attempt.
//!
//! ```text
//! bytes ─> receive ─> cursor (recorded commands)   ┐
//!                  └> results (notifications)      ├─ command methods, progress <─ handler
//! bytes <─ take_output <─ new commands, terminal   ┘
//! ```

mod cancellation;
mod command;
mod eager_state;
mod error;
mod input;
mod machine;
mod progress;
mod receive;
mod results;
mod run;
pub mod state;
mod terminal;

pub use command::{CallOptions, Read, Target};
pub use error::{Error, Kind, Result};
pub use input::Input;
pub use machine::{DEFAULT_MAX_JOURNAL_SIZE, LastCommand, Machine, Options};
pub use progress::Progress;
pub use run::{RetryPolicy, RunFailure};
pub use state::State;
