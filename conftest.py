"""Makes `--port` known, to the tests and in place of them: see conformance/pytest_plugin."""

pytest_plugins = ["conformance.pytest_plugin"]
