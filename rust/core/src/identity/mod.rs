//! Request signatures: does a request come from a runtime whose key we know?
//!
//! The runtime signs each request with Ed25519, as a JSON Web Token whose audience is the route below the endpoint's
//! prefix. Whoever holds none of the private keys can neither make a token nor use one for another route, nor later.

mod base58;
mod keys;
mod signing;
#[cfg(test)]
mod tests;
mod token;

pub use keys::{InvalidKey, Keys};
pub use signing::Signer;
pub use token::{MAX_TOKEN_SIZE, Refusal, audience};
