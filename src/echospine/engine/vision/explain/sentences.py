"""One sentence for a clinician and one for a patient, made of facts alone."""

from __future__ import annotations

from echospine.domain.labels import BONES, Structure
from echospine.engine.vision.explain.facts import Facts

SURE, LIKELY = 0.9, 0.7

_PLAIN: dict[Structure, str] = {
    Structure.SUBCUTANEOUS: "fat under your skin",
    Structure.FASCIA: "the tough sheet around your back muscles",
    Structure.MULTIFIDUS: "a deep back muscle that steadies your spine",
    Structure.ERECTOR_SPINAE: "the long muscles of your back",
    Structure.PSOAS: "a muscle in front of your spine",
    Structure.QUADRATUS_LUMBORUM: "a muscle at the side of your lower back",
    Structure.SPINOUS_PROCESS: "the bony bump that you can feel along your back",
    Structure.LAMINA: "the bony roof at the back of your spine",
    Structure.ARTICULAR_PROCESS: "a small joint between two bones of your spine",
    Structure.TRANSVERSE_PROCESS: "a bony wing at the side of your spine",
    Structure.VERTEBRAL_BODY: "the front part of a bone of your spine",
    Structure.SACRUM: "the bone at the base of your spine",
    Structure.POSTERIOR_COMPLEX: "the covering at the back of your spinal canal",
    Structure.DURAL_SAC: "the sac that holds your nerves",
    Structure.NERVE: "a nerve",
    Structure.VESSEL: "a blood vessel",
    Structure.NEEDLE: "the needle",
    Structure.BONE: "bone",
}


def for_clinician(facts: Facts) -> str:
    """Return why this is called what it is called, with how sure it is."""
    signs = [
        f"{'bright' if facts.bright else 'as bright as its surroundings' if facts.brightness > 0.7 else 'dark'}",
        "with a dark shadow below" if facts.shadow else "with echoes below",
    ]
    if facts.above:
        signs.append(f"under {_list(facts.above)}")
    if facts.depth_mm is not None:
        signs.append(f"at {facts.depth_mm:.0f} mm")
    name = facts.structure.label.replace("_", " ")
    caution = ""
    if facts.structure in BONES and not facts.shadow and facts.structure is not Structure.VERTEBRAL_BODY:
        caution = "; bone usually casts a shadow, so look twice"
    return f"{name[0].upper()}{name[1:]}, {facts.probability:.0%} sure: {', '.join(signs)}{caution}."


def for_patient(facts: Facts) -> str:
    """Return what this is, in words that need no training."""
    what = _PLAIN.get(facts.structure, "something that has no name here")
    if facts.probability >= SURE:
        start = "This is"
    elif facts.probability >= LIKELY:
        start = "This is probably"
    else:
        start = "The computer is not sure, but this may be"
    look = "It looks bright" if facts.bright else "It looks grey" if facts.brightness > 0.7 else "It looks dark"
    why = (
        ", and dark below, because sound does not pass through bone"
        if facts.shadow and facts.structure in BONES
        else ""
    )
    return f"{start} {what}. {look}{why}."


def _list(names: tuple[Structure, ...]) -> str:
    words = [one.label.replace("_", " ") for one in names[:2]]
    return " and ".join(words)
