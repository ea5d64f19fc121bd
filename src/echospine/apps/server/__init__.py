"""Knows how to offer the house over HTTP: the API, the built web page, and the server that a browser meets."""
