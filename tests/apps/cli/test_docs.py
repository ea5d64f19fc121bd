"""What the documentation says of the command is what the command does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from echospine.apps.cli.main import root

ROOT = Path(__file__).resolve().parents[3]


def commands(group: click.Group, prefix: str = "") -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = []
    for name, command in group.commands.items():
        found.append((f"{prefix}{name}", command))
        if isinstance(command, click.Group):
            found += commands(command, f"{prefix}{name} ")
    return found


@pytest.mark.parametrize(("name", "command"), commands(root))
def test_every_command_has_help_with_an_example_and_stands_in_the_docs(name: str, command: click.Command) -> None:
    page = (ROOT / "docs" / "command-line.md").read_text()
    assert command.help
    assert "Example: echospine " in (command.epilog or "")
    assert name in page
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, f"{name} {option.name}"


def test_every_setting_stands_in_the_docs() -> None:
    page = (ROOT / "docs" / "command-line.md").read_text()
    sources = [path for folder in ("src", "tests", "tools", "examples") for path in (ROOT / folder).rglob("*.py")]
    settings = {name for path in sources for name in re.findall(r"ECHOSPINE_[A-Z_]+", path.read_text())}
    assert settings
    assert not {name for name in settings if name not in page}


def test_the_example_in_the_readme_runs() -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert blocks
    for block in blocks:
        answer = subprocess.run([sys.executable, "-c", block], capture_output=True, text=True, timeout=60, check=False)
        assert answer.returncode == 0, answer.stderr
        assert "30 frames" in answer.stdout
        assert "uncalibrated" in answer.stdout


def test_every_picture_and_page_that_the_readme_names_exists() -> None:
    text = (ROOT / "README.md").read_text()
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if not link.startswith("http")]
    assert links
    assert not [link for link in links if not (ROOT / link).is_file()]


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys, echospine.apps.cli.main\n"
        "heavy = {'numpy', 'scipy', 'pydicom', 'fastapi', 'sqlalchemy', 'PIL', 'av', 'rich', 'onnxruntime'}\n"
        "heavy &= set(sys.modules)\n"
        "sys.exit(f'imported {sorted(heavy)}' if heavy else 0)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert answer.returncode == 0, answer.stderr
