# Kedja on one machine. `make help` lists the targets; deploy/local/ holds what they do.
.DEFAULT_GOAL := help
.PHONY: help setup venv infra nginx up demo status logs stop start down clean test test-slow test-api browser chaos \
	flat bench bench-scale bench-idle bench-trail bench-http bench-mails bench-suppliers check check-lint check-format check-types check-layers check-shape check-generated
MAKEFLAGS += --no-print-directory

python := .venv/bin/python
local := $(python) -m deploy.local
# Beside .venv: of all the project's tools only `make browser` needs it (greenlet is there already)
playwright := playwright==1.65.2 pyee==13.0.1
bootstrap := sh deploy/local/python.sh -m deploy.local.bootstrap

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' Makefile

setup: ## Make .venv from the lock file; install RabbitMQ and PostgreSQL where they are missing
	@$(bootstrap) servers

demo: up ## Start everything and follow about 60 fictive suppliers through the whole chain
	@$(python) -m demo

up: setup ## Start everything (data kept) and print the URLs
	@$(local) up

down: venv ## Stop everything that this checkout started; the data stays
	@$(local) down

status: venv ## Show each process: state, URL, readiness
	@$(local) status || true # the exit status is for scripts: python -m deploy.local status

logs: venv ## Show all logs, or one: make logs SERVICE=audits
	@$(local) logs $(SERVICE)

stop: venv ## Stop one process: make stop SERVICE=rabbitmq
	@$(local) stop $(SERVICE)

start: venv ## Start it again: make start SERVICE=rabbitmq
	@$(local) start $(SERVICE)

clean: venv ## Stop everything and remove its data (.venv stays)
	@$(local) clean

infra: setup ## Start only RabbitMQ and PostgreSQL
	@$(local) infra

nginx: ## Install nginx where it is missing; only the tests of the edge need it
	@$(bootstrap) tests

test: infra ## Run the test suite against real servers, in three processes (also beside a running demo)
	-@$(MAKE) nginx
	@$(python) -m pytest -n 3 --dist loadfile --no-loadscope-reorder --ignore tests/test_architecture.py

test-slow: infra ## Run the tests that take longer, and those that make examples with five times as many
	-@$(MAKE) nginx
	@KEDJA_EXAMPLES=200 $(python) -m pytest -m "slow or hypothesis"

test-api: infra ## Schemathesis against all four services, long: make test-api SECONDS=600
	@KEDJA_API_SECONDS=$(or $(SECONDS),120) $(python) -m pytest -m slow tests/contracts/test_openapi_live.py

browser: infra ## The respondent's page, the manual's and that of a risk in chromium (apt-get install chromium)
	@test -d .run/playwright || $(python) -m pip install -q --no-deps --target .run/playwright $(playwright)
	@PYTHONPATH=.run/playwright $(python) -m tests.browser.respond

chaos: setup ## All services under load and faults, then a ledger: make chaos SECONDS=120 SEED=7
	@$(python) -m tests.chaos --seconds $(or $(SECONDS),60) --seed $(or $(SEED),1)

flat: infra ## Years of history, then live events: time per batch and table sizes stay flat
	@$(python) -m tests.flat

bench: infra ## The chain beside nameko, FastStream, Celery and Dramatiq, in one run (some 25 minutes)
	@$(python) -W ignore -m bench.chain

bench-scale: infra ## The services with 1,000 to 1,000,000 suppliers in their tables
	@$(python) -W ignore -m bench.chain --scale

bench-idle: infra ## How soon each service is ready, and its memory while nothing is asked of it
	@$(python) -m bench.idle

bench-trail: infra ## What the audit trail costs a write
	@$(python) -m bench.trail

bench-suppliers: infra ## A million suppliers: import, rescoring of all, search (takes most of an hour)
	@$(python) -m bench.suppliers

bench-http: infra ## The service over HTTP beside FastAPI on the same tables (apt-get install wrk)
	@$(python) -m bench.http

bench-mails: infra ## 20,000 notices over SMTP beside plain smtplib (faster sink: apt-get install postfix)
	@$(python) -m bench.mails

check: venv ## Lint, format, types, layers, size, and generated files up to date
	@$(MAKE) -k -j2 -Otarget check-lint check-format check-types check-layers check-shape check-generated

check-lint:
	$(python) -m ruff check --quiet .

check-format:
	$(python) -m ruff format --quiet --diff .

check-types:
	$(python) -m mypy
	$(python) -m mypy -p deploy.local

check-layers:
	.venv/bin/lint-imports --no-cache

check-shape:
	$(python) -m pytest -q tests/test_architecture.py

check-generated:
	.venv/bin/kedja topology generate --check
	.venv/bin/kedja events generate --check
	.venv/bin/kedja openapi generate --check

venv:
	@$(bootstrap)
