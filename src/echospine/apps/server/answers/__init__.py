"""Values of the house in the form in which a browser gets them.

Knows the shapes of the API, pictures as PNG, outlines as few points, and reports under safe names; decides nothing
and changes nothing.
"""
