"""Decides what becomes of invocations: effects, operations and due times in, rows and attempts out."""
