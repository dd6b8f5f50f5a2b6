"""Fine-tuning of an inverter to a model, on the same loop."""
