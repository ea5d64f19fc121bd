"""How the loops of this room are compiled.

Without numba's counting of references to arrays, which costs more than the work in loops that call each other; so
kernels make no arrays, only write into those they are given. No fast-math and no threads of their own: the bits are the
same on every machine, and callers share out the work.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "_nrt": False}

LANES = 8
"""Neighbours that one instruction adds to."""


def kernel(function: F) -> F:
    """Compile `function` on first call, and keep the code on disk."""
    compiled: F = njit(**_OPTIONS)(function)
    return compiled


def inlined(function: F) -> F:
    """Compile `function` as a part of each kernel that calls it."""
    compiled: F = njit(forceinline=True, **_OPTIONS)(function)
    return compiled


def _add_weighted(typing, out, at, weights, row, value):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917
    """Do `out[at + t] += weights[row + t] * value` for t in 0 to LANES - 1; float32, flat arrays, no bounds check.

    numba leaves short loops scalar, so the instruction is spelled out. Each lane is one multiplication and one
    addition, never fused, so the bits are those of the plain loop.
    """
    return types.void(out, at, weights, row, value), _emit_add_weighted


def _emit_add_weighted(context: Any, builder: Any, signature: Any, values: Any) -> Any:  # noqa: ANN401 -- numba's
    lanes = ir.VectorType(ir.FloatType(), LANES)

    def pointer(array: int, index: int) -> Any:  # noqa: ANN401
        record: Any = cgutils.create_struct_proxy(signature.args[array])  # type: ignore[no-untyped-call]
        data = record(context, builder, value=values[array]).data
        return builder.bitcast(builder.gep(data, [values[index]]), lanes.as_pointer())

    target, source = pointer(0, 1), pointer(2, 3)
    first = ir.Constant(ir.IntType(32), 0)
    value = builder.insert_element(ir.Constant(lanes, ir.Undefined), values[4], first)
    everywhere = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    value = builder.shuffle_vector(value, ir.Constant(lanes, ir.Undefined), everywhere)
    product = builder.fmul(builder.load(source, align=4), value)
    builder.store(builder.fadd(builder.load(target, align=4), product), target, align=4)
    return context.get_dummy_value()


add_weighted: Callable[..., None] = intrinsic(_add_weighted)
