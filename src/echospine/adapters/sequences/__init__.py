"""Reads recordings that are not DICOM: PLUS and 3D Slicer sequences, video, and pictures.

`sniff` tells what a file is by its content; `open_sequence` opens a recording as a lazy FrameSource;
`encode_mha` writes a small PLUS sequence, `MhaWriter` one of any length, `encode_config` its configuration.
"""

from __future__ import annotations

from echospine.adapters.sequences.opening import open_sequence
from echospine.adapters.sequences.sniff import sniff
from echospine.adapters.sequences.tracked import MhaWriter, encode_config, encode_mha

__all__ = ["MhaWriter", "encode_config", "encode_mha", "open_sequence", "sniff"]
