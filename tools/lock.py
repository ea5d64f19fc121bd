"""Renew the locked dependencies: requirements.lock (to run) and requirements-dev.lock (to test as well).

One universal resolution for all platforms and Python 3.11 or newer, with hashes, without the index's address.
Run by `make lock`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEADER = "# Written by `make lock`; do not edit.\n"


def lock(name: str, *options: str) -> None:
    """Resolve pyproject.toml into the file `name`."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", *options]
    command += ["--universal", "--python-version", "3.11", "--generate-hashes", "--quiet"]
    command += ["--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"]
    answer = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    (ROOT / name).write_text(HEADER + answer.stdout)


if __name__ == "__main__":
    lock("requirements.lock")
    lock("requirements-dev.lock", "--group", "dev", "--constraint", "requirements.lock")
