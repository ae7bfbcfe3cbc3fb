//! The runtime side of one attempt, the mirror of [`crate::endpoint`].
//!
//! ```text
//! stored journal ─> start, replay, notify ─> take_output ─bytes─> endpoint
//! host <─effects─ take_effect <─ checked frames <─ receive <─bytes─ endpoint
//! ```
//!
//! The host makes effects durable in the order they come, and tells the endpoint about them afterwards: what a
//! machine says was stored.

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
