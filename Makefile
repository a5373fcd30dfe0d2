# make demo | test | slow | lint | bench | papers: each makes .venv first, pinned in constraints.txt
PYTHON ?= python3
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest --numprocesses=2 --dist=worksteal --durations=5
# The slow tests in parts of a few minutes each.
SLOW_PARTS := slow-draws slow-papers slow-defaults slow-searches slow-quickstart

.PHONY: demo test slow $(SLOW_PARTS) slow-parts lint bench papers clean

demo: .venv/examples
	$(BIN)/python examples/quickstart.py

test: .venv/test
	$(PYTEST)

slow: $(SLOW_PARTS)

slow-parts:
	@echo $(SLOW_PARTS)

# New draws of hypothesis, and processes that die.
slow-draws: .venv/test
	$(PYTEST) -m "hypothesis or slow" --hypothesis-profile=slow \
		--ignore=tests/examples --ignore=tests/test_conformance.py

# Scikit-learn's checks with the default parameters of every estimator, and with the
# network for tables or categories where the fast tests leave them out.
slow-defaults: .venv/test
	$(PYTEST) -m slow tests/test_conformance.py -k "not (ClassifierCV or RegressorCV)"

slow-searches: .venv/test
	$(PYTEST) -m slow tests/test_conformance.py -k "ClassifierCV or RegressorCV"

slow-papers: .venv/test
	$(PYTEST) -m slow tests/examples -k "not quickstart"

slow-quickstart: .venv/test
	$(PYTEST) -m slow tests/examples -k quickstart

lint: .venv/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

bench: .venv/test .venv/papers .venv/benchmarks
	$(BIN)/python examples/benchmarks/train_step.py
	$(BIN)/python examples/benchmarks/import_time.py
	$(BIN)/python examples/benchmarks/expected_gradients.py
	$(BIN)/python examples/benchmarks/path.py --without LassoNet
	$(BIN)/python examples/benchmarks/scaling.py
	$(BIN)/python examples/benchmarks/peers.py --data breast_cancer --splits 1 \
		--contestant ours l1_logistic boosting mlp --out "$$(mktemp -d)"
	$(BIN)/python examples/benchmarks/reasons.py --table OJ --seeds 1 --rows 100 \
		--early-stopping off --section effects slopes counts units \
		--out "$$(mktemp -d)"
	$(BIN)/python examples/benchmarks/tables.py --table fgl concrete --splits 1 \
		--contestant linear hist_boosting lightgbm mlp --out "$$(mktemp -d)"

papers: .venv/papers
	$(BIN)/python examples/papers/neural_lasso/run.py
	$(BIN)/python examples/papers/right_reasons/run.py
	$(BIN)/python examples/papers/attribution_priors/run.py
	$(BIN)/python examples/papers/ngsll/run.py
	$(BIN)/python examples/papers/sensitivity/run.py

.venv/%: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--constraint constraints.txt --editable ".[$*]"
	touch $@

clean:
	rm -rf .venv
