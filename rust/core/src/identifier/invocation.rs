//! The id of an invocation.

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use data_encoding::HEXLOWER;

use super::base62;
use crate::error::{Error, Result, quote};

const PREFIX: &str = "inv_1";
const PARTITION_DIGITS: usize = 11;
const UNIQUE_DIGITS: usize = 22;
const DIGITS: usize = PARTITION_DIGITS + UNIQUE_DIGITS;

/// Names one invocation: 8 bytes that choose its partition and 16 that make it unique, both big-endian.
///
/// As text it is `inv_1` and 33 base-62 digits. The digits are those of the bytes read as *little-endian* numbers;
/// that is odd, but every peer does it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InvocationId([u8; Self::LENGTH]);

impl InvocationId {
    /// Length of the raw form in bytes.
    pub const LENGTH: usize = 24;
    /// Length of the text in characters.
    pub const TEXT_LENGTH: usize = PREFIX.len() + DIGITS;

    /// Wraps the raw form, as in `Start.id`.
    pub const fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    /// Creates an id from its parts. The caller chooses the unique part; this crate has no source of randomness.
    pub fn from_parts(partition_key: u64, unique: u128) -> Self {
        let mut bytes = [0; Self::LENGTH];
        let (partition, rest) = bytes.split_at_mut(8);
        partition.copy_from_slice(&partition_key.to_be_bytes());
        rest.copy_from_slice(&unique.to_be_bytes());
        Self(bytes)
    }

    /// The raw form.
    pub const fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    /// The part that chooses a partition.
    pub fn partition_key(&self) -> u64 {
        u64::from_be_bytes(self.part(0))
    }

    /// The part that is unique within the partition.
    pub fn unique(&self) -> u128 {
        u128::from_be_bytes(self.part(8))
    }

    fn part<const N: usize>(&self, start: usize) -> [u8; N] {
        let mut part = [0; N];
        for (target, source) in part.iter_mut().zip(self.0.iter().skip(start)) {
            *target = *source;
        }
        part
    }
}

impl From<InvocationId> for Bytes {
    fn from(id: InvocationId) -> Self {
        Self::copy_from_slice(id.as_bytes())
    }
}

impl TryFrom<&[u8]> for InvocationId {
    type Error = Error;

    fn try_from(bytes: &[u8]) -> Result<Self> {
        bytes
            .try_into()
            .map(Self)
            .map_err(|_| Error::InvalidInvocationId {
                id: quote(&HEXLOWER.encode(bytes)),
                reason: format!(
                    "{} raw bytes where {} are needed",
                    bytes.len(),
                    Self::LENGTH
                ),
            })
    }
}

impl fmt::Display for InvocationId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = [0; DIGITS];
        let (partition, unique) = digits.split_at_mut(PARTITION_DIGITS);
        base62::encode(u64::from_le_bytes(self.part(0)).into(), partition);
        base62::encode(u128::from_le_bytes(self.part(8)), unique);
        formatter.write_str(PREFIX)?;
        formatter.write_str(std::str::from_utf8(&digits).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for InvocationId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for InvocationId {
    type Err = Error;

    /// Parses the text form, and checks prefix, version digit, length and ranges.
    fn from_str(text: &str) -> Result<Self> {
        parse(text).map_err(|reason| Error::InvalidInvocationId {
            id: quote(text),
            reason,
        })
    }
}

fn parse(text: &str) -> std::result::Result<InvocationId, String> {
    let digits = text
        .strip_prefix(PREFIX)
        .ok_or_else(|| format!("it does not start with {PREFIX}"))?
        .as_bytes();
    if digits.len() != DIGITS {
        return Err(format!(
            "{} bytes of text where {} are needed",
            text.len(),
            InvocationId::TEXT_LENGTH
        ));
    }
    let (partition, unique) = digits.split_at(PARTITION_DIGITS);
    let partition = base62::decode(partition)
        .and_then(|number| u64::try_from(number).ok())
        .ok_or("its first 11 digits are not a 64-bit number in base 62")?;
    let unique =
        base62::decode(unique).ok_or("its last 22 digits are not a 128-bit number in base 62")?;
    Ok(InvocationId::from_parts(
        partition.swap_bytes(),
        unique.swap_bytes(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Raw and text forms seen on a server, from the specification's sections 4.1 and 8.
    const SEEN: [(&str, &str); 6] = [
        (
            "93802c1a0a9ad7e0fc613007dc654598116cb910da700118",
            "inv_1jiPrsq8UsO70JitpeNaUBiFSrBW5jMbbm",
        ),
        (
            "cd71c651375d256e8ac891ce4cefcb3a7badacd669899e63",
            "inv_19siRPwQlJ1331YGTA321euEx8Z5xnC2vw",
        ),
        (
            "b1ff74dae74b3d9b86a1b07f8405a0697968d629989ea615",
            "inv_1dkkPaRrpMjf0EQZ1fiwpzVUMuX2NL8X8q",
        ),
        (
            "2969b684e64398c4458aee3fe3daf2b809444209f8817460",
            "inv_1gSt6v4GyGnv2W0vt2p4mNl9JM4N5LL3tr",
        ),
        (
            "27190a8b21d2b7f9dd19b72b0bb226744c385bd44fcf04d0",
            "inv_1lrf5kd98EXd6kwBku5Xhf3kQRg3BSYBM9",
        ),
        (
            "6dcec853edb4590a8014dd9aaa91db4d511944b6ea77c122",
            "inv_10T5Thwsbi8d13A9zEaW9yB1huuiL1t3nq",
        ),
    ];

    fn raw(hex: &str) -> InvocationId {
        let bytes = HEXLOWER.decode(hex.as_bytes()).unwrap();
        InvocationId::try_from(bytes.as_slice()).unwrap()
    }

    #[test]
    fn ids_seen_on_a_server_read_and_write_alike() {
        for (hex, text) in SEEN {
            assert_eq!(raw(hex).to_string(), text);
            assert_eq!(text.parse(), Ok(raw(hex)));
        }
    }

    #[test]
    fn parts_are_big_endian() {
        let id: InvocationId = "inv_1gSt6v4GyGnv2W0vt2p4mNl9JM4N5LL3tr".parse().unwrap();

        assert_eq!(id.partition_key(), 0x2969_b684_e643_98c4);
        assert_eq!(id.unique(), 0x458a_ee3f_e3da_f2b8_0944_4209_f881_7460);
        assert_eq!(
            InvocationId::from_parts(id.partition_key(), id.unique()),
            id
        );
    }

    #[test]
    fn malformed_texts_are_refused_with_the_broken_rule() {
        let too_large = format!("inv_1{}{}", "Z".repeat(11), "0".repeat(22));
        let much_too_large = format!("inv_1{}{}", "0".repeat(11), "Z".repeat(22));
        for (text, rule) in [
            ("", "it does not start with inv_1"),
            (
                "inv_2jiPrsq8UsO70JitpeNaUBiFSrBW5jMbbm",
                "it does not start with inv_1",
            ),
            (
                "INV_1jiPrsq8UsO70JitpeNaUBiFSrBW5jMbbm",
                "it does not start with inv_1",
            ),
            (
                " inv_1jiPrsq8UsO70JitpeNaUBiFSrBW5jMbbm",
                "it does not start with inv_1",
            ),
            ("inv_1", "5 bytes of text where 38 are needed"),
            (
                "inv_1jiPrsq8UsO70JitpeNaUBiFSrBW5jMbb",
                "37 bytes of text where 38 are needed",
            ),
            (
                "inv_1jiPrsq8UsO70JitpeNaUBiFSrBW5jMbbm0",
                "39 bytes of text where 38 are needed",
            ),
            (
                "inv_1jiPrsq8U-O70JitpeNaUBiFSrBW5jMbbm",
                "its first 11 digits are not a 64-bit number in base 62",
            ),
            (
                "inv_1jiPrsq8UsO70JitpeNaUBiFSrBW5jMbé",
                "its last 22 digits are not a 128-bit number in base 62",
            ),
            (
                &too_large,
                "its first 11 digits are not a 64-bit number in base 62",
            ),
            (
                &much_too_large,
                "its last 22 digits are not a 128-bit number in base 62",
            ),
        ] {
            assert_eq!(
                text.parse::<InvocationId>(),
                Err(Error::InvalidInvocationId {
                    id: text.to_owned(),
                    reason: rule.to_owned()
                })
            );
        }
    }

    #[test]
    fn raw_ids_of_another_length_are_refused() {
        let error = InvocationId::try_from([0xAB; 23].as_slice()).unwrap_err();

        assert!(
            error
                .to_string()
                .contains("23 raw bytes where 24 are needed"),
            "{error}"
        );
    }

    proptest! {
        #[test]
        fn every_id_reads_back(bytes: [u8; InvocationId::LENGTH]) {
            let id = InvocationId::from_bytes(bytes);
            let text = id.to_string();

            prop_assert_eq!(text.len(), InvocationId::TEXT_LENGTH);
            prop_assert_eq!(text.parse(), Ok(id));
        }

        #[test]
        fn every_accepted_text_is_the_one_that_is_written(text in "inv_1[0-9a-zA-Z]{33}") {
            if let Ok(id) = text.parse::<InvocationId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }

        #[test]
        fn no_text_panics(text in any::<String>(), tail in any::<String>()) {
            let _ = text.parse::<InvocationId>();
            let _ = format!("inv_1{tail}").parse::<InvocationId>();
        }
    }
}
