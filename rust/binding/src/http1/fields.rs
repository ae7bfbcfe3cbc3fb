//! Headers to Python and back.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use awaken_http1::head::Head;
use awaken_http1::output::Unsendable;
use bytes::Bytes;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyBytes, PyList, PyString};

use crate::values::latin1;

/// Most header names that are remembered as Python strings, and bytes of the longest. Peers repeat a few names on every
/// request, and could send any number of others.
const REMEMBERED_NAMES: usize = 256;
const REMEMBERED_SIZE: usize = 64;

/// Names as they are sent, and as Python strings in lower case.
static NAMES: LazyLock<Mutex<HashMap<Box<str>, Py<PyString>>>> = LazyLock::new(Mutex::default);

/// Headers that the host gives.
pub(super) type Given = Vec<(PyBackedStr, PyBackedStr)>;

/// Iterates over headers that the host gives.
pub(super) fn pairs(given: &Given) -> impl Iterator<Item = (&str, &str)> {
    given.iter().map(|(name, value)| (&**name, &**value))
}

/// The headers of a head in order, with names in lower case.
pub(super) fn read<'py>(
    py: Python<'py>,
    head: &Head,
) -> Vec<(Bound<'py, PyString>, Bound<'py, PyString>)> {
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    head.fields()
        .map(|(name, value)| (lower_case(py, name, &mut names), latin1(py, value)))
        .collect()
}

/// The same as a list of pairs.
pub(super) fn read_list<'py>(py: Python<'py>, head: &Head) -> PyResult<Bound<'py, PyList>> {
    PyList::new(py, read(py, head))
}

fn lower_case<'py>(
    py: Python<'py>,
    name: &str,
    names: &mut HashMap<Box<str>, Py<PyString>>,
) -> Bound<'py, PyString> {
    if let Some(known) = names.get(name) {
        return known.bind(py).clone();
    }
    let made = PyString::new(py, &name.to_ascii_lowercase());
    if names.len() < REMEMBERED_NAMES && name.len() <= REMEMBERED_SIZE {
        names.insert(name.into(), made.clone().unbind());
    }
    made
}

/// Bytes of a body: the object in which they came, if it has nothing else.
pub(super) fn share<'py>(
    py: Python<'py>,
    data: &Bytes,
    source: Option<&Bound<'py, PyBytes>>,
) -> Bound<'py, PyBytes> {
    match source {
        Some(source) if std::ptr::eq(source.as_bytes(), &raw const data[..]) => source.clone(),
        _ => PyBytes::new(py, data),
    }
}

/// An error of the host.
#[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
pub(super) fn unsendable(error: Unsendable) -> PyErr {
    PyValueError::new_err(error.to_string())
}
