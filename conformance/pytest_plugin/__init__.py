"""The pytest plugin: `pytest --port PORT` runs the cases of `conformance run PORT` as tests."""

from pathlib import Path

import pytest

from ports_adapter.manifest import described_by


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options that say which port to ask, and what."""
    group = parser.getgroup("port", "is a port of microgpt right?")
    group.addoption(
        "--port",
        metavar="PORT",
        help="Run the cases of this port in place of the tests here: a folder with a port.toml, or "
        "the name of a port that comes with the suite. If files are named, these are run, and "
        "their fixtures can read the option.",
    )
    group.addoption(
        "--port-profile",
        metavar="NAME",
        help="The program to ask about. Default: microgpt, or the last stage that the port offers.",
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
        help="Draw the fresh cases from this seed. Default: a new one in every run, printed.",
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
    """Register the tests of the port, if there is one and its cases are wanted."""
    if config.getoption("--port") is None:
        return
    # Imported here, so that runs without a port do not wait for it.
    from .collecting import Collecting
    from .port_session import session_of

    port_session = session_of(config)
    if _wants_cases(config, described_by(port_session.port.folder)):
        config.pluginmanager.register(Collecting(config, port_session))


def _wants_cases(config: pytest.Config, manifest: Path) -> bool:
    """Whether to collect the port's cases: no file is named, or the port's manifest is."""
    if config.args_source is config.ArgsSource.ARGS:
        named = (config.invocation_params.dir / arg.partition("::")[0] for arg in config.args)
        return any(path.resolve() == manifest for path in named)
    config.args = [str(manifest)]
    config.args_source = config.ArgsSource.ARGS
    return True
