"""What the command line asks of a gateway that needn't run."""
