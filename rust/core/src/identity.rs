//! Request signatures: does a request come from a runtime whose key we know?
//!
//! The runtime signs each request with Ed25519, as a JSON Web Token whose audience is the route below the endpoint's
//! prefix. Whoever holds none of the private keys can neither make a token nor use one for another route, nor later.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::{Signature, VerifyingKey};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::error::quote;

mod base58;
mod signing;

pub use signing::Signer;

/// Largest token looked at, in bytes: the usual limit of a whole header line (nginx, Apache httpd). Those of the runtime
/// take some 400, and the key of an object.
pub const MAX_TOKEN_SIZE: usize = 8 * 1024;

const KEY_PREFIX: &str = "publickeyv1_";
const SCHEME: &str = "v1";
const ALGORITHM: &str = "EdDSA";

/// A public key as text, `publickeyv1_` and base58, that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("identity key {} {reason}; the runtime logs its own when it starts", quote(.text))]
pub struct InvalidKey {
    text: String,
    reason: &'static str,
}

/// Why a request is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The scheme header is missing.
    #[error("it is not signed: no x-restate-signature-scheme; give the runtime its private key")]
    NoScheme,
    /// The scheme is another one.
    #[error("its x-restate-signature-scheme is not v1")]
    ForeignScheme,
    /// The token header is missing.
    #[error("its x-restate-jwt-v1 is missing")]
    NoToken,
    /// The token is larger than [`MAX_TOKEN_SIZE`].
    #[error("its token is larger than 8192 bytes")]
    LargeToken,
    /// The token is not three parts in base64url with JSON in the first two.
    #[error("its token is malformed")]
    MalformedToken,
    /// The token is signed in another way.
    #[error("its token is not signed with EdDSA")]
    ForeignAlgorithm,
    /// None of the keys made this signature.
    #[error("its token is not signed by a key of this endpoint")]
    ForeignSignature,
    /// The token is for another route.
    #[error("its token is for another route")]
    ForeignRoute,
    /// The token's time is over.
    #[error("its token is expired; compare the clocks")]
    Expired,
    /// The token's time has not come.
    #[error("its token is not valid yet; compare the clocks")]
    NotYetValid,
}

/// The public keys of the runtimes that may call an endpoint.
#[derive(Clone, Default)]
pub struct Keys(Vec<VerifyingKey>);

impl Keys {
    /// Reads keys.
    ///
    /// # Errors
    ///
    /// One of them is not `publickeyv1_` and the base58 form of an Ed25519 public key.
    pub fn parse<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Result<Self, InvalidKey> {
        texts
            .into_iter()
            .map(|text| parse_key(text.as_ref()))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Tells whether a request was signed by the holder of one of the keys, for this path and this time.
    ///
    /// `path` has no query; `now` is in seconds since 1970. Every key is tried, so that the time this takes does not
    /// tell which one fits.
    ///
    /// # Errors
    ///
    /// Why the request is refused. Answer with 401, and keep the reason to yourself.
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

/// The part of a path that a runtime signs: it does not know under which prefix an endpoint sees itself.
pub fn audience(path: &str) -> &str {
    let mut slashes = path.rmatch_indices('/').map(|(at, _)| at);
    let last = slashes.next();
    let third = slashes.nth(1);
    let from = |at: Option<usize>| at.and_then(|at| path.get(at..));
    match (from(third), from(last)) {
        (Some(route), _) if route.starts_with("/invoke/") => route,
        (_, Some(route @ "/discover")) => route,
        _ => path,
    }
}

fn parse_key(text: &str) -> Result<VerifyingKey, InvalidKey> {
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
        return Err(refuse("is weak: everybody could sign for it"));
    }
    Ok(key)
}

/// A token taken apart, and not trusted yet.
struct Token<'a> {
    signed: &'a str,
    signature: Signature,
    claims: Claims,
}

impl<'a> Token<'a> {
    fn parse(text: &'a str) -> Result<Self, Refusal> {
        if text.len() > MAX_TOKEN_SIZE {
            return Err(Refusal::LargeToken);
        }
        let malformed = || Refusal::MalformedToken;
        let (signed, signature) = text.rsplit_once('.').ok_or_else(malformed)?;
        let (header, claims) = signed.split_once('.').ok_or_else(malformed)?;
        let header: Header = decode_json(header).ok_or_else(malformed)?;
        if header.alg != ALGORITHM || header.crit.is_some() {
            return Err(Refusal::ForeignAlgorithm);
        }
        let claims = decode_json(claims).ok_or_else(malformed)?;
        let signature = decode_base64(signature).ok_or_else(malformed)?;
        let signature = Signature::from_slice(&signature).map_err(|_| malformed())?;
        Ok(Self {
            signed,
            signature,
            claims,
        })
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    /// Names extensions that have to be understood (RFC 7515 4.1.11): we know none.
    crit: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Claims {
    aud: Audience,
    exp: i64,
    nbf: i64,
}

impl Claims {
    /// No leeway: the runtime leaves some itself, a minute on each side.
    fn check(&self, path: &str, now: u64) -> Result<(), Refusal> {
        if !self.aud.is_for(audience(path)) {
            return Err(Refusal::ForeignRoute);
        }
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        if self.exp < now {
            return Err(Refusal::Expired);
        }
        if self.nbf > now {
            return Err(Refusal::NotYetValid);
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn is_for(&self, route: &str) -> bool {
        match self {
            Self::One(known) => known == route,
            Self::Several(known) => known.iter().any(|known| known == route),
        }
    }
}

fn decode_json<T: for<'de> Deserialize<'de>>(part: &str) -> Option<T> {
    serde_json::from_slice(&decode_base64(part)?).ok()
}

fn decode_base64(part: &str) -> Option<Vec<u8>> {
    BASE64URL_NOPAD.decode(part.as_bytes()).ok()
}

#[cfg(test)]
mod tests;
