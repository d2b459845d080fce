"""A small runner of GitHub workflows: checks out copies, runs composite actions and shell steps.

It does what the real one does with the few expressions that ours have, and refuses the rest.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
ISOLATED = ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE", "GITHUB_ACTIONS")
PINNED = re.compile(r"(actions/[a-z-]+)@[0-9a-f]{40}")

Values = dict[str, str]


@dataclass
class Ran:
    """What a job left: each step's exit code, what was printed, the summary and the outputs."""

    codes: list[int] = field(default_factory=list)
    log: str = ""
    summary: str = ""
    outputs: Values = field(default_factory=dict)

    @property
    def code(self) -> int:
        return next((code for code in self.codes if code), 0)


@dataclass
class Runner:
    """Runs steps in a workspace. `sources` are what `actions/checkout` puts at a path."""

    workspace: Path
    sources: dict[str, Path] = field(default_factory=dict)
    ran: Ran = field(default_factory=Ran)

    def action(self, folder: Path, given: Values) -> Values:
        """Run a composite action, and give its outputs."""
        action = yaml.safe_load((folder / "action.yml").read_text())
        assert action["runs"]["using"] == "composite"
        unknown = given.keys() - action["inputs"].keys()
        assert not unknown, f"no input is called {unknown}"
        inputs = {
            name: given.get(name, about["default"]) for name, about in action["inputs"].items()
        }
        context = {f"inputs.{name}": value for name, value in inputs.items()}
        context["github.action_path"] = str(folder)
        self._steps(action["runs"]["steps"], context)
        values = {name: about["value"] for name, about in action["outputs"].items()}
        return {name: evaluated(value, context) for name, value in values.items()}

    def workflow(self, path: Path) -> Ran:
        """Run a workflow of one job."""
        workflow = yaml.safe_load(path.read_text())
        [job] = workflow["jobs"].values()
        environment = {name: str(value) for name, value in workflow.get("env", {}).items()}
        context = {f"env.{name}": value for name, value in environment.items()}
        self._steps(job["steps"], context, environment)
        return self.ran

    def _steps(self, steps: list[Any], context: Values, environment: Values | None = None) -> None:
        failed = False
        for step in steps:
            if not is_due(str(step.get("if", "success()")), context, failed=failed):
                continue
            before = len(self.ran.codes)
            if "run" in step:
                outputs = self._shell(step, context, environment or {})
            else:
                outputs = self._use(step, context)
            failed = failed or any(self.ran.codes[before:])
            context |= {f"steps.{step.get('id')}.outputs.{k}": v for k, v in outputs.items()}

    def _use(self, step: Any, context: Values) -> Values:
        given = {k: evaluated(str(v), context) for k, v in step.get("with", {}).items()}
        if step["uses"].startswith("./"):
            return self.action(self.workspace / step["uses"], given)
        pinned = PINNED.fullmatch(step["uses"])
        assert pinned, f"{step['uses']} is not pinned"
        match pinned[1]:
            case "actions/checkout":
                shutil.copytree(
                    self.sources[given["path"]], self.workspace / given["path"], symlinks=True
                )
            case "actions/upload-artifact":
                self.ran.outputs["uploaded"] = str(self.workspace / given["path"])
            case "actions/setup-python":
                assert given["python-version"]
            case name:
                raise AssertionError(f"{name} is not known here")
        return {}

    def _shell(self, step: Any, context: Values, environment: Values) -> Values:
        assert "${{" not in step["run"]
        given = {k: evaluated(str(v), context) for k, v in step.get("env", {}).items()}
        output, summary = self.workspace / ".output", self.workspace / ".summary"
        script = self.workspace / ".step.sh"
        for path, content in ((output, ""), (summary, ""), (script, step["run"])):
            path.write_text(content)
        run = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
            cwd=self.workspace, capture_output=True, check=False, stdin=subprocess.DEVNULL,
            env={k: v for k, v in os.environ.items() if k not in ISOLATED}
            | environment
            | given
            | {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(self.workspace),
               "GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary)},
        )  # fmt: skip
        self.ran.codes.append(run.returncode)
        self.ran.log += (run.stdout + run.stderr).decode()
        self.ran.summary += summary.read_text()
        outputs = parsed(output.read_text())
        for path in (output, summary, script):
            path.unlink()
        self.ran.outputs |= outputs
        return outputs


def evaluated(text: str, context: Values) -> str:
    """Text with its expressions replaced by what they name; what is not known is empty."""

    def value(found: re.Match[str]) -> str:
        assert re.fullmatch(r"(inputs|steps|env|github)\.[\w.-]+", found[1]), found[1]
        assert found[1] in context or found[1].startswith("steps."), found[1]
        return context.get(found[1], "")

    return EXPRESSION.sub(value, text)


def is_due(condition: str, context: Values, *, failed: bool) -> bool:
    """Whether a step is run: `always()`, or `a != ''`, or no condition; a failure ends the rest."""
    found = EXPRESSION.fullmatch(condition)
    bare = found[1] if found else condition
    if bare == "always()":
        return True
    if bare == "success()":
        return not failed
    compared = re.fullmatch(r"(inputs\.[\w-]+) != ''", bare)
    assert compared, condition
    return not failed and context[compared[1]] != ""


def parsed(content: str) -> Values:
    """The outputs that a step has written: a name, a delimiter, and lines up to that."""
    outputs: Values = {}
    lines = iter(content.splitlines())
    for line in lines:
        name, _, end = line.partition("<<")
        assert len(end) > 32, "the delimiter can be guessed"
        value: list[str] = []
        for part in lines:
            if part == end:
                break
            value.append(part)
        assert name not in outputs, f"{name} is there twice"
        outputs[name] = "\n".join(value)
    return outputs
