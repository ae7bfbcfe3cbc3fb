//! Talks to an endpoint as the runtime does, or to an ingress as callers do, checks every response, and prints what a
//! round measured.
//!
//! The first wrong response ends the process with status 1 and a reason.

mod connection;
mod frame;
mod headers;
mod id;
mod ingress;
mod invocation;
mod load;
mod message;
mod options;
mod report;
mod scenario;
mod stream;

use std::process::ExitCode;

use load::Load;
use options::Options;
use report::Report;
use scenario::Scenario;

fn measure() -> Result<String, String> {
    let options = Options::parse(std::env::args().skip(1))?;
    let report = if options.is_ingress {
        measure_ingress(&options)?
    } else {
        measure_endpoint(&options)?
    };
    Ok(report.to_json())
}

fn measure_endpoint(options: &Options) -> Result<Report, String> {
    let scenario = Scenario::parse(&options.scenario).ok_or_else(|| options.unknown_scenario())?;
    let mut load = Load::new(scenario, options.address, options.seed)?;
    match scenario {
        Scenario::Hold => load.hold(options.hold),
        _ => load.run(options.connections, options.in_flight, options.duration),
    }
}

fn measure_ingress(options: &Options) -> Result<Report, String> {
    let scenario =
        ingress::Scenario::parse(&options.scenario).ok_or_else(|| options.unknown_scenario())?;
    let until = match options.operations {
        Some(count) => ingress::Until::Operations(count),
        None => ingress::Until::Elapsed(options.duration),
    };
    ingress::Load::new(scenario, options.address, options.size).run(options.callers, until)
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
