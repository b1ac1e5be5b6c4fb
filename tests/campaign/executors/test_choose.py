"""Names of executors."""

from __future__ import annotations

import socket

import pytest

from varproof.base.errors import InputError
from varproof.campaign.executors.choose import executor_named
from varproof.campaign.executors.inline import InlineExecutor
from varproof.campaign.executors.local import LocalExecutor


def test_the_good_names() -> None:
    assert isinstance(executor_named("inline"), InlineExecutor)
    local = executor_named("local:3")
    assert isinstance(local, LocalExecutor)
    assert local.capacity == 6
    local.close()


LOCAL = ("local", "local:", "local:x", "local:-1", "local:1.5", "local: 1", "local:٣", "local:1\n", "local:9999999")
DASK = (
    "dask",
    "dask://",
    "dask://nowhere",
    "dask://nowhere:",
    "dask://a:x",
    "dask://a b:1",
    "dask://:1",
    "dask://a/b:1",
)
OTHERS = ("", "Inline", "inline ", "inline:1", "tcp://127.0.0.1:8786", "dask://user@host:1")


@pytest.mark.parametrize("name", [*LOCAL, *DASK, *OTHERS])
def test_a_name_that_is_none(name: str) -> None:
    with pytest.raises(InputError, match="unknown executor") as caught:
        executor_named(name)
    assert "local:N" in caught.value.allowed


@pytest.mark.parametrize("name", ["local:0", "local:5000"])
def test_a_number_of_workers_that_makes_no_sense(name: str) -> None:
    with pytest.raises(InputError, match="number of workers"):
        executor_named(name)


@pytest.mark.parametrize("port", ["0", "65536"])
def test_a_port_that_is_none(port: str) -> None:
    with pytest.raises(InputError, match="port"):
        executor_named(f"dask://localhost:{port}")


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="needs the extra dask")
    monkeypatch.setattr("varproof.campaign.executors.dask.CONNECT_SECONDS", 0.5)
    with socket.socket() as taken:  # a port that is ours and does not listen
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match="cannot be reached") as caught:
            executor_named(f"dask://127.0.0.1:{port}")
    assert "dask scheduler" in caught.value.hint
