# The two commands that a user needs are `make demo` and `make test`; both install what is missing.
.PHONY: all build demo test soak lint coverage sanitize docs install uninstall setup clean

PREFIX ?= /usr/local
program := .build/release/workbench
share := .build/share
man := $(DESTDIR)$(PREFIX)/share/man/man1/workbench.1
bash := $(DESTDIR)$(PREFIX)/share/bash-completion/completions/workbench
zsh := $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_workbench
fish := $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/workbench.fish

# The program, its man page and completions: `make && sudo make install` needs no toolchain the second time.
all: build
	@$(MAKE) --no-print-directory $(share)/made

build: setup
	@echo "build: release build (the first one takes a few minutes)"
	@swift build -c release --product workbench

# The same command runs headless to the end where there is no terminal.
demo: build
	@"$$(swift build -c release --show-bin-path)/workbench" demo

test: lint
	@tools/setup.sh tmux
	@echo "test: building the program and its tests"
	@swift build -c release --product workbench
	@swift build -c release --build-tests
	@tools/test.sh

# The full sizes: all shapes, 100,000 events, kill tests.
soak:
	@tools/setup.sh tmux
	@swift build -c release --product workbench
	@swift build -c release --build-tests
	@WORKBENCH_SOAK=1 tools/test.sh

lint: setup
	@swift format lint --strict -r Sources Tests tools Package.swift

# Lines that the tests run, by target. FILTER='SuiteA|SuiteB' takes those tests only.
coverage:
	@tools/setup.sh tmux
	@tools/coverage.sh $(FILTER)

# The tests under the address and the thread sanitizer. SANITIZERS=address takes that one only.
sanitize:
	@tools/setup.sh tmux
	@SANITIZERS="$(or $(SANITIZERS),address thread)" tools/sanitize.sh $(FILTER)

# Pages of every library target's declarations: .build/docs/<target>.
docs: build
	@tools/docs.sh

$(program):
	@$(MAKE) --no-print-directory build

$(share)/made: $(program) tools/share.sh tools/manual.swift
	@tools/share.sh $(program) $(share)

install: $(share)/made
	@install -D -m 755 $(program) $(DESTDIR)$(PREFIX)/bin/workbench
	@install -D -m 644 $(share)/workbench.1 $(man)
	@install -D -m 644 $(share)/workbench.bash $(bash)
	@install -D -m 644 $(share)/_workbench $(zsh)
	@install -D -m 644 $(share)/workbench.fish $(fish)
	@echo "install: $(DESTDIR)$(PREFIX)/bin/workbench, its man page, and completions for bash, zsh and fish"

uninstall:
	@rm -f $(DESTDIR)$(PREFIX)/bin/workbench $(man) $(bash) $(zsh) $(fish)
	@echo "uninstall: removed workbench from $(DESTDIR)$(PREFIX)"

setup:
	@tools/setup.sh

clean:
	@swift package clean
	@rm -rf $(share) .build/docs .build-coverage .build-address .build-thread
