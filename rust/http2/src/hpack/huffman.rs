//! Decodes strings in the Huffman code of RFC 7541, section 5.2 and appendix B.
//!
//! The code is canonical: codes of one length are consecutive numbers. Short codes are looked up in a table by their
//! first bits; longer ones are found by comparing with the first code of each length.

use std::sync::LazyLock;

use super::huffman_code::CODES;

/// Number of bits that index the table of short codes. Most printable ASCII characters have codes of at most 8 bits.
const SHORT: u8 = 9;
const END_OF_STRING: u16 = 256;

struct Long {
    length: u8,
    /// First code of this length, shifted to the top of 32 bits.
    first: u32,
    /// Where its symbols begin in `symbols`.
    offset: usize,
}

struct Tables {
    /// Symbol and length by the next `SHORT` bits; the length is 0 if the code is longer.
    short: Vec<(u16, u8)>,
    long: Vec<Long>,
    /// Symbols of long codes, in the order of their codes.
    symbols: Vec<u16>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(build);

fn build() -> Tables {
    let mut by_code: Vec<(u8, u32, u16)> = (0_u16..)
        .zip(CODES)
        .map(|(symbol, (code, length))| (length, code, symbol))
        .collect();
    by_code.sort_unstable();
    let mut short = vec![(0, 0); 1 << SHORT];
    let mut long: Vec<Long> = Vec::new();
    let mut symbols = Vec::new();
    for (length, code, symbol) in by_code {
        if length <= SHORT {
            let spare = SHORT - length;
            let start = usize::try_from(code).unwrap_or(usize::MAX) << spare;
            for slot in short.iter_mut().skip(start).take(1 << spare) {
                *slot = (symbol, length);
            }
            continue;
        }
        if long.last().is_none_or(|last| last.length != length) {
            long.push(Long {
                length,
                first: code << (32 - length),
                offset: symbols.len(),
            });
        }
        symbols.push(symbol);
    }
    Tables {
        short,
        long,
        symbols,
    }
}

/// Decodes a string; `None` if it contains an invalid code or wrong padding.
pub(super) fn decode(input: &[u8], output: &mut Vec<u8>) -> Option<()> {
    let tables = &*TABLES;
    let mut bits: u64 = 0; // the next bits, from the top
    let mut count: u8 = 0;
    let mut rest = input.iter();
    loop {
        while count <= 56 {
            let Some(&byte) = rest.next() else { break };
            bits |= u64::from(byte) << (56 - count);
            count += 8;
        }
        if count == 0 {
            return Some(());
        }
        let window = u32::try_from(bits >> 32).ok()?;
        let index = usize::try_from(window >> (32 - u32::from(SHORT))).ok()?;
        let &(mut symbol, mut length) = tables.short.get(index)?;
        if length == 0 {
            let long = tables.long.iter().rev().find(|long| long.first <= window)?;
            let position = usize::try_from((window - long.first) >> (32 - long.length)).ok()?;
            symbol = *tables.symbols.get(long.offset + position)?;
            length = long.length;
        }
        if length > count {
            // The rest is padding: fewer than 8 bits, all of them ones.
            let padding = u64::MAX << (64 - count);
            return (count < 8 && bits & padding == padding).then_some(());
        }
        if symbol == END_OF_STRING {
            return None;
        }
        output.push(u8::try_from(symbol).ok()?);
        bits <<= length;
        count -= length;
    }
}

#[cfg(test)]
pub(super) fn encode(text: &[u8]) -> Vec<u8> {
    let mut output = Vec::new();
    let (mut bits, mut count) = (0_u64, 0_u8);
    for &byte in text {
        let (code, length) = CODES[usize::from(byte)];
        bits = bits << length | u64::from(code);
        count += length;
        while count >= 8 {
            count -= 8;
            output.push((bits >> count).to_le_bytes()[0]);
        }
    }
    if count > 0 {
        let padded = bits << (8 - count) | u64::from(u8::MAX >> count);
        output.push(padded.to_le_bytes()[0]);
    }
    output
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decoded(input: &[u8]) -> Option<Vec<u8>> {
        let mut output = Vec::new();
        decode(input, &mut output).map(|()| output)
    }

    #[test]
    fn example_of_the_rfc() {
        let input = [
            0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff,
        ];
        assert_eq!(decoded(&input).as_deref(), Some(&b"www.example.com"[..]));
    }

    #[test]
    fn wrong_padding_is_refused() {
        assert_eq!(
            decoded(&[
                0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xfe
            ]),
            None
        );
        assert_eq!(decoded(&[0xff]), None);
        assert_eq!(decoded(&[0xff, 0xff, 0xff, 0xff]), None);
        assert_eq!(decoded(&[]).as_deref(), Some(&[][..]));
    }

    proptest! {
        #[test]
        fn any_bytes_round_trip(text in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(decoded(&encode(&text)), Some(text));
        }

        #[test]
        fn no_input_panics(input in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decoded(&input);
        }
    }
}
