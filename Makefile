# Clariolin from a fresh clone: `make run` renders a first set of notes, `make test` proves the project.
# Everything is installed into .venv here; nothing else on the machine changes (as root on Debian or
# Ubuntu a missing python3-venv is installed; otherwise the one command to type is printed).

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
OUT ?= out
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$name"; break; }; done)

# cpu (default) or cuda; what was chosen last stays until the other is asked for by name.
TORCH ?= $(or $(patsubst $(VENV)/.torch-%,%,$(wildcard $(VENV)/.torch-*)),cpu)
TORCH_VERSION := $(shell sed -n 's/^torch==//p' constraints.txt)
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/pip install --quiet --constraint constraints.txt

# Debian's names of what the desktop draws and sounds with, and of what the tests play and listen with.
DESKTOP_PACKAGES := libgl1 libegl1 libglib2.0-0 libfontconfig1 libdbus-1-3 libxkbcommon0 libxcb-cursor0 \
	libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 libxcb-xkb1 libxkbcommon-x11-0 libportaudio2 \
	libasound2-plugins libpulse0
TEST_PACKAGES := libfluidsynth3 xvfb xauth xdotool fonts-dejavu-core pulseaudio pulseaudio-utils \
	puredata-core jackd2 libgl1-mesa-dri strace

# As root on Debian or Ubuntu installs what is missing; elsewhere says what to type, and goes on without.
define system_packages
	if command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; then \
		missing=$$(for package in $(1); do \
			dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || echo $$package; done); \
		if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ]; then \
			echo "Installing what $(2) needs ..."; \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
				$$missing >/dev/null || echo "They could not be installed; going on without." >&2; \
		elif [ -n "$$missing" ]; then \
			echo "For $(2): sudo apt-get install --no-install-recommends" $$missing >&2; fi; fi
endef

# Idle threads that sleep instead of spinning: several times faster when cores are shared.
export OMP_WAIT_POLICY ?= PASSIVE

.PHONY: help
help: ## Lists what can be made
	@echo "Clariolin makes new instrument notes. In this folder:"
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 22
	@echo "On a machine with an NVIDIA card, once: make install TORCH=cuda"

.PHONY: run
run: install ## Renders a small orchestral note set into out/ and says what to try next
	@$(BIN)/clariolin render --notes C4,E4,G4 --dynamics forte --duration 15 --contact-sheet --out "$(OUT)" \
		--instrument violin --instrument cello --instrument flute --instrument oboe \
		--instrument clarinet --instrument trumpet --instrument bassoon \
		--instrument violin:0.5,clarinet:0.5 \
		|| { echo "To make the set in another folder: make run OUT=another-folder" >&2; exit 1; }
	@echo
	@echo "Try next:"
	@echo "  $(BIN)/clariolin render --instrument violin:0.5,clarinet:0.5 --notes C3-B4 --variations 2 --out hybrid"
	@echo "  $(BIN)/clariolin info assets/orchestra.safetensors     what the model knows: instruments, techniques, ranges"
	@echo "  make gui      plays the model: piano, sliders, latent space"
	@echo "  README.md     mixes, variations, samplers, your own sounds, training on your own recordings"

.PHONY: gui
gui: $(VENV)/.installed-gui ## Opens the desktop: an instrument to play
	@$(BIN)/clariolin gui

.PHONY: install
install: $(VENV)/.installed ## Installs what rendering and training need into .venv
	@:

.PHONY: check
check: static pytest ## Runs everything CI runs: style, types, import contracts, tests

.PHONY: test
test: check ## The same as check

.PHONY: static
static: $(VENV)/.installed-dev ## Style, types and import contracts only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: pytest
pytest: $(VENV)/.installed-dev ## The tests only
	OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses auto --dist worksteal $$($(BIN)/python -c 'import PyQt6.QtWidgets' 2>/dev/null || echo '-p no:pytest-qt')

.PHONY: format
format: $(VENV)/.installed-dev ## Formats the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: constraints
constraints: $(VENV)/.installed-dev ## Writes the installed versions into constraints.txt
	header=$$(grep '^#' constraints.txt); pins=$$($(BIN)/pip freeze --exclude-editable | sed 's/^\(torch==[0-9.]*\).*/\1/'); \
		printf '%s\n%s\n' "$$header" "$$pins" > constraints.txt

.PHONY: clean
clean: ## Removes .venv, caches and what make run rendered
	rm -rf $(VENV) out build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- Installation: each step leaves a stamp, so that the second run is instant. ---

$(VENV)/.created:
	@if [ -z "$(PYTHON)" ]; then \
		echo "Clariolin needs Python 3.11 or newer (Debian, Ubuntu: sudo apt-get install python3 python3-venv)." >&2; exit 1; fi
	@if ! $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then \
		package=$$($(PYTHON) -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'); \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo "Installing $$package ..."; \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$package >/dev/null; \
		else \
			echo "Python's venv module is missing: sudo apt-get install $$package, then run make again." >&2; exit 1; fi; fi
	@echo "Installing Clariolin into $(VENV): a few minutes, this once ..."
	@$(PYTHON) -m venv $(VENV)
	@touch $@

# A CPU build where the configured indexes offer one (or where every build is one); else through uv, which
# knows where PyTorch publishes them; else whatever the default index serves.
$(VENV)/.torch-cpu: $(VENV)/.created constraints.txt
	@rm -f $(VENV)/.torch-*
	@if [ "$$(uname -s)" != Linux ]; then $(PIP) torch; \
	elif ! $(PIP) "torch==$(TORCH_VERSION)+cpu" 2>/dev/null; then \
		{ $(PIP) uv && $(BIN)/uv pip install --quiet --python $(BIN)/python --torch-backend cpu \
			--constraint constraints.txt torch; } || $(PIP) torch; fi
	@touch $@

$(VENV)/.torch-cuda: $(VENV)/.created constraints.txt
	@rm -f $(VENV)/.torch-*
	@! $(BIN)/pip freeze | grep -q '^torch==.*+cpu' || $(BIN)/pip uninstall --quiet --yes torch
	@$(PIP) torch
	@touch $@

# librosa compiles its loops on first use into a cache that two processes may spoil for good if both are the
# first (whoever loads it then crashes), so one process does it here.
$(VENV)/.installed: $(VENV)/.torch-$(TORCH) pyproject.toml constraints.txt
	@$(PIP) --editable '.[train]'
	@$(BIN)/python -c 'import librosa; librosa.onset.onset_detect, librosa.pyin, librosa.griffinlim'
	@touch $@

$(VENV)/.installed-gui: $(VENV)/.installed
	@$(call system_packages,$(DESKTOP_PACKAGES),the desktop)
	@$(PIP) --editable '.[train,gui]'
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@$(call system_packages,$(DESKTOP_PACKAGES) $(TEST_PACKAGES),all tests)
	@$(PIP) --editable '.[train,soundfont,cluster,gui,dev]'
	@touch $@
