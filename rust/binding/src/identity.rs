//! Request signatures.

use awaken_core::identity;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// The public keys of the runtimes that may call an endpoint. Raises ValueError if a text is not a key.
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

    /// Return why a request with these headers is rejected, or None if it is accepted.
    fn refusal(
        &self,
        py: Python<'_>,
        scheme: Option<&str>,
        token: Option<&str>,
        path: &str,
        now: u64,
    ) -> Option<String> {
        // Verifying takes about fifty microseconds: long enough to let other threads run.
        py.detach(|| self.0.verify(scheme, token, path, now))
            .err()
            .map(|refusal| refusal.to_string())
    }
}

/// A runtime's private key.
#[pyclass(frozen, module = "awaken._core")]
pub(crate) struct RequestSigner(identity::Signer);

#[pymethods]
impl RequestSigner {
    #[new]
    fn new(secret: &[u8]) -> PyResult<Self> {
        let secret = secret.try_into().map_err(|_| {
            PyValueError::new_err(format!(
                "an Ed25519 key has 32 secret bytes, not {}",
                secret.len()
            ))
        })?;
        Ok(Self(identity::Signer::new(secret)))
    }

    /// The public key, in the form that endpoints are configured with.
    #[getter]
    fn public_key(&self) -> &str {
        self.0.public_key()
    }

    /// Create the token of one request.
    #[pyo3(signature = (route, subject, now))]
    fn sign(&self, route: &str, subject: Option<&str>, now: u64) -> String {
        self.0.sign(route, subject, now)
    }
}
