# The two commands that a user needs are `make demo` and `make test`; both install what is missing.
.PHONY: demo build test soak lint setup clean

build: setup
	@echo "build: release build (the first one takes a few minutes)"
	@swift build -c release --product workbench

# The same command runs headless to the end where there is no terminal.
demo: build
	@"$$(swift build -c release --show-bin-path)/workbench" demo

test:
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

lint:
	@swift format lint --strict -r Sources Tests Package.swift

setup:
	@tools/setup.sh

clean:
	@swift package clean
