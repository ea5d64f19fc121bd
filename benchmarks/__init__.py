"""Measurements that the documentation quotes. `make bench` runs all and saves a table."""
