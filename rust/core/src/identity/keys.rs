//! The public keys that an endpoint knows.

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::VerifyingKey;

use super::base58;
use super::token::{Refusal, Token};
use crate::error::quote;

const SCHEME: &str = "v1";
/// The prefix of a public key as text.
pub(super) const KEY_PREFIX: &str = "publickeyv1_";

/// A text that is not a public key: `publickeyv1_` and base58.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("identity key {} {reason}; the runtime logs its own when it starts", quote(.text))]
pub struct InvalidKey {
    text: String,
    reason: &'static str,
}

/// The public keys of the runtimes that may call an endpoint.
#[derive(Clone, Default)]
pub struct Keys(pub(super) Vec<VerifyingKey>);

impl Keys {
    /// Parses keys.
    ///
    /// # Errors
    ///
    /// If one of them is not `publickeyv1_` and the base58 form of an Ed25519 public key.
    pub fn parse<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Result<Self, InvalidKey> {
        texts
            .into_iter()
            .map(|text| parse_key(text.as_ref()))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Verifies that the holder of one of the keys signed a request for this path and this time.
    ///
    /// `path` has no query; `now` is in seconds since 1970. Every key is tried, so that the time this takes does not
    /// reveal which one fits.
    ///
    /// # Errors
    ///
    /// The reason why the request is rejected. Answer with 401 and do not reveal the reason.
    pub fn verify(
        &self,
        scheme: Option<&str>,
        token: Option<&str>,
        path: &str,
        now: u64,
    ) -> Result<(), Refusal> {
        match scheme {
            None => return Err(Refusal::NoScheme),
            Some(SCHEME) => {}
            Some(_) => return Err(Refusal::ForeignScheme),
        }
        let token = Token::parse(token.ok_or(Refusal::NoToken)?)?;
        if !self.have_signed(&token) {
            return Err(Refusal::ForeignSignature);
        }
        token.claims.check(path, now)
    }

    fn have_signed(&self, token: &Token<'_>) -> bool {
        self.0.iter().fold(false, |found, key| {
            let is_genuine = key
                .verify_strict(token.signed.as_bytes(), &token.signature)
                .is_ok();
            found | is_genuine
        })
    }
}

impl FromStr for Keys {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        Self::parse([text])
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} identity keys", self.0.len())
    }
}

pub(super) fn parse_key(text: &str) -> Result<VerifyingKey, InvalidKey> {
    let refuse = |reason| InvalidKey {
        text: text.to_owned(),
        reason,
    };
    let digits = text
        .strip_prefix(KEY_PREFIX)
        .ok_or_else(|| refuse("does not start with publickeyv1_"))?;
    let bytes = base58::decode(digits).ok_or_else(|| refuse("is not 32 bytes in base58"))?;
    let key = VerifyingKey::from_bytes(&bytes)
        .map_err(|_| refuse("is not a point of the Ed25519 curve"))?;
    if key.is_weak() {
        return Err(refuse("is weak: anyone could sign for it"));
    }
    Ok(key)
}
