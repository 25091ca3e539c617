"""The network to providers: the only place that opens a connection to one."""
