#!/usr/bin/env bash
# Installs what the tests need and runs every test there is.
#
#     tests/all.sh
#
# It asks for a Debian machine with a Rust toolchain (with rustfmt and clippy), the network to fetch packages and crates
# before the first test, and root, by itself or through sudo: packages are installed, and one test mounts a small disk.
# Whatever is missing or fails ends it with an error; nothing is skipped. Once everything is fetched, it needs no network.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Kannel and Jasmin (of Python, with RabbitMQ and Redis) are the gateways that the tests send through, Chromium shows the
# phone page (in Chinese, hence the fonts), gcc builds ring.
packages=(ca-certificates chromium chromium-driver fonts-noto-cjk gcc kannel libc6-dev mount procps
    python3-venv rabbitmq-server redis-server)
tools=(cargo rustc gcc bearerbox smsbox chromium chromedriver mount umount kill dd epmd redis-server)
browser=tests/browser/Cargo.toml fuzz=tests/fuzz/Cargo.toml

# cargo's own folder, and those of daemons, which users do not have on their path
export PATH="$PATH:${CARGO_HOME:-$HOME/.cargo}/bin:/usr/sbin:/sbin"
# One folder and one profile for both packages, so that nothing is built twice.
CARGO_TARGET_DIR=$(realpath -m "${CARGO_TARGET_DIR:-target}")
export CARGO_TARGET_DIR CARGO_PROFILE_DEV_DEBUG=line-tables-only CARGO_TERM_COLOR=${CARGO_TERM_COLOR:-never}
export XIANGXUN_BIN="$CARGO_TARGET_DIR/debug/xiangxun"

step=start policy=
finish() {
    local status=$?
    allow_starts
    ((status == 0)) || printf '\n== FAILED: %s (status %d)\n' "$step" "$status" >&2
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# run NAME COMMAND…: says what runs, and how long it took.
run() {
    step=$1
    shift
    printf '\n== %s\n' "$step"
    local begun=$SECONDS
    "$@"
    printf '== %s: %d s\n' "$step" $((SECONDS - begun))
}

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

as_root=()
if [[ $(id -u) != 0 ]]; then
    command -v sudo >/dev/null || fail "run this as root, or install sudo"
    as_root=(sudo)
fi

# A package that is installed must not start its daemon: Debian asks this file first. One that is there already stays.
forbid_starts() {
    [[ -e /usr/sbin/policy-rc.d ]] && return
    policy=/usr/sbin/policy-rc.d
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 755 "$policy"
}

allow_starts() {
    [[ -z $policy ]] || "${as_root[@]}" rm -f "$policy"
    policy=
}

install_packages() {
    local package missing=()
    for package in "${packages[@]}"; do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
    done
    if ((${#missing[@]})); then
        echo "installing ${missing[*]}"
        forbid_starts
        "${as_root[@]}" apt-get update -q
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${missing[@]}"
        allow_starts
    fi
    local tool
    for tool in "${tools[@]}"; do
        type -P "$tool" >/dev/null || fail "$tool is missing"
    done
    cargo fmt --version
    cargo clippy --version
}

# Python's own packages into a folder of their own, in the versions that are written down.
fetch_jasmin() {
    local venv=$CARGO_TARGET_DIR/jasmin
    [[ -x $venv/bin/pip ]] || /usr/bin/python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement tests/jasmin.txt
}

fetch_crates() {
    cargo fetch --locked
    cargo fetch --locked --manifest-path "$browser"
    cargo fetch --locked --manifest-path "$fuzz"
    # from here on, a test that asks for the network fails
    export CARGO_NET_OFFLINE=true
}

check_format() {
    cargo fmt --check
    cargo fmt --check --manifest-path "$browser"
    cargo fmt --check --manifest-path "$fuzz"
    cargo fmt --check --manifest-path tests/meter/Cargo.toml
}

lint() {
    cargo clippy --locked --all-targets -- -D warnings
    cargo clippy --locked --all-targets --manifest-path "$browser" -- -D warnings
    # what libFuzzer is linked from need not be built to look at the code
    CUSTOM_LIBFUZZER_PATH=none/libnone.a cargo clippy --locked --manifest-path "$fuzz" -- -D warnings
}

# All but doctests, by nextest where it is.
test_package() {
    if cargo nextest --version >/dev/null 2>&1; then
        cargo nextest run --locked --config-file .config/nextest.toml "$@"
    else
        cargo test --locked --lib --bins --tests "$@"
    fi
}

# The disk that is filled is mounted, which takes root.
test_crate() {
    if ((${#as_root[@]})); then
        local host
        host=$(rustc -vV | sed -n 's/^host: //p')
        host=${host^^}
        local -x "CARGO_TARGET_${host//-/_}_RUNNER=sudo -n -E env PATH=$PATH"
        sudo -v
        test_package
    else
        test_package
    fi
}

# The branches of our own code are counted, so only that is compiled anew.
test_linear() {
    RUSTC_WORKSPACE_WRAPPER="$PWD/tests/meter/instrument" cargo run --locked --quiet --example linear
}

test_docs() {
    cargo test --locked --doc
    cargo test --locked --doc --manifest-path "$browser"
}

test_browser() {
    [[ -x $XIANGXUN_BIN ]] || fail "$XIANGXUN_BIN was not built"
    test_package --manifest-path "$browser"
}

run "packages and tools" install_packages
run "jasmin" fetch_jasmin
run "crates" fetch_crates
run "format" check_format
run "clippy" lint
run "crate: unit and integration tests" test_crate
run "reading is linear" test_linear
run "doctests" test_docs
run "browser" test_browser
printf '\nall suites passed in %d s\n' "$SECONDS"
