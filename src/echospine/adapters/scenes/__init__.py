"""Scene files: readable YAML becomes a frozen Scene; every fault is one line with its place in the file.

Also the scenes that come with EchoSpine, by name.
"""

from echospine.adapters.scenes.opening import builtin_scenes, open_scene_file
from echospine.adapters.scenes.reading import SceneFile, read_scene

__all__ = ["SceneFile", "builtin_scenes", "open_scene_file", "read_scene"]
