"""One frame of a DICOM file becomes a picture, uint8.

Knows where its bytes lie, how each transfer syntax is decoded, and what the stored samples look like; reads no
other frame on the way.
"""
