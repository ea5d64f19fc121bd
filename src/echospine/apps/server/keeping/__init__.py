"""What is kept between two requests, because making it anew for each would be slow.

Knows how a few open recordings, decoded interpretations and rendered reports are shared by many threads; all of it
may be forgotten at any time.
"""
