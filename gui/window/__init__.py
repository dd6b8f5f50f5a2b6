"""The main window, composed of commands, files, dialogs and menus."""
