#!/bin/sh
# Install the system libraries that Open3D loads, or say how. Silent where all are there.
# A user of Debian does not have ldconfig on the path.
PATH=$PATH:/usr/sbin:/sbin
command -v ldconfig >/dev/null || exit 0    # not a Linux that can be asked; importing Open3D will tell

missing=""
while read -r library package; do
    ldconfig -p 2>/dev/null | grep -q "$library" || missing="$missing $package"
done <<TABLE
libusb-1.0.so.0 libusb-1.0-0
libGL.so.1 libgl1
libEGL.so.1 libegl1
libX11.so.6 libx11-6
TABLE
[ -z "$missing" ] && exit 0

if command -v apt-get >/dev/null; then
    if [ "$(id -u)" = 0 ]; then as_root=""; elif sudo -n true 2>/dev/null; then as_root="sudo"; else as_root="cannot"; fi
    if [ "$as_root" != cannot ]; then
        echo "Installing the system libraries$missing"
        $as_root apt-get update -qq && $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $missing >/dev/null && exit 0
    fi
fi
echo "Open3D needs system libraries that are missing; type:  sudo apt-get install -y$missing" >&2
exit 1
