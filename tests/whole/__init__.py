"""The whole proxy against real servers on loopback."""
