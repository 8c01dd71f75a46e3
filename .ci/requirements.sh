#!/bin/sh
# Install the pinned requirements into a virtual environment and show how far it has come; pip alone is silent, or a flood.
# --no-compile: Python compiles what is imported when it is, a small part of all; it halves the time.
venv=$1
log=$venv/install.log
there() { ls -d "$venv"/lib/python*/site-packages/*.dist-info 2>/dev/null | wc -l; }
before=$(there)

echo "Installing the pinned requirements into $venv, some minutes the first time"
"$venv/bin/python" -m pip install --no-compile --disable-pip-version-check --progress-bar off -r requirements.txt \
    >"$log" 2>&1 &
pip=$!
trap 'kill $pip 2>/dev/null; exit 130' INT TERM    # the shell has what runs in the background ignore Ctrl-C
seconds=0
while kill -0 $pip 2>/dev/null; do
    sleep 1
    seconds=$((seconds + 1))
    found=$(grep -c '^Collecting' "$log")
    installed=$(($(there) - before))
    told="found $found packages"
    [ $installed -gt 0 ] && told="installed $installed of $found packages"
    if [ -t 1 ]; then
        printf '\r  %s ' "$told"
    elif [ $((seconds % 30)) = 0 ]; then
        echo "  $told"
    fi
done
[ -t 1 ] && echo
wait $pip && exit 0
grep '^ERROR' "$log" >&2 || tail -n 5 "$log" >&2
echo "pip could not install the requirements; all that it said is in $log." >&2
exit 1
