//! The service side of one attempt.
//!
//! ```text
//! bytes ─> receive ─> cursor (recorded commands)   ┐
//!                  └> results (notifications)      ├─ command methods, progress <─ handler
//! bytes <─ take_output <─ new commands, terminal   ┘
//! ```

mod advice;
mod call;
mod cancellation;
mod command;
mod credit;
mod eager_state;
mod error;
mod input;
mod keyed_state;
mod machine;
mod progress;
mod promise;
mod receive;
mod results;
mod run;
pub mod state;
mod terminal;

pub use advice::{Advice, Memory};
pub use call::{CallOptions, Target};
pub use error::{Error, Kind, Result};
pub use input::Input;
pub use keyed_state::Read;
pub use machine::{DEFAULT_MAX_JOURNAL_SIZE, LastCommand, Machine, Options};
pub use progress::Progress;
pub use run::{RetryPolicy, RunFailure};
pub use state::State;
