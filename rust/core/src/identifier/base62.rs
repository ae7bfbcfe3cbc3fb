//! Numbers as base-62 text: most significant digit first, left-padded with `0`.

/// Digits in the order of their value.
const ALPHABET: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

const CHUNK_DIGITS: usize = 10;
/// 62 to the power of [`CHUNK_DIGITS`]: the largest that fits into a `u64`.
const CHUNK: u128 = 62_u128.pow(10);

/// Fills `digits` with `number`. Digits that do not fit are cut off at the front.
pub(super) fn encode(mut number: u128, digits: &mut [u8]) {
    // Division of 128 bits is slow, so ten digits at a time are split off first.
    for chunk in digits.rchunks_mut(CHUNK_DIGITS) {
        let mut low = u64::try_from(number % CHUNK).unwrap_or_default();
        number /= CHUNK;
        for digit in chunk.iter_mut().rev() {
            let value = usize::try_from(low % 62).unwrap_or_default();
            *digit = ALPHABET.get(value).copied().unwrap_or(b'0');
            low /= 62;
        }
    }
}

/// Parses a number; `None` if a character is not a digit or the number exceeds 128 bits.
pub(super) fn decode(digits: &[u8]) -> Option<u128> {
    digits.iter().try_fold(0_u128, |number, digit| {
        number
            .checked_mul(62)?
            .checked_add(u128::from(value_of(*digit)?))
    })
}

fn value_of(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'z' => Some(digit - b'a' + 10),
        b'A'..=b'Z' => Some(digit - b'A' + 36),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_count_from_zero_to_upper_case_z() {
        for (value, expected) in [
            (0, "000"),
            (9, "009"),
            (10, "00a"),
            (35, "00z"),
            (36, "00A"),
            (61, "00Z"),
            (62, "010"),
        ] {
            let mut digits = [0; 3];

            encode(value, &mut digits);

            assert_eq!(digits, expected.as_bytes());
            assert_eq!(decode(&digits), Some(value));
        }
    }

    #[test]
    fn largest_number_takes_twenty_two_digits_and_one_more_overflows() {
        let mut digits = [0; 22];

        encode(u128::MAX, &mut digits);

        assert_eq!(decode(&digits), Some(u128::MAX));
        digits[21] += 1;
        assert_eq!(decode(&digits), None);
    }

    #[test]
    fn foreign_characters_do_not_decode() {
        for text in ["-", "_", " ", "é", "/", ":", "@", "[", "`", "{"] {
            assert_eq!(decode(text.as_bytes()), None, "{text:?}");
        }
    }
}
