#!/bin/bash
# One training by ranks that mpirun of Open MPI starts, and no more: they sum by themselves. Run it on the machine of rank 0:
#   samples/Ranks/mpirun.sh -np 8 --hostfile hosts dotnet Train.dll
set -eu
launcher=()
while (($#)) && [[ $1 == -* ]]; do # options of mpirun, of which each has one value
    launcher+=("$1" "${2:?a value of $1}"); shift 2
done
export MASTER_ADDR=${MASTER_ADDR:-$(hostname)} MASTER_PORT=${MASTER_PORT:-29500} OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
passed=(-x MASTER_ADDR -x MASTER_PORT -x OMP_NUM_THREADS)
for name in GLOO_SOCKET_IFNAME MLSIEVE_RANK_TIMEOUT MLSIEVE_NCCL MLSIEVE_LIBTORCH; do
    if [[ -v $name ]]; then passed+=(-x "$name"); fi
done
exec mpirun "${launcher[@]}" "${passed[@]}" bash -c '
    export RANK=$OMPI_COMM_WORLD_RANK WORLD_SIZE=$OMPI_COMM_WORLD_SIZE LOCAL_RANK=$OMPI_COMM_WORLD_LOCAL_RANK
    exec "$@"' rank "$@"
