//! Stored entries as JSON, in the shape of the server's introspection: `sys_journal` of `/query`.
//!
//! Measured on server 1.7.12. `span_context` and retention are left out: a runtime without tracing does not have them.

mod answer;
mod call;
mod command;
mod entry;
mod json;
mod notification;

pub use call::Callee;
pub use entry::Entry;
pub use json::future;
