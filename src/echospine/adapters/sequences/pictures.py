"""PNG, TIFF (several pages too), JPEG and BMP pictures as a FrameSource: one file, or a folder's worth.

Grey stays grey, colours become RGB, an alpha channel is left out (not blended), a palette is looked up.
16-bit grey is scaled over its whole range, 65,535 becoming 255, so that pictures of one folder stay
comparable; 12-bit pictures in 16-bit files come out dark for that reason. 32-bit and floating-point
pictures have no known scale and are refused.
"""

from __future__ import annotations

import logging
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from echospine.adapters.sequences.files import decoding, open_file
from echospine.adapters.sequences.source import LazySource, choose_geometry
from echospine.domain.errors import InputError, TooLargeError, UnsupportedError
from echospine.domain.frames import MAX_FRAMES, MAX_PIXELS, Frame, RecordingHeader, check_size
from echospine.domain.images import ImageGeometry
from echospine.domain.units import Pixels
from echospine.ports import LocalFile

logging.getLogger("PIL").addHandler(logging.NullHandler())  # it prints what it then raises, too

_FORMATS = ("PNG", "TIFF", "JPEG", "BMP", "DIB", "MPO")
_SIXTEEN_BIT = ("I;16", "I;16B", "I;16L", "I;16N")
_GREY = ("L", "1", "LA", "La")
_COLOUR = ("RGB", "RGBA", "RGBa", "RGBX", "P", "PA", "CMYK", "YCbCr", "LAB", "HSV")
_EXIF_ORIENTATION = 0x0112
_EXIF_ON_ITS_SIDE = (5, 6, 7, 8)


@dataclass(frozen=True, slots=True)
class _Page:
    """One picture: its file, its place in it, its size as shown, and its Pillow mode."""

    file: LocalFile
    number: int
    size: tuple[int, int]
    mode: str

    @property
    def label(self) -> str:
        """The name that errors use."""
        return self.file.name if self.number == 0 else f"{self.file.name} (page {self.number + 1})"


class PictureSource(LazySource):
    """Pictures in the given order, all of one size; each is decoded when it is asked for."""

    def __init__(self, name: str, files: Sequence[LocalFile], spacing_mm: float | None = None) -> None:
        self._pages = [page for file in files for page in _pages(file)]
        width, height = _common_size(self._pages)
        check_size(name, width, height, len(self._pages))
        own = ImageGeometry(width, height)
        self._geometry, notes = choose_geometry(own, spacing_mm)
        self._open: tuple[LocalFile, Image.Image] | None = None
        if any(page.mode in _SIXTEEN_BIT for page in self._pages):
            notes = (*notes, f"{name}: 16-bit grey levels were scaled from 0-65,535 to 0-255.")
        super().__init__(
            RecordingHeader(
                name=name,
                format="picture" if len(self._pages) == 1 else "series of pictures",
                n_frames=len(self._pages),
                geometry=self._geometry,
                colour=any(page.mode in _COLOUR for page in self._pages),
                notes=notes,
            )
        )

    def _read(self, index: int) -> Frame:
        page = self._pages[index]
        image = self._image(page.file)
        with _pillow(page.label):
            image.seek(page.number)
            _check_page(page, image)
            pixels = _levels(ImageOps.exif_transpose(image) if _has_way_up(image) else image)
        return Frame(pixels, self._geometry, index)

    def _image(self, file: LocalFile) -> Image.Image:
        """Return the opened file; the last one stays open, so that pages are walked without starting anew."""
        if self._open is None or self._open[0] is not file:
            self._close()
            self._open = (file, _opened(file))
        return self._open[1]

    def _close(self) -> None:
        if self._open is not None:
            self._open[1].close()
            self._open = None


@contextmanager
def _pillow(label: str) -> Iterator[None]:
    """Turn what Pillow raises into the tree of errors; its bomb limit becomes ours."""
    with decoding(label), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on damaged tags; what matters raises, and sizes are checked
        try:
            yield
        except Image.DecompressionBombError as error:
            raise TooLargeError(
                f"{label}: declares more than {MAX_PIXELS:,} pixels; export it at the size at which it was scanned"
            ) from error
        except UnidentifiedImageError as error:
            raise UnsupportedError(f"{label}: is not a PNG, TIFF, JPEG or BMP picture that can be read") from error


def _opened(file: LocalFile) -> Image.Image:
    stream = open_file(file)
    try:
        with _pillow(file.name):
            image = Image.open(stream, formats=_FORMATS)
            image._exclusive_fp = True  # closing the picture closes the stream, too
            return image
    except BaseException:
        stream.close()
        raise


def _pages(file: LocalFile) -> list[_Page]:
    """Return the pictures in a file, decoding none; raises InputError for a mode without grey levels."""
    with _opened(file) as image:
        pages = []
        with _pillow(file.name):
            count = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1
            check_size(file.name, *image.size, count)
            for number in range(count):
                image.seek(number)
                pages.append(_Page(file, number, _shown_size(image), image.mode))
        for page in pages:
            check_size(page.label, *page.size)
            if page.mode not in (*_SIXTEEN_BIT, *_GREY, *_COLOUR):
                raise UnsupportedError(
                    f"{page.label}: has pixels of the kind {page.mode!r} without a known grey scale; "
                    "export it as 8-bit grey or RGB"
                )
        return pages


def _has_way_up(image: Image.Image) -> bool:
    """True for JPEG, which may say which side is up. Pillow turns TIFF by itself; PNG may say it after its pixels."""
    return image.format in ("JPEG", "MPO")


def _shown_size(image: Image.Image) -> tuple[int, int]:
    width, height = image.size
    on_its_side = _has_way_up(image) and image.getexif().get(_EXIF_ORIENTATION) in _EXIF_ON_ITS_SIDE
    return (height, width) if on_its_side else (width, height)


def _common_size(pages: list[_Page]) -> tuple[int, int]:
    """Return the size that all pictures have; raises InputError that names the odd one."""
    if not pages or len(pages) > MAX_FRAMES:
        raise InputError(f"{len(pages)} pictures were given, 1 to {MAX_FRAMES:,} make a recording")
    common, _ = Counter(page.size for page in pages).most_common(1)[0]
    odd = next((page for page in pages if page.size != common), None)
    if odd is not None:
        raise InputError(
            f"{odd.label}: is {odd.size[0]} x {odd.size[1]} pixels, but most of the {len(pages)} pictures are "
            f"{common[0]} x {common[1]}; take it out, or give it as a recording of its own"
        )
    return common


def _check_page(page: _Page, image: Image.Image) -> None:
    """Raise InputError when the file has changed since it was opened first."""
    if (_shown_size(image), image.mode) != (page.size, page.mode):
        raise InputError(f"{page.label}: has changed while it was read; open the recording again")


def _levels(image: Image.Image) -> Pixels:
    """Return a picture as grey levels or RGB, uint8."""
    if image.mode in _SIXTEEN_BIT:
        wide = np.asarray(image).astype(np.uint32)
        levels: Pixels = ((wide * 255 + 32_767) // 65_535).astype(np.uint8)
        return levels
    if image.mode in _GREY:
        return np.asarray(image.getchannel("L") if image.mode == "LA" else image.convert("L"))
    return np.asarray(image.convert("RGB"))
