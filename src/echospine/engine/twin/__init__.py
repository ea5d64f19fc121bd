"""The twin: a virtual patient whose anatomy is known, under a virtual probe that images it with exact truth.

Everything random is drawn first, from a seed, into a frozen record; a pure function then applies it.
"""
