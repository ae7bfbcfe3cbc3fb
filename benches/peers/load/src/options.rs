//! The command line.

use std::net::SocketAddr;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub const USAGE: &str = "\
usage: awaken-bench-load ADDRESS SCENARIO [--connections 8] [--in-flight 64] [--seconds 2] [--hold 5000] [--seed N]
       awaken-bench-load ingress ADDRESS SCENARIO [--callers 1] [--seconds 2] [--operations N] [--size BYTES]

As the runtime, to an endpoint that speaks HTTP/2 with prior knowledge at ADDRESS, 127.0.0.1:PORT:
SCENARIO  greet, three, three-plain, wait, resume, replay-N, run+suspend, echo (30 MB),
          hold: prints a line when all are open, and resolves them when it reads one

As callers, to an ingress that speaks HTTP/1.1 at ADDRESS, each caller on a connection of its own:
SCENARIO  greet: call a handler
          cycle: send, resolve the awakeable, attach
          resume: the same, with a handler that already waits
          echo: call with a value of --size bytes, and get it back
          send: start handlers that wait on an awakeable, and leave them
          --operations ends after so many, whatever time they take";

/// What the command line asks for.
pub struct Options {
    pub is_ingress: bool,
    pub address: SocketAddr,
    pub scenario: String,
    pub connections: usize,
    pub in_flight: usize,
    pub callers: usize,
    pub duration: Duration,
    pub operations: Option<u64>,
    pub hold: usize,
    pub size: usize,
    pub seed: u64,
}

impl Options {
    pub fn parse(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let mut options = Self {
            is_ingress: false,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            scenario: String::new(),
            connections: 8,
            in_flight: 64,
            callers: 1,
            duration: Duration::from_secs(2),
            operations: None,
            hold: 5000,
            size: 1 << 20,
            seed: now.map_or(0, |now| now.as_nanos() as u64),
        };
        let mut positional = Vec::new();
        let mut arguments = arguments.peekable();
        options.is_ingress = arguments.next_if_eq("ingress").is_some();
        while let Some(argument) = arguments.next() {
            let Some(name) = argument.strip_prefix("--") else {
                positional.push(argument);
                continue;
            };
            let value = arguments
                .next()
                .ok_or_else(|| format!("--{name} needs a value\n\n{USAGE}"))?;
            match name {
                "connections" => options.connections = read(name, &value)?,
                "in-flight" => options.in_flight = read(name, &value)?,
                "callers" => options.callers = read(name, &value)?,
                "seconds" => {
                    options.duration = Duration::try_from_secs_f64(read(name, &value)?)
                        .map_err(|error| format!("--{name} cannot be {value:?}: {error}"))?;
                }
                "operations" => options.operations = Some(read(name, &value)?),
                "hold" => options.hold = read(name, &value)?,
                "size" => options.size = read(name, &value)?,
                "seed" => options.seed = read(name, &value)?,
                _ => return Err(format!("unknown option --{name}\n\n{USAGE}")),
            }
        }
        let [address, scenario] = positional
            .try_into()
            .map_err(|given| format!("got {given:?}\n\n{USAGE}"))?;
        options.address = address
            .parse()
            .map_err(|error| format!("{address:?}: {error}"))?;
        options.scenario = scenario;
        if options.connections == 0
            || options.in_flight < options.connections
            || options.hold == 0
            || options.callers == 0
        {
            return Err(
                "at least one invocation for each connection, and one caller, is needed".into(),
            );
        }
        Ok(options)
    }

    /// The error about a scenario that does not exist.
    pub fn unknown_scenario(&self) -> String {
        format!("unknown scenario {:?}\n\n{USAGE}", self.scenario)
    }
}

fn read<T: FromStr>(name: &str, value: &str) -> Result<T, String> {
    value
        .parse()
        .map_err(|_| format!("--{name} cannot be {value:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, String> {
        Options::parse(line.split_whitespace().map(String::from))
    }

    #[test]
    fn both_sides_take_their_options() {
        let endpoint = parse("127.0.0.1:9 greet --in-flight 9 --connections 3").expect("valid");
        assert!(!endpoint.is_ingress);
        assert_eq!((endpoint.in_flight, endpoint.connections), (9, 3));
        let ingress = parse("ingress 127.0.0.1:9 cycle --callers 32 --seconds 0.5").expect("valid");
        assert!(ingress.is_ingress);
        assert_eq!(
            (ingress.callers, ingress.duration),
            (32, Duration::from_millis(500))
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = [
            ("127.0.0.1:9", "usage:"),
            ("nowhere greet", "\"nowhere\""),
            ("127.0.0.1:9 greet --seconds", "--seconds needs a value"),
            (
                "127.0.0.1:9 greet --seconds -1",
                "--seconds cannot be \"-1\"",
            ),
            (
                "127.0.0.1:9 greet --in-flight many",
                "--in-flight cannot be \"many\"",
            ),
            ("127.0.0.1:9 greet --speed 9", "unknown option --speed"),
            ("127.0.0.1:9 greet --callers 0", "at least one"),
        ];
        for (line, part) in wrong {
            let error = parse(line).err().expect(line);
            assert!(error.contains(part), "{line}: {error}");
        }
    }
}
