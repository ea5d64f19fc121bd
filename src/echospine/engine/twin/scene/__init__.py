"""Scenes: who lies there, how the probe is held, what moves, where a needle goes; and each frame of it with its truth.

A scene is a frozen record; everything random in it is drawn before the first frame, so that it can be made again.
"""

from echospine.engine.twin.scene.views import MIDLINE_VIEWS as MIDLINE_VIEWS
from echospine.engine.twin.scene.views import standard_view as standard_view
from echospine.engine.twin.scene.views import usual_machine as usual_machine
