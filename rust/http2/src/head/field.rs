//! Checks of single fields (RFC 9113, section 8.2), and of those after a body.

use crate::hpack::Field;

/// A head, or the fields after a body, are malformed (RFC 9113, section 8.1.1), which only affects their stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// Checks the fields after a body.
///
/// # Errors
///
/// If they break a rule.
pub fn check_trailers(fields: &[Field]) -> Result<(), Malformed> {
    fields.iter().try_for_each(|field| {
        check_name(&field.name)?;
        check_value(&field.value)
    })
}

/// Checks that a name is a lower-case token (RFC 9113, section 8.2.1) and not specific to a connection (8.2.2).
pub(super) fn check_name(name: &[u8]) -> Result<(), Malformed> {
    let is_token = !name.is_empty() && name.iter().all(|&byte| {
        matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~')
    });
    let is_of_connection = matches!(
        name,
        b"connection" | b"keep-alive" | b"proxy-connection" | b"transfer-encoding" | b"upgrade"
    );
    if is_token && !is_of_connection {
        Ok(())
    } else {
        Err(Malformed)
    }
}

pub(super) fn check_value(value: &[u8]) -> Result<(), Malformed> {
    if value.iter().any(|byte| matches!(byte, 0 | b'\r' | b'\n')) {
        return Err(Malformed);
    }
    Ok(())
}

fn read_length(value: &[u8]) -> Result<u64, Malformed> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Err(Malformed);
    }
    std::str::from_utf8(value)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or(Malformed)
}

/// Reads a `content-length`; if it is repeated, the values have to agree.
pub(super) fn note_length(known: &mut Option<u64>, value: &[u8]) -> Result<(), Malformed> {
    let length = read_length(value)?;
    if known.replace(length).is_some_and(|other| other != length) {
        return Err(Malformed);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn trailers_have_no_pseudo_headers() {
        let trailer = |name: &'static str| {
            [Field {
                name: Bytes::from_static(name.as_bytes()),
                value: Bytes::new(),
            }]
        };

        assert_eq!(check_trailers(&trailer("x")), Ok(()));
        assert_eq!(check_trailers(&trailer(":path")), Err(Malformed));
    }
}
