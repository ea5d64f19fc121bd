"""The demo: examine real recordings, print what was found, and open the workstation on them.

`make demo` runs it. One DICOM cine comes with pydicom and needs no network. The in-vivo bone recording is taken
from ECHOSPINE_DATA, from a folder `shared/data` beside the checkout, or fetched once; without any of them the
demo goes on with the cine alone, and says so.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from pydicom import examples

from echospine.apps.cli.datasets import fetch
from echospine.domain.errors import EchoSpineError

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "demo"
BONE = ("BoneUltrasound_L14.igs.mha", "BoneUltrasound_L14_config.xml")


def bone_recording() -> list[Path]:
    """Return the bone recording and its calibration, or nothing when they cannot be had."""
    named = os.environ.get("ECHOSPINE_DATA")
    for folder in (Path(named) if named else None, ROOT.parent / "shared" / "data"):
        if folder and all((folder / "plus" / name).is_file() for name in BONE):
            return [folder / "plus" / name for name in BONE]
    try:
        return list(fetch("plus-bone"))
    except EchoSpineError as error:
        print(f"The bone recording is left out: {error}")
        return []


def echospine(*arguments: str) -> list[str]:
    """Return the command line of `echospine` in this environment."""
    return [sys.executable, "-m", "echospine", *arguments]


def main() -> int:
    """Examine, print, and serve unless told not to."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--serve", type=int, default=1, help="0: stop after the report")
    options.add_argument("--port", type=int, default=8042)
    chosen = options.parse_args()

    inputs = [*bone_recording(), Path(examples.get_path("ybr_color"))]
    store = ["--store", str(OUT / "store")]
    code = subprocess.call(echospine("examine", *map(str, inputs), "--out", str(OUT / "findings"), *store))
    if code == 0 and chosen.serve:
        where = f"http://127.0.0.1:{chosen.port}"
        print(
            f"\nOpen {where} to review, sign and report, or {where}/live to scan a virtual patient. Stop with Ctrl+C."
        )
        code = subprocess.call(echospine("serve", *store, "--port", str(chosen.port), "--open"))
    return code


if __name__ == "__main__":
    sys.exit(main())
