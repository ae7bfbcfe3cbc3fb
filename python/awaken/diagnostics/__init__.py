"""Help for authors to find their mistakes: development mode, and tracebacks that show their own code."""
