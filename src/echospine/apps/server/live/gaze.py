"""What one viewer is told of each frame: whether it wants to know, which view it looks for, and what the eye sees."""

from __future__ import annotations

from collections.abc import Callable

from echospine.apps.server.live import messages
from echospine.apps.server.live.feeds import Shot
from echospine.apps.server.live.packing import Sight
from echospine.apps.server.live.seeing import told
from echospine.apps.server.live.why import Looks, explained
from echospine.domain.labels import View
from echospine.ports import Explainer
from echospine.workflow.live import Adviser, Aim, Eye


class Gaze:
    """Looks at the frames of one viewer, unless it does not want that.

    `make_eye`: makes the eye when it is needed; `adviser`: this viewer's own; `explainer`: who can say
    why, None: nobody.
    """

    def __init__(self, make_eye: Callable[[], Eye], adviser: Adviser, explainer: Explainer | None) -> None:
        self._make_eye, self._adviser, self._explainer = make_eye, adviser, explainer
        self._looks = Looks()
        self._eye: Eye | None = None
        self.wanted: View | None = None
        self.on = True

    def sight(self, shot: Shot, index: int) -> Sight:
        """Return what is said of a frame, by whose number it may be asked about; never raises for what a model does."""
        if not self.on:
            return Sight()
        eye = self._eye = self._eye or self._make_eye()
        seen = eye.see(shot.frame)
        found = seen.interpretation
        if found is None:
            return Sight(trouble=seen.trouble)
        hint = self._adviser.advise(found, shot.frame, Aim(self.wanted, shot.focus_mm), seen.taken_s)
        self._looks.keep(index, shot.frame, found)
        explains = self._explainer is not None and self._explainer.method == found.method
        shape, packed = told(seen, found, eye.report(), hint=hint, explains=explains, contact=shot.contact)
        return Sight(shape, packed, seen.trouble)

    def why(self, wish: messages.Explain) -> messages.Explained:
        """Return why something was seen in a frame that was shown lately; raises NotFound, ModelError."""
        why = explained(self._explainer, self._looks, wish.index, wish.structure, wish.landmark)
        return messages.Explained(index=wish.index, structure=wish.structure, landmark=wish.landmark, why=why)

    def forget(self) -> None:
        """Look anew from the next frame on: it is of somebody else."""
        eye, self._eye = self._eye, None
        if eye is not None:
            eye.close()

    def close(self) -> None:
        """Let the eye go."""
        self.forget()
