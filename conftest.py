"""Loads the plugin that makes `--port` known, and the selection of the suite's own tests."""

pytest_plugins = ["conformance.pytest_plugin", "tests.support.selection"]
