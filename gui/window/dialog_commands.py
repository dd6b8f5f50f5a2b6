"""The commands that open dialogs: rendering, training, help."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PyQt6.QtWidgets import QMessageBox, QWidget

from ..dialogs.help_dialog import HelpDialog
from ..dialogs.train_dialog import TrainDialog
from ..input.osc_settings import ADDRESSES
from .context import WindowContext

ABOUT = (
    "<h3>Clariolin</h3><p>Makes instrument notes that were never played.</p>"
    "<p>MIT licence. This window is drawn with PyQt6, which is GPL-3.0: a program that ships both is "
    "bound by that.</p><p>The shipped model was trained on the sound samples of the Philharmonia "
    "Orchestra.</p>"
)


class DialogCommands:
    """Opens dialogs, and ends them with the window.

    Args:
        context: Holds the open model.
        open_files: Opens a model that was trained.
    """

    def __init__(self, context: WindowContext, open_files: Callable[[Sequence[Path]], object]) -> None:
        self._context, self._open_files = context, open_files
        self.shown: list[QWidget] = []
        """Dialogs that were opened."""

    def render_instrument(self) -> None:
        """Opens the dialog that renders."""
        if opened := self._context.opened:
            self._show(opened.render_dialog(self._context.window))

    def train(self) -> None:
        """Opens the dialog that builds a NoteBank and trains."""
        dialog = TrainDialog(self._context.settings.dataset_formats, self._context.window)
        dialog.model_ready.connect(lambda path: self._open_files([path]))
        self._show(dialog)

    def show_help(self) -> None:
        """Opens the list of shortcuts."""
        self._show(HelpDialog(ADDRESSES, self._context.window))

    def show_about(self) -> None:
        """Shows what this program is, and its licences."""
        QMessageBox.about(self._context.window, "Clariolin", ABOUT)

    def close(self) -> None:
        """Ends what dialogs do, then closes them."""
        for dialog in self.shown:
            dialog.close()
        self.shown.clear()

    def _show(self, dialog: QWidget) -> None:
        self.shown.append(dialog)
        dialog.show()
