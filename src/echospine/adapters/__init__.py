"""Rooms that meet the outside world: formats, databases, disks. Each fills a port; none knows another."""
