//! Base58, in Bitcoin's alphabet: a number without the digits that look alike, and a `1` for each leading zero byte.

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// Reads exactly 32 bytes; `None` for a foreign character or another length.
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

#[cfg(test)]
mod tests {
    use super::*;

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
