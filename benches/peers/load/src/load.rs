//! The load: some connections, driven by one thread, in a closed loop or held open.

use std::io::{BufRead, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

use crate::connection::{Connection, Finished};
use crate::id::Random;
use crate::invocation::Invocation;
use crate::message;
use crate::report::{Report, cpu_time};
use crate::scenario::{FIRST_AWAKEABLE, Opening, Scenario};

/// How long the endpoint may be silent while invocations are open.
const PATIENCE: Duration = Duration::from_secs(30);
/// The runtime opens a new connection when this share of the streams is used.
const STREAM_SHARE: f64 = 0.7;
const MAX_STREAMS: usize = 128;

pub struct Load {
    scenario: Scenario,
    address: SocketAddr,
    connections: Vec<Connection>,
    poll: Poll,
    buffer: Vec<u8>,
    opening: Opening,
    opening_buffer: Vec<u8>,
    random: Random,
    number: u64,
}

impl Load {
    pub fn new(scenario: Scenario, address: SocketAddr, seed: u64) -> Result<Self, String> {
        Ok(Self {
            scenario,
            address,
            connections: Vec::new(),
            poll: Poll::new().map_err(|error| error.to_string())?,
            buffer: vec![0; 1 << 18],
            opening: Opening::new(scenario),
            opening_buffer: Vec::new(),
            random: Random(seed),
            number: 0,
        })
    }

    /// Keeps `in_flight` invocations running for `duration`, then lets the last ones finish.
    pub fn run(
        &mut self,
        connections: usize,
        in_flight: usize,
        duration: Duration,
    ) -> Result<Report, String> {
        self.connect(connections)?;
        let (start, cpu) = (Instant::now(), cpu_time());
        for at in 0..in_flight {
            self.invoke(at % connections);
        }
        for connection in &mut self.connections {
            connection.flush()?;
        }
        let mut latencies = Vec::with_capacity(1 << 17);
        self.drive(|load, at, finished| {
            let is_over = start.elapsed() >= duration;
            for Finished { latency } in finished.drain(..) {
                latencies.push(latency);
                if !is_over {
                    load.invoke(at);
                }
            }
            load.open_streams() == 0
        })?;
        Ok(Report::new(
            latencies,
            start.elapsed(),
            cpu_time() - cpu,
            connections,
        ))
    }

    /// Opens `count` invocations that wait, and resolves all of them when it reads a line from standard input.
    pub fn hold(&mut self, count: usize) -> Result<Report, String> {
        self.connect(1)?;
        let offered = self.connections[0]
            .max_streams
            .unwrap_or(MAX_STREAMS)
            .min(MAX_STREAMS);
        let share = ((offered as f64 * STREAM_SHARE) as usize).max(1);
        let connections = count.div_ceil(share);
        self.connect(connections)?;
        for at in 0..count {
            self.invoke(at % connections);
        }
        for connection in &mut self.connections {
            connection.ping();
            connection.flush()?;
        }
        self.drive(|load, _, _| {
            load.connections
                .iter()
                .all(|c| c.is_flushed() && c.is_ping_answered)
        })?;
        println!("{{\"event\":\"held\",\"open\":{count},\"connections\":{connections}}}");
        std::io::stdout()
            .flush()
            .map_err(|error| error.to_string())?;
        std::io::stdin()
            .lock()
            .read_line(&mut String::new())
            .map_err(|error| error.to_string())?;
        if self.open_streams() != count {
            return Err(format!(
                "{} of {count} invocations ended before their signal",
                count - self.open_streams()
            ));
        }
        let (start, cpu) = (Instant::now(), cpu_time());
        for connection in &mut self.connections {
            connection.send_each(|invocation| {
                let mut frame = Vec::new();
                let resolution = Scenario::resolution(invocation.number);
                message::signal(&mut frame, FIRST_AWAKEABLE, resolution.as_bytes());
                frame
            });
            connection.flush()?;
        }
        let mut latencies = Vec::with_capacity(count);
        self.drive(|load, _, finished| {
            latencies.extend(finished.drain(..).map(|finished| finished.latency));
            load.open_streams() == 0
        })?;
        Ok(Report::new(
            latencies,
            start.elapsed(),
            cpu_time() - cpu,
            connections,
        ))
    }

    /// Opens connections until there are `count`, and waits for the settings of all.
    fn connect(&mut self, count: usize) -> Result<(), String> {
        for at in self.connections.len()..count {
            let mut connection = Connection::open(self.address)?;
            let interest = Interest::READABLE | Interest::WRITABLE;
            self.poll
                .registry()
                .register(&mut connection.socket, Token(at), interest)
                .map_err(|e| e.to_string())?;
            connection.flush()?;
            self.connections.push(connection);
        }
        let is_ready = |load: &mut Self| {
            load.connections
                .iter()
                .all(|connection| connection.max_streams.is_some())
        };
        if is_ready(self) {
            return Ok(());
        }
        self.drive(|load, _, _| is_ready(load))
    }

    fn invoke(&mut self, at: usize) {
        self.number += 1;
        let id = self.random.invocation_id();
        self.opening_buffer.clear();
        self.opening
            .write(&mut self.opening_buffer, self.number, &id);
        let invocation = Invocation::new(self.scenario, self.number, id);
        let ends_input = self.scenario.ends_input_at_once();
        self.connections[at].invoke(
            self.scenario.path(),
            invocation,
            &self.opening_buffer,
            ends_input,
        );
    }

    fn open_streams(&self) -> usize {
        self.connections.iter().map(Connection::open_streams).sum()
    }

    /// Moves bytes until `is_done` returns true; it is called after each connection that had an event.
    fn drive(
        &mut self,
        mut is_done: impl FnMut(&mut Self, usize, &mut Vec<Finished>) -> bool,
    ) -> Result<(), String> {
        let mut events = Events::with_capacity(1024);
        let mut finished = Vec::new();
        loop {
            self.poll
                .poll(&mut events, Some(PATIENCE))
                .map_err(|error| error.to_string())?;
            if events.is_empty() {
                return Err(format!(
                    "no byte for {PATIENCE:?}, {} invocations open",
                    self.open_streams()
                ));
            }
            let mut is_over = false;
            for event in &events {
                let Token(at) = event.token();
                if event.is_readable() {
                    self.connections[at].receive(&mut self.buffer, &mut finished)?;
                }
                is_over = is_done(self, at, &mut finished);
                finished.clear();
                self.connections[at].flush()?;
            }
            if is_over {
                return Ok(());
            }
        }
    }
}
