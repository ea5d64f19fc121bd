"""Scenes: who lies there, how the probe is held, what moves, where a needle goes; and each frame of it with its truth.

A scene is a frozen record; everything random in it is drawn before the first frame, so that it can be made again.
"""

from echospine.engine.twin.scene.record import MAX_FRAMES as MAX_FRAMES
from echospine.engine.twin.scene.record import MAX_S as MAX_S
from echospine.engine.twin.scene.record import Insertion as Insertion
from echospine.engine.twin.scene.record import Lie as Lie
from echospine.engine.twin.scene.record import PictureSide as PictureSide
from echospine.engine.twin.scene.record import Place as Place
from echospine.engine.twin.scene.record import Scene as Scene
from echospine.engine.twin.scene.record import SceneFault as SceneFault
from echospine.engine.twin.scene.record import Stay as Stay
from echospine.engine.twin.scene.record import Step as Step
from echospine.engine.twin.scene.record import Sweep as Sweep
from echospine.engine.twin.scene.record import Tremor as Tremor
from echospine.engine.twin.scene.record import Where as Where
from echospine.engine.twin.scene.source import SIMULATED as SIMULATED
from echospine.engine.twin.scene.source import SceneSource as SceneSource
from echospine.engine.twin.scene.truth import SeenLandmark as SeenLandmark
from echospine.engine.twin.scene.truth import SeenNeedle as SeenNeedle
from echospine.engine.twin.scene.truth import Truth as Truth
from echospine.engine.twin.scene.views import MIDLINE_VIEWS as MIDLINE_VIEWS
from echospine.engine.twin.scene.views import standard_view as standard_view
from echospine.engine.twin.scene.views import usual_machine as usual_machine
