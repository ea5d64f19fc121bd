"""The only place that joins ports to adapters: by formats, models, the house, live pictures and scenes.

Adapters are loaded when they are first needed, for a command that needs none must not wait for them.
"""

from echospine.apps.wiring.cohort import MeasurePiece as MeasurePiece
from echospine.apps.wiring.cohort import build_crowd as build_crowd
from echospine.apps.wiring.cohort import write_cohort_parquet as write_cohort_parquet
from echospine.apps.wiring.formats import Reader as Reader
from echospine.apps.wiring.formats import Writers as Writers
from echospine.apps.wiring.formats import build_reader as build_reader
from echospine.apps.wiring.formats import draw_trend as draw_trend
from echospine.apps.wiring.formats import read_stiffness as read_stiffness
from echospine.apps.wiring.house import SystemClock as SystemClock
from echospine.apps.wiring.house import default_store as default_store
from echospine.apps.wiring.house import open_house as open_house
from echospine.apps.wiring.live import build_eye as build_eye
from echospine.apps.wiring.live import build_live as build_live
from echospine.apps.wiring.live import open_live as open_live
from echospine.apps.wiring.live import serve_live as serve_live
from echospine.apps.wiring.live import serve_recording as serve_recording
from echospine.apps.wiring.live import write_live as write_live
from echospine.apps.wiring.models import add_model as add_model
from echospine.apps.wiring.models import build_model as build_model
from echospine.apps.wiring.models import explainer_of as explainer_of
from echospine.apps.wiring.models import known_models as known_models
from echospine.apps.wiring.models import model_card as model_card
from echospine.apps.wiring.models import model_folder as model_folder
from echospine.apps.wiring.models import model_settings as model_settings
from echospine.apps.wiring.models import use_model as use_model
from echospine.apps.wiring.scenes import SOFTWARE as SOFTWARE
from echospine.apps.wiring.scenes import SceneFiles as SceneFiles
from echospine.apps.wiring.scenes import builtin_scenes as builtin_scenes
from echospine.apps.wiring.scenes import open_scene as open_scene
