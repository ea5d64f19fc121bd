"""How the shipped network is made: pictures from the twin and from licensed real sets, in; weights and their card, out.

Reads top to bottom: people, machines, places, poses, draw, generate; then real, augment, net, fit, score, export.
"""
