"""How people name notes and folders: spellings, places in a name, folders that say nothing."""
