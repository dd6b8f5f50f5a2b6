"""The desktop. Qt is imported in this package and nowhere else."""
