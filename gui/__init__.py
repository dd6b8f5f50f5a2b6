"""The desktop floor. Qt is imported here and nowhere else."""
