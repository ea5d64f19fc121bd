"""Knows how to offer the house over HTTP: the API, the built web page, and the server that a browser meets.

A request comes through the `door` to one of the `routes`, which finds at its `desk` what is `keeping` and `importing`,
and gives one of the `answers`; `schemas`, `problems` and `limits` are what all of them agree on.
"""
