//! Invocation and awakeable ids.

use awaken_core::identifier::Target;
use awaken_core::{InvocationId, identifier};
use bytes::Bytes;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::error::invalid_id_error;

/// A decoded awakeable id: `sign_1` (current) or `prom_1` (legacy prefix, same payload).
#[pyclass(frozen, module = "awaken._core")]
pub(crate) struct AwakeableId(identifier::AwakeableId);

#[pymethods]
impl AwakeableId {
    /// The invocation id as text. Raises InvalidIdError if the raw id does not have 24 bytes.
    #[getter]
    fn invocation_id(&self) -> PyResult<String> {
        let id = self.0.invocation();
        id.map(|id| id.to_string())
            .map_err(|error| invalid_id_error(&error))
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

/// Format 24 raw bytes as `inv_1...`. Raises InvalidIdError for another length.
#[pyfunction]
pub(crate) fn format_invocation_id(raw: &[u8]) -> PyResult<String> {
    Ok(invocation_id(raw)?.to_string())
}

/// Parse `inv_1...` to its 24 raw bytes. Raises InvalidIdError.
#[pyfunction]
pub(crate) fn parse_invocation_id<'py>(
    py: Python<'py>,
    text: &str,
) -> PyResult<Bound<'py, PyBytes>> {
    let id: InvocationId = text.parse().map_err(|error| invalid_id_error(&error))?;
    Ok(PyBytes::new(py, id.as_bytes()))
}

/// Format a raw invocation id of any length and a signal index as `sign_1...`.
#[pyfunction]
pub(crate) fn format_awakeable_id(invocation: Bytes, index: u32) -> String {
    identifier::AwakeableId::new(invocation, index).to_string()
}

/// Parse `sign_1...` or `prom_1...`. Raises InvalidIdError.
#[pyfunction]
pub(crate) fn parse_awakeable_id(text: &str) -> PyResult<AwakeableId> {
    text.parse()
        .map(AwakeableId)
        .map_err(|error| invalid_id_error(&error))
}

/// Create an id from 24 random bytes. Invocations with the same key share their partition key.
#[pyfunction]
#[pyo3(signature = (randomness, service, *, key=None, scope=None))]
pub(crate) fn random_invocation_id(
    randomness: &[u8],
    service: &str,
    key: Option<&str>,
    scope: Option<&str>,
) -> PyResult<String> {
    let randomness = *invocation_id(randomness)?.as_bytes();
    let target = Target {
        service,
        key,
        scope,
    };
    Ok(InvocationId::random(target, randomness).to_string())
}

/// Return the id of the only run of a workflow key.
#[pyfunction]
#[pyo3(signature = (workflow, key, *, scope=None))]
pub(crate) fn workflow_invocation_id(workflow: &str, key: &str, scope: Option<&str>) -> String {
    InvocationId::of_workflow(Target {
        service: workflow,
        key: Some(key),
        scope,
    })
    .to_string()
}

/// Return the id of every call with this idempotency key.
#[pyfunction]
#[pyo3(signature = (service, handler, idempotency_key, *, key=None, scope=None))]
pub(crate) fn idempotent_invocation_id(
    service: &str,
    handler: &str,
    idempotency_key: &str,
    key: Option<&str>,
    scope: Option<&str>,
) -> String {
    let target = Target {
        service,
        key,
        scope,
    };
    InvocationId::of_idempotency_key(target, handler, idempotency_key).to_string()
}

/// Return the seed of an invocation's random numbers. Raises InvalidIdError.
#[pyfunction]
pub(crate) fn random_seed(invocation_id: &str) -> PyResult<u64> {
    let id: InvocationId = invocation_id
        .parse()
        .map_err(|error| invalid_id_error(&error))?;
    Ok(id.random_seed())
}

fn invocation_id(raw: &[u8]) -> PyResult<InvocationId> {
    InvocationId::try_from(raw).map_err(|error| invalid_id_error(&error))
}
