//! What the peer did: one class per event.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString};

/// A request, with its body if all of it has arrived together with the head. Names of headers are lower case.
#[pyclass(frozen, module = "awaken._core")]
pub(crate) struct Http1Request {
    #[pyo3(get)]
    pub(super) method: Py<PyString>,
    #[pyo3(get)]
    pub(super) path: Py<PyString>,
    #[pyo3(get)]
    pub(super) query: Py<PyString>,
    #[pyo3(get)]
    pub(super) http_version: Py<PyString>,
    #[pyo3(get)]
    pub(super) headers: Py<PyDict>,
    /// None if `headers` has them all.
    pub(super) header_list: Option<Py<PyList>>,
    #[pyo3(get)]
    pub(super) body: Option<Py<PyBytes>>,
    #[pyo3(get)]
    pub(super) expects_continue: bool,
}

#[pymethods]
impl Http1Request {
    /// Every header in order, also those that are repeated.
    #[getter]
    fn header_list<'py>(&self, py: Python<'py>) -> Bound<'py, PyList> {
        match &self.header_list {
            Some(list) => list.bind(py).clone(),
            None => self.headers.bind(py).items(),
        }
    }
}

/// Bytes of a body, which may be none at its end.
#[pyclass(frozen, get_all, module = "awaken._core")]
pub(crate) struct Http1Body {
    pub(super) data: Py<PyBytes>,
    pub(super) is_end: bool,
}

/// The peer broke the protocol, or a limit; nothing else is read.
#[pyclass(frozen, get_all, module = "awaken._core")]
pub(crate) struct Http1Refusal {
    pub(super) status: u16,
    pub(super) reason: String,
}

/// The head of a response; one whose status is below 200 is followed by another.
#[pyclass(frozen, get_all, module = "awaken._core")]
pub(crate) struct Http1Response {
    pub(super) status: u16,
    pub(super) headers: Py<PyList>,
}

/// The peer closed before its response was complete.
#[pyclass(frozen, module = "awaken._core")]
pub(crate) struct Http1Cut;
