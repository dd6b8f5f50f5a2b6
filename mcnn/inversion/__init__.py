"""The contract of inverters, and those without weights: Griffin-Lim and phase estimation."""
