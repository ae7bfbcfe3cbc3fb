//! Invocation and awakeable ids.

use awaken_core::{InvocationId, identifier};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::error::invalid_id_error;

/// A decoded awakeable id: `sign_1` (current) or `prom_1` (legacy prefix, same payload).
#[pyclass(frozen, module = "awaken._core")]
pub(crate) struct AwakeableId(identifier::AwakeableId);

#[pymethods]
impl AwakeableId {
    #[getter]
    fn invocation_id(&self) -> String {
        self.0.invocation().to_string()
    }

    #[getter]
    fn index(&self) -> u32 {
        self.0.index()
    }

    #[getter]
    fn is_legacy(&self) -> bool {
        self.0.is_legacy()
    }
}

/// Write 24 raw bytes as `inv_1...`. Raises InvalidIdError for another length.
#[pyfunction]
pub(crate) fn format_invocation_id(raw: &[u8]) -> PyResult<String> {
    Ok(invocation_id(raw)?.to_string())
}

/// Read `inv_1...` into its 24 raw bytes. Raises InvalidIdError.
#[pyfunction]
pub(crate) fn parse_invocation_id<'py>(
    py: Python<'py>,
    text: &str,
) -> PyResult<Bound<'py, PyBytes>> {
    let id: InvocationId = text.parse().map_err(|error| invalid_id_error(&error))?;
    Ok(PyBytes::new(py, id.as_bytes()))
}

/// Write `sign_1...` from 24 raw bytes and a signal index. Raises InvalidIdError.
#[pyfunction]
pub(crate) fn format_awakeable_id(invocation: &[u8], index: u32) -> PyResult<String> {
    Ok(identifier::AwakeableId::new(invocation_id(invocation)?, index).to_string())
}

/// Read `sign_1...` or `prom_1...`. Raises InvalidIdError.
#[pyfunction]
pub(crate) fn parse_awakeable_id(text: &str) -> PyResult<AwakeableId> {
    text.parse()
        .map(AwakeableId)
        .map_err(|error| invalid_id_error(&error))
}

fn invocation_id(raw: &[u8]) -> PyResult<InvocationId> {
    InvocationId::try_from(raw).map_err(|error| invalid_id_error(&error))
}
