"""The runtime without a network that the tests of the runtime use."""

from tests.unit.runtime.conftest import harness as harness
