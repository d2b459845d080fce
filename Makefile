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

# Tests start hundreds of programs, each of which would compile every module anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup conform conform-all trace debug port test test-quick test-all golden check lint score bench stages zoo
.PHONY: fuzz scoreboard bench-speed doctor data protocol clean

help:            ## Show this list.
	@awk -F ' *## ' '/^[a-z-]+:.*## / { sub(":.*", "", $$1); printf "%-13s%s\n", $$1, $$2; if ($$3) printf "%-13s%s\n", "", $$3 }' $(MAKEFILE_LIST)

setup: $(READY)  ## Make the virtual environment, with pinned packages.

conform: $(READY)  ## Judge a port: js, python, rust, swift, or a folder. ## PORT=js [PROFILE=name] [CASE=slug] [ARGS=...]
	@$(RUN) conformance run "$(PORT)" $(if $(PROFILE),--profile "$(PROFILE)") $(if $(CASE),--case "$(CASE)") $(ARGS)

trace: $(READY)  ## Judge a program by the trace that it wrote. ## FILE=trace.jsonl|trace.npz|folder [ARGS=...]
	@$(RUN) conformance trace "$(FILE)" $(ARGS)

debug: $(READY)  ## Explain what is wrong with a port or a trace. ## PORT=js [PROFILE=name] [CASE=slug] [HTML=page.html] [ARGS=...]
	@$(RUN) conformance debug "$(PORT)" $(if $(PROFILE),--profile "$(PROFILE)") $(if $(CASE),--case "$(CASE)") $(if $(HTML),--html "$(HTML)") $(ARGS)

conform-all: $(READY)  ## Judge every port that comes with the suite.
	@$(RUN) conformance all $(if $(PROFILE),--profile "$(PROFILE)") $(ARGS)

scoreboard: $(READY)  ## Judge many ports side by side, and write scoreboard.html. ## [PORTS="js ../my-port"] [PROFILE=name] [HISTORY=file] [ARGS=...]
	@$(RUN) conformance scoreboard $(if $(PROFILE),--profile "$(PROFILE)") --html scoreboard.html $(if $(HISTORY),--history "$(HISTORY)") $(ARGS) -- $(PORTS)

port: $(READY)   ## Write a starter kit for a new port. ## LANG=swift|rust|js|python|c DIR=folder
	@$(RUN) conformance port "$(if $(filter command,$(origin LANG)),$(LANG))" "$(DIR)"

test: $(READY)   ## Test the suite, with a sample of the mistakes and the zoo.
	@$(RUN) pytest $(PYTEST) $(ARGS)

test-quick: $(READY)  ## Run the tests that an ordinary change needs, in under 40 s.
	@$(RUN) pytest $(PYTEST) -m "not slow" $(ARGS)

test-all: $(READY)  ## Run all tests, with every mistake and the whole zoo.
	@$(RUN) pytest $(PYTEST) --everything $(ARGS)

golden: $(READY) ## Build the golden traces again.
	@$(RUN) golden build $(ARGS)

check: $(READY)  ## Check that the golden traces are whole, and right here.
	@$(RUN) golden check $(ARGS)

lint: $(READY)   ## Check style, types, and the direction of imports.
	@$(RUN) ruff check . && $(RUN) ruff format --check . && $(RUN) mypy && $(VENV)/bin/lint-imports --no-cache

bench: $(READY)  ## Measure how fast ports train, and write bench.html. ## [PORT=js] [ARGS=...]
	@$(RUN) conformance bench $(if $(filter command environment,$(origin PORT)),"$(PORT)") --html bench.html $(ARGS)
	@$(RUN) pytest tests/benchmarks/bench_port.py --port="$(PORT)" -q --benchmark-min-rounds=3 --benchmark-columns=median,rounds

score: $(READY)  ## Measure how good the suite itself is.
	@$(RUN) conformance score $(ARGS)

stages: $(READY) ## Train the stages train0 to train5, and write stages.html.
	@$(RUN) conformance stages stages.html $(ARGS)

zoo: $(READY)    ## Run hostile and odd programs, and write docs/reference/zoo.md.
	@$(RUN) tests.zoo $(ARGS)

fuzz: $(READY)   ## Feed random input to everything that reads input.
	@$(RUN) tests.fuzz $(ARGS)

bench-speed: $(READY)  ## Measure how fast the tape and the judge are, as ratios.
	@$(RUN) tests.benchmarks.speed $(ARGS)

doctor: $(READY) ## Say what this machine has for the suite.
	@$(RUN) conformance doctor $(ARGS)

data: $(READY)   ## Download names.txt, and check its SHA-256.
	@$(RUN) reference --download $(ARGS)

protocol: $(READY)  ## Write PROTOCOL.md and the published schemas.
	@$(RUN) conformance protocol

clean:           ## Remove what these targets made.
	rm -rf $(VENV) .data .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(READY): requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@echo "compiling, once"; $(RUN) conformance.commands.warming
	@: >$(READY)
