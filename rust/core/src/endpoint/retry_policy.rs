//! The retry policy of a run.

use std::time::Duration;

/// When a failing run is retried. All durations are in milliseconds; `None` means no bound, or the default of the
/// field.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RetryPolicy {
    /// Delay after the first failure, by default 50.
    pub initial_interval_ms: Option<u64>,
    /// Factor from one delay to the next, by default 2.
    pub factor: Option<f64>,
    /// Longest delay, by default 10,000.
    pub max_interval_ms: Option<u64>,
    /// Executions in total, by default unbounded.
    pub max_attempts: Option<u32>,
    /// Time since the first execution, by default unbounded.
    pub max_duration_ms: Option<u64>,
}

impl RetryPolicy {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn gives_up(&self, attempts: u32, elapsed_ms: u64) -> bool {
        self.max_attempts.is_some_and(|max| max <= attempts)
            || self.max_duration_ms.is_some_and(|max| max <= elapsed_ms)
    }

    /// The delay before the next execution, after `attempts` of them, in milliseconds.
    pub(super) fn delay(&self, attempts: u32) -> u64 {
        let max = self.max_interval_ms.unwrap_or(10_000);
        // 32 bits of milliseconds are 49 days: far longer than any sensible first delay, and exact as a float.
        let initial = u32::try_from(self.initial_interval_ms.unwrap_or(50)).unwrap_or(u32::MAX);
        let exponent = i32::try_from(attempts.saturating_sub(1)).unwrap_or(i32::MAX);
        let delay = f64::from(initial) * self.factor.unwrap_or(2.0).powi(exponent);
        // A delay that is not a number, negative or infinite comes from an odd factor; the longest delay is the safe
        // choice.
        Duration::try_from_secs_f64(delay / 1000.0)
            .ok()
            .and_then(|delay| u64::try_from(delay.as_millis()).ok())
            .map_or(max, |delay| delay.min(max))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(initial: u64, factor: f64) -> RetryPolicy {
        RetryPolicy {
            initial_interval_ms: Some(initial),
            factor: Some(factor),
            ..RetryPolicy::default()
        }
    }

    #[test]
    fn delays_grow_by_the_factor_up_to_the_cap() {
        let doubling = policy(50, 2.0);
        assert_eq!(
            [1, 2, 6, 20, u32::MAX].map(|n| doubling.delay(n)),
            [50, 100, 1600, 10_000, 10_000]
        );
        assert_eq!([1, 2, 3].map(|n| policy(50, 3.0).delay(n)), [50, 150, 450]);
    }

    #[test]
    fn one_given_field_brings_the_defaults_of_the_others() {
        let bounded = RetryPolicy {
            max_attempts: Some(9),
            ..RetryPolicy::default()
        };
        assert_eq!([1, 2, 30].map(|n| bounded.delay(n)), [50, 100, 10_000]);
    }

    #[test]
    fn strange_factors_end_at_the_cap() {
        for factor in [f64::NAN, f64::INFINITY, -2.0] {
            assert_eq!(policy(50, factor).delay(2), 10_000, "{factor}");
        }
        assert_eq!(policy(u64::MAX, 1.0).delay(1), 10_000);
        assert_eq!(policy(50, 0.0).delay(2), 0);
    }

    #[test]
    fn three_attempts_are_three_executions_and_zero_is_one() {
        let at_most = |max_attempts| RetryPolicy {
            max_attempts: Some(max_attempts),
            ..RetryPolicy::default()
        };
        assert_eq!(
            [1, 2, 3].map(|n| at_most(3).gives_up(n, 0)),
            [false, false, true]
        );
        assert_eq!([1, 2].map(|n| at_most(1).gives_up(n, 0)), [true, true]);
        assert!(at_most(0).gives_up(1, 0));
    }

    #[test]
    fn a_duration_bound_gives_up_when_it_is_reached() {
        let bounded = RetryPolicy {
            max_duration_ms: Some(100),
            ..RetryPolicy::default()
        };
        assert_eq!(
            [99, 100, 101].map(|ms| bounded.gives_up(1, ms)),
            [false, true, true]
        );
    }
}
