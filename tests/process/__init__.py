"""The gateway as operators run it: a process with a file, a port, signals and an exit code."""
