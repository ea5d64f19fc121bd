"""Knows cameras and HDMI grabbers, by FFmpeg: the newest picture of a device, or of a video file played at its pace."""

from echospine.adapters.camera.source import CameraSource, open_camera

__all__ = ["CameraSource", "open_camera"]
