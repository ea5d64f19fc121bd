"""Live pictures over one WebSocket for each viewer: the virtual scanner, or a device that sends over OpenIGTLink.

Knows the messages, who may have a scanner and for how long, and how a slow browser is kept up to date: it gets the
newest frame or none (docs/live.md).
"""
