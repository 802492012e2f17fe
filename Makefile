# SPDX-License-Identifier: Apache-2.0
# Thin on purpose: meson and ninja build, the scripts do the rest. `make` alone shows the targets.

PREFIX       ?= /usr/local
FUZZ_SECONDS ?= 60

.PHONY: help build demo check fuzz bench format ct bench-pqc lint install clean

help:
	@echo 'make build     build the programs in build/release'
	@echo 'make demo      install what is missing, build, and show two hosts and a tunnel (root)'
	@echo 'make check     build, then run every test and check (root)'
	@echo 'make lint      run the static checks only'
	@echo 'make fuzz      run each fuzz target for FUZZ_SECONDS=$(FUZZ_SECONDS)'
	@echo 'make bench     measure, and print the figures of docs/performance.md (root)'
	@echo 'make bench-pqc measure the post-quantum code, beside LIBOQS=liboqs.so if given'
	@echo 'make ct        run all post-quantum code under valgrind with its secrets marked'
	@echo 'make format    lay out the C files with clang-format'
	@echo 'make install   install to PREFIX=$(PREFIX), below DESTDIR if that is set (root)'
	@echo 'make clean     remove the build trees and reports'

build:
	@scripts/build release

demo:
	@scripts/setup
	@scripts/build release
	@scripts/demo

check:
	@scripts/setup
	@scripts/setup --test
	@scripts/check

lint:
	@scripts/check --only build-release,lint

fuzz:
	@scripts/build fuzz
	@scripts/fuzz $(FUZZ_SECONDS)

bench:
	@scripts/build release
	@bench/run

bench-pqc:
	@scripts/build release
	@build/release/bench/bench-pqc $(if $(LIBOQS),--liboqs=$(LIBOQS))

ct:
	@tests/ct/run

format:
	@git ls-files -z --cached --others --exclude-standard '*.c' '*.h' | xargs -0r clang-format -i

install:
	@scripts/build release -Dprefix=$(PREFIX)
	@DESTDIR=$(DESTDIR) meson install -C build/release --no-rebuild

clean:
	@rm -rf build/release build/asan build/fuzz build/check build/ct-* build/tests
