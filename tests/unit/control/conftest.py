"""A runtime without a network, as the tests of the runtime have it."""

from tests.unit.runtime.conftest import harness as harness
