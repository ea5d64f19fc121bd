"""Sequence files of PLUS and 3D Slicer: pictures with what trackers said of each, and the configuration beside them.

Knows MetaImage and NRRD as these programs write them, how a stored picture is turned upright, and which poses
belong to which frame; a pose that was lost is absent, never a guess.
"""

from echospine.adapters.sequences.tracked.metaimage import encode_mha
from echospine.adapters.sequences.tracked.plus_config import PlusConfig, read_config
from echospine.adapters.sequences.tracked.sequence import SequenceSource
from echospine.adapters.sequences.tracked.writing import MhaWriter, encode_config

__all__ = ["MhaWriter", "PlusConfig", "SequenceSource", "encode_config", "encode_mha", "read_config"]
