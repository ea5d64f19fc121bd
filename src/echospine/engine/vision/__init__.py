"""What a picture shows, without training and with reasons: image field, bone surface, quality.

Knows how bone looks (a symmetric ridge, bright, with a shadow below it), and how sure it is in each column.
"""

from echospine.engine.vision.bone import BoneFinder as BoneFinder
