"""What people start: the command line and the workstation's server. `wiring` joins ports to adapters."""
