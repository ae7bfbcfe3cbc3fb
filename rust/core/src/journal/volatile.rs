//! Recognizes values that differ in every attempt: times, random numbers, new ids.

/// A number with at least this many digits looks like one from a clock or a random source, not like one in the code.
const MIN_DIGITS: usize = 5;
/// A word of letters and digits with at least this length may look random.
const MIN_WORD: usize = 8;
/// Longest value that is examined, in bytes.
const MAX_LENGTH: usize = 1024 * 1024;

/// Whether two values differ, and only in parts that look like the output of a clock or a random source: long numbers,
/// times, UUIDs and random words.
pub(super) fn is_volatile(recorded: &[u8], attempted: &[u8]) -> bool {
    recorded != attempted
        && recorded.len().max(attempted.len()) <= MAX_LENGTH
        && mask(recorded) == mask(attempted)
}

/// Replaces everything that looks volatile by `#`.
fn mask(value: &[u8]) -> Vec<u8> {
    let mut masked = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some(first) = rest.first() {
        let length = match first {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                let (length, is_volatile) = measure(rest);
                if is_volatile {
                    masked.push(b'#');
                } else {
                    masked.extend(rest.iter().take(length));
                }
                length
            }
            other => {
                masked.push(*other);
                1
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    masked
}

/// The length of the token at the start, and whether it looks volatile.
fn measure(text: &[u8]) -> (usize, bool) {
    if let Some(length) = uuid(text) {
        return (length, true);
    }
    let word = count(text, u8::is_ascii_alphanumeric);
    if is_random_word(text.get(..word).unwrap_or_default()) {
        return (word, true);
    }
    let (length, digits) = number(text);
    if length > 0 {
        return (length, digits >= MIN_DIGITS);
    }
    (count(text, u8::is_ascii_alphabetic), false)
}

/// Length of the UUID at the start.
fn uuid(text: &[u8]) -> Option<usize> {
    const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];
    let mut rest = text;
    for (index, group) in GROUPS.into_iter().enumerate() {
        if index > 0 {
            rest = rest.strip_prefix(b"-")?;
        }
        let (digits, tail) = rest.split_at_checked(group)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        rest = tail;
    }
    let is_whole = rest
        .first()
        .is_none_or(|next| !next.is_ascii_alphanumeric());
    is_whole.then_some(36)
}

/// Whether a word mixes letters and digits like a random one: all hexadecimal, or alternating at least three times.
fn is_random_word(word: &[u8]) -> bool {
    let has = |kind: fn(&u8) -> bool| word.iter().any(kind);
    if word.len() < MIN_WORD || !has(u8::is_ascii_digit) || !has(u8::is_ascii_alphabetic) {
        return false;
    }
    let changes = word
        .windows(2)
        .filter(|pair| matches!(pair, [a, b] if a.is_ascii_digit() != b.is_ascii_digit()))
        .count();
    word.iter().all(u8::is_ascii_hexdigit) || changes >= 3
}

/// The length of the number or time at the start, such as `17.25`, `1e-05` and `2026-11-29T10:35:54`, and the number of
/// its digits.
fn number(text: &[u8]) -> (usize, usize) {
    let mut length = 0;
    let mut digits = 0;
    loop {
        let rest = text.get(length..).unwrap_or_default();
        let run = count(rest, u8::is_ascii_digit);
        if run == 0 {
            return (length, digits);
        }
        length += run;
        digits += run;
        let rest = text.get(length..).unwrap_or_default();
        if rest.starts_with(b"e-") {
            digits += MIN_DIGITS; // no one writes such a small number by hand
        }
        length += joint(rest);
    }
}

/// The length of the separator between two parts of a number or time; 0 if no digit follows.
fn joint(text: &[u8]) -> usize {
    let length = match text {
        [b'e' | b'E', b'+' | b'-', ..] => 2,
        [
            b'.' | b':' | b'-' | b'+' | b'/' | b' ' | b'T' | b'e' | b'E',
            ..,
        ] => 1,
        _ => 0,
    };
    if text.get(length).is_some_and(u8::is_ascii_digit) {
        length
    } else {
        0
    }
}

fn count(text: &[u8], kind: fn(&u8) -> bool) -> usize {
    text.iter().take_while(|byte| kind(byte)).count()
}

#[cfg(test)]
mod tests {
    use super::is_volatile;

    #[test]
    fn clocks_random_numbers_and_fresh_ids_are_recognized() {
        for (recorded, attempted) in [
            ("charge-1764412554", "charge-1764412555"),
            ("charge 1764412554.123", "charge 1764412599.5"),
            ("0.8444218515250481", "0.7579544029403025"),
            ("0.8444218515250481", "1.2e-05"),
            (
                "at 2026-11-29T10:35:54.123456+00:00",
                "at 2026-11-29T10:35:55+00:00",
            ),
            ("at 2026-11-29 10:35:54", "at 2026-11-30 09:00:01"),
            ("10:35:54", "10:35:55"),
            (
                "pay-3b241101-e2bb-4255-8caf-4136c566a962",
                "pay-9c858901-8a57-4791-81fe-4c455b099bc9",
            ),
            (
                "d41d8cd98f00b204e9800998ecf8427e",
                "0cc175b9c0f1b6a831c399e269772661",
            ),
            ("file k3J9x0Qa7", "file 8dP2m4Zt1"),
            (
                r#"{"id":"3b241101-e2bb-4255-8caf-4136c566a962","at":1764412554}"#,
                r#"{"id":"9c858901-8a57-4791-81fe-4c455b099bc9","at":1764412555}"#,
            ),
        ] {
            assert!(
                is_volatile(recorded.as_bytes(), attempted.as_bytes()),
                "{recorded} {attempted}"
            );
        }
    }

    #[test]
    fn what_an_author_renames_is_not() {
        for (recorded, attempted) in [
            ("charge", "refund"),
            ("step 1", "step 2"),
            ("charge-v1", "charge-v2"),
            ("charge01", "refund02"),
            ("charge-1764412554", "refund-1764412555"),
            ("release 1.2.3", "release 1.2.4"),
            ("", "1764412554"),
            ("a", ""),
            ("1764412554", "1764412554"),
            ("\u{e9}1764412554", "\u{e8}1764412555"),
        ] {
            assert!(
                !is_volatile(recorded.as_bytes(), attempted.as_bytes()),
                "{recorded} {attempted}"
            );
        }
    }

    #[test]
    fn what_is_too_long_to_look_at_is_not() {
        let (recorded, attempted) = (vec![b'1'; 1 << 20], vec![b'2'; 1 << 20]);
        assert!(is_volatile(&recorded, &attempted));

        let longer = vec![b'1'; (1 << 20) + 1];
        assert!(!is_volatile(&longer, &attempted));
    }
}
