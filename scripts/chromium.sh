#!/bin/sh
# Makes sure that there is a Chromium for the tests of the page; as root on Debian or Ubuntu it installs one.
set -eu
cd "$(dirname "$0")/.."

for name in "${ARTEL_CHROMIUM:-chromium}" chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null; then exit 0; fi
done
if [ -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" ]; then exit 0; fi

if scripts/apt.sh Chromium chromium fonts-dejavu-core; then exit 0; fi
cat >&2 <<'END'
The tests of the page need Chromium, and it is not installed. Install it and run make again:
    Debian, Ubuntu:  sudo apt-get install chromium fonts-dejavu-core
    macOS:           brew install --cask google-chrome
A browser in another place: export ARTEL_CHROMIUM=/path/to/chromium
END
exit 1
