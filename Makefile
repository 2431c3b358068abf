# Every target first makes .venv from the platform's hash-pinned lock, when it is missing or the lock has changed.
# `make help` lists the targets by group: what stands after `##` behind a target, under the nearest `##@` above it.
# Settings: PYTHON=python3.12 (any of 3.11-3.13), LOCK=envs/linux-cpu.lock, CORES=2.

PYTHON ?= python3
CORES ?= all

SYSTEM := $(shell uname -s)
ifeq ($(SYSTEM),Darwin)
  LOCK ?= envs/macos.lock
else ifneq ($(shell nvidia-smi -L 2>/dev/null | grep -m1 -o GPU),)
  LOCK ?= envs/linux-cuda.lock
else
  LOCK ?= envs/linux-cpu.lock
endif

# Jobs call `python`, `score-mlx`: those of .venv, whatever is activated outside.
VENV := .venv
BENCH := .venv-bench
DOCS := .venv-docs
LINT := .venv-lint
REFERENCE := results/reference
IMAGE_LOCK ?= envs/linux-cpu.lock
FIGURES := paper_figures/reference
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export PYTHONNOUSERSITE := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
SNAKEMAKE := $(VENV)/bin/snakemake
PIP_INSTALL := -m pip install -qq --no-input

.PHONY: help $(shell sed -n 's/^\([a-z0-9-]*\):.*\#\# .*/\1/p' Makefile)
.DELETE_ON_ERROR:

help:
	@awk -F ':.*## ' '/^##@ / { print "\n" substr($$0, 5) } /^[a-z0-9-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile
	@echo
	@sed -n 's/^# \(Settings: .*\)/\1/p' Makefile

##@ Start

venv: $(VENV)/.installed ## install into .venv: some minutes and 2 GB the first time

doctor: $(VENV)/.installed ## check this machine: device, BLAS and its speed, kernels, compiler, data
	@$(VENV)/bin/score-mlx doctor

demo: $(VENV)/.installed ## tables and figures in miniature, on bundled stand-in data, under build/demo: 3 minutes
	$(SNAKEMAKE) --cores $(CORES) --directory build/demo --config dataset=nci preset=smoke \
	  --quiet rules -- results/nci/table1.csv results/nci/table2.csv \
	  results/nci/figures/figure1.png results/nci/figures/figure2.png
	@cat build/demo/results/nci/table1.md build/demo/results/nci/table2.md
	@echo
	@echo "tables:   build/demo/results/nci/table1.csv, table2.csv (.md, .tex)"
	@echo "pictures: build/demo/results/nci/figures/figure1.png, figure2.png (.pdf)"

##@ Results

table2: $(VENV)/.installed ## Table 2 and Figure 2 as in the paper: about an hour on 2 cores
	$(SNAKEMAKE) --cores $(CORES) -- results/table2.csv paper_figures/figure2.png

reproduce: $(VENV)/.installed ## everything that config.yaml describes: days on 2 cores
	$(SNAKEMAKE) --cores $(CORES) -- all report crate

estimate: $(VENV)/.installed ## how long TARGET=table7a (or all) takes here, and how much of it is done
	@$(VENV)/bin/score-mlx estimate "$(or $(TARGET),all)"

# Whose records are judged: our own, or the committed ones where nothing has been trained here.
FROM ?= $(if $(wildcard results/runs),results/runs,$(REFERENCE)/runs)

verdict: $(VENV)/.installed ## which numbers and claims of the paper hold, from existing records (FROM=DIR: from others)
	@$(VENV)/bin/score-mlx verdict --from "$(FROM)" --out results

report: $(VENV)/.installed ## one page of all tables, figures and verdicts -> results/report.html (FROM=DIR as well)
	rm -rf build/report
	$(VENV)/bin/score-mlx redraw "$(FROM)" build/report
	mkdir -p results
	cp build/report/results/report.html results/report.html

# Tables lie under results/reference, figures with their captions under paper_figures/reference. What is made from these
# (.tex, .pdf, the crate) is not committed: `score-mlx redraw` and `make crate` make it.
reference: $(VENV)/.installed ## copy finished records to the reference folders and make anew what is made from them, to be committed
	! find results/runs -name run.json 2>/dev/null | grep -q . || $(VENV)/bin/score-mlx export $(REFERENCE)
	rm -rf build/reference
	mkdir -p build/reference/results build/reference/paper_figures $(FIGURES)
	for file in $(wildcard results/bench*.csv results/bench*.md results/bench*.json); do cp $$file $(REFERENCE)/ || exit 1; done  # a claim reads them
	cp $(REFERENCE)/bench* build/reference/results/
	! test -f results/bench.png || cp results/bench.png build/reference/paper_figures/
	$(VENV)/bin/score-mlx redraw $(REFERENCE)/runs build/reference
	rm -f build/reference/results/config.resolved.yaml
	cp build/reference/results/*.csv build/reference/results/*.md build/reference/results/*.json \
	  build/reference/results/report.html $(REFERENCE)/
	cp build/reference/paper_figures/*.png build/reference/paper_figures/*.md build/reference/paper_figures/*.json $(FIGURES)/
	$(VENV)/bin/score-mlx readme docs/performance.md $(REFERENCE)/bench_goals.md
	$(VENV)/bin/score-mlx readme docs/performance.md $(REFERENCE)/bench_epochs.md
	$(VENV)/bin/score-mlx readme docs/performance.md $(REFERENCE)/bench_costs.md
	$(VENV)/bin/score-mlx readme docs/performance.md $(REFERENCE)/bench_language.md
	$(VENV)/bin/python -m score_mlx.bench.processors $(REFERENCE)/processors >/dev/null
	$(VENV)/bin/score-mlx readme docs/performance.md $(REFERENCE)/bench_processors.md
	$(VENV)/bin/score-mlx readme README.md $(REFERENCE)/conclusions.md
	$(VENV)/bin/score-mlx readme docs/results.md $(REFERENCE)/verdict_summary.md
	$(VENV)/bin/score-mlx readme docs/results.md $(REFERENCE)/table1.md
	$(VENV)/bin/score-mlx readme docs/results.md $(REFERENCE)/table2.md
	$(VENV)/bin/score-mlx readme docs/results.md $(REFERENCE)/table7a.md
	$(VENV)/bin/score-mlx readme docs/beyond.md $(REFERENCE)/factorial_summary.md
	$(VENV)/bin/score-mlx readme docs/beyond.md $(REFERENCE)/generality_summary.md
	$(VENV)/bin/score-mlx readme docs/beyond.md $(REFERENCE)/native_head.md

crate: $(VENV)/.installed ## the committed results with their workflow as a Provenance Run Crate -> build/crate
	rm -rf build/crate
	mkdir -p build/crate
	cp -r $(REFERENCE)/. build/crate/
	cp -r $(FIGURES) build/crate/figures
	$(VENV)/bin/score-mlx crate build/crate

release: $(VENV)/.installed ## code, exported weights and metadata for an archive such as Zenodo -> build/release; no upload
	$(VENV)/bin/score-mlx release build/release

# Language models are left out; LONGEST=300 draws among records that took at most so many seconds.
N ?= 10
spot-check: $(VENV)/.installed ## train N=10 committed records, drawn at random (SEED=0), again and compare them
	$(VENV)/bin/score-mlx spot-check -n $(N) --seed $(or $(SEED),0) $(if $(LONGEST),--longest $(LONGEST)) \
	  --out $(REFERENCE)/spot_check.csv

##@ Tests

# A file's tests stay in one process, since they share what they make; -n 0 in PYTEST_ARGS runs all in one.
test: $(VENV)/.installed ## the test suite, offline: 7 minutes on 2 cores
	$(VENV)/bin/python -m pytest -n auto --maxprocesses 4 --dist loadfile $(PYTEST_ARGS)

test-page: $(VENV)/.installed ## tests of the results page, in a Chromium if there is one
	$(VENV)/bin/python -m pytest tests/unit/report/test_page.py tests/unit/report/test_page_in_browser.py $(PYTEST_ARGS)

test-badinput: $(VENV)/.installed ## invalid files, settings, downloads and records, and 30 s of random ones
	$(VENV)/bin/python -m pytest tests/badinput tests/unit/config tests/unit/data tests/unit/system/test_digits.py \
	  tests/unit/project/test_moved_checkout.py tests/workflow/test_dag.py -q -m "badinput or fuzz" $(PYTEST_ARGS)

SECONDS ?= 600
fuzz: $(VENV)/.installed ## random invalid input for SECONDS=600
	FUZZ_SECONDS=$(SECONDS) $(VENV)/bin/python -m pytest tests/badinput -q -m fuzz $(PYTEST_ARGS)

test-faults: $(VENV)/.installed ## kill a small project KILLS=50 times and compare what it leaves
	$(VENV)/bin/python tests/faults --kills $(or $(KILLS),50) $(if $(SEED),--seed $(SEED))

# INSTALL=1 installs Debian's Slurm where it is missing (as root), ARCHS="gcn gat" runs those rows of Table 2 only.
test-slurm: $(VENV)/.installed ## Table 2 in miniature on a Slurm of this machine, of which a node is killed
	$(VENV)/bin/python tests/faults/slurm.py $(if $(INSTALL),--install) $(if $(ARCHS),--archs $(ARCHS))

test-kit: $(VENV)/.installed ## the kit for a borrowed machine, the whole way without network
	$(VENV)/bin/python -m pytest tests/unit/kit/test_kit.py $(PYTEST_ARGS)

test-sanitized: $(VENV)/.installed ## the C++ kernels under AddressSanitizer and UndefinedBehaviorSanitizer
	$(VENV)/bin/python tests/sanitized.py $(PYTEST_ARGS)

bench: $(BENCH)/.installed ## our speed beside PyTorch Geometric's, mlx-graphs' and Chemprop's -> results/bench*.csv
	$(BENCH)/bin/python -m score_mlx.bench --out results/bench.csv $(if $(LOADED),--loaded)
	$(BENCH)/bin/python -m score_mlx.bench.growth --out results/bench_growth.csv
	$(BENCH)/bin/python -m score_mlx.bench.language --out results/bench_language.csv $(if $(LOADED),--loaded)
	$(BENCH)/bin/python -m score_mlx.bench.startup --out results/bench_startup.csv
	$(BENCH)/bin/python -m score_mlx.bench.goals --folder results

##@ Development

image: ## a container image, score-mlx:cpu (IMAGE_LOCK=envs/linux-cuda.lock: score-mlx:cuda); needs Docker
	docker build -f containers/Dockerfile --build-arg LOCK=$(IMAGE_LOCK) -t score-mlx:$(if $(findstring cuda,$(IMAGE_LOCK)),cuda,cpu) .

notebook: $(VENV)/.installed $(DOCS)/.installed ## execute notebooks/score_in_five_minutes.ipynb -> build/notebook
	$(DOCS)/bin/python notebooks/execute.py notebooks/score_in_five_minutes.ipynb build/notebook/executed.ipynb

docs: $(VENV)/.installed $(DOCS)/.installed ## the documentation as a site -> build/site/index.html, links checked
	$(VENV)/bin/python docs/make_site.py build/docs
	NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/mkdocs build --quiet
	@echo "site: build/site/index.html"

SHELL_FILES := .ci/run $(wildcard envs/*.sh containers/*.sh)
lint: $(VENV)/.installed $(LINT)/.installed ## what CI checks of the code's form, spelling and types
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(LINT)/bin/snakefmt --check Snakefile workflow/rules
	$(LINT)/bin/codespell $$(git ls-files -- ':!results' ':!tests' ':!*.png' ':!*.pdf')
	$(LINT)/bin/shellcheck $(SHELL_FILES)
	$(LINT)/bin/hadolint containers/Dockerfile
	$(LINT)/bin/basedpyright
	$(SNAKEMAKE) --lint

format: $(VENV)/.installed $(LINT)/.installed ## reformat the code
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .
	$(LINT)/bin/snakefmt Snakefile workflow/rules

audit: $(VENV)/.installed ## the lock's versions against known vulnerabilities, where there is a network
	$(VENV)/bin/python envs/audit.py $(LOCK)

hooks: $(LINT)/.installed ## check each commit before it is made (pre-commit)
	$(LINT)/bin/pre-commit install

clean: ## remove build/
	rm -rf build

# -- environments ----------------------------------------------------------------------------------------------------
# A new version of the installed lock is laid over the old one; another lock starts afresh, because MLX's backends for
# CPU and CUDA do not live in one environment. `.lock-name` says which lock is installed.
define install_lock
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null || { \
	  echo "error: $(PYTHON) is $$($(PYTHON) --version 2>&1 | head -n 1), needed is Python 3.11, 3.12 or 3.13: make PYTHON=python3.12 ..." >&2; exit 1; }
	@PYTHONPATH=workflow $(PYTHON) -m score_mlx.system.conditions $(LOCK)
	@test -x $(1)/bin/pip && test -z "$(call moved,$(1))" && { test ! -f $(1)/.lock-name || grep -qxF $(LOCK) $(1)/.lock-name; } || { \
	  echo "$$($(PYTHON) --version): making $(1)"; $(PYTHON) -m venv --clear $(1) || { \
	  echo "error: $(PYTHON) cannot make a virtual environment (Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; }; }
	@echo "installing $(LOCK) into $(1): some minutes and 2 GB the first time"
	@echo $(LOCK) > $(1)/.lock-name
	@$(1)/bin/python $(PIP_INSTALL) --no-deps --require-hashes -r $(LOCK)
endef

# An environment names its own folder in its scripts, and score-mlx is installed in it from the checkout beside it: in a
# checkout that was moved or copied it would run the old place's programs. Its Python may also be gone.
moved = $(if $(wildcard $(1)/bin/pip),$(shell { test -x $(1)/bin/python && head -c 4096 $(1)/bin/pip | grep -qF '$(CURDIR)/$(1)/'; } || echo moved))
said_moved = $(CURDIR)/$(1) was made in another folder or its Python is gone: it is made again
ifneq ($(call moved,$(VENV)),)
$(info $(call said_moved,$(VENV)))
$(VENV)/.locked: other-lock
endif
ifneq ($(call moved,$(BENCH)),)
$(info $(call said_moved,$(BENCH)) when it is needed)
$(BENCH)/.installed: other-lock
endif
ifneq ($(call moved,$(DOCS)),)
$(info $(call said_moved,$(DOCS)) when it is needed)
$(DOCS)/.installed: other-lock
endif
ifneq ($(call moved,$(LINT)),)
$(info $(call said_moved,$(LINT)) when it is needed)
$(LINT)/.installed: other-lock
endif

.PHONY: other-lock
ifneq ($(shell cat $(VENV)/.lock-name 2>/dev/null),$(LOCK))
$(VENV)/.locked: other-lock
endif
ifneq ($(shell cat $(BENCH)/.lock-name 2>/dev/null),$(LOCK))
$(BENCH)/.installed: other-lock
endif

$(VENV)/.locked: $(LOCK)
	$(call install_lock,$(VENV))
	@touch $@

# Kernels are for MLX on a CPU under Linux, also beside a GPU. Nothing but speed depends on them, so they may be missing.
KERNELS := $(wildcard workflow/score_mlx/kernels/*.cpp workflow/score_mlx/kernels/*.h)
define install_package
	@echo "installing score-mlx from this folder"
	@$(1)/bin/python $(PIP_INSTALL) --no-deps --no-build-isolation -e .
	@case $(LOCK) in *linux-*) $(1)/bin/python -m score_mlx.kernels || true ;; esac
endef

$(VENV)/.installed: $(VENV)/.locked pyproject.toml $(KERNELS)
	$(call install_package,$(VENV))
	@touch $@

# Tools for docs and lint have locks of their own, so that nobody who only trains installs them.
define install_tools
	@echo "installing $< into $(@D)"
	@$(PYTHON) -m venv --clear $(@D)
	@$(@D)/bin/python $(PIP_INSTALL) --no-deps --require-hashes --only-binary :all: -r $<
	@touch $@
endef

$(DOCS)/.installed: envs/docs.lock
	$(install_tools)

$(LINT)/.installed: envs/lint.lock
	$(install_tools)

# The lock's versions are passed as constraints, so that nothing in dev.txt can move them.
$(BENCH)/.installed: $(LOCK) envs/dev.txt pyproject.toml $(KERNELS)
	$(call install_lock,$(BENCH))
	@sed -nE 's/^([A-Za-z0-9_.-]+==[^\\]*[^\\ ]) *\\?$$/\1/p' $(LOCK) > $(BENCH)/lock-constraints.txt
	@echo "installing envs/dev.txt: PyTorch, PyTorch Geometric, Chemprop"
	@$(BENCH)/bin/python $(PIP_INSTALL) -c $(BENCH)/lock-constraints.txt -r envs/dev.txt
	$(call install_package,$(BENCH))
	@touch $@
