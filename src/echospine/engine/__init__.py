"""The field's own science. Quiet: arrays in, arrays out; no clock, no hidden randomness, no files, no framework."""
