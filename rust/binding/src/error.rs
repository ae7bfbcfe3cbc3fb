//! Errors of the core as exceptions of `awaken.errors`.

use awaken_core::endpoint::{self, Kind};
use awaken_core::invoker;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

/// An exception class, imported at its first use, so that importing this module imports nothing else.
struct ErrorClass {
    name: &'static str,
    class: PyOnceLock<Py<PyType>>,
}

static ATTEMPT_CLOSED: ErrorClass = ErrorClass::new("AttemptClosedError");
static INVALID_ID: ErrorClass = ErrorClass::new("InvalidIdError");
static JOURNAL_MISMATCH: ErrorClass = ErrorClass::new("JournalMismatchError");
static LOCAL_PROTOCOL: ErrorClass = ErrorClass::new("LocalProtocolError");
static REMOTE_PROTOCOL: ErrorClass = ErrorClass::new("RemoteProtocolError");
static UNSUPPORTED_FEATURE: ErrorClass = ErrorClass::new("UnsupportedFeatureError");

impl ErrorClass {
    const fn new(name: &'static str) -> Self {
        Self {
            name,
            class: PyOnceLock::new(),
        }
    }

    fn error(&self, message: String) -> PyErr {
        Python::attach(
            |py| match self.class.import(py, "awaken.errors", self.name) {
                Ok(class) => PyErr::from_type(class.clone(), message),
                Err(error) => error,
            },
        )
    }
}

/// The exception for an error of the endpoint machine.
pub(crate) fn endpoint_error(error: &endpoint::Error) -> PyErr {
    let class = match error.kind() {
        Kind::Mismatch => &JOURNAL_MISMATCH,
        Kind::Unsupported => &UNSUPPORTED_FEATURE,
        Kind::Closed => &ATTEMPT_CLOSED,
        Kind::InvalidId => &INVALID_ID,
        Kind::Refused => &LOCAL_PROTOCOL,
    };
    class.error(error.to_string())
}

/// The exception for a call that the invoker machine rejects.
pub(crate) fn invoker_error(error: &invoker::Error) -> PyErr {
    LOCAL_PROTOCOL.error(error.to_string())
}

/// The exception for bytes of the peer that violate the protocol.
pub(crate) fn remote_protocol_error(error: &impl ToString) -> PyErr {
    REMOTE_PROTOCOL.error(error.to_string())
}

/// The exception for a malformed id.
pub(crate) fn invalid_id_error(error: &awaken_core::Error) -> PyErr {
    INVALID_ID.error(error.to_string())
}
