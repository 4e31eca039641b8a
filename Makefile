# `make` alone lists the commands.
.DEFAULT_GOAL := help
.PHONY: help run test test-all coverage check format hooks bench demo bundle lock sbom site clean

BIN := .venv/bin
# The tests start the program hundreds of times: it is compiled once, whatever the environment says.
export PYTHONDONTWRITEBYTECODE :=
# One test process more than there are cores, as tests often wait for other processes and sockets,
# but no more than four: each holds models. They begin with equal shares in the order of the files,
# so that fixtures are shared, and take over what others have left.
WORKERS := -n $(shell expr `getconf _NPROCESSORS_ONLN` + 1) --maxprocesses 4 --dist worksteal
RUN_READY := .venv/.ready
APP_READY := .venv/.ready-app
DEV_READY := .venv/.ready-dev
AGENT_READY := .venv-agent/.ready
AGENTS_TRIED := .venv-agents/.tried

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## open the app; without a display, chat with the demo in the terminal
ifneq ($(shell scripts/has-display && echo yes),)
run: $(APP_READY)
	@$(BIN)/qwen3mlx app
else
run: $(RUN_READY)
	@if [ -t 0 ] && [ -t 1 ]; then \
		$(BIN)/qwen3mlx run demo; \
	else \
		$(BIN)/qwen3mlx run demo "How many r's are in strawberries?" < /dev/null; \
	fi
endif

test: $(DEV_READY) ## run the tests, the slow ones left out
	@$(BIN)/python -m pytest $(WORKERS)

test-all: $(DEV_READY) $(AGENT_READY) $(AGENTS_TRIED) ## run all the tests
	@$(BIN)/python -m pytest $(WORKERS) --hypothesis-profile=all -m "not alone"
	@$(BIN)/python -m pytest --hypothesis-profile=all -m alone

coverage: $(DEV_READY) ## run the tests as `make test` does, and list the lines that none of them runs
	@$(BIN)/python -m pytest $(WORKERS) --cov --cov-report=term-missing:skip-covered

check: $(DEV_READY) ## lint, formatting, types and import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(DEV_READY) ## format the code and apply the linter's fixes
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

hooks: $(DEV_READY) ## check each commit of this clone, and its message
	@$(BIN)/pre-commit install

bench: $(DEV_READY) ## compare with mlx-lm, side by side
	@$(BIN)/python -m benchmarks

demo: $(DEV_READY) ## retrain the demo checkpoints (two hours on two cores, ten minutes on a GPU)
	@scripts/setup training
	@$(BIN)/python -m training

bundle: $(DEV_READY) ## build the app as a bundle, in dist/
	@scripts/setup-bundle
	@build/bundle-python/bin/python packaging/build.py

lock: ## pin the newest versions that work together, with their hashes (needs uv and npm)
	@scripts/lock --upgrade

sbom: ## write build/sbom.cdx.json: the bill of materials
	@scripts/sbom

site: ## build the documentation as a site, in build/site
	@$(or $(PYTHON),python3) -m venv build/site-tools
	@build/site-tools/bin/python -m pip install --quiet --require-hashes --only-binary :all: --requirement requirements/docs.txt
	@scripts/site build/site-tools/bin/python

clean: ## remove .venv, .venv-agent, .venv-agents and the caches
	@rm -rf .venv .venv-agent .venv-agents build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUN_READY): pyproject.toml requirements/run.txt
	@scripts/setup run
	@touch $@

$(APP_READY): pyproject.toml requirements/app.txt
	@scripts/setup app
	@touch $(RUN_READY) $@

$(DEV_READY): pyproject.toml requirements/dev.txt
	@scripts/setup dev
	@touch $(RUN_READY) $(APP_READY) $@

$(AGENT_READY): scripts/setup-agent requirements/qwen-agent.txt | $(DEV_READY)
	@scripts/setup-agent
	@touch $@

$(AGENTS_TRIED): scripts/setup-agents tests/agents/package-lock.json
	@scripts/setup-agents
	@mkdir -p $(@D)
	@touch $@
