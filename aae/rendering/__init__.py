"""Note sets rendered to files: plan, score, renderers, manifest, report."""
