"""The words everyone shares. Pure: no clock, no chance, no network, no disk, no logging."""
