#!/bin/bash
# One training by several ranks of this machine, without a launcher:
#   samples/Ranks/local.sh 2 dotnet Train.dll
set -u
ranks=${1:?the number of ranks}; shift
export WORLD_SIZE=$ranks MASTER_ADDR=127.0.0.1 MASTER_PORT=${MASTER_PORT:-29500} GLOO_SOCKET_IFNAME=lo
threads=$(($(nproc) / ranks))
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-$((threads > 0 ? threads : 1))}
processes=() stopped=0
trap 'stopped=1; kill $(jobs -p) 2>/dev/null' INT TERM # each rank then pauses, if its program takes SIGTERM (docs/scaling.md)
for ((rank = 0; rank < ranks && !stopped; rank++)); do
    RANK=$rank LOCAL_RANK=$rank "$@" & processes+=($!)
done
code=0
for process in "${processes[@]}"; do
    while kill -0 "$process" 2>/dev/null; do wait "$process"; done # a signal ends this wait, and not yet the rank
    wait "$process" || code=$?
done
exit $code
