//! Identifiers that travel as text: of invocations, and of awakeables made from them.

mod awakeable;
mod base62;
mod generate;
mod invocation;

pub use awakeable::AwakeableId;
pub use generate::Target;
pub use invocation::InvocationId;
