//! Request signatures: they prove that a request comes from a runtime whose key the endpoint knows.
//!
//! The runtime signs each request with Ed25519, as a JSON Web Token whose audience is the route below the endpoint's
//! prefix. Without a private key, no one can create a token, use one for another route, or use an expired one.

mod base58;
mod keys;
mod signing;
#[cfg(test)]
mod tests;
mod token;

pub use keys::{InvalidKey, Keys};
pub use signing::Signer;
pub use token::{MAX_TOKEN_SIZE, Refusal};
