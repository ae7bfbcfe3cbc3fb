//! The result of a round: one line of JSON.

use std::time::Duration;

pub struct Report {
    latencies: Vec<Duration>,
    elapsed: Duration,
    cpu: Duration,
    connections: usize,
    /// JSON of further facts, each with a comma before it.
    extra: String,
}

impl Report {
    pub fn new(
        mut latencies: Vec<Duration>,
        elapsed: Duration,
        cpu: Duration,
        connections: usize,
    ) -> Self {
        latencies.sort_unstable();
        Self {
            latencies,
            elapsed,
            cpu,
            connections,
            extra: String::new(),
        }
    }

    /// Adds p50 and p99 of the parts of an operation, each with a name.
    pub fn with_steps(mut self, steps: Vec<(&'static str, Vec<Duration>)>) -> Self {
        let parts: Vec<String> = steps
            .into_iter()
            .map(|(name, mut latencies)| {
                latencies.sort_unstable();
                let (p50, p99) = (quantile_ms(&latencies, 0.5), quantile_ms(&latencies, 0.99));
                format!("\"{name}\":{{\"p50_ms\":{p50:.4},\"p99_ms\":{p99:.4}}}")
            })
            .collect();
        self.extra = format!(",\"steps\":{{{}}}", parts.join(","));
        self
    }

    pub fn to_json(&self) -> String {
        format!(
            "{{\"event\":\"finished\",\"requests\":{},\"seconds\":{:.6},\"p50_ms\":{:.4},\"p99_ms\":{:.4},\
             \"max_ms\":{:.4},\"errors\":0,\"connections\":{},\"generator_cpu_seconds\":{:.6}{}}}",
            self.latencies.len(),
            self.elapsed.as_secs_f64(),
            self.quantile_ms(0.5),
            self.quantile_ms(0.99),
            self.quantile_ms(1.0),
            self.connections,
            self.cpu.as_secs_f64(),
            self.extra,
        )
    }

    fn quantile_ms(&self, share: f64) -> f64 {
        quantile_ms(&self.latencies, share)
    }
}

/// The value below which `share` of the sorted `latencies` are, in milliseconds.
pub fn quantile_ms(latencies: &[Duration], share: f64) -> f64 {
    let last = latencies.len().saturating_sub(1);
    let at = (last as f64 * share).round() as usize;
    latencies
        .get(at)
        .map_or(0.0, |latency| latency.as_secs_f64() * 1e3)
}

/// User and system time of this process so far.
pub fn cpu_time() -> Duration {
    // SAFETY: `getrusage` fills the struct it receives, and all zeroes are a valid value of it.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    let duration = |time: libc::timeval| {
        Duration::from_micros(time.tv_sec as u64 * 1_000_000 + time.tv_usec as u64)
    };
    duration(usage.ru_utime) + duration(usage.ru_stime)
}
