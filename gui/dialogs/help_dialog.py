"""The list of shortcuts, and of the messages that other programs can send."""

from PyQt6.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

SHORTCUTS = (
    ("A S D F G H J K L ;", "white keys, from C"),
    ("W E   T Y U   O P", "black keys"),
    ("Z, X", "octave down, up"),
    ("C, V", "velocity down, up"),
    ("Space", "play the last pitch again"),
    ("Esc", "silence"),
    ("N", "new variation"),
    ("M", "surprise: another mix and variation"),
    ("R", "record a path of the cursor, stop"),
    ("B", "to the pad: arrow keys move the puck, with Shift finely; Home is the middle"),
    ("Ctrl+1 … Ctrl+4", "the cursor's point for a corner of the pad"),
    ("1, 2", "recording: original (A), model (B)"),
    ("Ctrl+Z, Ctrl+Shift+Z", "undo, redo"),
    ("Ctrl+S", "save the last note as WAV"),
    ("Ctrl+R", "render this sound as an instrument"),
    ("Ctrl+P", "save as preset"),
    ("Ctrl+O", "open audio files"),
    ("Ctrl+M", "open another model"),
    ("Ctrl+T", "dark, light"),
    ("F1", "this list"),
    ("Arrow keys", "turn the latent space; with Ctrl (and Page Up, Page Down) move the cursor"),
    ("Double-click a slider", "full weight, or none; right-click locks it"),
    ("Ctrl+click a point", "the training note itself, as the model makes it"),
)


class HelpDialog(QDialog):
    """Shortcuts and OSC addresses.

    Args:
        addresses: Rows of address and meaning.
        parent: The window.
    """

    def __init__(self, addresses: tuple[tuple[str, str], ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Shortcuts")
        self.resize(560, 620)
        text = QTextBrowser()
        text.setHtml(
            "<h3>Keys and mouse</h3>"
            + _table(SHORTCUTS)
            + "<h3>Open Sound Control</h3><p>Switch it on in the menu <i>Sound</i>.</p>"
            + _table(addresses)
        )
        text.setAccessibleName("Shortcuts")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(text)
        layout.addWidget(buttons)


def _table(rows: tuple[tuple[str, str], ...]) -> str:
    cells = "".join(
        f"<tr><td style='padding:3px 18px 3px 0'><b>{left}</b></td><td style='padding:3px'>{right}</td></tr>"
        for left, right in rows
    )
    return f"<table>{cells}</table>"
