"""The body of a virtual person: spine, bones and soft tissue built from parameters, or from a CT."""
