"""How the loops of this room are compiled.

`kernel` and `inlined` compile without numba's counting of references to arrays, which costs more than the work in loops
that call each other; so they must not make arrays, only write into those they are given. No fast-math, no threads of
their own: the bits are the same on every machine, and callers share out the work.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

kernel = njit(cache=True, nogil=True, _nrt=False)
inlined = njit(cache=True, nogil=True, _nrt=False, forceinline=True)

LANES = 8
"""Neighbours that one instruction adds to."""


@intrinsic
def add_weighted(typing: Any, out: Any, at: Any, weights: Any, row: Any, value: Any) -> Any:
    """Do `out[at + t] += weights[row + t] * value` for t in 0 to LANES - 1; float32, flat arrays, no bounds check.

    numba leaves short loops scalar, so the instruction is spelled out. Each lane is one multiplication and one addition,
    never fused, so the bits are those of the plain loop.
    """
    signature = types.void(out, at, weights, row, value)

    def emit(context: Any, builder: Any, sign: Any, values: Any) -> Any:
        lanes = ir.VectorType(ir.FloatType(), LANES)

        def pointer(array: Any, kind: Any, index: Any) -> Any:
            data = cgutils.create_struct_proxy(kind)(context, builder, value=array).data
            return builder.bitcast(builder.gep(data, [index]), lanes.as_pointer())

        target = pointer(values[0], sign.args[0], values[1])
        source = pointer(values[2], sign.args[2], values[3])
        spread = builder.insert_element(ir.Constant(lanes, ir.Undefined), values[4], ir.Constant(ir.IntType(32), 0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        spread = builder.shuffle_vector(spread, ir.Constant(lanes, ir.Undefined), zeros)
        product = builder.fmul(builder.load(source, align=4), spread)
        builder.store(builder.fadd(builder.load(target, align=4), product), target, align=4)
        return context.get_dummy_value()

    return signature, emit
