# SPDX-License-Identifier: GPL-3.0-or-later

# make run     build and start: website chat and desk on 127.0.0.1:8080
# make check   before each commit: format, vet, staticcheck, tests; under two minutes
# make test    before landing: all that check does, the race detector, a real Chromium

GO         ?= go
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
ARGS       ?=
FUZZTIME   ?= 10s
BENCH      ?= .

.DELETE_ON_ERROR:
.PHONY: run build check test cover fuzz bench clean format lint needs

# A static binary: it runs on any Linux of its architecture, without a C library.
build:
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o bin/sarai ./cmd/sarai

run: build
	./bin/sarai serve $(ARGS)

# The long ones first, each beside some that mostly wait: on two cores that ends
# ten seconds sooner than by the alphabet. ./... has each once more, and runs it once.
check: lint
	$(GO) test -short ./cmd/sarai ./channels/telegram ./channels/whatsapp ./store/bolt ./internal/e2e ./console ./...

format:
	@bad=$$(gofmt -l .) || exit 1; \
	if [ -n "$$bad" ]; then echo "not formatted, run gofmt -w on:" $$bad >&2; exit 1; fi

lint: format
	$(GO) vet -tags browser ./...
	$(GO) run $(STATICCHECK) -tags browser ./...

# The two packages that start the program as processes of its own go without the
# race detector: it would slow each of some hundred starts tenfold. Those on
# WhatsApp's library go with it and without: some of their tests cannot run with it,
# because the library itself races there.
test: needs lint
	CGO_ENABLED=1 $(GO) test -race -timeout 15m $$($(GO) list ./... | grep -v -e /cmd/sarai$$ -e /internal/e2e$$)
	$(GO) test -timeout 15m ./cmd/sarai ./internal/e2e ./channels/whatsapp ./standin/whatsapp
	$(GO) test -short -tags browser -timeout 15m -p 1 ./internal/browser ./channels/web ./console ./internal/e2e ./standin/botapi ./standin/graph ./standin/whatsapp

# What make test needs beside Go: root installs what is missing, others are told.
needs:
	@need=""; \
	command -v chromium >/dev/null || need="$$need chromium"; \
	command -v cc >/dev/null || need="$$need gcc libc6-dev"; \
	command -v fc-list >/dev/null || need="$$need fontconfig"; \
	fc-list 2>/dev/null | grep -q NotoNastaliqUrdu || need="$$need fonts-noto-core"; \
	fc-list 2>/dev/null | grep -q NotoColorEmoji || need="$$need fonts-noto-color-emoji"; \
	if [ -z "$$need" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		export DEBIAN_FRONTEND=noninteractive; \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends $$need; \
	else \
		echo "make test needs these packages:$$need" >&2; exit 1; \
	fi

cover:
	@mkdir -p bin
	$(GO) test -coverpkg=./... -coverprofile=bin/cover.out ./...
	$(GO) tool cover -html=bin/cover.out -o bin/cover.html
	@$(GO) tool cover -func=bin/cover.out | tail -n 1

# Each fuzz target for FUZZTIME; go test takes one at a time.
fuzz:
	@for pkg in $$($(GO) list ./...); do \
		for f in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
			echo "$$pkg $$f"; \
			$(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) $$pkg || exit 1; \
		done; \
	done

bench:
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem ./...

clean:
	rm -rf bin
