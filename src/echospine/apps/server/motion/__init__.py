"""Cines followed for the browser: one job for what is not known yet, kept by content and place.

Knows the shapes of what is asked and answered, and which parts of which recordings are at hand.
"""
