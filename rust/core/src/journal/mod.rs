//! What the invocation did and learned: commands, notifications, and the tree of what it awaits.

pub mod awaiting;
pub mod command;
pub mod cursor;
pub mod encode;
pub mod notification;
mod resume;
mod volatile;

pub use awaiting::Awaiting;
pub use cursor::Cursor;
pub use notification::{
    CANCEL_SIGNAL, Notification, NotificationError, NotificationId, Outcome, RUN_COMPLETION,
};
pub use resume::can_resume;
