"""A needle: its shape and place, what a probe hears of it, what it does to tissue, and the truth about its tip.

Knows shafts that are straight or bent, in the picture plane or not, and pockets of injectate that grow.
"""

from echospine.engine.twin.needle.echoes import NeedleLook as NeedleLook
from echospine.engine.twin.needle.echoes import needle_echoes as needle_echoes
from echospine.engine.twin.needle.injectate import Injected as Injected
from echospine.engine.twin.needle.injectate import Injection as Injection
from echospine.engine.twin.needle.injectate import Pocket as Pocket
from echospine.engine.twin.needle.injectate import inject as inject
from echospine.engine.twin.needle.injectate import injected_ml as injected_ml
from echospine.engine.twin.needle.injectate import needle_push as needle_push
from echospine.engine.twin.needle.shape import Needle as Needle
from echospine.engine.twin.needle.shape import NeedlePose as NeedlePose
from echospine.engine.twin.needle.shape import aimed as aimed
from echospine.engine.twin.needle.shape import needle_to_patient as needle_to_patient
from echospine.engine.twin.needle.shape import shaft_mm as shaft_mm
from echospine.engine.twin.needle.shape import tip_mm as tip_mm
from echospine.engine.twin.needle.truth import CRITICAL as CRITICAL
from echospine.engine.twin.needle.truth import Clearance as Clearance
from echospine.engine.twin.needle.truth import NeedleTruth as NeedleTruth
from echospine.engine.twin.needle.truth import clearance as clearance
from echospine.engine.twin.needle.truth import needle_truth as needle_truth
