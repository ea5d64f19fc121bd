"""What a picture shows, with its doubt and its reasons.

Knows, without training, the image field, bone surface and quality (`bone`); how to read a network's answers
(`reading`); which level is seen (`level`); how the probe lies (`bearing`) and should move (`advice`).
"""
