"""Which vertebra a picture shows, counted from the sacrum or the last rib; doubtful without either."""

from echospine.engine.vision.level.counting import LevelFilter as LevelFilter
from echospine.engine.vision.level.evidence import Evidence as Evidence
from echospine.engine.vision.level.evidence import evidence_of as evidence_of
