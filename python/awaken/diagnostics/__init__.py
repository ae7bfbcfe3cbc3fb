"""What helps authors find their mistakes: development mode and tracebacks that show their own lines."""
