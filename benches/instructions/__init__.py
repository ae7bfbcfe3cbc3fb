"""Counts the instructions of core operations, and compares them with what is stored."""
