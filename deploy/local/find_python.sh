#!/bin/sh
# Prints the first Python that can make our virtual environment (3.11 or later, with venv); installs venv if that is all that lacks.
set -eu

can() { "$1" -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>/dev/null; }
can_make_one() { "$1" -c "import venv, ensurepip" 2>/dev/null; }

found=
for python in python3.13 python3.12 python3.11 python3 python3.14; do
    if command -v "$python" >/dev/null && can "$python"; then
        found=${found:-$python}
        if can_make_one "$python"; then
            echo "$python"
            exit 0
        fi
    fi
done
[ -n "$found" ] || {
    echo "Python 3.11 or later is missing. Install it: sudo apt-get install python3 python3-venv" >&2
    exit 1
}
version=$("$found" -c "import sys; print('%d.%d' % sys.version_info[:2])")
install="apt-get install --yes python$version-venv"
as_root=
[ "$(id -u)" -eq 0 ] || as_root=sudo
{ $as_root $install || { $as_root apt-get update && $as_root $install; }; } >&2 || {
    echo "Python's venv is missing. Install it: sudo $install" >&2
    exit 1
}
echo "$found"
