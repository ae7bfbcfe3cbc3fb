//! The runtime side of one attempt, the counterpart of [`crate::endpoint`].
//!
//! ```text
//! stored journal ─> start, replay, notify ─> take_output ─bytes─> endpoint
//! host <─effects─ take_effect <─ checked frames <─ receive <─bytes─ endpoint
//! ```
//!
//! The host makes effects durable in the order in which it takes them, and only then calls the methods that inform the
//! endpoint: a machine reports only what was stored.

mod check;
pub mod effect;
mod error;
mod machine;
mod pending;
mod receive;
pub mod state;

pub use effect::{Effect, Failed, Recorded};
pub use error::{Error, Result};
pub use machine::{DEFAULT_MAX_MESSAGE_SIZE, Machine, Start};
pub use state::State;
