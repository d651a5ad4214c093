#!/bin/sh
# install.sh VENV EXTRAS PYTHON: make the venv if it is missing, and install this project in it, editable.
set -eu
venv=$1 extras=$2 python=$3

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "OmniQ Dashboard needs Python 3.11 or newer, but '$python' is $("$python" -V 2>&1). Try: make PYTHON=python3.12 ..." >&2
    exit 1
}

if command -v uv >/dev/null 2>&1; then
    [ -x "$venv/bin/python" ] || uv venv --quiet --python "$python" "$venv"
    VIRTUAL_ENV=$PWD/$venv uv pip install --quiet --editable ".[$extras]"
    exit 0
fi

if [ ! -x "$venv/bin/python" ]; then
    touch "$PWD/.can-write" 2>/dev/null && rm "$PWD/.can-write" || {
        echo "No permission to write in $PWD: run make as the user it belongs to." >&2
        exit 1
    }
    "$python" -m venv "$venv" || {
        echo "Python's venv module is missing. On Debian and Ubuntu: apt-get install python3-venv" >&2
        exit 1
    }
fi
# a venv that uv made has no pip
"$venv/bin/python" -m pip --version >/dev/null 2>&1 || "$venv/bin/python" -m ensurepip --quiet
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --editable ".[$extras]"
