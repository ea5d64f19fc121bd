"""The twin of a real person: from a CT and a label map of its vertebrae, the same anatomy as of a made-up one."""

from echospine.engine.twin.person.ct.anatomy import LABELS, anatomy_from_ct

__all__ = ["LABELS", "anatomy_from_ct"]
