"""Values that the whole house shares: frames, poses, geometry, labels, measurements, exams, people, errors.

Frozen, valid at birth, and quiet: no clock, no randomness, no files, no framework.
"""
