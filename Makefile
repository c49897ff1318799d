# Two commands do all of their own set-up: `make repro` runs the main job, `make test` passes the tests.
PY := .venv/bin/python
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export OMP_WAIT_POLICY := passive
.PHONY: setup repro test demo lint fmt bench docs clean

setup: .venv/ready            ## a virtual environment from the locked requirements; made again only when the lock changes
repro: setup ; @dvc repro --keep-going; status=$$?; bot-core tracking record; bot-core models; exit $$status  ## rebuild what changed, then show where every model stands
test: lint ; pytest -n 2 --dist loadgroup -m 'not slow' --cov --cov-report=term:skip-covered  ## lint, types, import contracts, tests
demo: setup ; @$(PY) scripts/demo.py  ## the whole story on the real models: refused, promoted, halted, rolled back
lint: setup ; ruff check . && ruff format --check . && mypy && lint-imports && bot-core schemas --check  ## without the tests
fmt: setup ; ruff check --fix . && ruff format . && bot-core schemas  ## format, refresh what is generated
bench: setup .bench-venv/ready .bench-venv-mlfinpy/ready ; PYTHONPATH=. .bench-venv/bin/python benchmarks/run.py  ## every figure beside its peer
docs: setup ; mkdocs build --strict --quiet  ## the pages, into site/
clean: ; git clean -qfdX  ## back to a fresh clone

.venv/ready: requirements/dev.txt
	python3.11 -m venv --clear .venv
	.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/dev.txt
	.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

.bench-venv/ready: requirements/bench.txt
.bench-venv-mlfinpy/ready: requirements/bench-mlfinpy.txt
.bench-venv/ready .bench-venv-mlfinpy/ready:
	python3.11 -m venv --clear $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement $<
	touch $@
