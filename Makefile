# make run    the dashboard on http://127.0.0.1:8080: your Redis (OMNIQ_REDIS_URL or REDIS_URL), else a demo
# make test   everything that must hold before a change lands: lint, types, tests
# Both work from a fresh clone with Python >= 3.11 alone; uv is used where it is installed.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
ARGS   ?=
WORKERS ?= 2
BENCH  := .venv-bench

.DEFAULT_GOAL := help
.PHONY: help run test test-long check format bench bench-dashboard screenshots clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST)

run: $(VENV)/.installed-run ## start the dashboard (ARGS="--port 9000" and so on)
	@if [ -n "$$OMNIQ_REDIS_URL$$REDIS_URL" ]; then exec $(BIN)/omniq-dashboard serve $(ARGS); else exec $(BIN)/omniq-dashboard demo $(ARGS); fi

test: $(VENV)/.installed-test ## lint, types and every test
	@tools/get-test-programs.sh $(BIN)
	@$(MAKE) --no-print-directory check
	$(BIN)/pytest -n $(WORKERS) $(ARGS)

test-long: $(VENV)/.installed-test ## 200 random walks of each sort, and the tests that take minutes
	@tools/get-test-programs.sh $(BIN)
	OMNIQ_SEEDS=200 $(BIN)/pytest -n $(WORKERS) -m "long or walk" -o faulthandler_timeout=600 $(ARGS)

check: $(VENV)/.installed-test ## lint and types only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

format: $(VENV)/.installed-test ## sort imports and lay out the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(BENCH)/.installed ## omniq_core beside the reference SDK, as ratios (ARGS="publish lease": only those parts)
	$(BENCH)/bin/python -m benchmarks $(ARGS)

bench-dashboard: $(BENCH)/.installed ## the dashboard on a million jobs, and rq-dashboard beside it
	$(BENCH)/bin/python -m benchmarks.dashboard $(ARGS)
	$(BENCH)/bin/python -m benchmarks.sampling $(ARGS)
	$(BENCH)/bin/python -m benchmarks.metrics $(ARGS)
	$(BENCH)/bin/python -m benchmarks.checking $(ARGS)
	$(BENCH)/bin/python -m benchmarks.redacting

screenshots: $(VENV)/.installed-test ## every page and state as PNG in build/screenshots/, and the README's
	@tools/get-test-programs.sh $(BIN)
	$(BIN)/python -m screenshots $(ARGS)

clean: ## remove the venvs and all caches
	rm -rf $(VENV) $(BENCH) .pytest_cache .ruff_cache .hypothesis build dist test-results
	find omniq_core dashboard tests screenshots benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.installed-run: pyproject.toml
	@tools/install.sh $(VENV) embedded,metrics "$(PYTHON)"
	@touch $@

# The test venv can also run the dashboard, so both stamps are set.
$(VENV)/.installed-test: pyproject.toml
	@tools/install.sh $(VENV) test,compat "$(PYTHON)"
	@touch $(VENV)/.installed-run $@

$(BENCH)/.installed: pyproject.toml
	@tools/install.sh $(BENCH) bench "$(PYTHON)"
	@touch $@
