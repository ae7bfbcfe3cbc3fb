//! Checks whether a request is well-formed (RFC 9113, sections 8.2 and 8.3.1).

use bytes::Bytes;

use crate::hpack::Field;

use super::field::{Malformed, check_name, check_value, note_length};

/// The checked head of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestHead {
    /// `:method`.
    pub method: Bytes,
    /// `:path` without its query; empty for CONNECT.
    pub path: Bytes,
    /// What follows the question mark of `:path`; empty if there is none.
    pub query: Bytes,
    /// The other fields in order, with `host` taken from `:authority` if it is missing. Names may repeat.
    pub fields: Vec<Field>,
    /// The value of `content-length`.
    pub content_length: Option<u64>,
}

#[derive(Default)]
struct Pseudo {
    method: Option<Bytes>,
    scheme: Option<Bytes>,
    authority: Option<Bytes>,
    path: Option<Bytes>,
}

/// Checks the fields of a request.
///
/// # Errors
///
/// If they break a rule.
pub fn check_request(fields: Vec<Field>) -> Result<RequestHead, Malformed> {
    let mut pseudo = Pseudo::default();
    let mut regular: Vec<Field> = Vec::with_capacity(fields.len());
    let mut content_length = None;
    // Where the first part of the cookie is, and all of its parts: joining two at a time would copy the first ones for
    // each of the thousands that fit into a small header block.
    let mut cookie: Option<(usize, Vec<u8>)> = None;
    for field in fields {
        check_value(&field.value)?;
        if field.name.first() == Some(&b':') {
            if !regular.is_empty() {
                return Err(Malformed);
            }
            let slot = match &field.name[..] {
                b":method" => &mut pseudo.method,
                b":scheme" => &mut pseudo.scheme,
                b":authority" => &mut pseudo.authority,
                b":path" => &mut pseudo.path,
                _ => return Err(Malformed),
            };
            if slot.replace(field.value).is_some() {
                return Err(Malformed);
            }
            continue;
        }
        check_name(&field.name)?;
        match &field.name[..] {
            b"te" if &field.value[..] != b"trailers" => return Err(Malformed),
            b"content-length" => note_length(&mut content_length, &field.value)?,
            b"cookie" => {
                // Its parts may come apart to compress better (RFC 9113, section 8.2.3).
                if let Some((_, joined)) = &mut cookie {
                    joined.extend_from_slice(b"; ");
                    joined.extend_from_slice(&field.value);
                    continue;
                }
                cookie = Some((regular.len(), field.value.to_vec()));
            }
            _ => {}
        }
        regular.push(field);
    }
    if let Some((at, joined)) = cookie {
        if let Some(begun) = regular.get_mut(at) {
            begun.value = Bytes::from(joined);
        }
    }
    assemble(pseudo, regular, content_length)
}

fn assemble(
    pseudo: Pseudo,
    mut fields: Vec<Field>,
    content_length: Option<u64>,
) -> Result<RequestHead, Malformed> {
    let method = pseudo.method.unwrap_or_default();
    let (path, query) = if &method[..] == b"CONNECT" {
        // CONNECT has no path (RFC 9113, section 8.5).
        let has_authority = pseudo
            .authority
            .as_ref()
            .is_some_and(|authority| !authority.is_empty());
        if pseudo.scheme.is_some() || pseudo.path.is_some() || !has_authority {
            return Err(Malformed);
        }
        (Bytes::new(), Bytes::new())
    } else {
        let target = pseudo.path.unwrap_or_default();
        if method.is_empty() || pseudo.scheme.is_none_or(|scheme| scheme.is_empty()) {
            return Err(Malformed);
        }
        if target.first() != Some(&b'/') && !(&target[..] == b"*" && &method[..] == b"OPTIONS") {
            return Err(Malformed);
        }
        let end = target
            .iter()
            .position(|&byte| byte == b'?')
            .unwrap_or(target.len());
        (
            target.slice(..end),
            target.slice(target.len().min(end + 1)..),
        )
    };
    if let Some(authority) = pseudo.authority {
        if !fields.iter().any(|field| &field.name[..] == b"host") {
            fields.push(Field {
                name: Bytes::from_static(b"host"),
                value: authority,
            });
        }
    }
    Ok(RequestHead {
        method,
        path,
        query,
        fields,
        content_length,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(fields: &[(&'static str, &'static str)]) -> Result<RequestHead, Malformed> {
        let field = |&(name, value): &(&'static str, &'static str)| Field {
            name: Bytes::from_static(name.as_bytes()),
            value: Bytes::from_static(value.as_bytes()),
        };
        check_request(fields.iter().map(field).collect())
    }

    const HEAD: [(&str, &str); 4] = [
        (":method", "POST"),
        (":scheme", "http"),
        (":authority", "h:1"),
        (":path", "/a/b?c=d"),
    ];

    #[test]
    fn a_request_keeps_its_path_and_gets_a_host() {
        let head = check(&[&HEAD[..], &[("x", "1"), ("content-length", "7")]].concat()).unwrap();

        assert_eq!(&head.path[..], b"/a/b");
        assert_eq!(&head.query[..], b"c=d");
        assert_eq!(head.content_length, Some(7));
        assert_eq!(
            head.fields.last().map(|field| &field.value[..]),
            Some(&b"h:1"[..])
        );
    }

    #[test]
    fn a_cookie_in_parts_is_one_field() {
        let parts = [("cookie", "a=1"), ("x", "1"), ("cookie", "b=2")];

        let head = check(&[&HEAD[..], &parts].concat()).unwrap();

        let cookies: Vec<_> = head
            .fields
            .iter()
            .filter(|it| &it.name[..] == b"cookie")
            .collect();
        assert_eq!(cookies.len(), 1);
        assert_eq!(&cookies[0].value[..], b"a=1; b=2");
    }

    #[test]
    fn what_breaks_a_rule_is_malformed() {
        for extra in [
            ("X", "1"),
            ("", "1"),
            ("a b", "1"),
            ("connection", "close"),
            ("te", "gzip"),
            ("x", "a\r\nb"),
            ("x", "a\0"),
            ("content-length", "-1"),
            ("content-length", ""),
            ("content-length", "99999999999999999999999"),
            (":path", "/twice"),
            (":status", "200"),
        ] {
            assert_eq!(
                check(&[&HEAD[..], &[extra]].concat()),
                Err(Malformed),
                "{extra:?}"
            );
        }
        assert_eq!(
            check(&[("x", "1"), HEAD[0], HEAD[1], HEAD[3]]),
            Err(Malformed)
        );
        assert_eq!(
            check(
                &[
                    &HEAD[..],
                    &[("content-length", "1"), ("content-length", "2")]
                ]
                .concat()
            ),
            Err(Malformed)
        );
    }

    #[test]
    fn what_is_missing_is_malformed() {
        for missing in [0, 1, 3] {
            let fields: Vec<_> = HEAD
                .iter()
                .enumerate()
                .filter(|(at, _)| *at != missing)
                .map(|(_, field)| *field)
                .collect();
            assert_eq!(check(&fields), Err(Malformed), "{missing}");
        }
        assert_eq!(check(&[HEAD[0], HEAD[1], (":path", "a")]), Err(Malformed));
    }

    #[test]
    fn options_of_everything_and_connect_are_requests() {
        assert!(check(&[(":method", "OPTIONS"), HEAD[1], (":path", "*")]).is_ok());
        assert!(check(&[(":method", "CONNECT"), (":authority", "h:1")]).is_ok());
        assert_eq!(
            check(&[(":method", "CONNECT"), HEAD[2], HEAD[3]]),
            Err(Malformed)
        );
    }
}
