"""Memory: estimates against measured peaks, what is refused before anything is allocated, what is available."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from varproof.base.errors import InputError
from varproof.growth.schedules import parse_schedule
from varproof.regimes.of_model import answer_model
from varproof.var.arithmetic.plain import Plain, numpy_like
from varproof.var.ledger.report import error_ledger
from varproof.var.models import formal, resources
from varproof.var.models.config import DecoderConfig, FormalConfig, ReferenceConfig
from varproof.var.models.model import Model
from varproof.var.models.model_file import model_from_table
from varproof.var.models.reference import reference_random
from varproof.var.models.reference_weights import write_reference
from varproof.var.models.resources import Use, available_memory, check_memory, estimate
from varproof.var.models.weights import write_npz

FORMAL: dict[str, Any] = {"heads": 4, "depth": 2}
MODELS: list[tuple[str, dict[str, Any]]] = [
    ("tokens", {**FORMAL, "schedule": "doubling", "n": 32, "width": 64, "hidden": 256}),
    ("tokens", {**FORMAL, "schedule": "doubling", "n": 32, "width": 16, "hidden": 256, "activation": "gelu"}),
    ("weights", {**FORMAL, "schedule": "1,2", "width": 256, "hidden": 1024, "dtype": "float32"}),
    (
        "decoder",
        {**FORMAL, "schedule": "doubling", "n": 8, "decoder": {"base": 32, "multipliers": [1, 2, 2], "groups": 0}},
    ),
    (
        "tokens",
        {"kind": "reference", "schedule": "256", "width": 64, "heads": 1, "hidden": 256, "depth": 1, "classes": 9}
        | {"vocabulary": 999, "decoder": False},
    ),
]


def peak(work: Callable[[], object]) -> int:
    """Bytes that NumPy and Python held at once, above what they held before."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        work()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def check_estimate(use: Use, table: dict[str, Any], work: Callable[[Model], object], *, chained: bool = False) -> str:
    work(model_from_table(table))  # modules are imported, tables are made
    model = model_from_table(table)
    truth = peak(lambda: work(model))
    found = estimate(model.resolved, model.dtype, use=use, chained=chained)
    assert truth / 2 <= found.total <= 3 * truth, (found, truth)
    assert 0 < found.largest[1] <= found.total
    return found.largest[0]


@pytest.mark.parametrize(("largest", "table"), MODELS)
def test_estimates_of_weights_and_passes_are_near_the_truth(largest: str, table: dict[str, Any]) -> None:
    check_estimate("weights", table, lambda model: model.loaded)
    assert check_estimate("pass", table, lambda model: model.run(Plain(numpy_like(model.dtype)))) == largest


def test_a_chained_pass_keeps_keys_and_values() -> None:
    table = {"schedule": "doubling", "n": 16, "width": 64, "heads": 4, "hidden": 8, "depth": 24}
    found = check_estimate("pass", table, lambda model: model.run(Plain(numpy_like()), chained=True), chained=True)
    assert found == "kept keys and values"


@pytest.mark.parametrize("n", [16, 32])
def test_estimates_of_the_ledger_are_near_the_truth(n: int) -> None:
    def work(model: Model) -> object:
        return error_ledger(lambda ops: list(model.run(ops).values()), like=numpy_like(), engine="exact", delta=0.0)

    check_estimate("ledger", {"schedule": "doubling", "n": n, "width": 8, "heads": 2, "hidden": 32}, work)


def test_estimates_grow_and_stay_exact() -> None:
    def total(use: Use, dtype: str = "float64", **shape: Any) -> int:
        return estimate(FormalConfig(parse_schedule("doubling", shape.pop("n", 16)), **shape), dtype, use=use).total

    assert total("weights") < total("pass") < total("ledger")
    assert total("pass", "float32") < total("pass") < total("pass", width=32) < total("pass", width=32, n=32)
    huge = total("pass", n=2**900)
    assert huge > 2**1800  # no float overflows
    assert resources.gibibytes(huge) == "more than 2^30 GiB"
    assert resources.gibibytes(5 * 2**29) == "2.5 GiB"


def refused(config: Any, allowed: int, monkeypatch: pytest.MonkeyPatch, use: Use = "pass") -> InputError:
    monkeypatch.setattr(resources, "available_memory", lambda: allowed)
    with pytest.raises(InputError, match="does not fit in memory") as caught:
        check_memory(config, "float64", use=use)
    return caught.value


def test_the_message_names_the_main_part(monkeypatch: pytest.MonkeyPatch) -> None:
    schedule = parse_schedule("1,2,4")
    error = refused(FormalConfig(schedule, width=100_000, heads=4), 2**34, monkeypatch, "weights")
    assert error.got == "about 3650 GiB, of it weights 2309 GiB"
    assert error.allowed == "16 GiB, what is available now"
    assert "smaller width" in error.hint
    error = refused(FormalConfig(parse_schedule("doubling", 4096), width=64), 2**34, monkeypatch)
    assert "of it tokens" in str(error.got)
    decoder = DecoderConfig(base=512, multipliers=(1, 1, 1, 1, 1, 1), groups=0, attention=False)
    error = refused(FormalConfig(parse_schedule("256"), decoder=decoder), 2**32, monkeypatch)
    assert "of it decoder" in str(error.got)
    assert "--decoder-base 0" in error.hint


def test_exactly_what_is_available_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    config = FormalConfig(parse_schedule("1,2"))
    need = estimate(config, "float64", use="pass").total
    refused(config, need - 1, monkeypatch)
    for enough in (need, None):
        monkeypatch.setattr(resources, "available_memory", lambda enough=enough: enough)
        check_memory(config, "float64", use="pass")


def test_nothing_is_drawn_or_read_without_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = ReferenceConfig(parse_schedule("1,2"), depth=1, width=8, heads=2, hidden=8, vocabulary=5, decoder=None)
    stored = tmp_path / "m.npz"
    write_reference(stored, config, reference_random(config, 0))
    monkeypatch.setattr(resources, "available_memory", lambda: 1000)

    def never(*_: Any, **__: Any) -> Any:
        raise AssertionError("weights were touched")

    monkeypatch.setattr(formal, "formal_random", never)
    monkeypatch.setattr("varproof.var.models.reference.reference_random", never)
    monkeypatch.setattr("varproof.var.models.model.read_reference", never)
    monkeypatch.setattr("varproof.var.models.model.read_npz", never)
    small = FormalConfig(parse_schedule("1,2"))
    for model in (Model(small), Model(small, weights_path=stored), Model(config), Model(None, weights_path=stored)):
        with pytest.raises(InputError, match="does not fit in memory"):
            _ = model.loaded
        with pytest.raises(InputError, match="does not fit in memory"):
            model.run(Plain(numpy_like()))


def test_entries_are_not_measured_without_the_memory_of_a_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    config = FormalConfig(parse_schedule("doubling", 64))
    need = estimate(config, "float64", use="pass").total
    assert estimate(config, "float64", use="weights").total < need // 2
    for allowed in (need // 2, need):
        monkeypatch.setattr(resources, "available_memory", lambda allowed=allowed: allowed)
        if allowed == need:
            assert answer_model(Model(config), delta=1).entries_from == "measured"
            continue
        with pytest.raises(InputError, match="does not fit in memory"):
            answer_model(Model(config), delta=1)


def test_entries_of_a_model_with_stored_weights_and_a_decoder(tmp_path: Path) -> None:
    decoder = {"base": 4, "multipliers": [1], "groups": 0}
    drawn = model_from_table({"schedule": "1,2", "width": 4, "heads": 1, "decoder": decoder})
    write_npz(tmp_path / "w.npz", drawn.loaded[1])
    stored = Model(drawn.config, weights_path=tmp_path / "w.npz")
    assert answer_model(stored, delta=1).sentences == answer_model(drawn, delta=1).sentences


def test_available_memory_of_machine_and_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = available_memory()
    assert real is None or real > 0
    meminfo, groups, own = tmp_path / "meminfo", tmp_path / "cgroup", tmp_path / "self"
    for name, path in (("MEMINFO", meminfo), ("CGROUPS", groups), ("CGROUP_OF_SELF", own)):
        monkeypatch.setattr(resources, name, path)
    meminfo.write_text("MemTotal: 999 kB\nMemAvailable:     500 kB\n", encoding="utf-8")
    assert available_memory() == 500 * 1024

    def group(
        folder: Path, limit: str, used: str, *, names: tuple[str, str] = ("memory.max", "memory.current")
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in zip(names, (limit, used), strict=True):
            (folder / name).write_text(text + "\n", encoding="utf-8")

    own.write_text("0::/a/b\n", encoding="utf-8")
    group(groups / "a" / "b", "max", "5")
    assert available_memory() == 500 * 1024
    group(groups / "a", "9000", "4000")  # the group above
    assert available_memory() == 5000
    (groups / "a" / "memory.stat").write_text("anon 7\ninactive_file 1500\n", encoding="utf-8")
    assert available_memory() == 6500
    group(groups, "3000", "4000")
    assert available_memory() == 0
    own.write_text("7:cpu:/x\n9:memory:/y\n", encoding="utf-8")
    old = ("memory.limit_in_bytes", "memory.usage_in_bytes")
    group(groups / "memory" / "y", "800", "100", names=old)
    group(groups / "memory" / "x", "8", "1", names=old)  # of another controller
    assert available_memory() == 700


def test_elsewhere_physical_memory_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MEMINFO", "CGROUPS", "CGROUP_OF_SELF"):
        monkeypatch.setattr(resources, name, tmp_path / "none")
    monkeypatch.setattr("os.sysconf", {"SC_PHYS_PAGES": 10, "SC_PAGE_SIZE": 4096}.__getitem__)
    assert available_memory() == 40960

    def unknown(name: str) -> int:
        raise ValueError(name)

    monkeypatch.setattr("os.sysconf", unknown)
    assert available_memory() is None
