# Short names for what is run often. Each is a step of tests/all, or a list of them: `bash tests/all --list`.

# The recipes.
default:
    @just --list

# What one runs between two edits: formatting, lints, the library's tests. It says at its end what it leaves out.
quick:
    bash tests/all --quick

# Everything, as the CI runs it.
all *OPTIONS:
    bash tests/all {{ OPTIONS }}

# Formats all crates, those outside the workspace too.
format:
    bash -c 'TARGET=target; . tests/all.d/rust.sh; for manifest in Cargo.toml $(other_manifests); do cargo fmt --all --manifest-path "$manifest"; done'

# Clippy, without a warning.
lint:
    bash tests/all formatting lints

# Every feature of every crate by itself.
features:
    bash tests/all features

# The tests of the workspace.
test:
    bash tests/all tests

# Everything on PostgreSQL and MariaDB.
databases:
    bash tests/all tools databases

# A command with both servers beside it: `just with-databases cargo test …`.
with-databases *COMMAND:
    bash tests/with_databases {{ COMMAND }}

# The Python reader, and Google's Tink.
oracle:
    bash tests/all oracle

# AWS KMS, against its emulators.
aws-kms:
    bash tests/all aws-kms

# The documentation as docs.rs shows it, without a warning.
docs:
    bash tests/all docs

# Measures everything, or what is named, and writes docs/benchmarks.md.
bench *TABLES:
    bash benches/write-page {{ TABLES }}

# Writes the listings of the public surface anew: read their diff.
public-api:
    bash -c 'set -euo pipefail; TARGET=$PWD/target; . tests/all.d/surface.sh; update_public_api'

# The published crates, built from what would be uploaded.
packages:
    bash tests/all packages

# What changed since the last release, as semver sees it.
semver:
    bash tests/all semver

# Core on the oldest Rust that Cargo.toml promises.
minimum-rust:
    bash tests/all minimum-rust

# Licences and sources of all dependencies.
deny:
    bash tests/all dependencies

# Fuzzes each target for a few seconds, or with `just fuzz --long` for ten minutes.
fuzz *OPTIONS:
    bash tests/all fuzzing {{ OPTIONS }}
