"""What nearly every call runs, as machine code: the same files, compiled by mypyc."""
