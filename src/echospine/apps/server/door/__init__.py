"""What every request meets before, or instead of, a route.

Knows who may talk to the server, how long and how large a request may be, and the files of the built web page;
knows nothing of examinations.
"""
