//! Talks to an endpoint as the runtime does, checks every response, and prints what a round measured.
//!
//! The first wrong response ends the process with status 1 and a reason.

mod connection;
mod headers;
mod id;
mod invocation;
mod load;
mod message;
mod report;
mod scenario;

use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use load::Load;
use scenario::Scenario;

const USAGE: &str = "\
usage: awaken-bench-load ADDRESS SCENARIO [--connections 4] [--in-flight 64] [--seconds 2] [--hold 5000] [--seed N]

ADDRESS   127.0.0.1:PORT of an endpoint that speaks HTTP/2 with prior knowledge
SCENARIO  greet, three, three-plain, wait, resume, replay-N, run+suspend,
          hold: prints a line when all are open, and resolves them when it reads one";

struct Options {
    address: String,
    scenario: String,
    connections: usize,
    in_flight: usize,
    seconds: f64,
    hold: usize,
    seed: u64,
}

impl Options {
    fn parse(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut positional = Vec::new();
        let mut options = Self {
            address: String::new(),
            scenario: String::new(),
            connections: 4,
            in_flight: 64,
            seconds: 2.0,
            hold: 5000,
            seed: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |now| now.as_nanos() as u64),
        };
        let mut arguments = arguments.peekable();
        while let Some(argument) = arguments.next() {
            let Some(option) = argument.strip_prefix("--") else {
                positional.push(argument);
                continue;
            };
            let value = arguments
                .next()
                .ok_or_else(|| format!("--{option} needs a value\n\n{USAGE}"))?;
            let parsed = match option {
                "connections" => value
                    .parse()
                    .map(|value| options.connections = value)
                    .is_ok(),
                "in-flight" => value.parse().map(|value| options.in_flight = value).is_ok(),
                "seconds" => value.parse().map(|value| options.seconds = value).is_ok(),
                "hold" => value.parse().map(|value| options.hold = value).is_ok(),
                "seed" => value.parse().map(|value| options.seed = value).is_ok(),
                _ => return Err(format!("unknown option --{option}\n\n{USAGE}")),
            };
            if !parsed {
                return Err(format!("--{option} cannot be {value:?}"));
            }
        }
        [options.address, options.scenario] = positional
            .try_into()
            .map_err(|given| format!("got {given:?}\n\n{USAGE}"))?;
        if options.connections == 0 || options.in_flight < options.connections || options.hold == 0
        {
            return Err("at least one invocation for each connection is needed".into());
        }
        Ok(options)
    }
}

fn measure() -> Result<String, String> {
    let options = Options::parse(std::env::args().skip(1))?;
    let scenario = Scenario::parse(&options.scenario)
        .ok_or_else(|| format!("unknown scenario {:?}\n\n{USAGE}", options.scenario))?;
    let address = options
        .address
        .parse()
        .map_err(|error| format!("{:?}: {error}", options.address))?;
    let mut load = Load::new(scenario, address, options.seed)?;
    let report = match scenario {
        Scenario::Hold => load.hold(options.hold)?,
        _ => load.run(
            options.connections,
            options.in_flight,
            Duration::from_secs_f64(options.seconds),
        )?,
    };
    Ok(report.to_json())
}

fn main() -> ExitCode {
    match measure() {
        Ok(line) => println!("{line}"),
        Err(reason) => {
            eprintln!("{reason}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
