//! Tokens: how one is parsed, and when it is valid.

use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::Signature;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// Largest token accepted, in bytes: the usual limit of a whole header line (nginx, Apache httpd). The tokens of a
/// runtime have about 400 bytes, plus the key of an object.
pub const MAX_TOKEN_SIZE: usize = 8 * 1024;

/// The algorithm of every token.
pub(super) const ALGORITHM: &str = "EdDSA";

/// How far the clock of a runtime may be ahead, in seconds: what its `nbf` allows.
const LEEWAY: i64 = 60;

/// Why a request is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The scheme header is missing.
    #[error("it is not signed: no x-restate-signature-scheme; give the runtime its private key")]
    NoScheme,
    /// The scheme is not v1.
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
    /// The token is signed with another algorithm.
    #[error("its token is not signed with EdDSA")]
    ForeignAlgorithm,
    /// None of the keys made this signature.
    #[error("its token is not signed by a key of this endpoint")]
    ForeignSignature,
    /// The token is for another route.
    #[error("its token is for another route")]
    ForeignRoute,
    /// The token has expired.
    #[error("its token is expired; compare the clocks")]
    Expired,
    /// The token is not valid yet.
    #[error("its token is not valid yet; compare the clocks")]
    NotYetValid,
    /// The token does not say when it was issued.
    #[error("its token does not say when it was issued (iat)")]
    NoIssueTime,
    /// The token claims to be issued later than clocks differ.
    #[error("its token was issued in the future; compare the clocks")]
    FromTheFuture,
}

/// The part of a path that a runtime signs. The runtime does not know the prefix under which the endpoint is mounted.
pub(super) fn audience(path: &str) -> &str {
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

/// A parsed token, not verified yet.
pub(super) struct Token<'a> {
    pub(super) signed: &'a str,
    pub(super) signature: Signature,
    pub(super) claims: Claims,
}

impl<'a> Token<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, Refusal> {
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
    /// Names extensions that must be understood (RFC 7515, section 4.1.11); we support none.
    crit: Option<IgnoredAny>,
}

#[derive(Deserialize)]
pub(super) struct Claims {
    aud: Audience,
    exp: i64,
    nbf: i64,
    iat: Option<i64>,
}

impl Claims {
    /// There is no leeway for `exp` and `nbf`: the runtime already adds a minute on each side of `iat`.
    pub(super) fn check(&self, path: &str, now: u64) -> Result<(), Refusal> {
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
        let iat = self.iat.ok_or(Refusal::NoIssueTime)?;
        if iat > now.saturating_add(LEEWAY) {
            return Err(Refusal::FromTheFuture);
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
