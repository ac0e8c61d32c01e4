#!/bin/bash
# Workers of one search, as many as the array is long. From the root of the repository:
#   dotnet build -c Release samples/Sweep
#   export STORE="Host=db;Database=searches;Username=me" CHECKPOINTS=/shared/checkpoints
#   sbatch --array=1-20 samples/Sweep/slurm/array.sh
# A task that is cancelled, preempted or out of time is sent SIGTERM: it pauses its run and hands it to the others.
#SBATCH --job-name=sweep --array=1-4
#SBATCH --cpus-per-task=1 --mem=1500 --time=01:00:00
#SBATCH --requeue --open-mode=append --output=sweep-%a.out
exec dotnet samples/Sweep/bin/Release/net10.0/Sweep.dll \
    --store "${STORE:?}" --checkpoints "${CHECKPOINTS:?}" --workers "$SLURM_CPUS_PER_TASK" "$@"
