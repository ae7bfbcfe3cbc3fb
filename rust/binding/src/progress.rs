//! The outcomes of awaiting: one class per variant.

use awaken_core::endpoint;
use awaken_core::journal;
use awaken_core::wire::generated::CombinatorType;
use pyo3::PyTypeInfo;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyInt;

use crate::error::endpoint_error;
use crate::values::outcome_to_python;

/// An inner node of the tree of futures being awaited; a leaf is a handle.
///
/// combinator: 0 unknown, 1 first completed, 2 all completed, 3 first succeeded or all failed,
/// 4 all succeeded or first failed.
#[pyclass(frozen, module = "awaken._core")]
pub(crate) struct Awaiting(journal::Awaiting);

#[pymethods]
impl Awaiting {
    #[new]
    fn new(combinator: i32, children: &Bound<'_, PyAny>) -> PyResult<Self> {
        let combinator = CombinatorType::try_from(combinator).map_err(|_| {
            PyValueError::new_err(format!("combinator {combinator} is not between 0 and 4"))
        })?;
        let children = children
            .try_iter()?
            .map(|child| awaited(&child?))
            .collect::<PyResult<_>>()?;
        journal::Awaiting::node(combinator, children)
            .map(Self)
            .map_err(|error| endpoint_error(&error.into()))
    }
}

/// A handle or a tree of them.
pub(crate) fn awaited(object: &Bound<'_, PyAny>) -> PyResult<journal::Awaiting> {
    if let Ok(tree) = object.cast::<Awaiting>() {
        return Ok(tree.get().0.clone());
    }
    match object.extract::<u32>() {
        Ok(handle) => Ok(journal::Awaiting::Handle(handle)),
        Err(error) if error.is_instance_of::<PyTypeError>(object.py()) => {
            Err(PyTypeError::new_err(format!(
                "await a handle or an Awaiting, not {}",
                object.get_type().name()?
            )))
        }
        Err(error) => Err(error),
    }
}

/// An awaited handle has its result, which this call takes.
#[pyclass(frozen, get_all, module = "awaken._core")]
pub(crate) struct Completed {
    handle: u32,
    result: Py<PyAny>,
}

#[pymethods]
impl Completed {
    #[classattr]
    #[pyo3(name = "__match_args__")]
    fn match_args() -> (&'static str, &'static str) {
        ("handle", "result")
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!(
            "Completed({}, {})",
            self.handle,
            self.result.bind(py).repr()?
        ))
    }
}

/// Execute the closure of this run now, then call one of the `*_run` methods.
#[pyclass(frozen, get_all, module = "awaken._core")]
pub(crate) struct RunRequired {
    handle: u32,
}

#[pymethods]
impl RunRequired {
    #[classattr]
    #[pyo3(name = "__match_args__")]
    fn match_args() -> (&'static str,) {
        ("handle",)
    }

    fn __repr__(&self) -> String {
        format!("RunRequired({})", self.handle)
    }
}

macro_rules! unit {
    ($($(#[$meta:meta])* $name:ident $one:ident),*) => {$(
        $(#[$meta])*
        #[pyclass(frozen, module = "awaken._core")]
        pub(crate) struct $name;

        #[pymethods]
        impl $name {
            fn __repr__(&self) -> &'static str {
                concat!(stringify!($name), "()")
            }
        }

        /// The only instance: it carries nothing but its class.
        static $one: PyOnceLock<Py<$name>> = PyOnceLock::new();
    )*};
}

unit! {
    /// The handler has to wait until more input arrives or an executing run ends.
    InputRequired INPUT_REQUIRED,
    /// The invocation and its child calls were cancelled: raise a terminal error 409 `cancelled` at the await.
    Cancelled CANCELLED,
    /// The attempt is over: the Suspension frame is in the output.
    Suspended SUSPENDED,
    /// The attempt ended with an error, which is in `error`; its frame is in the output.
    Closed CLOSED
}

/// The object of an outcome.
pub(crate) fn progress(py: Python<'_>, progress: endpoint::Progress) -> PyResult<Py<PyAny>> {
    macro_rules! one {
        ($name:ident, $one:ident) => {
            $one.get_or_try_init(py, || Py::new(py, $name))?
                .clone_ref(py)
                .into_any()
        };
    }
    Ok(match progress {
        endpoint::Progress::Completed(handle, outcome) => {
            let result = outcome_to_python(py, outcome)?;
            Py::new(py, Completed { handle, result })?.into_any()
        }
        endpoint::Progress::RunRequired(handle) => Py::new(py, RunRequired { handle })?.into_any(),
        endpoint::Progress::InputRequired => one!(InputRequired, INPUT_REQUIRED),
        endpoint::Progress::Cancelled => one!(Cancelled, CANCELLED),
        endpoint::Progress::Suspended => one!(Suspended, SUSPENDED),
        endpoint::Progress::Closed => one!(Closed, CLOSED),
    })
}

/// What has to happen before an awaited handle has its result; never the type of a result.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(crate) enum Need {
    /// Execute the closure of the awaited run now.
    Run = 0,
    /// Wait for more input, or for the end of an executing run.
    Input = 1,
    /// Raise a terminal error 409 `cancelled` at the await.
    Cancel = 2,
    /// Nothing: the attempt is over, and the Suspension frame is in the output.
    Suspended = 3,
    /// Nothing: the attempt ended with an error.
    Closed = 4,
}

impl Need {
    /// Their names in Python.
    pub(crate) const NAMES: [(&'static str, Self); 5] = [
        ("RUN_REQUIRED", Self::Run),
        ("INPUT_REQUIRED", Self::Input),
        ("CANCELLED", Self::Cancel),
        ("SUSPENDED", Self::Suspended),
        ("CLOSED", Self::Closed),
    ];
}

/// The result of the only awaited handle, or an int: what it needs.
pub(crate) fn result_or_need(py: Python<'_>, progress: endpoint::Progress) -> PyResult<Py<PyAny>> {
    let need = match progress {
        endpoint::Progress::Completed(_, outcome) => return outcome_to_python(py, outcome),
        endpoint::Progress::RunRequired(_) => Need::Run,
        endpoint::Progress::InputRequired => Need::Input,
        endpoint::Progress::Cancelled => Need::Cancel,
        endpoint::Progress::Suspended => Need::Suspended,
        endpoint::Progress::Closed => Need::Closed,
    };
    Ok(PyInt::new(py, need as u8).into_any().unbind())
}

/// The union of all outcomes of an await.
pub(crate) fn progress_type(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    Completed::type_object(py)
        .bitor(RunRequired::type_object(py))?
        .bitor(InputRequired::type_object(py))?
        .bitor(Cancelled::type_object(py))?
        .bitor(Suspended::type_object(py))?
        .bitor(Closed::type_object(py))
}
