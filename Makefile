# make book    environment, notebooks executed, HTML built; ends by printing where to open it; `make book CHAPTER=03` a
#              draft in seconds, in which only that chapter is executed
# make zip     the built book in one archive that works from a folder, with its checksum
# make pdf     the built book in one PDF, with its checksum; needs a Chromium
# make check   style, types and the quick tests, in a minute; `make check ONLY=cbam` those that a word or path selects
# make test    everything that a change can break, the built book included; ends by printing what its stages took
# make nightly  every test there is: also every checkpoint and record, and the chapters once more by nbval
# make addresses  stores the addresses of pages, sections and settings, of which a test lets none be lost
# make firefox  the behaviour of explorers and pages in Firefox, after `make book`; part of `make nightly`
# make audit   known weaknesses of what is pinned, and its licences, into _build/licences.md; needs a network
# make weekly  a report: newer versions of the pins, links that lead nowhere; needs a network
# make setup   the environment alone
# make serve   the built book on http://localhost:8000
# make lab     the notebooks, live, in JupyterLab
# make outputs runs the notebooks and stores their outputs anew; with CHAPTER=03 only that one
# make experiment  trains every network of the book (hours; go on at any time), tests and publishes them
# make times   times every network of the experiment anew (best on a quiet machine)
# make bench   times blocks, pages and explorers, each over a yardstick of the same run (no test depends on a time)
# make pages   what each page of the book costs and what checkers say of it, in both browsers; Lighthouse if it is there
# make lock    pins anew what requirements.txt needs in turn; `make lock UV=--upgrade` takes the newest of it
# make package  builds attn_lib's wheel and source archive into dist/, and checks them
# make try-package  installs that wheel into an environment of its own and runs the examples of the READMEs there
# make clean   removes what the commands above have made

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.ready
PIP    := $(BIN)/python -m pip install --quiet --constraint requirements.lock
TORCH  := $(shell sed -n 's/^\(torch==[0-9.]*\).*/\1/p' requirements.txt)
PORT   ?= 8000
MAKEFLAGS += --no-print-directory

# The book's networks are tiny and need no GPU, so the CPU build is taken where there is one: a wheel that pip
# already knows of, else PyTorch's own index, else the plain package (macOS has no other).
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

.PHONY: book lint check test zip pdf addresses firefox audit weekly nightly setup serve lab outputs experiment times bench pages lock package try-package clean

setup: $(STAMP)

$(STAMP): requirements.txt requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 10) <= v <= (3, 13) else "Python 3.10 to 3.13 is needed; this is %d.%d. Set PYTHON=..." % v)'
	$(PYTHON) -m venv $(VENV)
	@date +%s > $(VENV)/.begun
	$(PIP) "$(TORCH)+cpu" --retries 1 --timeout 20 --extra-index-url $(TORCH_INDEX) || $(PIP) "$(TORCH)"
	$(PIP) -r requirements.txt
	$(PIP) --no-deps --no-build-isolation -e .
	@echo "The environment was ready in $$(($$(date +%s) - $$(cat $(VENV)/.begun))) s: $$(du -sh $(VENV) | cut -f1) in $(VENV)" > $(STAMP)
	@cat $(STAMP)

# From nothing each time: every notebook is executed, and no page of an earlier build can linger. With CHAPTER=03 a draft
# beside it, in which only that chapter is executed, and only if a result of it may have changed.
BOOK := _build/html _build/.doctrees _build/jupyter_execute
book: setup
ifdef CHAPTER
	$(BIN)/python -m tests.notebooks.build_chapters $(CHAPTER)
else
	rm -rf $(BOOK)
	$(BIN)/jupyter-book build . -n -W --keep-going
	@echo "Open the book: file://$(CURDIR)/_build/html/index.html  (or: make serve)"
endif

zip: setup
	@test -f _build/html/index.html || $(MAKE) book
	@$(BIN)/python book/_ext/book_engine/archive.py _build/html _build/gate-by-gate.zip

pdf: setup
	@test -f _build/html/index.html || $(MAKE) book
	@$(BIN)/python -m tests.browser.chromium
	@PYTHONPATH=book/_ext $(BIN)/python -m book_engine.pdf _build/html _build/gate-by-gate.pdf \
		"$$($(BIN)/python -c 'from tests.browser.chromium import find_whole; print(find_whole())')"

# Three rings. `check` is for every few minutes: style, types and the unit tests, or those that a word selects (part of
# a test's or a file's name, or the path of a file or folder). `test` is for every change: all that it can break. Its
# stages keep two cores busy one after the other, so that memory is not asked of them together: the book, which
# executes two chapters at a time, with style and types where it leaves a core idle, as when it writes its pages; what
# does not look at its pages; what does, which tests/conftest.py marks. The build executes every chapter, and
# tests/notebooks compares what was executed with what is stored, as nbval does, so that no chapter runs twice.
# `nightly` adds every checkpoint and every record, every setting of an explorer, every explorer and chapter where
# `test` looks at a few of each kind, and runs the chapters by `pytest --nbval`, too. A worker that has run out of
# tests takes over some of the other's; not of a chapter, which has one kernel.
PYTEST   := $(BIN)/python -m pytest -n 2 --dist worksteal
NBVAL    := $(BIN)/python -m pytest -n 2 --dist loadfile --nbval
SELECTED  = $(if $(wildcard $(ONLY)),$(ONLY),tests/unit -k "$(ONLY)")
NOTES    := $(VENV)/stages.tsv
STAGE    := $(BIN)/python -m tests.stage $(NOTES)

# Two workers on one thread each: on a busy machine, threads wait for each other.
check test nightly: export OMP_NUM_THREADS := 1

# What Python has compiled of the sources is there for the workers, kernels and programs that import them next, also
# where a machine, as many containers, is set to keep nothing of it.
unexport PYTHONDONTWRITEBYTECODE

# Layers and their gradients come and go, of up to 100 MB each. Memory is kept for the next one: glibc would give it
# back to the system, which fills with zeros what it lends again, an eighth of the processor's time. Not for the tests,
# of which two workers with a browser each would keep more than 6 GB.
book: export MALLOC_MMAP_THRESHOLD_ := 268435456
book: export MALLOC_TRIM_THRESHOLD_ := 536870912

# What takes long to compute of the photographs is computed once for the pages, the tests and the live notebooks of one
# run, which begins with nothing of it. At night every process computes it by itself.
test: export GATE_BY_GATE_KEPT := $(CURDIR)/_build/kept

# What readers have; the other rings take it without its windows, where that can be had.
nightly: export GATE_BY_GATE_WHOLE_BROWSER := 1

lint: setup
	$(WHEN_IDLE) $(BIN)/ruff check .
	$(WHEN_IDLE) $(BIN)/ruff format --check .
	$(WHEN_IDLE) $(BIN)/mypy
	$(WHEN_IDLE) $(BIN)/python -m tests.front_end

check: lint
	$(PYTEST) $(if $(ONLY),$(SELECTED),tests/unit -m "not nightly and not slow")

test: setup
	@rm -rf $(GATE_BY_GATE_KEPT) $(NOTES)
	@$(BIN)/python -m tests.browser.chromium
	@$(STAGE) "the book, style and types beside it" $(MAKE) -j 2 lint book WHEN_IDLE="nice -n 19"
	@$(STAGE) "what needs no book" $(PYTEST) -m "not book and not nightly" tests
	@$(STAGE) "what looks at the book" $(PYTEST) -m "book and not nightly" --ignore=tests/unit tests
	@cat $(STAMP); $(STAGE)

nightly: setup
	@rm -f $(NOTES)
	@$(STAGE) "style and types" $(MAKE) lint
	@$(BIN)/python -m tests.browser.chromium
	@$(STAGE) "the book" $(MAKE) book
	@$(STAGE) "every test" $(PYTEST) -m "" tests
	@$(STAGE) "behaviour in Firefox" $(MAKE) firefox
	@$(STAGE) "the chapters once more" $(NBVAL) book
	@cat $(STAMP); $(STAGE)

addresses: setup
	@test -f _build/html/index.html || $(MAKE) book
	@$(BIN)/python -m tests.addresses

# The comparison of all settings, and what of a page is no behaviour, is Chromium's alone.
firefox: setup
	@$(BIN)/python -m tests.browser.firefox
	$(PYTEST) --firefox -m "not chromium" $(addprefix tests/browser/test_,$(FIREFOX)) tests/books/test_pages.py \
		tests/books/test_excerpts.py tests/books/test_folds.py

FIREFOX := address.py axe.py behaviour.py front_end.py items.py item_chain.py item_computation.py item_drawing.py \
	item_ranking.py panels.py playground.py playground_networks.py playground_photograph.py \
	prose_that_drives.py texts.py

# Both tools stand beside the environment, which they look at and must not change. --strict: a package that cannot be
# asked about, as without a network, is no clean one.
audit: setup
	$(BIN)/python -m pip install --quiet --target _build/audit pip-audit==2.10.1 pip-licenses==5.5.5
	PYTHONPATH=_build/audit $(BIN)/python -m piplicenses --python $(BIN)/python --format=markdown --order=license \
		--output-file=_build/licences.md
	PYTHONPATH=_build/audit $(BIN)/python -m pip_audit --strict --no-deps --disable-pip --requirement requirements.lock

weekly: setup
	$(BIN)/python -m tests.weekly

serve: setup
	@test -f _build/html/index.html || $(MAKE) book
	@echo "http://localhost:$(PORT)  (Ctrl-C stops it)"
	$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

lab: setup
	$(BIN)/jupyter lab book

outputs: setup
	$(BIN)/python -m tests.notebooks.store_outputs $(CHAPTER)

experiment: setup
	$(BIN)/python -m gate_by_gate.experiment all --workers 2
	$(BIN)/python -m gate_by_gate.experiment publish

times: setup
	$(BIN)/python -m gate_by_gate.experiment time

# timm is not in requirements.txt: it is a peer to compare with and brings torchvision, which its layers do not need.
bench: setup
	@test -f _build/html/index.html || $(MAKE) book
	$(BIN)/python -m pip install --quiet --no-deps timm==1.0.31
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.painting
	$(BIN)/python -m benchmarks.records
	$(BIN)/python -m benchmarks.playground

pages: setup
	@test -f _build/html/index.html || $(MAKE) book
	@$(BIN)/python -m tests.browser.chromium
	@$(BIN)/python -m tests.browser.firefox
	$(BIN)/python -m benchmarks.pages
	$(BIN)/python -m benchmarks.reading

# Without `setup`, which would install what the old lock says.
lock:
	@test -x $(BIN)/uv || { echo "uv is missing: run make setup before the pins are changed"; exit 1; }
	$(BIN)/uv pip compile --quiet --universal --python-version 3.10 --no-emit-index-url --annotation-style line \
		--custom-compile-command "make lock" --output-file requirements.lock $(UV) requirements.txt

package: setup
	@test -z "$$RELEASE" || grep -qx "__version__ = \"$${RELEASE#v}\"" attn_lib/__init__.py \
		|| { echo "The release is $$RELEASE, and attn_lib.__version__ is another."; exit 1; }
	rm -rf dist
	$(BIN)/python -m build --no-isolation .
	$(BIN)/python -m twine check --strict dist/*

try-package:
	rm -rf _build/fresh
	$(PYTHON) -m venv _build/fresh
	_build/fresh/bin/python -m pip install --quiet dist/*.whl "$(TORCH)+cpu" --extra-index-url $(TORCH_INDEX) \
		|| _build/fresh/bin/python -m pip install --quiet dist/*.whl
	_build/fresh/bin/python -I tests/recipes/examples.py README.md attn_lib/README.md

clean:
	rm -rf $(VENV) _build build dist .pytest_cache .ruff_cache .mypy_cache .hypothesis *.egg-info
