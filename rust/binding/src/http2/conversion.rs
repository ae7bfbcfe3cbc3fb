//! Header text and error codes, from and to Python.

use std::borrow::Cow;

use awaken_http2::ErrorCode;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

pub(super) fn error_code(code: u32) -> PyResult<ErrorCode> {
    ErrorCode::from_number(code)
        .ok_or_else(|| PyValueError::new_err(format!("{code} is not an error code of HTTP/2")))
}

/// Text of a header as bytes, the reverse of [`latin1`](crate::values::latin1).
///
/// # Errors
///
/// A `ValueError` for what would not arrive as it is.
pub(super) fn header_bytes(text: &str) -> PyResult<Cow<'_, [u8]>> {
    let bytes = if text.is_ascii() {
        Cow::Borrowed(text.as_bytes())
    } else {
        let bytes: Option<Vec<u8>> = text
            .chars()
            .map(|character| u8::try_from(character).ok())
            .collect();
        Cow::Owned(bytes.ok_or_else(|| unsendable(text))?)
    };
    if bytes.iter().any(|byte| matches!(byte, 0 | b'\r' | b'\n')) {
        return Err(unsendable(text));
    }
    Ok(bytes)
}

fn unsendable(text: &str) -> PyErr {
    PyValueError::new_err(format!("header text {text:?} cannot be sent"))
}
