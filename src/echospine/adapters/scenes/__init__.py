"""Scene files: readable YAML becomes a frozen Scene; every fault is one line with its place in the file.

Also the scenes that come with EchoSpine, by name, and the files in which the truth about a scene is told.
"""

from echospine.adapters.scenes.opening import builtin_scenes, open_scene_file
from echospine.adapters.scenes.reading import SceneFile, read_scene
from echospine.adapters.scenes.writing import TruthWriter, write_whole

__all__ = ["SceneFile", "TruthWriter", "builtin_scenes", "open_scene_file", "read_scene", "write_whole"]
