"""Runs the embedded runtime with its doors: what `awaken dev`, `awaken runtime` and the test kit have in common."""
