//! Values of the core as Python objects and back.

use awaken_core::journal::Outcome;
use awaken_core::wire::generated as pb;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString};

use crate::values::Failure;

/// A result as `None`, `bytes`, `str`, `list` or `Failure`.
pub(crate) fn outcome(py: Python<'_>, outcome: Outcome) -> PyResult<Py<PyAny>> {
    Ok(match outcome {
        Outcome::Void => py.None(),
        Outcome::Value(value) => PyBytes::new(py, &value).into_any().unbind(),
        Outcome::Failure(failure) => Py::new(py, Failure::from(*failure))?.into_any(),
        Outcome::InvocationId(id) => PyString::new(py, &id).into_any().unbind(),
        Outcome::StateKeys(keys) => PyList::new(py, keys)?.into_any().unbind(),
    })
}

/// Metadata pairs as messages.
pub(crate) fn metadata(pairs: &[(String, String)]) -> Vec<pb::FailureMetadata> {
    pairs
        .iter()
        .map(|(key, value)| pb::FailureMetadata {
            key: key.clone(),
            value: value.clone(),
        })
        .collect()
}
