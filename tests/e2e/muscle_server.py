"""The workstation with a model that measures muscle in any picture exactly: `python muscle_server.py STORE`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from echospine.apps.server.run import run_server
from muscle_model import MuscleModel

if __name__ == "__main__":
    run_server(Path(sys.argv[1]), host="127.0.0.1", port=0, open_browser=False, model=MuscleModel())
