"""Where each frame lies in millimetres, from its ultrasound regions.

Ultrasound objects carry their scale in Sequence of Ultrasound Regions (PS3.3 C.8.5.5) and nowhere else: Pixel
Spacing is no part of the Ultrasound Image and Ultrasound Multi-frame Image objects, and in files that have it
nevertheless nothing says whether it still fits after a crop, which parts of the screen it speaks of, or who
put it there. It is therefore not used, and a note says so. The Enhanced Ultrasound Volume is another matter:
there each frame is a plane through a volume, has no regions, and has its scale in Pixel Measures, which is
mandatory (PS3.3 A.59.3 and C.7.6.16.2.1).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from echospine.adapters.dicom.reading.elements import items, number, numbers, whole
from echospine.domain.errors import GeometryError
from echospine.domain.images import ImageGeometry, Region, RegionUnit, Spacing

HIGH_PRIORITY = 1
"""Bit 0 of Region Flags (PS3.3 C.8.5.5.1.3)."""


@dataclass(frozen=True, slots=True)
class Geometries:
    """The geometry of every frame: `common`, and the few frames that have their own."""

    common: ImageGeometry
    own: dict[int, ImageGeometry] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def of(self, index: int) -> ImageGeometry:
        """Return the geometry of one frame."""
        return self.own.get(index, self.common)

    @property
    def calibrated(self) -> bool:
        """True when some frame carries millimetres."""
        return self.common.calibrated or any(geometry.calibrated for geometry in self.own.values())


def read_geometries(dataset: Dataset, width: int, height: int, n_frames: int, *, volume: bool) -> Geometries:
    """Return the geometry of all frames of a picture of that size, pixels.

    The regions of a frame's own functional group come first, then those that all frames share, then those of
    the instance. `volume`: an Enhanced Ultrasound Volume, whose Pixel Measures count where there are no regions.
    """
    notes: dict[str, None] = {}  # ordered, each once
    shared = items(dataset, "SharedFunctionalGroupsSequence")
    common = _regions((*shared[:1], dataset), notes)
    if common is None and volume:
        common = _pixel_measures(shared[:1], width, height, notes)
    own: dict[int, ImageGeometry] = {}
    known: dict[tuple[Region, ...], ImageGeometry] = {}
    for index, group in enumerate(items(dataset, "PerFrameFunctionalGroupsSequence")[:n_frames]):
        regions = _regions((group,), notes)
        if regions is None and volume:
            regions = _pixel_measures((group,), width, height, notes)
        if regions is not None:  # frames that agree share one geometry
            own[index] = known.setdefault(regions, ImageGeometry(width, height, regions))
    everywhere = ImageGeometry(width, height, common or ())
    found = Geometries(everywhere, own)
    return replace(found, notes=(*notes, *_remarks(found, dataset)))


def with_user_spacing(found: Geometries, spacing_mm: float) -> Geometries:
    """Return the geometry with the user's scale where the file has none; the file's own is never overruled.

    Raises GeometryError for a spacing that is not a positive number.
    """
    common = found.common
    whole_picture = ImageGeometry.uniform(common.width, common.height, spacing_mm, spacing_mm, Spacing.USER)
    if found.calibrated:
        return replace(found, notes=(*found.notes, "The pixel spacing given was not used: the file has its own scale."))
    # Below whatever the file says of other parts, say a Doppler spectrum: those stay without millimetres.
    beneath = replace(whole_picture.regions[0], high_priority=not common.regions)

    def scaled(geometry: ImageGeometry) -> ImageGeometry:
        return replace(geometry, regions=(*geometry.regions, beneath))

    return replace(found, common=scaled(common), own={i: scaled(own) for i, own in found.own.items()})


def _regions(places: tuple[Dataset, ...], notes: dict[str, None]) -> tuple[Region, ...] | None:
    """Return the regions of the first place that has any: in it, or in one of its functional group macros."""
    for place in places:
        for holder in (place, *_macros(place)):
            found = items(holder, "SequenceOfUltrasoundRegions")
            if found:
                read = (_region(item, number, notes) for number, item in enumerate(found, start=1))
                return tuple(region for region in read if region is not None)
    return None


def _macros(group: Dataset) -> Iterator[Dataset]:
    """Yield the first item of each sequence in a functional group."""
    if "SOPClassUID" in group:  # the instance itself
        return
    for element in group:
        if element.VR == "SQ" and isinstance(element.value, Items) and element.value:
            yield element.value[0]


def _region(item: Dataset, place: int, notes: dict[str, None]) -> Region | None:
    """Return one region exactly as written, or None with a note when it cannot be one."""
    try:
        corners = [numbers(item, f"RegionLocation{corner}") for corner in ("MinX0", "MinY0", "MaxX1", "MaxY1")]
        if not all(corners):
            raise ValueError("its location is missing")
        x0, y0, x1, y1 = (int(corner[0]) for corner in corners)
        return Region(
            x0,
            y0,
            x1,
            y1,
            _unit(whole(item, "PhysicalUnitsXDirection", 0)),
            _unit(whole(item, "PhysicalUnitsYDirection", 0)),
            number(item, "PhysicalDeltaX") or 0.0,
            number(item, "PhysicalDeltaY") or 0.0,
            high_priority=bool(whole(item, "RegionFlags", 0) & HIGH_PRIORITY),
            data_type=whole(item, "RegionDataType", 0),
        )
    except (ValueError, GeometryError) as error:
        notes[f"Calibration region {place} is left out: {error}."] = None
        return None


def _unit(code: int) -> RegionUnit:
    return RegionUnit(code) if code in RegionUnit.__members__.values() else RegionUnit.NONE


def _pixel_measures(
    groups: Sequence[Dataset], width: int, height: int, notes: dict[str, None]
) -> tuple[Region, ...] | None:
    """Return one region over the whole picture from Pixel Measures (row spacing first, mm), or None."""
    for measures in (item for group in groups for item in items(group, "PixelMeasuresSequence")[:1]):
        try:
            row_mm, column_mm = numbers(measures, "PixelSpacing")
            return ImageGeometry.uniform(width, height, column_mm, row_mm, Spacing.PIXEL_MEASURES).regions
        except (ValueError, GeometryError) as error:
            notes[f"Pixel Measures are left out: {error}."] = None
    return None


def _remarks(found: Geometries, dataset: Dataset) -> Iterator[str]:
    """Yield what a reader of the report should know of the scale."""
    distrusted = {region: None for one in (found.common, *found.own.values()) for region in one.distrusted}
    for region in distrusted:
        yield (
            f"A calibration region from ({region.x0}, {region.y0}) to ({region.x1}, {region.y1}) reaches past the "
            f"picture of {found.common.width} x {found.common.height} pixels and is not trusted: the pixels were "
            "cropped or resized after the scale was written."
        )
    if not found.calibrated and "PixelSpacing" in dataset:
        yield (
            "Pixel Spacing is present but not used: ultrasound objects give millimetres by calibration regions only; "
            "pass --pixel-spacing when you know that it holds."
        )
