"""Runs attempts: the invoker machine of each, and the bytes between it and the endpoint."""
