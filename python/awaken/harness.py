"""The official SDK's name for `awaken.testing.harness`."""

from awaken.testing.harness import HarnessEnvironment, RestateTestHarness, create_test_harness, test_harness

__all__ = ["HarnessEnvironment", "RestateTestHarness", "create_test_harness", "test_harness"]
