# The two commands of the README are "make serve" and "make test"; the work is done in scripts/.
# VENV, PYTHON and JOBS may be set: make test PYTHON=python3.13 VENV=.venv313
export VENV PYTHON JOBS ADDRESS

.PHONY: help serve test check bench clean

help:
	@echo "make serve   set up and serve examples/crazy.py on http://127.0.0.1:9090"
	@echo "make test    set up, then lint, types and all tests"
	@echo "make check   set up, then lint and types only"
	@echo "make bench   set up, then measure everything against other servers (needs wrk, takes hours)"

serve:
	@EXTRAS= scripts/install
	@scripts/serve

test:
	@scripts/install
	@scripts/check
	@scripts/test

check:
	@scripts/install
	@scripts/check

bench:
	@EXTRAS=test,bench scripts/install
	@$${VENV:-.venv}/bin/python -m benchmarks $(PARTS)

clean:
	rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
