//! Callers in a closed loop, driven by one thread: each begins its next operation when one is answered.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

use super::connection::Connection;
use super::scenario::{Operation, Scenario, Step, THINKING};
use crate::report::{Report, cpu_time};

/// How long the ingress may be silent while operations are open.
const PATIENCE: Duration = Duration::from_secs(20);

/// From writing the resolution to the answer of the handler that waited for it.
const RESOLVE_TO_ANSWER: &str = "resolve to answer";

struct Caller {
    connection: Connection,
    operation: Operation,
    /// The index of the step that is under way.
    step: usize,
    since: Instant,
    step_since: Instant,
    resolved: Option<Instant>,
    /// When the pause that is under way ends.
    paused_until: Option<Instant>,
    is_done: bool,
}

/// Which operations remain to be started.
#[derive(Clone, Copy)]
pub enum Until {
    /// None after this long.
    Elapsed(Duration),
    /// This many in all.
    Operations(u64),
}

pub struct Load {
    scenario: Scenario,
    address: SocketAddr,
    large: Arc<[u8]>,
    callers: Vec<Caller>,
    number: u64,
    latencies: Vec<Duration>,
    steps: Vec<(&'static str, Vec<Duration>)>,
}

impl Load {
    /// `size` is that of the values that `echo` sends, in bytes.
    pub fn new(scenario: Scenario, address: SocketAddr, size: usize) -> Self {
        // Its period divides no buffer, so that a piece in a wrong place is seen.
        let large: Arc<[u8]> = (0..size).map(|at| (at % 251) as u8).collect();
        let mut steps: Vec<_> = scenario
            .steps()
            .iter()
            .map(|step| (step.name(), Vec::new()))
            .collect();
        steps.push((RESOLVE_TO_ANSWER, Vec::new()));
        Self {
            scenario,
            address,
            large,
            callers: Vec::new(),
            number: 0,
            latencies: Vec::new(),
            steps,
        }
    }

    /// Keeps `callers` busy, then lets the last operations finish.
    pub fn run(mut self, callers: usize, until: Until) -> Result<Report, String> {
        let mut poll = Poll::new().map_err(|error| error.to_string())?;
        for at in 0..callers {
            let mut connection = Connection::open(self.address)?;
            poll.registry()
                .register(
                    &mut connection.socket,
                    Token(at),
                    Interest::READABLE | Interest::WRITABLE,
                )
                .map_err(|error| error.to_string())?;
            self.callers.push(Caller::new(connection));
        }
        let (start, cpu) = (Instant::now(), cpu_time());
        for at in 0..callers {
            self.begin(at, start, until)?;
        }
        let mut events = Events::with_capacity(256);
        let mut buffer = vec![0; 1 << 18];
        while self.callers.iter().any(|caller| !caller.is_done) {
            let pause_end = self
                .callers
                .iter()
                .filter_map(|caller| caller.paused_until)
                .min();
            let patience = pause_end.map_or(PATIENCE, |end| {
                end.saturating_duration_since(Instant::now())
            });
            match poll.poll(&mut events, Some(patience)) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.to_string()),
                Ok(()) if events.is_empty() && pause_end.is_none() => {
                    let open = self.callers.iter().filter(|caller| !caller.is_done).count();
                    return Err(format!("no byte for {PATIENCE:?}, {open} operations open"));
                }
                Ok(()) => {}
            }
            for event in &events {
                let Token(at) = event.token();
                self.callers[at].connection.flush()?;
                if event.is_readable() {
                    self.receive(at, &mut buffer, start, until)?;
                }
            }
            if pause_end.is_some() {
                self.end_pauses(start, until)?;
            }
        }
        let report = Report::new(self.latencies, start.elapsed(), cpu_time() - cpu, callers);
        self.steps.retain(|(_, latencies)| !latencies.is_empty());
        Ok(report.with_steps(self.steps))
    }

    /// Begins the next operation of a caller, unless there are enough.
    fn begin(&mut self, at: usize, start: Instant, until: Until) -> Result<(), String> {
        let is_over = match until {
            Until::Elapsed(duration) => start.elapsed() >= duration,
            Until::Operations(count) => self.number >= count,
        };
        let caller = &mut self.callers[at];
        if is_over {
            caller.is_done = true;
            return Ok(());
        }
        self.number += 1;
        caller.operation = Operation::new(self.number, self.large.clone());
        caller.step = 0;
        caller.since = Instant::now();
        caller.begin_step(self.scenario.steps()[0])
    }

    fn receive(
        &mut self,
        at: usize,
        buffer: &mut [u8],
        start: Instant,
        until: Until,
    ) -> Result<(), String> {
        let caller = &mut self.callers[at];
        let Some(response) = caller.connection.receive(buffer)? else {
            return Ok(());
        };
        let step = self.scenario.steps()[caller.step];
        if caller.is_done || caller.paused_until.is_some() {
            return Err(format!(
                "an answer with status {} without a request",
                response.status
            ));
        }
        caller.operation.check(step, &response)?;
        self.end_step(at, start, until)
    }

    fn end_pauses(&mut self, start: Instant, until: Until) -> Result<(), String> {
        for at in 0..self.callers.len() {
            if self.callers[at]
                .paused_until
                .is_some_and(|end| end <= Instant::now())
            {
                self.callers[at].paused_until = None;
                self.end_step(at, start, until)?;
            }
        }
        Ok(())
    }

    fn end_step(&mut self, at: usize, start: Instant, until: Until) -> Result<(), String> {
        let caller = &mut self.callers[at];
        self.steps[caller.step].1.push(caller.step_since.elapsed());
        caller.step += 1;
        if let Some(step) = self.scenario.steps().get(caller.step) {
            return caller.begin_step(*step);
        }
        self.latencies.push(caller.since.elapsed());
        if let (Some(resolved), Some(last)) = (caller.resolved.take(), self.steps.last_mut()) {
            last.1.push(resolved.elapsed());
        }
        self.begin(at, start, until)
    }
}

impl Caller {
    fn new(connection: Connection) -> Self {
        let now = Instant::now();
        Self {
            connection,
            operation: Operation::new(0, Arc::from([])),
            step: 0,
            since: now,
            step_since: now,
            resolved: None,
            paused_until: None,
            is_done: false,
        }
    }

    fn begin_step(&mut self, step: Step) -> Result<(), String> {
        self.step_since = Instant::now();
        match self.operation.request(step) {
            None => self.paused_until = Some(self.step_since + THINKING),
            Some(request) => {
                if step == Step::Resolve {
                    self.resolved = Some(self.step_since);
                }
                self.connection.request(request)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// Accepts one caller, and greets whoever each request names, with `status`.
    fn serve(status: u16) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound");
        thread::spawn(move || {
            let (mut socket, _) = listener.accept().expect("a caller");
            let mut buffer = [0; 4096];
            while let Ok(size @ 1..) = socket.read(&mut buffer) {
                let request = String::from_utf8_lossy(&buffer[..size]).into_owned();
                let (_, name) = request.split_once("\r\n\r\n").expect("one read");
                let body = format!("\"Hello {}!\"", name.trim_matches('"'));
                let head = format!("HTTP/1.1 {status} Said\r\ncontent-length: {}", body.len());
                let response = format!("{head}\r\n\r\n{body}");
                socket.write_all(response.as_bytes()).expect("written");
            }
        });
        address
    }

    #[test]
    fn callers_stop_after_the_operations_that_were_asked_for() {
        let load = Load::new(Scenario::Greet, serve(200), 0);
        let report = load.run(1, Until::Operations(3)).expect("right answers");
        let json = report.to_json();
        assert!(json.contains("\"requests\":3,"), "{json}");
        assert!(json.contains("\"steps\":{\"greet\":{\"p50_ms\":"), "{json}");
    }

    #[test]
    fn callers_stop_when_the_time_is_over() {
        let load = Load::new(Scenario::Greet, serve(200), 0);
        let duration = Duration::from_millis(50);
        let start = Instant::now();
        load.run(1, Until::Elapsed(duration))
            .expect("right answers");
        assert!(start.elapsed() >= duration);
    }

    #[test]
    fn the_first_wrong_answer_ends_the_load() {
        let load = Load::new(Scenario::Greet, serve(500), 0);
        let error = load.run(1, Until::Operations(3)).err().expect("a reason");
        assert!(error.contains("greet of operation 1"), "{error}");
    }
}
