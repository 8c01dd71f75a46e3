#!/bin/sh
# A headless browser for the tests of the report: installed where that needs no password, else those tests are skipped.
for name in chromium chromium-browser google-chrome; do
    command -v $name >/dev/null && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing chromium, for the tests that look at the report"
    apt-get update -qq &&
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null && exit 0
fi
echo "There is no browser, so the tests that look at the report are skipped; chromium would do." >&2
