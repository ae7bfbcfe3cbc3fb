//! Brings what was written to a file to the disk, on a thread of its own.
//!
//! The thread needs no interpreter: neither to begin nor to tell that it is done. A thread of Python would wait for the
//! lock of the interpreter twice for each sync, up to 5 ms each while the event loop is busy.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;

use pyo3::prelude::*;

/// Bytes of a result: the error number of the system, 0 for success.
const RESULT_SIZE: usize = 4;
/// Reported when the system gives no number.
const EIO: i32 = 5;

/// Syncs one file. Its thread, and its descriptor of the file, end with it.
#[pyclass(frozen, module = "awaken._core")]
pub(crate) struct FileSync {
    requests: mpsc::Sender<()>,
    results: Mutex<UnixStream>,
}

#[pymethods]
impl FileSync {
    #[new]
    fn new(path: PathBuf) -> PyResult<Self> {
        let file = File::options().read(true).write(true).open(path)?;
        let (results, reporting) = UnixStream::pair()?;
        let (requests, received) = mpsc::channel();
        thread::Builder::new()
            .name("awaken-sync".to_owned())
            .spawn(move || run(&file, &received, reporting))?;
        Ok(Self {
            requests,
            results: Mutex::new(results),
        })
    }

    /// The descriptor that becomes readable when a sync has ended.
    fn fileno(&self) -> i32 {
        self.lock().as_raw_fd()
    }

    /// Begin a sync of everything that is written by now. Each one has a result to take.
    fn begin(&self) {
        // It fails if the thread has ended, which taking the result reports.
        let _ = self.requests.send(());
    }

    /// Wait for the end of the sync that was begun first, and return 0 or the error number of the system.
    fn take_result(&self, py: Python<'_>) -> PyResult<i32> {
        let mut bytes = [0; RESULT_SIZE];
        py.detach(|| self.lock().read_exact(&mut bytes))?;
        Ok(i32::from_le_bytes(bytes))
    }
}

impl FileSync {
    fn lock(&self) -> MutexGuard<'_, UnixStream> {
        self.results.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn run(file: &File, requests: &mpsc::Receiver<()>, mut reporting: UnixStream) {
    while requests.recv().is_ok() {
        // `fdatasync`, and on macOS F_FULLFSYNC: plain `fsync` there leaves data in the cache of the drive.
        let result = file.sync_data().map_or_else(number_of, |()| 0);
        if reporting.write_all(&result.to_le_bytes()).is_err() {
            return;
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_or_else")]
fn number_of(error: io::Error) -> i32 {
    error.raw_os_error().unwrap_or(EIO)
}
