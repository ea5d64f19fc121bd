"""The one tree of errors. A message says what was wrong, what was found, and what to do.

EchoSpineError
├── InputError            what the user gave cannot be used (exit code 2, HTTP 4xx)
│   ├── UnreadableError   cannot be opened: missing, no permission, a folder where a file belongs
│   ├── UnsupportedError  readable, but not something EchoSpine knows (wrong type, codec, not ultrasound)
│   ├── TruncatedError    ends early, is empty or is damaged inside
│   ├── TooLargeError     declares dimensions beyond the stated limit
│   └── UncalibratedError a length was asked for where the picture carries no millimetres
├── GeometryError         transforms that do not chain, are singular or not finite
├── ModelError            an interpretation engine cannot run or gave a result of the wrong form
├── NotAllowed            the state or the person does not permit this
├── NotFound              no such exam, recording, measurement or object
├── Conflict              somebody else changed it first
└── StorageError          the disk or the database failed (full, read-only, corrupt)
"""

from __future__ import annotations

__all__ = [
    "Conflict",
    "EchoSpineError",
    "GeometryError",
    "InputError",
    "ModelError",
    "NotAllowed",
    "NotFound",
    "StorageError",
    "TooLargeError",
    "TruncatedError",
    "UncalibratedError",
    "UnreadableError",
    "UnsupportedError",
]


class EchoSpineError(Exception):
    """Base of every error that EchoSpine raises on purpose; its text is one line for a person."""


class InputError(EchoSpineError):
    """What the user gave cannot be used."""


class UnreadableError(InputError):
    """The input cannot be opened."""


class UnsupportedError(InputError):
    """The input is readable, but is not something EchoSpine knows."""


class TruncatedError(InputError):
    """The input ends early, is empty, or is damaged inside."""


class TooLargeError(InputError):
    """The input declares dimensions beyond the stated limit."""


class UncalibratedError(InputError):
    """A length was asked for where the picture carries no millimetres."""


class GeometryError(EchoSpineError):
    """Transforms that do not chain, are singular, or are not finite; or a shape outside its picture."""


class ModelError(EchoSpineError):
    """An interpretation engine cannot run, or gave a result of the wrong form."""


class NotAllowed(EchoSpineError):  # noqa: N818 -- reads as a statement, not as a noun
    """The state of the exam, or the person, does not permit this."""


class NotFound(EchoSpineError):  # noqa: N818
    """There is no such exam, recording, measurement or object."""


class Conflict(EchoSpineError):  # noqa: N818
    """Somebody else changed it first."""


class ClusterError(EchoSpineError):
    """The machines that were to share the work cannot be reached."""


class StorageError(EchoSpineError):
    """The disk or the database failed: full, read-only, or corrupt."""
