"""A small layer over llvmlite (the compiler under numba): loops, vector loads and stores, machine code to call."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from varproof.attention.compiled.layout import Machine
from varproof.base.extras import optional

Address = Any  # an i64 value of the generated code
Vector = Any


@cache
def _processor() -> tuple[str, Any]:
    """The processor's name and its features by name; none where LLVM does not know them."""
    llvm = optional("llvmlite.binding")
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    try:
        features = llvm.get_host_cpu_features()
    except RuntimeError:  # some processors that are not x86
        features = llvm.FeatureMap()
    return llvm.get_host_cpu_name(), features


@cache
def host() -> Machine:
    """The vector registers of this processor; `MissingExtraError` without the extra `fast`."""
    _, features = _processor()
    wide = 64 if features.get("avx512f") else 32 if features.get("avx") else 16
    many = features.get("avx512f") or optional("llvmlite.binding").get_process_triple().startswith(("aarch64", "arm64"))
    return Machine(wide, 32 if many else 16)


def target_machine() -> Any:
    """A code generator for this processor (each compiled module owns one)."""
    name, features = _processor()
    llvm = optional("llvmlite.binding")
    return llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(
        cpu=name, features=features.flatten(), opt=3
    )


class Emitter:
    """Writes one function of the generated code; all addresses are integers of 64 bits."""

    def __init__(self, module: Any, name: str, arguments: int, item_bytes: int, lanes: int, *, public: bool) -> None:
        ir = optional("llvmlite.ir")
        self.ir, self.module = ir, module
        self.integer = ir.IntType(64)
        self.item = ir.DoubleType() if item_bytes == 8 else ir.FloatType()
        self.double = ir.DoubleType()
        self.vector = ir.VectorType(self.item, lanes)
        self.item_bytes, self.lanes, self.vector_bytes = item_bytes, lanes, item_bytes * lanes
        kind = ir.FunctionType(ir.VoidType(), [self.integer] * arguments)
        self.function = ir.Function(module, kind, name=name)
        if not public:
            self.function.linkage = "internal"
        self.builder = ir.IRBuilder(self.function.append_basic_block())

    @property
    def arguments(self) -> Sequence[Any]:
        """The function's arguments."""
        return list(self.function.args)

    def number(self, value: int) -> Any:
        """An integer constant."""
        return self.ir.Constant(self.integer, value)

    def at(self, address: Address, offset: int, kind: Any) -> Any:
        """The pointer `address + offset` to an entry of type `kind`."""
        moved = self.builder.add(address, self.number(offset)) if offset else address
        return self.builder.inttoptr(moved, kind.as_pointer())

    def load(self, address: Address, offset: int = 0, kind: Any = None) -> Any:
        """A vector (or an entry of type `kind`) from memory, aligned to its entries only."""
        kind = kind or self.vector
        return self.builder.load(self.at(address, offset, kind), align=self.item_bytes)

    def store(self, value: Any, address: Address, offset: int = 0) -> None:
        """A vector or an entry to memory."""
        self.builder.store(value, self.at(address, offset, value.type), align=self.item_bytes)

    def spread(self, item: Any, kind: Any = None) -> Vector:
        """A vector (of type `kind`) of equal entries."""
        nothing = self.ir.Constant(kind or self.vector, self.ir.Undefined)
        one = self.builder.insert_element(nothing, item, self.number(0))
        return self.shuffle(one, one, [0] * self.lanes)

    def shuffle(self, first: Vector, second: Vector, index: Sequence[int]) -> Vector:
        """Entries of the two vectors joined, by number."""
        kind = self.ir.VectorType(self.ir.IntType(32), len(index))
        return self.builder.shuffle_vector(first, second, self.ir.Constant(kind, list(index)))

    def exchange(self, first: Vector, second: Vector, step: int) -> tuple[Vector, Vector]:
        """Lanes with bit `step` set of the first vector change places with lanes with it clear of the second."""
        low = [i if not i & step else self.lanes + i - step for i in range(self.lanes)]
        high = [i + step if not i & step else self.lanes + i for i in range(self.lanes)]
        return self.shuffle(first, second, low), self.shuffle(first, second, high)

    def zero(self) -> Vector:
        """A vector of zeros."""
        return self.ir.Constant(self.vector, [0.0] * self.lanes)

    def multiply_add(self, first: Vector, second: Vector, third: Vector) -> Vector:
        """first * second + third, fused where the processor can (one rounding), two roundings elsewhere."""
        name = f"llvm.fmuladd.v{self.lanes}f{8 * self.item_bytes}"
        declared = self.module.globals.get(name)
        if declared is None:
            kind = self.ir.FunctionType(self.vector, [self.vector] * 3)
            declared = self.ir.Function(self.module, kind, name=name)
        return self.builder.call(declared, [first, second, third])

    def loop(self, count: Any, carried: Sequence[Any], body: Callable[[Any, list[Any]], Sequence[Any]]) -> list[Any]:
        """`count` passes through `body(i, carried)`, which returns the next values; the values at the end."""
        builder = self.builder
        before = builder.block
        inside = builder.append_basic_block()
        after = builder.append_basic_block()
        builder.cbranch(builder.icmp_signed(">", count, self.number(0)), inside, after)
        builder.position_at_end(inside)
        index = builder.phi(self.integer)
        index.add_incoming(self.number(0), before)
        running = [builder.phi(value.type) for value in carried]
        for phi, value in zip(running, carried, strict=True):
            phi.add_incoming(value, before)
        following = list(body(index, list(running)))
        advanced = builder.add(index, self.number(1))
        end = builder.block
        index.add_incoming(advanced, end)
        for phi, value in zip(running, following, strict=True):
            phi.add_incoming(value, end)
        builder.cbranch(builder.icmp_signed("<", advanced, count), inside, after)
        builder.position_at_end(after)
        results = [builder.phi(value.type) for value in carried]
        for phi, value, last in zip(results, carried, following, strict=True):
            phi.add_incoming(value, before)
            phi.add_incoming(last, end)
        return results

    def smaller(self, first: Any, second: Any) -> Any:
        """The smaller of two integers."""
        return self.builder.select(self.builder.icmp_signed("<", first, second), first, second)

    def larger(self, first: Vector, second: Vector) -> Vector:
        """The larger of two vectors entry by entry, NaN where one is NaN."""
        builder = self.builder
        taken = builder.or_(builder.fcmp_ordered(">", first, second), builder.fcmp_unordered("uno", first, first))
        return builder.select(taken, first, second)

    def zeros_after(self, row: Address, tokens: Any, steps: Any) -> None:
        """Zeros in the entries of `row` from `tokens` up to `steps` vectors."""
        builder, item = self.builder, self.number(self.item_bytes)
        missing = builder.sub(builder.mul(steps, self.number(self.lanes)), tokens)
        first = builder.add(row, builder.mul(tokens, item))

        def one(_: Any, carried: list[Any]) -> list[Any]:
            self.store(self.ir.Constant(self.item, 0.0), carried[0])
            return [builder.add(carried[0], item)]

        self.loop(missing, [first], one)

    def finish(self) -> Any:
        """Close the function and return it."""
        self.builder.ret_void()
        return self.function


class Code:
    """Machine code of a module; `call` its public function with integers (addresses, strides, counts)."""

    def __init__(self, module: Any, name: str, arguments: int) -> None:
        llvm = optional("llvmlite.binding")
        target = target_machine()
        module.triple = target.triple
        self.text = str(module)
        parsed = llvm.parse_assembly(self.text)
        parsed.verify()
        self.engine = llvm.create_mcjit_compiler(parsed, target)  # kept: it owns the machine code
        self.engine.finalize_object()
        self.call = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * arguments)(self.engine.get_function_address(name))
