//! Request signatures.

use awaken_core::identity;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// The public keys of the runtimes that may call an endpoint. Raises ValueError for a text that is no key.
#[pyclass(frozen, module = "awaken._core")]
pub(crate) struct IdentityKeys(identity::Keys);

#[pymethods]
impl IdentityKeys {
    #[new]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "PyO3 extracts a list by value"
    )]
    fn new(keys: Vec<String>) -> PyResult<Self> {
        identity::Keys::parse(&keys)
            .map(Self)
            .map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// Return why a request with these headers is refused; None lets it in.
    fn refusal(
        &self,
        py: Python<'_>,
        scheme: Option<&str>,
        token: Option<&str>,
        path: &str,
        now: u64,
    ) -> Option<String> {
        // A signature takes some fifty microseconds: long enough to let other threads run.
        py.detach(|| self.0.verify(scheme, token, path, now))
            .err()
            .map(|refusal| refusal.to_string())
    }
}
