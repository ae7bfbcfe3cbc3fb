//! Stored entries in the shape that the server's introspection shows them: `sys_journal` of `/query`.
//!
//! Measured on server 1.7.12. What a runtime without tracing has no use for (`span_context`, retention) is left out.

mod answer;
mod call;
mod command;
mod entry;
mod json;
mod notification;

pub use call::Callee;
pub use entry::Entry;
pub use json::future;
