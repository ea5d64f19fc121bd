"""A crowd of one: everything here, one after another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from echospine.ports import Piece, Result


class OneByOne:
    """Does each piece in this process."""

    def each(
        self, work: Callable[[Piece], Result], pieces: Sequence[Piece]
    ) -> Iterator[tuple[int, Result | Exception]]:
        """Give each piece's place and what came of it, in order; see Crowd."""
        for place, piece in enumerate(pieces):
            try:
                yield place, work(piece)
            except Exception as error:  # whatever it is, the other pieces go on
                yield place, error
