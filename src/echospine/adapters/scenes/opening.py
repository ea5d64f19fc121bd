"""Scenes by the name of a file, or of one that comes with EchoSpine."""

from __future__ import annotations

from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path

from echospine.adapters.scenes.nodes import MAX_BYTES
from echospine.adapters.scenes.reading import SceneFile, read_scene
from echospine.domain.errors import TooLargeError, UnreadableError

ENDING = ".yaml"
_SHELF = files("echospine.adapters.scenes") / "builtin"


def builtin_scenes() -> dict[str, str]:
    """Return the scenes that come with EchoSpine: title by name."""
    names = sorted(entry.name.removesuffix(ENDING) for entry in _SHELF.iterdir() if entry.name.endswith(ENDING))
    return {name: _builtin(name).scene.title for name in names}


def open_scene_file(name: str) -> SceneFile:
    """Return a built-in scene by its name, or the one in the file at that path.

    Raises UnreadableError where there is neither, InputError for what the file says.
    """
    if (_SHELF / f"{name}{ENDING}").is_file() and "/" not in name:
        return _builtin(name)
    path = Path(name)
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise UnreadableError(_nothing(name, error)) from error
    if len(data) > MAX_BYTES:
        raise TooLargeError(f"{path.name}: is larger than {MAX_BYTES >> 10} KiB, so it is no scene file")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError(f"{path.name}: is no text in UTF-8; a scene file is YAML") from error
    return read_scene(text, path.name, path.name.split(".")[0] or "scene")


def _builtin(name: str) -> SceneFile:
    return read_scene((_SHELF / f"{name}{ENDING}").read_text("utf-8"), f"{name}{ENDING}", name)


def _nothing(name: str, error: Exception) -> str:
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    known = [entry.name.removesuffix(ENDING) for entry in _SHELF.iterdir()]
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else "`echospine simulate --list` shows the scenes that come with it"
    return f"{name}: cannot be opened ({why}); {hint}"
