"""EchoSpine: a workstation and tele-ultrasound platform for precision spine care."""

__version__ = "0.1.0"
