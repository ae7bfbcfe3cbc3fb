//! The runtime's side of request signatures: it signs the requests that it sends.

use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::{Signer as _, SigningKey};
use serde::Serialize;

use super::base58;
use super::keys::KEY_PREFIX;
use super::token::ALGORITHM;

/// How long a token is valid before and after its creation, in seconds, as on the server.
const LEEWAY: u64 = 60;

/// A runtime's private key.
pub struct Signer {
    key: SigningKey,
    public_key: String,
}

impl Signer {
    /// Takes the 32 secret bytes of an Ed25519 key.
    pub fn new(secret: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(secret);
        let public_key = format!(
            "{KEY_PREFIX}{}",
            base58::encode(key.verifying_key().as_bytes())
        );
        Self { key, public_key }
    }

    /// The public key, in the form that endpoints are configured with.
    pub fn public_key(&self) -> &str {
        &self.public_key
    }

    /// Creates the token of one request.
    ///
    /// `route` is the path below the endpoint's prefix, `subject` is the key of an object or workflow, and `now` is in
    /// seconds since 1970.
    pub fn sign(&self, route: &str, subject: Option<&str>, now: u64) -> String {
        let header = encode(&Header {
            typ: "JWT",
            alg: ALGORITHM,
            kid: &self.public_key,
        });
        let claims = encode(&Claims {
            aud: route,
            sub: subject,
            exp: now.saturating_add(LEEWAY),
            iat: now,
            nbf: now.saturating_sub(LEEWAY),
        });
        let signed = format!("{header}.{claims}");
        let signature = self.key.sign(signed.as_bytes());
        format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature.to_bytes()))
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "the signer of {}", self.public_key)
    }
}

#[derive(Serialize)]
struct Header<'a> {
    typ: &'a str,
    alg: &'a str,
    kid: &'a str,
}

#[derive(Serialize)]
struct Claims<'a> {
    aud: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'a str>,
    exp: u64,
    iat: u64,
    nbf: u64,
}

fn encode(part: &impl Serialize) -> String {
    // Text and numbers always serialize.
    let json = serde_json::to_vec(part).unwrap_or_default();
    BASE64URL_NOPAD.encode(&json)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{Keys, Refusal};

    #[test]
    fn endpoints_that_know_the_key_accept_what_it_signs() {
        let signer = Signer::new(&[7; 32]);
        let keys: Keys = signer.public_key().parse().unwrap();
        let token = signer.sign("/invoke/S/h", Some("k"), 1_000);
        let check = |path, now| keys.verify(Some("v1"), Some(&token), path, now);

        assert_eq!(check("/prefix/invoke/S/h", 1_000), Ok(()));
        assert_eq!(check("/invoke/S/h", 1_060), Ok(()));
        assert_eq!(check("/invoke/S/h", 940), Ok(()));
        assert_eq!(check("/invoke/S/other", 1_000), Err(Refusal::ForeignRoute));
        assert_eq!(check("/invoke/S/h", 1_061), Err(Refusal::Expired));
        assert_eq!(check("/invoke/S/h", 939), Err(Refusal::NotYetValid));
    }

    #[test]
    fn the_secret_does_not_show() {
        let signer = Signer::new(&[7; 32]);

        assert_eq!(
            format!("{signer:?}"),
            format!("the signer of {}", signer.public_key())
        );
    }
}
