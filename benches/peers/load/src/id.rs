//! Invocation ids: 24 random bytes, and the two texts made from them.

const BASE62: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const BASE64URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

pub const TEXT_LENGTH: usize = 38;

#[derive(Clone, Copy)]
pub struct InvocationId(pub [u8; 24]);

impl InvocationId {
    /// Writes `inv_1` and 33 base-62 digits: both halves read little-endian, most significant digit first.
    pub fn text(&self) -> [u8; TEXT_LENGTH] {
        let mut text = *b"inv_1000000000000000000000000000000000";
        let mut key = u64::from_le_bytes(self.0[..8].try_into().expect("8 bytes"));
        for digit in text[5..16].iter_mut().rev() {
            *digit = BASE62[(key % 62) as usize];
            key /= 62;
        }
        // 62^10 fits into 64 bits, so only two of the divisions are wide ones.
        const CHUNK: u128 = 62u128.pow(10);
        let mut uuid = u128::from_le_bytes(self.0[8..].try_into().expect("16 bytes"));
        for digits in text[16..].rchunks_mut(10) {
            let mut chunk = (uuid % CHUNK) as u64;
            uuid /= CHUNK;
            for digit in digits.iter_mut().rev() {
                *digit = BASE62[(chunk % 62) as usize];
                chunk /= 62;
            }
        }
        text
    }

    /// Reads what [`Self::text`] writes; none if it is anything else.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let digits = text.strip_prefix(b"inv_1")?;
        if digits.len() != TEXT_LENGTH - 5 {
            return None;
        }
        let read = |digits: &[u8]| {
            digits.iter().try_fold(0u128, |number, digit| {
                let digit = BASE62.iter().position(|known| known == digit)?;
                number.checked_mul(62)?.checked_add(digit as u128)
            })
        };
        let mut raw = [0; 24];
        let key = u64::try_from(read(&digits[..11])?).ok()?;
        raw[..8].copy_from_slice(&key.to_le_bytes());
        raw[8..].copy_from_slice(&read(&digits[11..])?.to_le_bytes());
        Some(Self(raw))
    }

    /// Writes `sign_1` and 38 base-64 characters: the raw id and the signal index, big-endian.
    pub fn awakeable(&self, signal: u32) -> String {
        let mut raw = [0; 30];
        raw[..24].copy_from_slice(&self.0);
        raw[24..28].copy_from_slice(&signal.to_be_bytes());
        let mut text = String::with_capacity(46);
        text.push_str("sign_1");
        for group in raw.chunks_exact(3) {
            let bits = u32::from_be_bytes([0, group[0], group[1], group[2]]);
            for shift in [18, 12, 6, 0] {
                text.push(BASE64URL[(bits >> shift & 63) as usize] as char);
            }
        }
        text.truncate(6 + 38);
        text
    }
}

/// The splitmix64 sequence: unique ids without a dependency.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    pub fn invocation_id(&mut self) -> InvocationId {
        let mut raw = [0; 24];
        for part in raw.chunks_exact_mut(8) {
            part.copy_from_slice(&self.next().to_be_bytes());
        }
        InvocationId(raw)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(hex: &str) -> InvocationId {
        let byte = |at: usize| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).expect("hex");
        InvocationId(std::array::from_fn(byte))
    }

    #[test]
    fn text_matches_ids_a_server_made() {
        let captured = [
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
        ];
        for (id, text) in captured {
            assert_eq!(raw(id).text(), text.as_bytes());
            let parsed = InvocationId::parse(text.as_bytes()).expect("an id");
            assert_eq!(parsed.0, raw(id).0);
        }
    }

    #[test]
    fn parse_refuses_what_is_no_invocation_id() {
        for text in [
            "",
            "inv_1",
            "inv_2jiPrsq8UsO70JitpeNaUBiFSrBW5jMbbm",
            "inv_1jiPrsq8UsO70Jitp-NaUBiFSrBW5jMbbm",
            "inv_1zzzzzzzzzzzZZZZZZZZZZZZZZZZZZZZZZ",
        ] {
            assert!(InvocationId::parse(text.as_bytes()).is_none(), "{text}");
        }
    }

    #[test]
    fn awakeable_matches_an_id_the_official_package_made() {
        let id = raw("b1ff74dae74b3d9b86a1b07f8405a0697968d629989ea615");
        assert_eq!(
            id.awakeable(17),
            "sign_1sf902udLPZuGobB_hAWgaXlo1imYnqYVAAAAEQ"
        );
    }
}
