//! Integers with a prefix (RFC 7541, section 5.1).

/// Reads an integer that begins in the low `prefix` bits of the first byte; returns it with the rest of the input.
///
/// `None` if the input ends early or the number does not fit 32 bits, which is enough for everything we read.
pub(super) fn read(input: &[u8], prefix: u8) -> Option<(usize, &[u8])> {
    let (&first, mut rest) = input.split_first()?;
    let mask = u8::MAX >> (8 - prefix);
    let mut value = u64::from(first & mask);
    if first & mask != mask {
        return Some((usize::try_from(value).ok()?, rest));
    }
    for shift in [0_u32, 7, 14, 21, 28] {
        let (&byte, tail) = rest.split_first()?;
        rest = tail;
        value += u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            let value = u32::try_from(value).ok()?;
            return Some((usize::try_from(value).ok()?, rest));
        }
    }
    None
}

/// Writes an integer that begins in the low `prefix` bits of a byte whose other bits are `pattern`.
pub(super) fn write(output: &mut Vec<u8>, pattern: u8, prefix: u8, value: usize) {
    let mask = usize::from(u8::MAX >> (8 - prefix));
    if value < mask {
        output.push(pattern | low_byte(value));
        return;
    }
    output.push(pattern | low_byte(mask));
    let mut rest = value - mask;
    while rest >= 0x80 {
        output.push(low_byte(rest & 0x7f) | 0x80);
        rest >>= 7;
    }
    output.push(low_byte(rest));
}

fn low_byte(value: usize) -> u8 {
    value.to_le_bytes()[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_of_the_rfc() {
        for (value, prefix, bytes) in [
            (10, 5, vec![10]),
            (1337, 5, vec![31, 154, 10]),
            (42, 8, vec![42]),
        ] {
            let mut output = Vec::new();
            write(&mut output, 0, prefix, value);
            assert_eq!(output, bytes);
            assert_eq!(read(&output, prefix), Some((value, &[][..])));
        }
    }

    #[test]
    fn numbers_without_end_are_refused() {
        assert_eq!(
            read(&[31, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 5),
            None
        );
        assert_eq!(read(&[31, 0x80], 5), None);
        assert_eq!(read(&[], 5), None);
    }

    #[test]
    fn every_prefix_round_trips() {
        for prefix in 1..=8 {
            for value in [0, 1, 30, 31, 32, 127, 128, 255, 256, 65_535, 1 << 24] {
                let mut output = Vec::new();
                write(&mut output, 0, prefix, value);
                assert_eq!(read(&output, prefix), Some((value, &[][..])));
            }
        }
    }
}
