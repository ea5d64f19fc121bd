"""The workstation with a model that names structures in any picture: `python recognising_server.py STORE`.

It stands for a learned one in tests of the examination page.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from echospine.apps.server.run import run_server
from rich_model import RichModel

if __name__ == "__main__":
    run_server(Path(sys.argv[1]), host="127.0.0.1", port=0, open_browser=False, model=RichModel())
