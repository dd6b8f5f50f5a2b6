"""Adapters from sample libraries to NoteBanks. Inside this folder imports are relative (see README)."""
