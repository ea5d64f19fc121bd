"""Why an answer is what it is: where its evidence lies, what would change it, what it is like, and in words."""

from echospine.engine.vision.explain.facts import Facts as Facts
from echospine.engine.vision.explain.facts import facts_of as facts_of
from echospine.engine.vision.explain.occlusion import Evidence as Evidence
from echospine.engine.vision.explain.occlusion import alike as alike
from echospine.engine.vision.explain.occlusion import evidence as evidence
from echospine.engine.vision.explain.occlusion import sane as sane
from echospine.engine.vision.explain.otherwise import nearest as nearest
from echospine.engine.vision.explain.otherwise import otherwise as otherwise
from echospine.engine.vision.explain.sentences import for_clinician as for_clinician
from echospine.engine.vision.explain.sentences import for_patient as for_patient
