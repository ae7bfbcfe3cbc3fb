//! The journal of an invocation: its commands, its notifications, and the tree of futures it awaits.

pub mod awaiting;
pub mod command;
pub mod cursor;
mod difference;
pub mod encode;
mod fields;
pub mod notification;
pub mod parts;
mod resume;
mod volatile;

pub use awaiting::Awaiting;
pub use cursor::Cursor;
pub use difference::{difference, is_same_type};
pub use fields::Difference;
pub use notification::{CANCEL_SIGNAL, Notification, Outcome, RUN_COMPLETION};
pub use resume::{Resumption, can_resume};
