# One door for people and for CI. `make help` lists the targets.
#
# A fresh clone needs the .NET SDK (global.json) and make. What else a target needs is installed by .ci/tools on Debian as
# root, and named otherwise.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

CONFIGURATION ?= Release
# A CI run refuses lock files that do not match the projects; at a desk a restore brings them up to date.
RESTORE_FLAGS := $(if $(filter true,$(CI)),--locked-mode)
RID := linux-$(if $(filter aarch64 arm64,$(shell uname -m)),arm64,x64)

# Every project below src/ with <OutputType>Exe</OutputType> is a program, called as its <AssemblyName> says.
PROGRAM_PROJECTS := $(shell grep -l '<OutputType>Exe</OutputType>' src/*/*.csproj)
program_name = $(shell sed -n 's:.*<AssemblyName>\(.*\)</AssemblyName>.*:\1:p' $(1))
# What `dotnet build` does, without its summary after every project.
compile = dotnet msbuild -nologo -verbosity:quiet -maxcpucount -p:Configuration=$(CONFIGURATION)

export DOTNET_CLI_TELEMETRY_OPTOUT := 1
export DOTNET_NOLOGO := 1

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: restore
restore:
	@dotnet restore Webhook.sln --verbosity quiet $(RESTORE_FLAGS)

# out/bin holds the programs alone: links into out/lib/NAME, where each keeps its own assemblies.
.PHONY: build
build: restore ## leave runnable programs in out/bin/
	@mkdir -p out/bin out/lib
	@$(foreach project,$(PROGRAM_PROJECTS),$(call build_program,$(project),$(call program_name,$(project)));)

# PublishAot is off in the publish alone: the compiled program is the same one that the tests run.
define build_program
$(compile) $(1); \
dotnet publish $(1) --no-build --configuration $(CONFIGURATION) --verbosity quiet --nologo -p:PublishAot=false --output out/lib/$(2); \
ln -sfn ../lib/$(2)/$(2) out/bin/$(2); echo "out/bin/$(2)"
endef

.PHONY: publish
publish: ## leave Native AOT programs in out/aot/ (takes minutes)
	@.ci/tools publish
	@mkdir -p out/aot
	@$(foreach project,$(PROGRAM_PROJECTS),$(call publish_program,$(project),$(call program_name,$(project)));)

define publish_program
dotnet publish $(1) --runtime $(RID) --configuration $(CONFIGURATION) --verbosity quiet --nologo --output out/publish/$(2); \
install -m 0755 out/publish/$(2)/$(2) out/aot/$(2); echo "out/aot/$(2)"
endef

.PHONY: test
test: restore ## build and run every test; the last line is the count
	@.ci/tools test
	@$(compile) Webhook.sln
	@$(relay_if_possible)
	@.ci/tests $(CONFIGURATION)

# What needs the static relay is skipped where it cannot be linked.
relay_if_possible = if command -v gcc >/dev/null && command -v ld.lld >/dev/null && [[ -e /usr/include/zlib.h ]]; then $(MAKE) --no-print-directory out/aot/sluice-relay; fi

# The relay as it is delivered: only the static program can stand in for fusermount3 in front of a client.
out/aot/sluice-relay: $(shell find src/Relay src/Session src/Linux -name obj -prune -o -name bin -prune -o \( -name '*.cs' -o -name '*.csproj' \) -print)
	@mkdir -p out/aot
	@$(call publish_program,src/Relay/Relay.csproj,sluice-relay)

.PHONY: images
images: ## build the container images (REGISTRY, TAG, PLATFORMS: see deploy/images/build)
	@deploy/images/build

# What a cluster gets, each overlay in a file of its own: to look at, to compare, or for those who do not use kustomize.
.PHONY: manifests
manifests: ## render deploy/manifests and its overlays into out/manifests/
	@command -v kubectl >/dev/null || { echo "make manifests needs kubectl 1.27 or newer: install it and try again." >&2; exit 1; }
	@mkdir -p out/manifests
	@kubectl kustomize deploy/manifests > out/manifests/sluice.yaml; echo "out/manifests/sluice.yaml"
	@for overlay in deploy/manifests/overlays/*; do \
	    name="$$(basename "$$overlay")"; kubectl kustomize "$$overlay" > "out/manifests/$$name.yaml"; echo "out/manifests/$$name.yaml"; done

.PHONY: bench
bench: build publish ## measure speed and memory, as ratios to a bare HTTPS echo (takes minutes)
	@.ci/tools bench
	@dotnet restore tests/bench/Echo --verbosity quiet $(RESTORE_FLAGS)
	@$(compile) tests/bench/Echo
	@dotnet publish tests/bench/Echo --no-build --configuration $(CONFIGURATION) --verbosity quiet --nologo -p:PublishAot=false --output out/bench/jit
	@dotnet publish tests/bench/Echo --runtime $(RID) --configuration Release --verbosity quiet --nologo --output out/bench/aot
	@dotnet publish tests/bench/FileLoad --runtime $(RID) --configuration Release --verbosity quiet --nologo --output out/bench/files
	@dotnet publish tests/bench/Cluster --configuration Release --verbosity quiet --nologo --output out/bench/cluster
	@tests/bench/webhook
	@tests/bench/catalog
	@tests/bench/relay
	@tests/bench/recovery
	@tests/bench/sessions

.PHONY: golden
golden: restore ## take the core's answers as the new golden files: review what changed
	@$(compile) tests/Injection.Tests
	@SLUICE_UPDATE_GOLDEN=1 dotnet run --project tests/Injection.Tests --no-build --configuration $(CONFIGURATION) -- -class '*GoldenTests' -noLogo || true
	@git status --short tests/Golden

.PHONY: demo
demo: build ## show the webhook at work on sample pods, and a mount whose client is killed; without a cluster
	@.ci/tools test
	@$(relay_if_possible)
	@deploy/demo/run
	@deploy/demo/sessions

.PHONY: clean
clean: ## remove everything that was built
	@rm -rf out src/*/bin src/*/obj tests/*/bin tests/*/obj
