//! The id of an awakeable.

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use data_encoding::BASE64URL_NOPAD;

use super::invocation::InvocationId;
use crate::error::{Error, Result, quote};

const PREFIX: &str = "sign_1";
const LEGACY_PREFIX: &str = "prom_1";
/// Largest index accepted if the invocation id does not have its usual length: more awakeables than any invocation
/// creates, and less than the index that appears when the end of an id was cut off.
const LARGEST_INDEX: u32 = 0x00FF_FFFF;

/// Names one awakeable: an invocation and the index of the signal it waits for.
///
/// As text it is `sign_1`, followed by the raw invocation id (of any length) and the index in base64url without
/// padding. It is not a secret: anyone who knows the invocation id can compute it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AwakeableId {
    invocation: Bytes,
    index: u32,
    is_legacy: bool,
}

impl AwakeableId {
    /// The index of an invocation's first awakeable; lower indexes are reserved.
    pub const FIRST_INDEX: u32 = 17;

    /// Creates the id of a signal of the invocation with this raw id.
    pub fn new(invocation: impl Into<Bytes>, index: u32) -> Self {
        Self {
            invocation: invocation.into(),
            index,
            is_legacy: false,
        }
    }

    /// The invocation that waits.
    ///
    /// # Errors
    /// [`Error::InvalidInvocationId`] (400) if its id does not have 24 bytes, and so has no text.
    pub fn invocation(&self) -> Result<InvocationId> {
        InvocationId::try_from(self.invocation.as_ref())
    }

    /// The index of the signal it waits for, or of a journal entry if the id is legacy.
    pub const fn index(&self) -> u32 {
        self.index
    }

    /// Whether it was written with `prom_1`, the prefix of protocol versions up to 3.
    pub const fn is_legacy(&self) -> bool {
        self.is_legacy
    }

    /// The same payload under the current prefix.
    #[must_use]
    pub fn to_current(self) -> Self {
        Self {
            is_legacy: false,
            ..self
        }
    }

    /// Returns the id if it has the current prefix.
    ///
    /// # Errors
    /// [`Error::LegacyAwakeableId`] (400) for `prom_1`. At best server 1.7.12 ignores such an id. Sent over HTTP for an
    /// invocation of a current protocol version, it makes the server exit, and exit again after each restart.
    pub fn require_current(self) -> Result<Self> {
        if self.is_legacy {
            return Err(Error::LegacyAwakeableId {
                id: self.to_string(),
                current: self.clone().to_current().to_string(),
            });
        }
        Ok(self)
    }
}

impl fmt::Display for AwakeableId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [self.invocation.as_ref(), &self.index.to_be_bytes()].concat();
        formatter.write_str(if self.is_legacy {
            LEGACY_PREFIX
        } else {
            PREFIX
        })?;
        BASE64URL_NOPAD.encode_display(&bytes).fmt(formatter)
    }
}

impl fmt::Debug for AwakeableId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for AwakeableId {
    type Err = Error;

    /// Parses the text form, with the current or the legacy prefix, with or without `==` at the end.
    fn from_str(text: &str) -> Result<Self> {
        parse(text).map_err(|reason| Error::InvalidAwakeableId {
            id: quote(text),
            reason,
        })
    }
}

fn parse(text: &str) -> std::result::Result<AwakeableId, String> {
    let (encoded, is_legacy) = match (text.strip_prefix(PREFIX), text.strip_prefix(LEGACY_PREFIX)) {
        (Some(encoded), _) => (encoded, false),
        (None, Some(encoded)) => (encoded, true),
        (None, None) => {
            return Err(format!(
                "it starts neither with {PREFIX} nor with {LEGACY_PREFIX}"
            ));
        }
    };
    let encoded = encoded.trim_end_matches('=');
    let mut bytes: Bytes = BASE64URL_NOPAD
        .decode(encoded.as_bytes())
        .map_err(|error| format!("not base64url: {error}"))?
        .into();
    let length = bytes
        .len()
        .checked_sub(size_of::<u32>())
        .ok_or_else(|| format!("{} bytes after the prefix are too few", encoded.len()))?;
    let index = bytes
        .split_off(length)
        .as_ref()
        .try_into()
        .map(u32::from_be_bytes)
        .map_err(|_| "its payload is too short")?;
    if index > LARGEST_INDEX && length != InvocationId::LENGTH {
        return Err(format!(
            "its end names signal {index} of an invocation whose id has {length} bytes: it is cut off or was changed"
        ));
    }
    Ok(AwakeableId {
        invocation: bytes,
        index,
        is_legacy,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn invocation(text: &str) -> InvocationId {
        text.parse().unwrap()
    }

    #[test]
    fn ids_seen_on_a_server_read_and_write_alike() {
        for (invocation_text, index, text) in [
            (
                "inv_1dkkPaRrpMjf0EQZ1fiwpzVUMuX2NL8X8q",
                17,
                "sign_1sf902udLPZuGobB_hAWgaXlo1imYnqYVAAAAEQ",
            ),
            (
                "inv_1dkkPaRrpMjf0EQZ1fiwpzVUMuX2NL8X8q",
                18,
                "sign_1sf902udLPZuGobB_hAWgaXlo1imYnqYVAAAAEg",
            ),
            (
                "inv_1dkkPaRrpMjf0EQZ1fiwpzVUMuX2NL8X8q",
                19,
                "sign_1sf902udLPZuGobB_hAWgaXlo1imYnqYVAAAAEw",
            ),
            (
                "inv_1gSt6v4GyGnv2W0vt2p4mNl9JM4N5LL3tr",
                17,
                "sign_1KWm2hOZDmMRFiu4_49ryuAlEQgn4gXRgAAAAEQ",
            ),
        ] {
            let id = AwakeableId::new(invocation(invocation_text), index);

            assert_eq!(id.to_string(), text);
            assert_eq!(text.parse(), Ok(id.clone()));
            assert_eq!(id.clone().require_current(), Ok(id));
        }
    }

    #[test]
    fn padding_is_accepted_and_not_written() {
        let padded: AwakeableId = "sign_1sf902udLPZuGobB_hAWgaXlo1imYnqYVAAAAEQ=="
            .parse()
            .unwrap();

        assert_eq!(
            padded.to_string(),
            "sign_1sf902udLPZuGobB_hAWgaXlo1imYnqYVAAAAEQ"
        );
    }

    #[test]
    fn legacy_prefix_is_read_flagged_and_refused_on_request() {
        let id: AwakeableId = "prom_1sf902udLPZuGobB_hAWgaXlo1imYnqYVAAAAEQ"
            .parse()
            .unwrap();

        assert!(id.is_legacy());
        assert_eq!(id.index(), 17);
        assert_eq!(
            id.to_string(),
            "prom_1sf902udLPZuGobB_hAWgaXlo1imYnqYVAAAAEQ"
        );
        assert_eq!(
            id.require_current(),
            Err(Error::LegacyAwakeableId {
                id: "prom_1sf902udLPZuGobB_hAWgaXlo1imYnqYVAAAAEQ".to_owned(),
                current: "sign_1sf902udLPZuGobB_hAWgaXlo1imYnqYVAAAAEQ".to_owned(),
            })
        );
    }

    #[test]
    fn malformed_texts_are_refused_with_the_broken_rule() {
        for (text, rule) in [
            ("", "starts neither with sign_1 nor with prom_1"),
            (
                "sign_2sf902udLPZuGobB_hAWgaXlo1imYnqYVAAAAEQ",
                "starts neither",
            ),
            ("inv_1dkkPaRrpMjf0EQZ1fiwpzVUMuX2NL8X8q", "starts neither"),
            ("sign_1", "0 bytes after the prefix are too few"),
            ("sign_1AAAA", "4 bytes after the prefix are too few"),
            (
                "sign_1sf902udLPZuGobB_hAWgaXlo1imYnqYVAAAAE",
                "not base64url",
            ),
            (
                "sign_1sf902udLPZuGobB_hAWgaXlo1imYnqYVAAAA",
                "names signal 352321536 of an invocation whose id has 23 bytes: it is cut off",
            ),
            (
                "sign_1sf902udLPZuGobB/hAWgaXlo1imYnqYVAAAAEQ",
                "not base64url",
            ),
            (
                "sign_1sf902udLPZuGobB+hAWgaXlo1imYnqYVAAAAEQ",
                "not base64url",
            ),
            // The last character has unused bits; they must be zero, or two texts would name the same awakeable.
            (
                "sign_1sf902udLPZuGobB_hAWgaXlo1imYnqYVAAAAER",
                "not base64url",
            ),
        ] {
            let error = text.parse::<AwakeableId>().unwrap_err();

            assert!(error.to_string().contains(rule), "{error}");
            assert_eq!(error.code(), 400);
        }
    }

    #[test]
    fn an_invocation_id_of_any_length_is_kept() {
        for (raw, text) in [
            (b"".as_slice(), "sign_1AAAAEQ"),
            (b"i", "sign_1aQAAABE"),
            (b"0123456789abcdef", "sign_1MDEyMzQ1Njc4OWFiY2RlZgAAABE"),
            (
                b"0123456789abcdef0123456789abcdef",
                "sign_1MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYAAAAR",
            ),
        ] {
            let id = AwakeableId::new(raw, 17);

            assert_eq!(id.to_string(), text);
            assert_eq!(text.parse(), Ok(id.clone()));
            assert_eq!(id.invocation().unwrap_err().code(), 400);
        }
    }

    proptest! {
        #[test]
        fn every_id_reads_back(bytes: [u8; InvocationId::LENGTH], index: u32) {
            let id = AwakeableId::new(InvocationId::from_bytes(bytes), index);

            prop_assert_eq!(id.to_string().parse(), Ok(id.clone()));
            prop_assert_eq!(id.invocation(), Ok(InvocationId::from_bytes(bytes)));
            prop_assert_eq!(id.index(), index);
        }

        #[test]
        fn every_length_reads_back(bytes: Vec<u8>, index in 0..=LARGEST_INDEX) {
            let id = AwakeableId::new(bytes, index);

            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }

        #[test]
        fn no_text_panics(text in any::<String>(), tail in any::<String>()) {
            let _ = text.parse::<AwakeableId>();
            let _ = format!("sign_1{tail}").parse::<AwakeableId>();
            let _ = format!("prom_1{tail}==").parse::<AwakeableId>();
        }
    }
}
