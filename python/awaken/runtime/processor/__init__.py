"""Decides what happens to invocations: commands, operations and due timers in, rows and due attempts out."""
