//! The service side of one attempt.
//!
//! ```text
//! bytes ─> receive ─> cursor (recorded commands)   ┐
//!                  └> results (notifications)      ├─ command methods, progress <─ handler
//! bytes <─ take_output <─ new commands, terminal   ┘
//! ```
//!
//! Every command method fails before the input is taken ([`Error::NotNow`]), after the attempt is over
//! ([`Error::Closed`]), if it differs from the recorded command (570), and if its message is too large to send.

mod advice;
mod call;
mod cancellation;
mod children;
mod command;
mod credit;
mod eager_state;
mod ending;
mod error;
mod handles;
mod input;
mod keyed_state;
mod machine;
mod opening;
mod progress;
mod promise;
mod queue;
mod receive;
mod results;
mod retry_policy;
mod run;
mod runs;
pub mod state;
mod terminal;
mod together;

pub use advice::{Advice, Memory};
pub use call::{CallOptions, Target};
pub use error::{Error, Kind, Result};
pub use input::Input;
pub use keyed_state::Read;
pub use machine::{DEFAULT_MAX_JOURNAL_SIZE, LastCommand, Machine, Options};
pub use progress::Progress;
pub use retry_policy::RetryPolicy;
pub use run::RunFailure;
pub use state::State;
