#!/bin/sh
# The system's packages, as root on Debian or Ubuntu: g++ compiles the kernels for the processor that runs them, and MLX
# compiles chains of operations with it while it runs; git names the commit in records.
set -eu
apt-get update -qq
apt-get install -y -qq --no-install-recommends ca-certificates g++ git make
rm -rf /var/lib/apt/lists/*
