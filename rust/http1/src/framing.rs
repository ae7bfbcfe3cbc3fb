//! What the fields of a head say of its body and of the connection (RFC 9112, sections 6 and 9).

use crate::head::{Head, trim};
use crate::refusal::Refusal;

/// What the fields say, before the rules of requests or responses.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one word of a head")]
pub(crate) struct Facts {
    pub(crate) length: Option<u64>,
    pub(crate) is_chunked: bool,
    pub(crate) says_close: bool,
    pub(crate) says_keep_alive: bool,
    pub(crate) expects_continue: bool,
    pub(crate) hosts: usize,
}

/// Reads the fields that describe the message.
pub(crate) fn read(head: &Head) -> Result<Facts, Refusal> {
    let mut facts = Facts::default();
    let mut codings = 0;
    for (name, value) in head.fields() {
        // The lengths rule most names out.
        match name.len() {
            4 if name.eq_ignore_ascii_case("host") => facts.hosts += 1,
            6 if name.eq_ignore_ascii_case("expect") => {
                facts.expects_continue |= value.eq_ignore_ascii_case(b"100-continue");
            }
            10 if name.eq_ignore_ascii_case("connection") => {
                for option in value.split(|&byte| byte == b',').map(trim) {
                    facts.says_close |= option.eq_ignore_ascii_case(b"close");
                    facts.says_keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
                }
            }
            14 if name.eq_ignore_ascii_case("content-length") => {
                if facts.length.is_some() {
                    return Err(Refusal::bad("several Content-Length headers"));
                }
                facts.length = Some(read_length(value)?);
            }
            17 if name.eq_ignore_ascii_case("transfer-encoding") => {
                codings += 1;
                facts.is_chunked = value.eq_ignore_ascii_case(b"chunked");
                if codings > 1 {
                    return Err(Refusal::new(501, "multiple Transfer-Encoding headers"));
                }
                if !facts.is_chunked {
                    let reason = "Only Transfer-Encoding: chunked is supported";
                    return Err(Refusal::new(501, reason));
                }
            }
            _ => {}
        }
    }
    if facts.is_chunked && facts.length.is_some() {
        return Err(Refusal::bad("both Content-Length and Transfer-Encoding"));
    }
    Ok(facts)
}

fn read_length(value: &[u8]) -> Result<u64, Refusal> {
    let is_number = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(value).unwrap_or_default();
    if !is_number {
        return Err(Refusal::bad("bad Content-Length"));
    }
    // Only its size is wrong if it has too many digits.
    Ok(text.parse().unwrap_or(u64::MAX))
}
