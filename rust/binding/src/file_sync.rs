//! Brings what was written to a file to the disk, on a thread of its own.
//!
//! The thread needs no interpreter: neither to begin nor to tell that it is done. A thread of Python would wait for the
//! lock of the interpreter twice for each sync, up to 5 ms each while the event loop is busy. On Windows one does all the
//! same: no event loop there watches what this thread has.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;

use pyo3::prelude::*;

/// Reported when the system gives no number.
const EIO: i32 = 5;

/// What the syncs came to that have ended: error numbers of the system, 0 for success.
#[derive(Default)]
struct Results {
    ended: Mutex<VecDeque<i32>>,
    change: Condvar,
}

impl Results {
    fn lock(&self) -> MutexGuard<'_, VecDeque<i32>> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, result: i32) {
        self.lock().push_back(result);
        self.change.notify_one();
    }

    fn take(&self) -> i32 {
        let mut ended = self.lock();
        loop {
            if let Some(result) = ended.pop_front() {
                return result;
            }
            ended = self
                .change
                .wait(ended)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Syncs one file. Its thread, and its descriptor of the file, end with it.
#[pyclass(frozen, module = "awaken._core")]
pub(crate) struct FileSync {
    requests: mpsc::Sender<()>,
    results: Arc<Results>,
    /// Has a byte for each result. It only wakes the event loop, and may not be waited for: uvloop makes the descriptors
    /// that it watches non-blocking.
    waking: UnixStream,
}

#[pymethods]
impl FileSync {
    #[new]
    fn new(path: PathBuf) -> PyResult<Self> {
        let file = File::options().read(true).write(true).open(path)?;
        let (waking, waker) = UnixStream::pair()?;
        waking.set_nonblocking(true)?;
        let (requests, received) = mpsc::channel();
        let results = Arc::new(Results::default());
        let reported = Arc::clone(&results);
        thread::Builder::new()
            .name("awaken-sync".to_owned())
            .spawn(move || run(&file, &received, &reported, waker))?;
        Ok(Self {
            requests,
            results,
            waking,
        })
    }

    /// The descriptor that becomes readable when a sync has ended.
    fn fileno(&self) -> i32 {
        self.waking.as_raw_fd()
    }

    /// Begin a sync of everything that is written by now. Each one has a result to take.
    fn begin(&self) {
        if self.requests.send(()).is_err() {
            self.results.put(EIO); // the thread has ended
        }
    }

    /// Wait for the end of the sync that was begun first, and return 0 or the error number of the system.
    fn take_result(&self, py: Python<'_>) -> i32 {
        let result = py.detach(|| self.results.take());
        // It is there, apart from the first result after the thread has ended.
        let _ = (&self.waking).read(&mut [0]);
        result
    }
}

fn run(file: &File, requests: &mpsc::Receiver<()>, results: &Results, mut waker: UnixStream) {
    while requests.recv().is_ok() {
        // `fdatasync`, and on macOS F_FULLFSYNC: plain `fsync` there leaves data in the cache of the drive.
        let result = file.sync_data().map_or_else(number_of, |()| 0);
        // Before the result, so that whoever takes that finds the byte as well.
        let is_awake = waker.write_all(&[0]).is_ok();
        results.put(result);
        if !is_awake {
            return;
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_or_else")]
fn number_of(error: io::Error) -> i32 {
    error.raw_os_error().unwrap_or(EIO)
}
