PYTHON ?= python3
PORT   ?= python
VENV    = .venv
READY   = $(VENV)/.ready
RUN     = $(VENV)/bin/python -m
PYTEST  = -n auto --dist worksteal

# On the command line LANG is a kit's language, in the environment it is the locale.
ifeq ($(origin LANG),command line)
unexport LANG
endif

.PHONY: help setup conform conform-all debug port test test-quick test-all golden check lint score bench stages zoo
.PHONY: fuzz scoreboard bench-speed doctor data protocol clean

help:            ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

setup: $(READY)  ## the virtual environment, with pinned packages

conform: $(READY)  ## is a port right? PORT=python|js|rust|swift|a folder [PROFILE=name] [CASE=slug] [ARGS=...]
	@$(RUN) conformance run "$(PORT)" $(if $(PROFILE),--profile "$(PROFILE)") $(if $(CASE),--case "$(CASE)") $(ARGS)

debug: $(READY)  ## why is a port wrong? PORT=... [PROFILE=name] [CASE=slug] [HTML=page.html] [ARGS=...]
	@$(RUN) conformance debug "$(PORT)" $(if $(PROFILE),--profile "$(PROFILE)") $(if $(CASE),--case "$(CASE)") $(if $(HTML),--html "$(HTML)") $(ARGS)

conform-all: $(READY)  ## every port that comes with the suite and whose toolchain is there
	@$(RUN) conformance all $(if $(PROFILE),--profile "$(PROFILE)") $(ARGS)

scoreboard: $(READY)  ## many ports side by side, on a page: [PORTS="js ../my-port"] scoreboard.html [HISTORY=file] [ARGS=...]
	@$(RUN) conformance scoreboard $(if $(PROFILE),--profile "$(PROFILE)") --html scoreboard.html $(if $(HISTORY),--history "$(HISTORY)") $(ARGS) -- $(PORTS)

port: $(READY)   ## a starter kit for a new port: LANG=swift|rust|js|python|c DIR=a new folder
	@$(RUN) conformance port "$(if $(filter command,$(origin LANG)),$(LANG))" "$(DIR)"

test: $(READY)   ## the tests of the suite itself, with a sample of the catalogue and the zoo
	@$(RUN) pytest $(PYTEST) $(ARGS)

test-quick: $(READY)  ## what a change of an ordinary module needs: under 40 seconds
	@$(RUN) pytest $(PYTEST) -m "not slow" $(ARGS)

test-all: $(READY)  ## all tests, with every entry of the catalogue and the zoo, and the long runs
	@$(RUN) pytest $(PYTEST) --everything $(ARGS)

golden: $(READY) ## write the golden traces anew
	@$(RUN) golden build $(ARGS)

check: $(READY)  ## are the golden traces whole, and does this machine agree with them?
	@$(RUN) golden check $(ARGS)

lint: $(READY)   ## style, types, and which way imports run
	@$(RUN) ruff check . && $(RUN) ruff format --check . && $(RUN) mypy && $(VENV)/bin/lint-imports --no-cache

bench: $(READY)  ## ports and the reference, how fast and how large: [PORT=...], bench.html
	@$(RUN) conformance bench $(if $(filter command environment,$(origin PORT)),"$(PORT)") --html bench.html $(ARGS)
	@$(RUN) pytest tests/benchmarks/bench_port.py --port="$(PORT)" -q --benchmark-min-rounds=3 --benchmark-columns=median,rounds

score: $(READY)  ## the suite's own score: known mistakes caught and named, honest programs passed
	@$(RUN) conformance score $(ARGS)

stages: $(READY) ## train0 to train5 side by side, and their loss curves: stages.html
	@$(RUN) conformance stages stages.html $(ARGS)

zoo: $(READY)    ## hostile, broken and odd programs, each in its right outcome? docs/reference/zoo.md
	@$(RUN) tests.zoo $(ARGS)

fuzz: $(READY)   ## what is read from outside, fed with what nobody would write: [ARGS=...]
	@$(RUN) tests.fuzz $(ARGS)

bench-speed: $(READY)  ## how fast the tape and the judge are, as ratios
	@$(RUN) tests.benchmarks.speed $(ARGS)

doctor: $(READY) ## what this machine has: protection from ports, toolchains, data
	@$(RUN) conformance doctor $(ARGS)

data: $(READY)   ## download names.txt, check its SHA-256
	@$(RUN) reference --download $(ARGS)

protocol: $(READY)  ## write PROTOCOL.md and the schemas anew
	@$(RUN) conformance protocol

clean:           ## remove what the targets above made
	rm -rf $(VENV) .data .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(READY): requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@echo "compiling, once"; $(RUN) conformance.commands.warming
	@touch $(READY)
