#!/bin/bash
# One training by as many ranks as the job has tasks:
#   sbatch --nodes=2 --ntasks-per-node=1 samples/Ranks/slurm.sh dotnet Train.dll
# After a requeue it goes on from the last checkpoint, where CheckpointDirectory is a folder that all nodes see.
#SBATCH --job-name=ranks --nodes=2 --ntasks-per-node=1 --cpus-per-task=4
#SBATCH --requeue --open-mode=append --output=ranks-%j.out
set -eu
MASTER_ADDR=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
# jobs that share a node each need a port of their own
export MASTER_ADDR MASTER_PORT=${MASTER_PORT:-$((20000 + SLURM_JOB_ID % 20000))}
export OMP_NUM_THREADS=${SLURM_CPUS_PER_TASK:-1}
# srun of Slurm 22.05 to 23.02 does not take the processors over from the job
exec srun --kill-on-bad-exit=1 --cpus-per-task="${SLURM_CPUS_PER_TASK:-1}" bash -c '
    export RANK=$SLURM_PROCID WORLD_SIZE=$SLURM_NTASKS LOCAL_RANK=$SLURM_LOCALID
    exec "$@"' rank "$@"
