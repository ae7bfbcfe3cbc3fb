"""Builds and checks what is published: wheels for Linux, and the source distribution. `make wheel` runs it."""
