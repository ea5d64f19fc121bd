"""Why an answer is what it is: where its evidence lies, what would change it, what it is like, and in words."""

from echospine.engine.vision.explain.asking import Question as Question
from echospine.engine.vision.explain.asking import on_picture as on_picture
from echospine.engine.vision.explain.asking import otherwise_sentence as otherwise_sentence
from echospine.engine.vision.explain.asking import question_of as question_of
from echospine.engine.vision.explain.asking import shown_evidence as shown_evidence
from echospine.engine.vision.explain.facts import Facts as Facts
from echospine.engine.vision.explain.facts import facts_of as facts_of
from echospine.engine.vision.explain.marks import mark_for_clinician as mark_for_clinician
from echospine.engine.vision.explain.marks import mark_for_patient as mark_for_patient
from echospine.engine.vision.explain.occlusion import Evidence as Evidence
from echospine.engine.vision.explain.occlusion import alike as alike
from echospine.engine.vision.explain.occlusion import evidence as evidence
from echospine.engine.vision.explain.occlusion import sane as sane
from echospine.engine.vision.explain.otherwise import nearest as nearest
from echospine.engine.vision.explain.otherwise import otherwise as otherwise
from echospine.engine.vision.explain.sentences import for_clinician as for_clinician
from echospine.engine.vision.explain.sentences import for_patient as for_patient
