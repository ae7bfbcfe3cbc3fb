//! Base58 in Bitcoin's alphabet, which leaves out digits that look alike. Each leading zero byte is written as a `1`.

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// Decodes exactly 32 bytes; `None` for an invalid character or another length.
pub(super) fn decode(text: &str) -> Option<[u8; 32]> {
    let mut number = [0_u8; 32];
    for digit in text.bytes() {
        let mut carry = u32::try_from(ALPHABET.iter().position(|known| *known == digit)?).ok()?;
        for byte in number.iter_mut().rev() {
            carry += u32::from(*byte) * 58;
            let [_, _, _, low] = carry.to_be_bytes();
            *byte = low;
            carry >>= 8;
        }
        if carry != 0 {
            return None; // more than 32 bytes
        }
    }
    let zero_digits = text.bytes().take_while(|digit| *digit == b'1').count();
    let zero_bytes = number.iter().take_while(|byte| **byte == 0).count();
    (zero_digits == zero_bytes).then_some(number)
}

/// Encodes bytes.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut digits: Vec<u8> = Vec::new(); // the lowest one first
    for byte in bytes {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            carry += u32::from(*digit) << 8;
            *digit = u8::try_from(carry % 58).unwrap_or_default();
            carry /= 58;
        }
        while carry > 0 {
            digits.push(u8::try_from(carry % 58).unwrap_or_default());
            carry /= 58;
        }
    }
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    std::iter::repeat_n(0, zeros)
        .chain(digits.into_iter().rev())
        .filter_map(|digit| ALPHABET.get(usize::from(digit)))
        .map(|character| char::from(*character))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut bytes = [0; 32];
        for (at, byte) in [(31, 1), (7, 200), (3, 58), (0, 255)] {
            assert_eq!(decode(&encode(&bytes)), Some(bytes));
            bytes[at] = byte;
        }

        assert_eq!(decode(&encode(&bytes)), Some(bytes));
        assert_eq!(encode(&[0; 2]), "11");
        assert_eq!(
            encode(&[0xff; 32]),
            "JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFG"
        );
    }

    #[test]
    fn largest_number_fits_and_one_more_does_not() {
        let largest = "JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFG";

        assert_eq!(decode(largest), Some([0xff; 32]));
        assert_eq!(decode("JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFH"), None);
    }

    #[test]
    fn leading_zero_bytes_are_counted() {
        let zeros = "1".repeat(32);

        assert_eq!(decode(&zeros), Some([0; 32]));
        assert_eq!(decode(&zeros[1..]), None);
        assert_eq!(decode(&format!("1{zeros}")), None);
        assert_eq!(decode(""), None);
    }

    #[test]
    fn foreign_characters_do_not_decode() {
        for digit in ["0", "O", "I", "l", "+", "/", " ", "é"] {
            let text = format!("{digit}EKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFG");

            assert_eq!(decode(&text), None, "{digit:?}");
        }
    }
}
