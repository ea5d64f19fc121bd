"""What browser and server say to each other on the live socket; the browser's types are generated from these.

Text messages are JSON objects told apart by `type`; each frame is one binary message (see `packing`).
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, FiniteFloat, TypeAdapter

from echospine.apps.server.live.sights import SeenView
from echospine.apps.server.live.why import WhyView
from echospine.apps.server.schemas import Body, JobView, RegionView, Shape
from echospine.domain.labels import Side, View
from echospine.engine.twin.patient import Sex, Transition
from echospine.ports import LiveState

LONGEST_HOST = 253
"""Most characters of a host's name (RFC 1035)."""

Matrix: TypeAlias = Annotated[
    tuple[FiniteFloat, ...],
    Field(min_length=16, max_length=16, description="4 x 4, row by row; where nothing else is said Probe to Patient."),
]
Level: TypeAlias = Annotated[str, Field(pattern="^L[1-5]$", description="Lumbar level, L1 to L5.")]
Sided: TypeAlias = tuple[FiniteFloat, FiniteFloat]
PerLevel: TypeAlias = Annotated[
    tuple[Sided, Sided, Sided, Sided, Sided], Field(description="From L1 to L5, the left and the right value.")
]


def _all(value: float) -> PerLevel:
    pair = (value, value)
    return pair, pair, pair, pair, pair


class PatientBody(Body):
    """A virtual person, as in `PatientParameters`."""

    seed: int = Field(default=0, ge=0, lt=2**32, description="Of what the other fields leave open.")
    sex: Sex = Sex.FEMALE
    height_mm: FiniteFloat = Field(default=1680.0, ge=1400, le=2100)
    body_mass_index: FiniteFloat = Field(default=24.0, ge=16, le=45)
    age_years: FiniteFloat = Field(default=45.0, ge=18, le=95)
    lordosis_deg: FiniteFloat = Field(default=50.0, ge=15, le=80)
    scoliosis_deg: FiniteFloat = Field(default=0.0, ge=-45, le=45)
    rotation_deg: FiniteFloat = Field(default=0.0, ge=-25, le=25)
    facet_hypertrophy: PerLevel = _all(0.0)
    multifidus_atrophy: PerLevel = _all(0.0)
    multifidus_fat: PerLevel = _all(0.08)
    fascia_mm: FiniteFloat = Field(default=2.0, ge=0.8, le=5)
    transition: Transition = Transition.NONE


class OpenScanner(Body):
    """First message: a virtual scanner, with this patient on its couch."""

    type: Literal["open-scanner"]
    patient: PatientBody = PatientBody()


class OpenDevice(Body):
    """First message: a device that sends over OpenIGTLink."""

    type: Literal["open-device"]
    host: str = Field(min_length=1, max_length=LONGEST_HOST, pattern=r"^[A-Za-z0-9.:_-]+$")
    port: int = Field(default=18944, ge=1, le=65535)


class OpenCamera(Body):
    """First message: a camera or an HDMI grabber of the machine that the server runs on."""

    type: Literal["open-camera"]
    device: str = Field(pattern=r"^(\d{1,2}|/dev/video\d{1,2})$", description="Its number, or its device file.")


class OpenRecording(Body):
    """First message: a recording of an examination, played at its pace again and again."""

    type: Literal["open-recording"]
    recording_id: str = Field(min_length=1, max_length=64)


class KnobsBody(Body):
    """What a sonographer turns, as in `Settings`; lengths in mm, levels in dB."""

    depth_mm: FiniteFloat = Field(default=90.0, ge=20, le=300)
    gain_db: FiniteFloat = Field(default=0.0, ge=-60, le=60)
    tgc_db: Annotated[tuple[FiniteFloat, ...], Field(min_length=8, max_length=8)] = (0.0,) * 8
    focus_mm: FiniteFloat = Field(default=45.0, ge=5, le=300)
    dynamic_range_db: FiniteFloat = Field(default=60.0, ge=20, le=120)


class Control(Body):
    """How everything stands now; the newest counts. `number` comes back with the first frame made with it."""

    type: Literal["control"]
    number: int = Field(ge=0, lt=2**53)
    pose: Matrix
    machine: str = Field(max_length=40, description="Name of a machine that `opened` offered.")
    knobs: KnobsBody = KnobsBody()
    breathing: bool = True
    truth: bool = Field(default=False, description="Send a label map with each frame.")


class Run(Body):
    """Send frames, or hold still (freeze; a page that is not seen)."""

    type: Literal["run"]
    running: bool
    seen: bool = Field(default=True, description="Send with each frame what is seen in it.")


class Ack(Body):
    """The page has shown, or passed over, the frame of that number: it is ready for another."""

    type: Literal["ack"]
    index: int = Field(ge=0, lt=2**53)


class ChangePatient(Body):
    """Put another virtual person on the couch; only the newest wish is fulfilled."""

    type: Literal["patient"]
    patient: PatientBody


class AskView(Body):
    """Where must the probe be held for that standard view?"""

    type: Literal["view"]
    view: View
    level: Level
    side: Side


class WantView(Body):
    """The view that advice leads to; null: none."""

    type: Literal["want"]
    view: View | None


class Record(Body):
    """Keep what is shown as a recording of an examination.

    `start` keeps everything until `stop`, which imports it; `drop` throws it away; `last` imports the last seconds.
    """

    type: Literal["record"]
    action: Literal["start", "stop", "drop", "last"]
    seconds: FiniteFloat = Field(default=5.0, ge=0.5, le=10, description="For `last`.")
    title: str = Field(default="", max_length=200, description="Of the new examination; empty: source and time.")
    who: str = Field(default="", max_length=100, description="Who records.")


class Explain(Body):
    """Why is that structure, or the landmark of that place in the list, seen in the frame of that number?"""

    type: Literal["explain"]
    index: int = Field(ge=0, lt=2**53)
    structure: str | None = Field(default=None, max_length=40, description="Its name, as in the frame's map.")
    landmark: int | None = Field(default=None, ge=0, lt=1000, description="Its place in the frame's landmarks.")


AnyOpening: TypeAlias = OpenScanner | OpenDevice | OpenCamera | OpenRecording
Opening: TypeAlias = Annotated[AnyOpening, Field(discriminator="type")]
AnyWish: TypeAlias = Control | Run | Ack | ChangePatient | AskView | WantView | Explain | Record
Wish: TypeAlias = Annotated[AnyWish, Field(discriminator="type")]
OPENING: TypeAdapter[AnyOpening] = TypeAdapter(Opening)
WISH: TypeAdapter[AnyWish] = TypeAdapter(Wish)


class MachineView(Shape):
    """A scanner with its probe, as it is offered."""

    name: str
    probe: str
    width_mm: float = Field(description="Of the probe's face, along it.")
    radius_mm: float | None = Field(description="Of the probe's face; null where it is flat.")
    elevation_mm: float
    frequency_mhz: float
    knobs: KnobsBody = Field(description="Where a sonographer starts with it.")


class Opened(Shape):
    """The source is open."""

    type: Literal["opened"] = "opened"
    source: Literal["scanner", "device", "camera", "recording"]
    name: str
    simulated: bool = Field(description="True where nothing of what is shown was ever alive.")
    machines: list[MachineView] = Field(default=[], description="What the virtual scanner can be.")


class Working(Shape):
    """Something takes its time; frames go on meanwhile, where there were any."""

    type: Literal["working"] = "working"
    what: str = Field(description="What is being done, in words.")
    seconds: float = Field(description="How long it usually takes.")


class HeightMapView(Shape):
    """Heights y over a grid of (x, z), mm, Patient (LPS): row by row to the head, in each from right to left."""

    x0_mm: float
    z0_mm: float
    step_mm: float
    columns: int
    rows: int
    heights_mm: list[float | None] = Field(description="Null where there is nothing.")


class SkinView(Shape):
    """The skin of the trunk as its distance from an axis along z, mm, Patient (LPS): row by row to the head."""

    axis_mm: tuple[float, float] = Field(description="Where the axis is, (x, y).")
    around0_deg: float = Field(description="Angle of the first column from straight up, to the left above zero.")
    around_step_deg: float
    z0_mm: float
    z_step_mm: float
    columns: int
    rows: int
    radii_mm: list[float]


class LandmarkView(Shape):
    """A named place of the patient."""

    kind: str
    level: str
    side: Side
    point_mm: tuple[float, float, float]


class PatientReady(Shape):
    """The patient lies on the couch: every frame from now on is of this one."""

    type: Literal["patient"] = "patient"
    patient: PatientBody
    skin: SkinView
    bones: HeightMapView
    landmarks: list[LandmarkView]
    views: list[View] = Field(description="Standard views that can be asked for.")
    pose: Matrix = Field(description="Where a scan begins.")


class Place(Shape):
    """Where the probe is held for a standard view, and which machine it is usually taken with."""

    type: Literal["place"] = "place"
    machine: str
    view: View
    level: Level
    side: Side
    pose: Matrix


class Trouble(Shape):
    """What could not be done; `final`: the socket closes after it."""

    type: Literal["trouble"] = "trouble"
    title: str
    detail: str
    final: bool


class Standing(Shape):
    """How a device stands, whenever that changes."""

    type: Literal["standing"] = "standing"
    state: LiveState
    trouble: str = Field(description="What stands in the way, for a person; empty where nothing does.")


class RecordState(Shape):
    """How the recording stands, once a second while there is one, and when it ends."""

    type: Literal["record"] = "record"
    recording: bool
    frames: int
    seconds: float
    full: bool = Field(description="The longest recording was reached: what comes now is not kept.")


class Recorded(Shape):
    """What was recorded is being imported; the job tells how far it is."""

    type: Literal["recorded"] = "recorded"
    frames: int
    seconds: float
    job: JobView


class Explained(Shape):
    """The answer to `explain`."""

    type: Literal["explained"] = "explained"
    index: int
    structure: str | None
    landmark: int | None
    why: WhyView


class TruthView(Shape):
    """The label map that follows the pixels: one byte each, structure ids, (height, width), row by row."""

    width: int
    height: int
    structures: dict[int, str] = Field(description="Names of the ids that occur.")


class FrameHead(Shape):
    """Head of a frame's binary message: the pixels follow it, then the label map and the map of what is seen.

    Each of the two maps is there only where the head says so.
    """

    index: int = Field(description="Number of the frame; it grows.")
    control: int = Field(description="Number of the last control that it was made with; 0 for a device.")
    time_s: float = Field(description="Since the source was opened.")
    made_ms: float = Field(description="How long it took to make, or to receive.")
    width: int
    height: int
    channels: Literal[1, 3]
    regions: list[RegionView]
    state: str = Field(description="OK, or what the source says of itself.")
    fps: float = Field(description="Frames sent in the last second.")
    dropped: int = Field(description="Frames so far that the source had and this page was too slow for.")
    contact: float | None = Field(description="Share of the probe's face that touches skin, 0 to 1; null: unknown.")
    pose: Matrix | None = Field(description="Where the probe was; null: unknown.")
    image: Matrix | None = Field(description="Image (column, row, 0), pixels, to Probe, mm, 4 x 4; null: unknown.")
    truth: TruthView | None
    seen: SeenView | None = Field(description="Null where nobody wants it, or where `trouble` says why there is none.")
    trouble: str = Field(description="What is wrong with what looks at the pictures; empty: nothing.")


SAID: tuple[type[Shape] | type[Body], ...] = (
    OpenScanner,
    OpenDevice,
    OpenCamera,
    OpenRecording,
    Control,
    Run,
    Ack,
    ChangePatient,
    AskView,
    WantView,
    Explain,
    Record,
    Opened,
    Working,
    PatientReady,
    Place,
    Standing,
    Trouble,
    RecordState,
    Recorded,
    Explained,
    FrameHead,
)
"""All that is said on the socket, for the description of the API."""
