//! The callers' side: HTTP/1.1 on persistent connections to an ingress, one operation at a time on each.
//!
//! A caller repeats the steps of a [`scenario`] on its own [`connection`]; [`load`] drives all callers.

mod connection;
mod load;
mod response;
mod scenario;

pub use load::{Load, Until};
pub use scenario::Scenario;
