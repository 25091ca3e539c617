"""The benchmarks: how much slower than nginx are we, on the machine at hand; `make bench` and `make soak`."""
