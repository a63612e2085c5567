# `make train` and `make test` need nothing but Python 3.11 - 3.13 with venv: they install into .venv.
PYTHON ?= python3
BIN := .venv/bin

DATA := data/dolls128
RUN := runs/quickstart
PICTURES := docs/pictures
SKETCH := $(PICTURES)/sketch.png
REFERENCE := $(PICTURES)/reference.png
PAINTED := out/painted.png
SHOWN := out/side_by_side.png

.PHONY: help api paint studio train test test-slow bench fuzz fuzz-guided faults costs mutants undone load test-versions lint lock sbom clean

help:
	@echo "make paint      color a drawing with the bundled model; yours: SKETCH=a.png REFERENCE=b.png"
	@echo "make studio     open a page in the browser to color drawings on"
	@echo "make train      build shards, train a small network on them, paint (under 8 minutes)"
	@echo "make test       run the tests"
	@echo "make test-slow  run all of them, the slow ones too"
	@echo "make api        write the pages of the functions and classes to out/api"
	@echo "make bench      measure how fast everything is"
	@echo "make fuzz       feed every parser with 100,000 hostile inputs"
	@echo "make fuzz-guided  feed them with inputs that coverage guides (Linux)"
	@echo "make faults     kill the programs, fill their disks, damage their files"
	@echo "make undone     undo what was mended, one at a time; its tests must fail"
	@echo "make load       ask the studio and a SavedModel for pictures from 64 places at once"
	@echo "make test-versions  run the tests with the oldest and newest dependencies and Pythons"
	@echo "make lint       check style and format"
	@echo "make sbom       list all that is installed, with licenses, to out/"
	@echo "make clean      remove what these commands made, but not .venv"

paint: .venv/installed
	@$(BIN)/python -m tf_deeppaint.colorize --sketch="$(SKETCH)" --reference="$(REFERENCE)" \
		--output=$(PAINTED) --show=$(SHOWN)

studio: .venv/installed-studio
	$(BIN)/python -m tf_deeppaint.studio

train: .venv/installed
	$(BIN)/python -m tfrecords.build --source=dolls --count=2000 --size=128 --background=white --output=$(DATA)
	$(BIN)/python -m tf_deeppaint.train --flagfile=experiments/quickstart.flags --data=$(DATA) --run=$(RUN)
	$(BIN)/python -m tf_deeppaint.colorize --model=$(RUN) --sketch="$(SKETCH)" \
		--reference="$(REFERENCE)" --output=$(PAINTED) --show=$(SHOWN)
	@echo
	@echo "A drawing the network has never seen, in the colors of $(REFERENCE):"
	@echo "    $(PAINTED), beside sketch and reference in $(SHOWN)"
	@echo "Held-out drawings as it learned (sketch, palette, painted, truth, reference, its palette, painted):"
	@echo "    $(RUN)/samples/"

# Neighboring tests stay together: what a module's tests share is made once.
test: .venv/installed-dev
	$(BIN)/python -m pytest -n auto --dist worksteal

test-slow: .venv/installed-dev
	$(BIN)/python -m pytest -n auto --dist worksteal -m "slow or not slow"

# The packages that people's own programs use, with all their modules.
PUBLIC := data evaluation exporting images line_art networks painting palette training utils
api: .venv/installed-dev
	$(BIN)/python -m pdoc --docformat google --output-directory out/api $(PUBLIC:%=tf_deeppaint.%)

bench: .venv/installed-bench
	$(BIN)/python -m experiments.benchmarks

# The targets include PyTorch checkpoints. Another seed tries other inputs: make fuzz SEED=2 INPUTS=20000
SEED ?= 1
INPUTS ?= 100000
fuzz: .venv/installed-dev .venv/installed-bench
	$(BIN)/python -m tests.hostile.fuzz --seed=$(SEED) --inputs=$(INPUTS) --report=docs/reliability.md

# Another target or time: make fuzz-guided TARGET=manifests SECONDS=600
SECONDS ?= 60
fuzz-guided: .venv/installed-dev .venv/installed-guided
	$(BIN)/python -m tests.hostile.guided --seed=$(SEED) --seconds=$(SECONDS) \
		$(if $(TARGET),--target="$(TARGET)") --report=docs/reliability.md

faults: .venv/installed-dev
	$(BIN)/python -m tests.faults.faults --report=docs/reliability.md

costs: .venv/installed-dev
	$(BIN)/python -m tests.hostile.costs --report=docs/reliability.md

# Another subject or number of mutants: make mutants SUBJECT=locks COUNT=100
COUNT ?= 20
mutants: .venv/installed-dev
	$(BIN)/python -m tests.mutants --seed=$(SEED) --count=$(COUNT) \
		$(if $(SUBJECT),--subject="$(SUBJECT)") --report=docs/reliability.md

# Another finding, by some of its words: make undone FINDING="names of shards"
undone: .venv/installed-dev
	$(BIN)/python -m tests.undone $(if $(FINDING),--finding="$(FINDING)") --report=docs/reliability.md

load: .venv/installed-dev
	$(BIN)/python -m tests.faults.load --report=docs/reliability.md

test-versions: .venv/installed-dev
	$(BIN)/python -m tests.versions

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache --no-logo

# The releases that `make test` installs, with their hashes. No index is named: pip asks its own.
lock: .venv/bin/python
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/python -m uv pip compile setup.py --quiet --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --output-file requirements.lock

# In an environment of its own, so that it lists none of its own tools.
sbom: .venv/installed-dev
	$(PYTHON) -m venv .venv-sbom
	.venv-sbom/bin/python -m pip install --quiet cyclonedx-bom pip-licenses
	mkdir -p out
	.venv-sbom/bin/cyclonedx-py environment --output-reproducible --output-file out/sbom.json $(BIN)/python
	.venv-sbom/bin/pip-licenses --python=$(BIN)/python --format=markdown --output-file=out/licenses.md

clean:
	rm -rf data runs out

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/installed: setup.py | .venv/bin/python
	@echo "installing TensorFlow and the other packages into .venv: some minutes, once"
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

.venv/installed-studio: setup.py | .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable ".[studio]"
	@touch .venv/installed $@

.venv/installed-bench: setup.py | .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable ".[bench]"
	@touch .venv/installed $@

.venv/installed-guided: setup.py | .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable ".[bench,guided]"
	@touch .venv/installed .venv/installed-bench $@

.venv/installed-dev: setup.py requirements.lock | .venv/bin/python
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch .venv/installed $@
