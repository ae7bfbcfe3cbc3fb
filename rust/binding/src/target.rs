//! The invocations that commands name.

use awaken_core::journal::parts;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

macro_rules! targets {
    ($($(#[$meta:meta])* $class:ident { $($field:ident: $type:ty),* })*) => {$(
        $(#[$meta])*
        #[pyclass(frozen, get_all, eq, module = "awaken._core")]
        #[derive(PartialEq)]
        pub(crate) struct $class { $($field: $type),* }

        #[pymethods]
        impl $class {
            #[classattr]
            #[pyo3(name = "__match_args__")]
            fn match_args(py: Python<'_>) -> PyResult<Bound<'_, PyTuple>> {
                PyTuple::new(py, [$(stringify!($field)),*])
            }
        }
    )*};
}

targets! {
    /// An invocation by its id.
    InvocationTarget { invocation_id: String }
    /// A workflow run by the key of the workflow.
    WorkflowTarget { workflow: String, key: String, scope: Option<String> }
    /// An invocation by the idempotency key of its call.
    IdempotentTarget {
        service: String,
        handler: String,
        idempotency_key: String,
        key: Option<String>,
        scope: Option<String>
    }
}

/// The object of a target.
pub(crate) fn target(py: Python<'_>, target: Option<parts::Target<'_>>) -> PyResult<Py<PyAny>> {
    Ok(match target {
        Some(parts::Target::Invocation(id)) => {
            let invocation_id = id.to_owned();
            Py::new(py, InvocationTarget { invocation_id })?.into_any()
        }
        Some(parts::Target::Workflow(target)) => {
            let target = WorkflowTarget {
                workflow: target.workflow_name.clone(),
                key: target.workflow_key.clone(),
                scope: target.scope.clone(),
            };
            Py::new(py, target)?.into_any()
        }
        Some(parts::Target::Idempotent(target)) => {
            let target = IdempotentTarget {
                service: target.service_name.clone(),
                handler: target.handler_name.clone(),
                idempotency_key: target.idempotency_key.clone(),
                key: target.service_key.clone(),
                scope: target.scope.clone(),
            };
            Py::new(py, target)?.into_any()
        }
        None => py.None(),
    })
}
