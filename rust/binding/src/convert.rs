//! Values of the core as Python objects and back.

use awaken_core::journal::Outcome;
use awaken_core::wire::generated as pb;
use pyo3::PyTypeInfo;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString};

use crate::effect::{
    AttemptEnded, AttemptFailed, AttemptSuspended, AwaitingOn, RecordedCommand, RunProposed,
};
use crate::progress::{Cancelled, Closed, Completed, InputRequired, RunRequired, Suspended};
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

/// The union of what an await comes to.
pub(crate) fn progress_type(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    Completed::type_object(py)
        .bitor(RunRequired::type_object(py))?
        .bitor(InputRequired::type_object(py))?
        .bitor(Cancelled::type_object(py))?
        .bitor(Suspended::type_object(py))?
        .bitor(Closed::type_object(py))
}

/// The union of what an endpoint asks of its runtime.
pub(crate) fn effect_type(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    RecordedCommand::type_object(py)
        .bitor(RunProposed::type_object(py))?
        .bitor(AwaitingOn::type_object(py))?
        .bitor(AttemptSuspended::type_object(py))?
        .bitor(AttemptEnded::type_object(py))?
        .bitor(AttemptFailed::type_object(py))
}

/// The union of what a notification carries.
pub(crate) fn result_type(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    let text = py.get_type::<PyString>();
    let texts = py.get_type::<PyList>().get_item(&text)?;
    py.get_type::<PyBytes>()
        .bitor(text)?
        .bitor(texts)?
        .bitor(Failure::type_object(py))?
        .bitor(py.None())
}
