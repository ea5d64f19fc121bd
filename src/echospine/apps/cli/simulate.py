"""`echospine simulate`: a virtual patient under a virtual scanner, with exact truth."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from echospine.apps.cli.shell import json_option, output_folder, print_json, progress
from echospine.domain.errors import InputError

if TYPE_CHECKING:
    from echospine.engine.twin.scene import SceneSource

_PART = re.compile(r"(\d{1,9})?:(\d{1,9})?")


@click.command(epilog="Example: echospine simulate needle-good --out simulated")
@click.argument("scene", required=False)
@click.option("--list", "list_scenes", is_flag=True, help="Show the scenes that come with EchoSpine.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Folder for what is written.")
@click.option("--frames", metavar="A:B", help="Only frames A up to but not including B, counted from 0.")
@click.option("--seed", type=click.IntRange(0), metavar="N", help="Other noise, tremor and tracking errors.")
@click.option("--jobs", type=click.IntRange(1, 64), metavar="N", help="Threads; by default one for each core.")
@click.option("--serve", "serving", is_flag=True, help="Be a scanner over OpenIGTLink instead of writing files.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on, with --serve.")
@click.option("--port", default=18944, show_default=True, type=click.IntRange(0, 65535), help="Port, with --serve.")
@json_option
def simulate(
    scene: str | None,
    list_scenes: bool,
    out: Path | None,
    frames: str | None,
    seed: int | None,
    jobs: int | None,
    serving: bool,
    host: str,
    port: int,
    as_json: bool,
) -> None:
    """Play a scene: a virtual patient, a probe held on the back, and perhaps a needle.

    SCENE is the name of a scene that comes with EchoSpine, or a scene file (.yaml). Into DIR go SCENE.igs.mha with its
    PLUS configuration SCENE.xml, SCENE.dcm, labels_NNNN.png with labels.json, and truth.json. All of it says that it
    is simulated. The same scene and seed give the same files.
    """
    from echospine.apps.wiring import builtin_scenes, open_scene

    if list_scenes:
        _show(builtin_scenes(), as_json)
        return
    if scene is None:
        raise click.UsageError("name a SCENE; --list shows those that come with EchoSpine")
    if serving == (out is not None):
        raise click.UsageError("say either --out DIR, to write files, or --serve")
    ends = ends_of(frames)
    with open_scene(scene, seed=seed, jobs=jobs or os.cpu_count() or 1) as source:
        if out is None:
            _serve(source, host, port)
        else:
            _write(source, out, part_of(ends, len(source)), as_json)


def _show(scenes: dict[str, str], as_json: bool) -> None:
    if as_json:
        print_json(scenes)
        return
    width = max(map(len, scenes))
    for name, title in scenes.items():
        click.echo(f"{name:{width}}  {title}")


def ends_of(text: str | None) -> tuple[int, int | None]:
    """Return the ends that `A:B` names, None where it is left open. Raises InputError where it does not read so."""
    match = _PART.fullmatch(text or ":")
    if match is None:
        raise InputError(f"--frames {text}: write A:B, the first frame and the one after the last, counted from 0")
    return int(match[1] or 0), int(match[2]) if match[2] else None


def part_of(ends: tuple[int, int | None], n_frames: int) -> range:
    """Return the frames between two ends. Raises InputError where they are no part of `n_frames`."""
    part = range(ends[0], n_frames if ends[1] is None else ends[1])
    if not part or part.stop > n_frames:
        asked = f"{ends[0]}:{'' if ends[1] is None else ends[1]}"
        raise InputError(
            f"--frames {asked}: the scene has {n_frames} frames, 0 to {n_frames - 1}; ask for some of them"
        )
    return part


def _write(source: SceneSource, out: Path, part: range, as_json: bool) -> None:
    """Write the files of a scene."""
    from echospine.apps.wiring import SceneFiles

    folder = output_folder(out)
    with SceneFiles(folder, source, part) as files, progress(source.header.name) as on_frame:
        for done, index in enumerate(part):
            files.add(source.frame(index), source.truth(index))
            on_frame(done + 1, len(part))
    if as_json:
        written = [str(path) for path in files.paths]
        print_json({"scene": source.header.name, "simulated": True, "frames": len(part), "files": written})
    else:
        click.echo(f"wrote {len(part)} simulated frames and their truth to {folder}")


def _serve(source: SceneSource, host: str, port: int) -> None:
    from echospine.apps.wiring import serve_recording

    with serve_recording(source, host, port) as serving:
        click.echo(f"simulated scanner on igtl://{serving.host}:{serving.port}; stop it with Ctrl+C")
        serving.wait()
