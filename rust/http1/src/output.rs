//! Heads to bytes, and what may be written of a body.

use std::fmt::{Display, Formatter, Write};

use crate::head::{is_token, trim};

/// What the host wants to send does not fit the protocol, or what it sent before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsendable {
    /// The status of a final response is from 200 to 999.
    Status(u16),
    /// A method, a target, or a field that would be read as something else.
    Text(String),
    /// A body has more bytes than its content-length says.
    TooMuch(u64),
    /// A body has fewer bytes than its content-length says.
    TooLittle(u64),
    /// It is not its turn: a second head, or a body without a head.
    Order,
}

impl Display for Unsendable {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Status(status) => write!(formatter, "{status} is not the status of a response"),
            Self::Text(text) => write!(formatter, "{text} cannot be sent"),
            Self::TooMuch(size) => {
                write!(formatter, "{size} bytes more than its content-length says")
            }
            Self::TooLittle(size) => {
                write!(formatter, "{size} bytes less than its content-length says")
            }
            Self::Order => formatter.write_str("this part is not what comes next"),
        }
    }
}

impl std::error::Error for Unsendable {}

/// How far a message is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sending {
    /// The head is next.
    Head,
    /// So many bytes of the body are left.
    Length(u64),
    Chunked,
    /// The body ends with the connection.
    UntilClose,
    /// There must be no body.
    Nothing,
    Done,
}

impl Sending {
    /// Whether the head was written, and the end was not.
    pub(crate) fn is_body_next(self) -> bool {
        !matches!(self, Self::Head | Self::Done)
    }

    /// Counts bytes of the body; returns the size that precedes them in chunks. A line end follows them if it is not
    /// empty.
    pub(crate) fn frame(&mut self, size: u64) -> Result<String, Unsendable> {
        let mut text = String::new();
        match self {
            Self::Head | Self::Done => return Err(Unsendable::Order),
            Self::Nothing if size > 0 => return Err(Unsendable::TooMuch(size)),
            Self::Length(left) if size > *left => return Err(Unsendable::TooMuch(size - *left)),
            Self::Length(left) => *left -= size,
            // An empty chunk would be the last one.
            Self::Chunked if size > 0 => {
                let _ = write!(text, "{size:x}\r\n");
            }
            Self::Chunked | Self::UntilClose | Self::Nothing => {}
        }
        Ok(text)
    }

    /// Ends the body; returns the bytes that say so.
    pub(crate) fn end(&mut self) -> Result<&'static [u8], Unsendable> {
        let last: &[u8] = match *self {
            Self::Head | Self::Done => return Err(Unsendable::Order),
            Self::Length(left) if left > 0 => return Err(Unsendable::TooLittle(left)),
            Self::Chunked => b"0\r\n\r\n",
            Self::Length(_) | Self::UntilClose | Self::Nothing => b"",
        };
        *self = Self::Done;
        Ok(last)
    }
}

/// What the host's fields say of the message.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Written {
    pub(crate) length: Option<u64>,
    pub(crate) says_close: bool,
    pub(crate) hosts: usize,
}

/// Writes the fields of a head, except those that frame its body.
pub(crate) fn write_fields<'a>(
    output: &mut Vec<u8>,
    fields: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<Written, Unsendable> {
    let mut written = Written::default();
    for (name, value) in fields {
        if !is_token(name.as_bytes())
            || value
                .bytes()
                .any(|byte| byte < b' ' && byte != b'\t' || byte == 0x7f)
        {
            return Err(Unsendable::Text(format!("header {name:?}: {value:?}")));
        }
        match name.len() {
            4 if name.eq_ignore_ascii_case("host") => written.hosts += 1,
            10 if name.eq_ignore_ascii_case("connection") => {
                written.says_close |= value
                    .split(',')
                    .any(|it| it.trim().eq_ignore_ascii_case("close"));
            }
            14 if name.eq_ignore_ascii_case("content-length") => {
                let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
                let length = value.parse().ok().filter(|_| is_number);
                if length.is_none() || written.length.is_some_and(|other| Some(other) != length) {
                    return Err(Unsendable::Text(format!("header {name:?}: {value:?}")));
                }
                written.length = length;
                continue;
            }
            17 if name.eq_ignore_ascii_case("transfer-encoding") => continue,
            _ => {}
        }
        output.extend_from_slice(name.as_bytes());
        output.extend_from_slice(b": ");
        write_text(output, name, value)?;
        output.extend_from_slice(b"\r\n");
    }
    Ok(written)
}

/// Writes a value: each character is a byte (RFC 9110, section 5.5).
fn write_text(output: &mut Vec<u8>, name: &str, value: &str) -> Result<(), Unsendable> {
    if value.is_ascii() {
        output.extend_from_slice(trim(value.as_bytes()));
        return Ok(());
    }
    for character in value.chars() {
        let byte = u8::try_from(character)
            .map_err(|_| Unsendable::Text(format!("header {name:?}: {value:?}")))?;
        output.push(byte);
    }
    Ok(())
}

/// Writes a number in decimal.
pub(crate) fn write_length(output: &mut Vec<u8>, length: u64) {
    output.extend_from_slice(b"content-length: ");
    output.extend_from_slice(length.to_string().as_bytes());
    output.extend_from_slice(b"\r\n");
}

/// The phrase of a status (RFC 9110, section 15); empty if it has none.
pub(crate) fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        203 => "Non-Authoritative Information",
        204 => "No Content",
        205 => "Reset Content",
        206 => "Partial Content",
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Range Not Satisfiable",
        417 => "Expectation Failed",
        421 => "Misdirected Request",
        422 => "Unprocessable Content",
        424 => "Failed Dependency",
        426 => "Upgrade Required",
        428 => "Precondition Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        _ => "",
    }
}
