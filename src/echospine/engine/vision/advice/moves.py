"""What a sonographer can be told to do, in words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Move(StrEnum):
    """One movement of the probe, or none. Left and right are those of the picture."""

    WAIT = "wait"
    HOLD = "hold"
    TOUCH = "touch"
    TURN_CLOCKWISE = "turn clockwise"
    TURN_ANTICLOCKWISE = "turn anticlockwise"
    SLIDE_LEFT = "slide left"
    SLIDE_RIGHT = "slide right"
    SLIDE_HEAD = "slide to the head"
    SLIDE_FEET = "slide to the feet"
    SLIDE_IN = "slide to the midline"
    SLIDE_OUT = "slide from the midline"
    TILT_HEAD = "tilt to the head"
    TILT_FEET = "tilt to the feet"
    TILT_IN = "tilt to the midline"
    TILT_OUT = "tilt from the midline"
    ROCK_LEFT = "rock left"
    ROCK_RIGHT = "rock right"
    DEPTH = "depth"
    GAIN_UP = "gain up"
    GAIN_DOWN = "gain down"
    FOCUS = "focus"


_SENTENCES = {
    Move.WAIT: "Move slowly: the place of this picture cannot be told yet.",
    Move.HOLD: "Hold still: this is the view.",
    Move.TOUCH: "Add gel, and press evenly until the whole face touches.",
    Move.TURN_CLOCKWISE: "Turn the probe {0} degrees clockwise.",
    Move.TURN_ANTICLOCKWISE: "Turn the probe {0} degrees anticlockwise.",
    Move.SLIDE_LEFT: "Slide {0} mm towards the left of the picture.",
    Move.SLIDE_RIGHT: "Slide {0} mm towards the right of the picture.",
    Move.SLIDE_HEAD: "Slide {0} mm towards the head.",
    Move.SLIDE_FEET: "Slide {0} mm towards the feet.",
    Move.SLIDE_IN: "Slide {0} mm towards the midline.",
    Move.SLIDE_OUT: "Slide {0} mm away from the midline.",
    Move.TILT_HEAD: "Tilt the beam {0} degrees towards the head.",
    Move.TILT_FEET: "Tilt the beam {0} degrees towards the feet.",
    Move.TILT_IN: "Tilt the beam {0} degrees towards the midline.",
    Move.TILT_OUT: "Tilt the beam {0} degrees away from the midline.",
    Move.ROCK_LEFT: "Rock the beam {0} degrees towards the left of the picture.",
    Move.ROCK_RIGHT: "Rock the beam {0} degrees towards the right of the picture.",
    Move.DEPTH: "Set the depth to {0} mm.",
    Move.GAIN_UP: "Turn the gain up a little.",
    Move.GAIN_DOWN: "Turn the gain down a little.",
    Move.FOCUS: "Set the focus to {0} mm.",
}


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to do. `amount`: mm of a slide, degrees of a turn, mm to which a knob is set; 0 where there is none."""

    move: Move
    amount: float = 0.0

    @property
    def sentence(self) -> str:
        """The advice for whoever holds the probe; amounts as a hand can follow them: whole mm, 5 degrees, 5 mm."""
        step = 1.0 if self.move.value.startswith("slide") else 5.0
        return _SENTENCES[self.move].format(int(max(step, step * round(self.amount / step))))
