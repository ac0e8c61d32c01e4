#!/bin/sh
# Installs the browser that the tests of the report look at it with; Debian and Ubuntu, as root.
set -e
apt-get update
apt-get install -y --no-install-recommends chromium
