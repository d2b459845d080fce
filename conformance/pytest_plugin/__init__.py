"""A port's cases as tests: `pytest --port PORT` asks what `conformance run PORT` asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from ports_adapter.manifest import described_by


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare which port, and what is asked of it."""
    group = parser.getgroup("port", "is a port of microgpt right?")
    group.addoption(
        "--port",
        metavar="PORT",
        help="Run the cases of this port, a folder with a port.toml or the name of one that comes "
        "with the suite, in place of the tests here. Where files are named, these are run, and "
        "their fixtures know the port.",
    )
    group.addoption(
        "--port-profile",
        metavar="NAME",
        help="The program to ask about. Default: microgpt, or the last stage that is offered.",
    )
    group.addoption(
        "--port-set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="Change a setting of the profile. Repeatable.",
    )
    group.addoption(
        "--port-case",
        action="append",
        default=[],
        metavar="SLUG",
        help="Only these cases: a slug, a pattern or a level. Repeatable.",
    )
    group.addoption(
        "--port-seed",
        type=_seed,
        metavar="SEED",
        help="Draw the fresh cases from this seed. Default: another one every time, printed.",
    )
    group.addoption(
        "--port-baseline",
        type=Path,
        metavar="FILE",
        help="The known failures. Default: the port's baseline.toml, if it has one.",
    )
    group.addoption(
        "--port-no-baseline", action="store_true", help="Every failure is a failed test."
    )


def _seed(text: str) -> int:
    if int(text) < 0:
        raise ValueError
    return int(text)


def pytest_configure(config: pytest.Config) -> None:
    """Get ready to ask the port, if its cases are wanted."""
    if config.getoption("--port") is None:
        return
    # Whoever has no port in mind need not wait for all that asks one.
    from .collecting import Collecting
    from .port_session import asking_of

    asking = asking_of(config)
    if _wants_cases(config, described_by(asking.port.folder)):
        config.pluginmanager.register(Collecting(config, asking))


def _wants_cases(config: pytest.Config, manifest: Path) -> bool:
    """Whether a port's cases are to be collected: nothing else is named, or its manifest is."""
    if config.args_source is config.ArgsSource.ARGS:
        named = (config.invocation_params.dir / arg.partition("::")[0] for arg in config.args)
        return any(path.resolve() == manifest for path in named)
    config.args = [str(manifest)]
    config.args_source = config.ArgsSource.ARGS
    return True
