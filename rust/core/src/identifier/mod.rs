//! Ids of invocations and awakeables, raw and as text.

mod awakeable;
mod base62;
mod generate;
mod invocation;

pub use awakeable::AwakeableId;
pub use generate::Target;
pub use invocation::InvocationId;
