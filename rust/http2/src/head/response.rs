//! Checks whether a response is well-formed (RFC 9113, sections 8.2 and 8.3.2).

use crate::hpack::Field;

use super::field::{Malformed, check_name, check_value, note_length};

/// The checked head of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseHead {
    /// `:status`, 100 to 999.
    pub status: u16,
    /// The other fields in order. Names may repeat.
    pub fields: Vec<Field>,
    /// The value of `content-length`.
    pub content_length: Option<u64>,
}

impl ResponseHead {
    /// Whether another head follows.
    pub fn is_informational(&self) -> bool {
        self.status < 200
    }

    /// Whether a body may follow, so that `content-length` is its size (RFC 9110, section 8.6).
    pub fn has_body(&self) -> bool {
        !matches!(self.status, 204 | 304)
    }
}

/// Checks the fields of a response.
///
/// # Errors
///
/// If they break a rule.
pub fn check_response(mut fields: Vec<Field>) -> Result<ResponseHead, Malformed> {
    let mut status = None;
    let mut content_length = None;
    for (index, field) in fields.iter().enumerate() {
        if field.name.first() == Some(&b':') {
            if index > 0 || &field.name[..] != b":status" {
                return Err(Malformed);
            }
            status = Some(read_status(&field.value)?);
            continue;
        }
        check_name(&field.name)?;
        check_value(&field.value)?;
        if &field.name[..] == b"content-length" {
            note_length(&mut content_length, &field.value)?;
        }
    }
    let status = status.ok_or(Malformed)?;
    fields.remove(0);
    Ok(ResponseHead {
        status,
        fields,
        content_length,
    })
}

/// Reads a status. HTTP/2 has no 101 (RFC 9113, section 8.6).
fn read_status(value: &[u8]) -> Result<u16, Malformed> {
    let &[a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] = value else {
        return Err(Malformed);
    };
    let digit = |byte: u8| u16::from(byte - b'0');
    match digit(a) * 100 + digit(b) * 10 + digit(c) {
        101 => Err(Malformed),
        status => Ok(status),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn check(fields: &[(&'static str, &'static str)]) -> Result<ResponseHead, Malformed> {
        let field = |&(name, value): &(&'static str, &'static str)| Field {
            name: Bytes::from_static(name.as_bytes()),
            value: Bytes::from_static(value.as_bytes()),
        };
        check_response(fields.iter().map(field).collect())
    }

    const OK: (&str, &str) = (":status", "200");

    #[test]
    fn a_response_keeps_its_fields_without_the_status() {
        let head = check(&[OK, ("content-length", "7"), ("x", "1"), ("x", "2")]).unwrap();

        assert_eq!((head.status, head.content_length), (200, Some(7)));
        assert_eq!(head.fields.len(), 3);
        assert!(!head.is_informational());
        assert!(check(&[(":status", "103")]).unwrap().is_informational());
    }

    #[test]
    fn statuses_without_a_body() {
        for (status, has_body) in [("200", true), ("204", false), ("304", false), ("999", true)] {
            assert_eq!(check(&[(":status", status)]).unwrap().has_body(), has_body);
        }
    }

    #[test]
    fn what_breaks_a_rule_is_malformed() {
        for fields in [
            &[][..],
            &[("x", "1")],
            &[("x", "1"), OK],
            &[OK, OK],
            &[OK, (":path", "/")],
            &[(":status", "")],
            &[(":status", "20")],
            &[(":status", "099")],
            &[(":status", "2000")],
            &[(":status", "2x0")],
            &[(":status", "101")],
            &[OK, ("X", "1")],
            &[OK, ("connection", "close")],
            &[OK, ("x", "a\nb")],
            &[OK, ("content-length", "x")],
            &[OK, ("content-length", "1"), ("content-length", "2")],
        ] {
            assert_eq!(check(fields), Err(Malformed), "{fields:?}");
        }
    }
}
